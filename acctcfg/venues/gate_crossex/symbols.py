"""The symbols of CrossEx. Source: CrossEx v1.0, "Query symbol rules": public, one list for everybody.

What a symbol is stands in its row; nothing is read out of its name (a base currency may hold `_` and digits).
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from acctcfg.core.spelling import whole_of
from acctcfg.core.vocabulary import Market
from acctcfg.errors import Garbled
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
    business: str  # "FUTURE" | "MARGIN" | "SPOT" | "STOCK" | "ETF", or a word that is new to us; "": it is not known
    state: str  # "live" | "suspend", or a word that is new to us
    delisted_ms: int  # when it is taken off the list; 0 for never
    has_cross: bool = True  # whether cross margin is offered for it

    @classmethod
    def of(cls, row: object) -> Symbol:
        """Read a row; unknown fields are ignored, missing and odd ones are unknown, and one without a name is none."""
        said = row if isinstance(row, Mapping) else {}
        name, exchange, business, state = (
            _text(said.get(field)) for field in ("symbol", "exchange_type", "business_type", "state")
        )
        cross = _text(said.get("support_cross")).lower() != "false"
        delisted = whole_of(_text(said.get("delist_time")).partition(".")[0])
        return cls(name, exchange, business, state, delisted or 0, cross)

    def agreed(self, other: Symbol) -> Symbol:
        """What two rows of one name agree on; the rest is as unknown as where neither says it."""
        return Symbol(
            self.name,
            self.exchange if self.exchange == other.exchange else "",
            self.business if self.business == other.business else "",
            self.state if self.state == other.state else "",
            self.delisted_ms if self.delisted_ms == other.delisted_ms else 0,
            self.has_cross or other.has_cross,
        )

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
    """The venue's list of symbols, by name. `odd`: how many of its rows name none, so any may be of a name that is not
    found."""

    def __init__(self, rows: Sequence[object]) -> None:
        read: dict[str, Symbol] = {}
        self.odd = 0
        for symbol in map(Symbol.of, rows):
            read[symbol.name] = symbol.agreed(read.get(symbol.name, symbol))
            self.odd += not symbol.name
        read.pop("", None)
        if rows and not read:
            raise Garbled("a list of symbols of which none has a name", code="shape")
        self._by_name = {name: read[name] for name in sorted(read)}

    @classmethod
    def together(cls, *lists: Symbols) -> Symbols:
        """What any of these lists has; of one that several have, the row of the last."""
        found = cls(())
        rows = {name: symbol for one in lists for name, symbol in one._by_name.items()}
        found._by_name = {name: rows[name] for name in sorted(rows)}
        found.odd = max((one.odd for one in lists), default=0)
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

    def unsaid(self, pattern: str) -> list[str]:
        """The names that a shell pattern matches and of which the list does not say what they are."""
        matches = re.compile(fnmatch.translate(pattern)).match
        return [one.name for one in self._by_name.values() if not one.business and matches(one.name)]

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


def _text(value: object) -> str:
    """A field as the venue writes it, as text or not; "" for what is missing, and for a list or an object."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | Decimal) else ""


def _coin(name: str) -> str:
    """The base currency in a name, for advice alone: "" where the name has another form."""
    found = re.fullmatch(r"[A-Z0-9]+_[A-Z]+_(.+)_[^_]+", name.upper())
    return found[1] if found else ""
