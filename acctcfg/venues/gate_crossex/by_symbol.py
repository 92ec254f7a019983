"""Answers that say a number of each symbol: what cannot be read of one says nothing of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import TypeAlias

from acctcfg.core.json_types import JsonObject
from acctcfg.errors import Garbled, VenueError

__all__ = ["Told", "by_symbol"]

Told: TypeAlias = Decimal | VenueError
"""What is known of a symbol: its number, or why that could not be read."""


def by_symbol(
    asked: Iterable[str], rows: Iterable[object], read: Callable[[str, JsonObject], Decimal | None]
) -> dict[str, Told]:
    """The number in each row, by its symbol. `read` raises Garbled for what is none, and answers None where the row
    says that there is none.

    Rows of one symbol that differ are no answer for it. One that does not say its symbol may be of any that was asked
    for and has no other.
    """
    found: dict[str, Told] = {}
    odd = False
    for row in rows:
        symbol = row.get("symbol") if isinstance(row, Mapping) else None
        if not isinstance(row, Mapping) or not isinstance(symbol, str) or not symbol:
            odd = True
            continue
        value = _read(symbol, row, read)
        before = found.get(symbol)
        if isinstance(before, Decimal) and isinstance(value, Decimal) and before != value:
            found[symbol] = Garbled(f"the venue answered both {before:f} and {value:f} for {symbol}", code="not_unique")
        elif value is not None and not isinstance(before, VenueError):
            found[symbol] = value
    for symbol in asked if odd else ():
        message = f"the venue's answer has a row that cannot be read, which may be of {symbol}"
        found.setdefault(symbol, Garbled(message, code="shape"))
    return found


def _read(symbol: str, row: JsonObject, read: Callable[[str, JsonObject], Decimal | None]) -> Told | None:
    try:
        return read(symbol, row)
    except Garbled as error:
        return error
