"""The hash chain of the journal: pure functions over rows.

Each row carries the hash of the row before it and its own, over everything in it. That shows a row that was
altered, removed, put in or moved. The last rows have no row after them; their removal shows because the storage keeps
the highest number ever given in a table of its own. What no chain can show: the whole journal put back to an older
copy, and a forger who computes every hash anew. The head, kept elsewhere, shows both (`last_seen.py`).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from acctcfg.core.json_types import JsonValue
from acctcfg.core.untold import SHORTEST, untold

__all__ = ["BEGINNING", "FIRST", "Draft", "Head", "Row", "canonical", "chained", "flaws", "row_hash"]

_COMPACT = json.JSONEncoder(separators=(",", ":")).encode  # made once: a journal has many rows
_CANONICAL = json.JSONEncoder(separators=(",", ":"), sort_keys=True, allow_nan=False).encode
FIRST = "0" * 64  # what the first row names as the one before it

Head: TypeAlias = tuple[int, str]
"""Number and hash of a journal's last row."""
BEGINNING: Head = (0, FIRST)


class Row(NamedTuple):
    """One row of the journal, as it is stored; `entry` is the number of the intent that it is about."""

    seq: int
    at: str
    run: str
    kind: str
    entry: int | None
    venue_user: str
    account: str
    address: str
    body: str
    prev: str
    hash: str

    def value(self) -> JsonValue:
        """What its body says. ValueError for one that is not JSON."""
        try:
            found: JsonValue = json.loads(self.body)
        except RecursionError as exc:
            raise ValueError("it is nested too deep") from exc
        return found

    def facts(self) -> dict[str, JsonValue]:
        """Its body where that is an object or nothing; TypeError for any other."""
        found = self.value()
        if not isinstance(found, dict | None):
            raise TypeError(f"the body of row {self.seq} is not an object")
        return found or {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A row that is not in the chain yet."""

    run: str
    kind: str
    entry: int | None
    venue_user: str
    account: str
    address: str
    body: str

    @classmethod
    def of(
        cls,
        kind: str,
        run: str,
        body: JsonValue,
        venue_user: str = "",
        account: str = "",
        address: str = "",
        entry: int | None = None,
    ) -> Draft:
        """TypeError if the body is not plain JSON data."""
        place = {"venue_user": untold(venue_user), "account": untold(account), "address": untold(address)}
        return cls(run=run, kind=kind, entry=entry, **place, body=canonical(body))


def chained(drafts: Iterable[Draft], at: str, after: Head) -> list[Row]:
    """The rows that these drafts become behind the row `after`, written at `at`."""
    rows = []
    given, before = after
    for number, new in enumerate(drafts, given + 1):
        place = (new.venue_user, new.account, new.address)
        row = Row(number, at, new.run, new.kind, new.entry, *place, new.body, before, "")
        rows.append(row._replace(hash=row_hash(row)))
        before = rows[-1].hash
    return rows


def canonical(value: JsonValue) -> str:
    """`value` as JSON with sorted keys and no spaces. TypeError for what is no plain JSON data, without quoting it.

    A secret is not JSON data, so none can be written down; of text that repeats one, `***` is.
    """
    return _CANONICAL(_plain(value, "the body"))


_Within: TypeAlias = "str | tuple[_Within, object]"
"""Where a value stands: where its parent does, and its key or number there. In words only where it is wrong."""


def _plain(value: object, within: _Within) -> JsonValue:
    kind = type(value)
    if isinstance(value, str) and kind is str:
        return value if len(value) < SHORTEST else untold(value)
    if value is None or (isinstance(value, bool | int) and kind in (bool, int)):
        return value
    if isinstance(value, float) and kind is float and math.isfinite(value):
        return value
    if isinstance(value, dict) and kind is dict:
        return {_name(key, within): _plain(inner, (within, key)) for key, inner in value.items()}
    if isinstance(value, list | tuple) and kind in (list, tuple):
        return [_plain(inner, (within, number)) for number, inner in enumerate(value)]
    raise TypeError(
        f"{_words(within)} for the journal is of type {kind.__name__}: only plain JSON data is written down"
    )


def _name(key: object, within: _Within) -> str:
    if isinstance(key, str) and type(key) is str:
        return key if len(key) < SHORTEST else untold(key)
    raise TypeError(f"a key in {_words(within)} of the journal is of type {type(key).__name__}, not text")


def _words(within: _Within) -> str:
    """As "the body.flags[2]"."""
    if isinstance(within, str):
        return within
    parent, at = within
    return f"{_words(parent)}[{at}]" if type(at) is int else f"{_words(parent)}.{at}"


def row_hash(row: Row) -> str:
    """SHA-256, in hex, over all fields of the row but its own hash."""
    return hashlib.sha256(_COMPACT(row[:-1]).encode()).hexdigest()


def flaws(rows: Iterable[Row], last_given: int, since: Head = BEGINNING) -> Iterator[str]:
    """What is wrong with the rows, in their order; `last_given` is the highest number that was ever given.

    `since`: number and hash of the row before the first one.
    """
    seq, before = since
    for row in rows:
        if row.seq != seq + 1:
            yield _missing(seq + 1, row.seq - 1)
        elif row.prev != before:
            yield f"row {row.seq} ({row.kind}) does not follow row {seq}: one of them was exchanged or moved"
        if row_hash(row) != row.hash:
            yield f"row {row.seq} ({row.kind}, run {row.run or '-'}) was altered"
        seq, before = row.seq, row.hash
    if last_given > seq:
        yield _missing(seq + 1, last_given) + ", at the end"


def _missing(first: int, last: int) -> str:
    return f"row {first} is missing" if first == last else f"rows {first} to {last} are missing"
