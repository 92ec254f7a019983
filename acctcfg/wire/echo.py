"""What an answer repeats of its request. One that repeats something else belongs to another request.

Proxies, caches and a venue's own faults do exchange answers; the secret of a new key must never be filed under the
account of another one. So every endpoint declares what its answers repeat, and the client compares: in one place, for
all venues, for reads and writes alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from acctcfg.core.secret import Secret
from acctcfg.core.spelling import decimal_of

__all__ = ["NOTHING", "OWNER", "Echo", "Echoes", "among", "comma_set", "decimal", "stripped", "text", "unlike"]

OWNER = "(owner)"
"""Stands for a parameter: the venue user who asks, where its id is known."""

Same = Callable[[str, str], bool]


def text(asked: str, said: str) -> bool:
    """Whether the answer repeats the text character by character."""
    return asked == said


def stripped(asked: str, said: str) -> bool:
    """The same but for outer blanks, which a venue may add or drop."""
    return asked.strip() == said.strip()


def decimal(asked: str, said: str) -> bool:
    """The same number, however it is written."""
    number = decimal_of(asked)
    return number is not None and number == decimal_of(said)


def among(asked: str, said: str) -> bool:
    """One of those that were asked for, between commas."""
    return said in _between_commas(asked)


@lru_cache(maxsize=64)
def _between_commas(asked: str) -> frozenset[str]:
    return frozenset(asked.split(","))


def comma_set(asked: str, said: str) -> bool:
    """The same words between commas, in any order."""
    return {one.strip() for one in asked.split(",")} == {one.strip() for one in said.split(",")}


@dataclass(frozen=True, slots=True)
class Echo:
    """A parameter of the request (of the query, the body or the path), and the field of each row that repeats it.

    A row without the field, or with "" in it, repeats nothing. `within`: the rows stand in a list under this name.
    `keyed`: the answer may also be one object with the value as its keys. A secret is compared
    with the secret of that name.
    """

    param: str
    field: str = ""  # "" is the parameter's own name
    same: Same = text
    within: str = ""
    keyed: bool = False

    @property
    def name(self) -> str:
        return self.field or self.param


Echoes = tuple[Echo, ...]

NOTHING: Echoes = ()
"""An endpoint whose answers repeat nothing of the request, said in so many words."""


def unlike(
    echoes: Echoes,
    params: Mapping[str, object],
    at: Mapping[str, str],
    owner: str,
    data: object,
    secrets: Mapping[str, Secret] = MappingProxyType({}),
) -> str:
    """The first thing in which an answer is another request's; "" where there is none.

    `owner` is compared only where it is an id (all digits): before it is known, something else stands in its place.
    """
    for echo in echoes:
        asked = at.get(echo.param, params.get(echo.param))
        if echo.param == OWNER:
            asked = owner if owner.isdecimal() else None
        if isinstance(asked, Secret):
            if not asked.same_as(secrets.get(echo.name, asked)):
                return f"it names another {echo.name}"
            continue
        if asked is None or asked == "":
            continue
        wanted = _word(asked)
        for said in _said(echo, data):
            if isinstance(said, list | dict) or not echo.same(wanted, _word(said)):
                return f"it names another {echo.name} than {wanted!r}"
    return ""


def _word(value: object) -> str:
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _said(echo: Echo, data: object) -> Iterator[object]:
    name, within = echo.name, echo.within
    rows = data if isinstance(data, list) else (data,)
    for row in _inner(rows, within) if within else rows:
        if isinstance(row, dict) and (said := row.get(name)) is not None and said != "":
            yield said
    if echo.keyed and isinstance(data, dict) and name not in data:
        yield from data


def _inner(rows: Iterable[object], within: str) -> Iterator[object]:
    for row in rows:
        inner = row.get(within) if isinstance(row, dict) else None
        if isinstance(inner, list):
            yield from inner
