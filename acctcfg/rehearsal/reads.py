"""What a venue answered while a plan was made, in the shape that seeds are made from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from typing import NamedTuple, TypeAlias
from urllib.parse import parse_qsl

from acctcfg.sandbox.values import Json
from acctcfg.wire.recorded import Answer

__all__ = ["Known", "Read", "Row", "Seeded", "extend", "listed", "made_up", "put", "reads_of", "rows"]

Row: TypeAlias = dict[str, Json]


class Read(NamedTuple):
    """One answer that was no refusal: the id of the key that signed, what was asked, and the data."""

    key: str
    path: str
    params: Mapping[str, str]
    data: Json


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one venue user besides: its id, the key of the connection, who calls from where."""

    uid: str
    key: str
    egress: tuple[str, ...]
    reads: tuple[Read, ...]


@dataclass(slots=True)
class Seeded:
    """A tenant of the sandbox, what else its venue needs, and what could not be put into either."""

    tenant: Row = field(default_factory=dict)
    venue: Row = field(default_factory=dict)  # instruments, currencies, symbols
    client_ip: str = ""
    seen: set[str] = field(default_factory=set)  # uids of accounts that something was read as
    not_copied: list[tuple[str, str]] = field(default_factory=list)


def made_up(key: str, secrets: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """Secret and passphrase of a key, made here; the same each time it is asked for."""
    return secrets.setdefault(key, (token_hex(16), f"Aa1-{token_hex(8)}"))


def reads_of(answers: Iterable[Answer]) -> tuple[Read, ...]:
    """Those that are no refusals."""
    return tuple(_read(one) for one in answers if one.refused is None)


def _read(one: Answer) -> Read:
    path, _, query = one.asked.partition(" ")[2].partition("?")
    return Read(one.key, path, dict(parse_qsl(query)), json.loads(one.body, parse_float=str))


def rows(data: Json) -> Iterator[Row]:
    """The rows of a list, or the one object."""
    yield from (one for one in (data if isinstance(data, list) else [data]) if isinstance(one, dict))


def extend(account: Row, name: str, more: Iterable[Row]) -> None:
    """With these rows; one that was read twice is there once."""
    found = listed(account.get(name))
    account[name] = [*found, *(row for row in more if row not in found)]


def put(account: Row, name: str, more: Mapping[str, Json]) -> None:
    """With these members."""
    known = account.get(name)
    account[name] = {**(known if isinstance(known, dict) else {}), **more}


def listed(value: Json) -> list[Json]:
    """The list that it is; else an empty one."""
    return list(value) if isinstance(value, list) else []
