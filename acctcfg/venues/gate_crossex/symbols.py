"""The symbols of CrossEx. Source: CrossEx v1.0, "Query symbol rules": public, one list for everybody.

What a symbol is stands in its row; nothing is read out of its name (a base currency may hold `_` and digits).
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from acctcfg.core.spelling import whole_of
from acctcfg.core.vocabulary import Market
from acctcfg.venues.gate_crossex.vocabulary import BUSINESS

__all__ = ["Symbol", "Symbols"]

_MARKETS = {business: market for market, business in BUSINESS.items()}
_AT_AN_EXCHANGE = frozenset({"SPOT", "FUTURE", "MARGIN"})
TAKES_NO_LEVERAGE = frozenset({"suspend", "preopen", "test"})
"""The states in which the venue takes no leverage. In any other, a word that is new to us too, it is the judge."""


class Symbol(NamedTuple):
    """One symbol of the venue's list, such as BINANCE_FUTURE_BTC_USDT."""

    name: str  # "OKX_FUTURE_ADA_USDT"
    exchange: str  # "OKX"; of stocks and ETFs the market: "US"
    business: str  # "FUTURE" | "MARGIN" | "SPOT" | "STOCK" | "ETF", or a word that is new to us
    state: str  # "live" | "suspend", or a word that is new to us
    delisted_ms: int  # when it is taken off the list; 0 for never
    has_cross: bool = True  # whether cross margin is offered for it

    @classmethod
    def of(cls, row: Mapping[str, object]) -> Symbol:
        """Read a row; unknown fields are ignored, missing ones are unknown."""
        name, exchange, business, state = (
            str(row.get(field) or "") for field in ("symbol", "exchange_type", "business_type", "state")
        )
        cross = str(row.get("support_cross") or "true").lower() != "false"
        delisted = whole_of(str(row.get("delist_time") or "0").partition(".")[0])
        return cls(name, exchange, business, state, delisted or 0, cross)

    def takes_leverage(self, now_ms: int) -> bool:
        """Whether its leverage is read and set: until the day of its delisting too. Patterns expand over these only."""
        return self.state not in TAKES_NO_LEVERAGE and not self.gone(now_ms)

    def gone(self, now_ms: int) -> bool:
        """Whether the time of its delisting has come."""
        return 0 < self.delisted_ms <= now_ms

    @property
    def market(self) -> Market | None:
        """The kind of product; None for spot, stocks and ETFs, which have no leverage."""
        return _MARKETS.get(self.business)

    def condition(self, now_ms: int) -> str:
        """Why it takes no leverage."""
        return "delisted" if self.gone(now_ms) else f"state: {self.state}"


class Symbols:
    """The venue's list of symbols, by name."""

    def __init__(self, rows: Iterable[Mapping[str, object]]) -> None:
        read = {symbol.name: symbol for symbol in map(Symbol.of, rows) if symbol.name}
        self._by_name = {name: read[name] for name in sorted(read)}

    @classmethod
    def together(cls, *lists: Symbols) -> Symbols:
        """What any of these lists has; of one that several have, the row of the last."""
        found = cls(())
        rows = {name: symbol for one in lists for name, symbol in one._by_name.items()}
        found._by_name = {name: rows[name] for name in sorted(rows)}
        return found

    def find(self, name: str) -> Symbol | None:
        """The symbol of that very name, whatever its state."""
        return self._by_name.get(name)

    def matching(self, pattern: str, now_ms: int) -> list[Symbol]:
        """The symbols that take leverage and that a shell pattern matches, sorted by name."""
        matches = re.compile(fnmatch.translate(pattern)).match
        return [
            one
            for one in self._by_name.values()
            if one.market is not None and one.takes_leverage(now_ms) and matches(one.name)
        ]

    @property
    def exchanges(self) -> frozenset[str]:
        """The exchanges that have a symbol of their own; the markets of stocks and ETFs are none."""
        return frozenset(one.exchange for one in self._by_name.values() if one.business in _AT_AN_EXCHANGE)

    def near(self, name: str) -> str:
        """The known symbol of the same coin that looks most like a name, and of the same exchange where there is such
        an exchange; "" where none does."""
        coin, exchange = _coin(name), name.upper().partition("_")[0]
        known = [one for one in self._by_name if coin and _coin(one) == coin]
        if exchange in self.exchanges:
            known = [one for one in known if self._by_name[one].exchange == exchange]
        return next(iter(difflib.get_close_matches(name.upper(), known, n=1)), "")


def _coin(name: str) -> str:
    """The base currency in a name, for advice alone: "" where the name has another form."""
    found = re.fullmatch(r"[A-Z0-9]+_[A-Z]+_(.+)_[^_]+", name.upper())
    return found[1] if found else ""
