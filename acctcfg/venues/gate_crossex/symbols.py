"""The symbols of CrossEx. Source: CrossEx v1.0, "Query symbol rules": public, one list for everybody.

What a symbol is stands in its row; nothing is read out of its name (a base currency may hold `_` and digits).
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from acctcfg.core.words import Market
from acctcfg.venues.gate_crossex.words import BUSINESS

__all__ = ["Symbol", "Symbols"]

_MARKETS = {business: market for market, business in BUSINESS.items()}


class Symbol(NamedTuple):
    """One row of the list."""

    name: str  # "OKX_FUTURE_ADA_USDT"
    exchange: str  # "OKX"
    business: str  # "FUTURE" | "MARGIN" | "SPOT"
    state: str  # "live" | "suspend"
    delisting: bool  # a date of delisting is set; such a symbol is taken for gone already

    @classmethod
    def of(cls, row: Mapping[str, object]) -> Symbol:
        """Read a row; unknown fields are ignored, missing ones are unknown."""
        name, exchange, business, state = (
            str(row.get(field) or "") for field in ("symbol", "exchange_type", "business_type", "state")
        )
        return cls(name, exchange, business, state, str(row.get("delist_time") or "0") != "0")

    @property
    def live(self) -> bool:
        """Whether it trades; patterns expand over these only."""
        return self.state == "live" and not self.delisting

    @property
    def market(self) -> Market | None:
        """The kind of product; None for spot, which has no leverage."""
        return _MARKETS.get(self.business)

    @property
    def condition(self) -> str:
        """Why it does not trade."""
        return "delisted" if self.delisting else f"state: {self.state or 'unknown'}"


class Symbols:
    """The list, by name."""

    def __init__(self, rows: Iterable[Mapping[str, object]]) -> None:
        read = {symbol.name: symbol for symbol in map(Symbol.of, rows) if symbol.name}
        self._by_name = {name: read[name] for name in sorted(read)}

    def find(self, name: str) -> Symbol | None:
        """The symbol of that very name, whatever its state."""
        return self._by_name.get(name)

    def matching(self, pattern: str) -> list[Symbol]:
        """The live symbols that have leverage and that a shell pattern matches, sorted by name."""
        matches = re.compile(fnmatch.translate(pattern)).match
        return [one for one in self._by_name.values() if one.live and one.market is not None and matches(one.name)]

    def near(self, name: str) -> str:
        """The known symbol that looks most like a name; "" where none does."""
        return next(iter(difflib.get_close_matches(name.upper(), self._by_name, n=1)), "")
