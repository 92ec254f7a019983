"""Which symbols there are, and how far leverage goes on each.

Source: Gate CrossEx, "Query Trading Pair Information", "Query Risk Limit Information". A symbol is
EXCHANGE_BUSINESS_BASE_QUOTE; a base may hold digits and underscores, so it is split from both ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

__all__ = ["BUSINESSES", "CROSSEX", "REAL_EXCHANGES", "Symbol", "Tier", "default_symbols", "split", "symbol_from"]

CROSSEX = "CROSSEX"
REAL_EXCHANGES = ("BINANCE", "OKX", "GATE")
BUSINESSES = ("SPOT", "FUTURE", "MARGIN")

# base -> highest leverage of its futures, of its margin pair (0: none)
BASES = {
    "BTC": (20, 5),
    "ETH": (20, 5),
    "SOL": (20, 5),
    "ADA": (20, 5),
    "XRP": (10, 3),
    "DOGE": (10, 3),
    "LTC": (10, 0),
    "1000PEPE": (10, 0),
}
SUSPENDED = ("OKX_FUTURE_LTC_USDT",)
# risk limit up to which the leverage may be highest, half, a quarter of it
TIERS = ((Decimal(1_000_000), 1), (Decimal(5_000_000), 2), (Decimal(20_000_000), 4))


@dataclass(frozen=True, slots=True)
class Tier:
    """One risk-limit tier; values in USDT."""

    number: int
    lowest: Decimal
    highest: Decimal
    leverage_max: Decimal


@dataclass(frozen=True, slots=True)
class Symbol:
    """One symbol. `extra` are row fields that a seed fixes."""

    name: str
    exchange: str
    business: str
    base: str
    quote: str
    state: str = "live"  # live | suspend
    delist_time: int = 0  # Unix milliseconds; 0: not delisted
    default_leverage: str = "3"
    tiers: tuple[Tier, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)

    def tradable(self, now_ms: int) -> bool:
        """Whether settings on it are taken."""
        return self.state == "live" and not 0 < self.delist_time <= now_ms

    def ceiling(self, value: Decimal = Decimal(0)) -> Decimal:
        """The highest leverage for a position of a value in USDT."""
        fitting = [tier.leverage_max for tier in self.tiers if value <= tier.highest]
        return fitting[0] if fitting else Decimal(1)


def split(name: str) -> tuple[str, str, str, str] | None:
    """`GATE_FUTURE_1000PEPE_USDT` -> exchange, business, base, quote; None for what is no symbol."""
    exchange, _, rest = name.partition("_")
    business, _, pair = rest.partition("_")
    base, _, quote = pair.rpartition("_")
    if not (exchange and base and quote) or business not in BUSINESSES:
        return None
    return exchange, business, base, quote


def _tiers(leverage_max: Decimal) -> tuple[Tier, ...]:
    found, lowest = [], Decimal(0)
    for number, (highest, share) in enumerate(TIERS, start=1):
        found.append(Tier(number, lowest, highest, max(Decimal(1), leverage_max // share)))
        lowest = highest
    return tuple(found)


def symbol_from(values: Mapping[str, Any]) -> Symbol:
    """A symbol from `symbol`, and as you like `leverage_max`, `state`, `delist_time`, `default_leverage`, row fields.

    Raises ValueError.
    """
    name = str(values.get("symbol", ""))
    parts = split(name)
    if parts is None:
        raise ValueError(f"{name!r} is no symbol: write OKX_FUTURE_ADA_USDT")
    state = str(values.get("state", "live"))
    if state not in ("live", "suspend"):
        raise ValueError(f"{name}: state is live or suspend, not {state!r}")
    business = parts[1]
    highest = Decimal(str(values.get("leverage_max", {"FUTURE": 20, "MARGIN": 5}.get(business, 0))))
    taken = ("symbol", "state", "delist_time", "default_leverage", "leverage_max")
    return Symbol(
        name,
        *parts,
        state=state,
        delist_time=int(values.get("delist_time", 0)),
        default_leverage=str(values.get("default_leverage", "3")),
        tiers=_tiers(highest) if business != "SPOT" else (),
        extra={key: str(value) for key, value in values.items() if key not in taken},
    )


def _rows() -> Iterator[dict[str, Any]]:
    for exchange in REAL_EXCHANGES:
        for base, (futures, margin) in BASES.items():
            yield {"symbol": f"{exchange}_SPOT_{base}_USDT"}
            name = f"{exchange}_FUTURE_{base}_USDT"
            state = "suspend" if name in SUSPENDED else "live"
            yield {"symbol": name, "leverage_max": futures, "state": state}
            if margin:
                yield {"symbol": f"{exchange}_MARGIN_{base}_USDT", "leverage_max": margin}


def default_symbols() -> dict[str, Symbol]:
    """The universe of a sandbox without a seed, by name."""
    return {row["symbol"]: symbol_from(row) for row in _rows()}
