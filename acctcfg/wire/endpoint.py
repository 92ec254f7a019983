"""A venue's endpoints and the calls made of them, as plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, TypeAlias
from urllib.parse import quote

from acctcfg.core.diff import Change
from acctcfg.core.secret import Secret
from acctcfg.wire.echo import Echoes

__all__ = ["Call", "Endpoint", "Param", "Rate", "written"]

Param: TypeAlias = "bool | int | float | str | Secret | Sequence[Param] | Mapping[str, Param] | None"
"""A value of a request. A secret is written into a body and nowhere else."""
Permission: TypeAlias = Literal["read", "trade", "withdraw"] | None


@dataclass(frozen=True, slots=True)
class Rate:
    """A venue's limit: at most `count` requests in any `per_s` seconds, counted per venue user or per address.

    `by` names request parameters that split the limit: a venue that counts per user and instrument type has
    one bucket for each value of that parameter.
    """

    count: int
    per_s: float
    scope: Literal["user", "ip"] = "user"
    by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.count < 1 or self.per_s <= 0:
            raise ValueError(f"a rate needs a count of at least 1 and a window: {self.count} per {self.per_s} s")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of a venue's table. `permission` is what the key must hold; None means public, unsigned.

    A `{name}` in the path is filled in by each call: the limit counts for all of them together. The fields that
    `secrets` names are taken out of every answer: they stand in `Reply.secrets`, and nowhere in its data.
    """

    method: str
    path: str
    rate: Rate
    permission: Permission = None
    note: str = ""
    once: bool = False  # a write that nothing repeats, and that does not wait for its limit: it says when instead
    bare: bool = False  # takes no body at all, where others without parameters send `{}`
    echoes: Echoes | None = None  # what its answers repeat of the request; None: nobody has said so yet
    secrets: tuple[str, ...] = ()  # fields of its answers that are secret
    holdings: tuple[str, ...] | None = None  # tells what an account holds: every number, but in these fields, is of it

    @property
    def text(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Call:
    """An endpoint with its parameters: a query in the given order for GET and DELETE, else a JSON body.

    `besides`: the values that a write sets at other addresses than that of its step. By this alone guardrails know.
    """

    endpoint: Endpoint
    params: Mapping[str, Param] = field(default_factory=dict)
    at: Mapping[str, str] = field(default_factory=dict)  # what stands for the `{names}` of the path
    besides: tuple[Change, ...] = field(default=(), compare=False)

    @property
    def text(self) -> str:
        """ "POST /api/v5/account/set-position-mode": what a plan shows, without parameters."""
        return self.endpoint.text

    @property
    def target(self) -> str:
        """The path and query exactly as they are signed and sent."""
        path = self.endpoint.path
        for name, value in self.at.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        if not self.in_query or not self.params:
            return path
        query = "&".join(f"{_quoted(name)}={_quoted(_word(value))}" for name, value in self.params.items())
        return f"{path}?{query}"

    @property
    def body(self) -> bytes:
        """The body exactly as it is signed and sent; empty where the parameters stand in the query."""
        if self.in_query or self.endpoint.bare:
            return b""
        return written(self.params).encode()

    @property
    def in_query(self) -> bool:
        return self.endpoint.method in ("GET", "DELETE")


def _reveal(value: object) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(f"a body takes no {type(value).__name__}")


# The one place where a secret becomes part of a text: what is written so is sent, and kept nowhere.
written = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_reveal).encode


@lru_cache(maxsize=4096)  # names and values are few, and thousands of accounts are asked the same
def _quoted(text: str) -> str:
    return quote(text, safe="-_.~,:")


def _word(value: Param) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    raise TypeError(f"a query takes text, whole numbers and booleans, not {type(value).__name__}")
