"""The hash chain of the journal: pure functions over rows.

Each row carries the hash of the row before it and its own, over everything in it. That shows a row that was
altered, removed, put in or moved. The last rows have no row after them; their removal shows because SQLite keeps
the highest number ever given in a table of its own. What no chain can show: the whole file put back to an older
copy, and a forger who computes every hash anew. The head that `history --verify` prints, kept elsewhere, shows both.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

__all__ = ["FIRST", "Row", "canonical", "flaws", "row_hash"]

_COMPACT = json.JSONEncoder(separators=(",", ":")).encode  # made once: a journal has many rows
FIRST = "0" * 64  # what the first row names as the one before it


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


def canonical(value: Any) -> str:
    """`value` as JSON with sorted keys and no spaces. TypeError for anything but plain JSON data, without quoting it.

    A secret is no JSON data, so none can be written down.
    """
    _check_plain(value, "the body")
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _check_plain(value: Any, place: str) -> None:
    kind = type(value)
    if value is None or kind in (str, bool, int) or (kind is float and math.isfinite(value)):
        return
    if kind is dict:
        for key, inner in value.items():
            if type(key) is not str:
                raise TypeError(f"a key in {place} of the journal is of type {type(key).__name__}, not text")
            _check_plain(inner, f"{place}.{key}")
    elif kind in (list, tuple):
        for number, inner in enumerate(value):
            _check_plain(inner, f"{place}[{number}]")
    else:
        raise TypeError(f"{place} for the journal is of type {kind.__name__}: only plain JSON data is written down")


def row_hash(row: Row) -> str:
    """SHA-256, in hex, over all fields of the row but its own hash."""
    return hashlib.sha256(_COMPACT(row[:-1]).encode()).hexdigest()


def flaws(rows: Iterable[Row], last_given: int, since: tuple[int, str] = (0, FIRST)) -> Iterator[str]:
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
