"""Which symbols there are, and how far leverage goes on each.

Source: Gate CrossEx, "Query Trading Pair Information", "Query Risk Limit Information"; exchanges after the first three
as the official SDK of 2026-10-20 has them. A symbol is EXCHANGE_BUSINESS_BASE_QUOTE; a base may hold digits and
underscores, so it is split from both ends. STOCK and ETF have a market (US, HK, KR, JP) in place of the exchange.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from acctcfg.sandbox.values import Json, Row, number, text, whole

__all__ = ["BUSINESSES", "CROSSEX", "FIRST_EXCHANGES", "MARKETS", "REAL_EXCHANGES", "SECURITIES", "SETTLES", "Symbol"]
__all__ += ["Tier", "default_symbols", "split", "symbol_from"]

CROSSEX = "CROSSEX"
FIRST_EXCHANGES = ("BINANCE", "OKX", "GATE")  # of CrossEx v1.0.0; margin trading is theirs alone
SETTLES = {
    **dict.fromkeys((*FIRST_EXCHANGES, "BYBIT"), "USDT"),
    "KRAKEN": "USD",
    **dict.fromkeys(("HYPERLIQUID", "DERIBIT", "LIGHTER"), "USDC"),
}  # what futures are quoted and margins are kept in
REAL_EXCHANGES = tuple(SETTLES)
WITH_SPOT = (*FIRST_EXCHANGES, "BYBIT", "DERIBIT")
MARKETS = {"US": "USD", "HK": "HKD", "KR": "KRW", "JP": "JPY"}  # of stocks and ETFs, with their listing currency
SECURITIES = ("STOCK", "ETF")
BUSINESSES = ("SPOT", "FUTURE", "MARGIN", *SECURITIES)

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
ISOLATED_ONLY = ("HYPERLIQUID_FUTURE_DOGE_USDC",)  # `support_cross` "false": a listing without cross margin
SECURITY_SYMBOLS = ("US_STOCK_AAPL_USDT", "US_ETF_SPY_USDT", "HK_STOCK_00700_USDT")
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
    state: str = "live"  # live | suspend, or a word that no document has
    delist_time: int = 0  # Unix milliseconds; 0: not delisted
    default_leverage: str = "3"
    tiers: tuple[Tier, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)

    def tradable(self, now_ms: int) -> bool:
        """Whether settings on it are taken."""
        return self.state != "suspend" and not 0 < self.delist_time <= now_ms

    @property
    def is_security(self) -> bool:
        """A stock or an ETF: not in the first wire format."""
        return self.business in SECURITIES

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
    for tier, (highest, share) in enumerate(TIERS, start=1):
        found.append(Tier(tier, lowest, highest, max(Decimal(1), leverage_max // share)))
        lowest = highest
    return tuple(found)


def symbol_from(values: Mapping[str, Json]) -> Symbol:
    """A symbol from `symbol`, and as you like `leverage_max`, `state`, `delist_time`, `default_leverage`, row fields.

    Raises ValueError.
    """
    name = text(values, "symbol")
    parts = split(name)
    if parts is None:
        raise ValueError(f"{name!r} is not a symbol: write OKX_FUTURE_ADA_USDT")
    business = parts[1]
    highest = number(values.get("leverage_max", {"FUTURE": 20, "MARGIN": 5}.get(business, 0)), ("leverage_max",))
    taken = ("symbol", "state", "delist_time", "default_leverage", "leverage_max")
    return Symbol(
        name,
        *parts,
        state=text(values, "state", "live"),
        delist_time=whole(values.get("delist_time", 0), ("delist_time",)),
        default_leverage=text(values, "default_leverage", "3"),
        tiers=_tiers(highest) if business in ("FUTURE", "MARGIN") else (),
        extra={key: str(value) for key, value in values.items() if key not in taken},
    )


def _rows() -> Iterator[Row]:
    for exchange, quote in SETTLES.items():
        for base, (futures, margin) in BASES.items():
            if exchange in WITH_SPOT:
                yield {"symbol": f"{exchange}_SPOT_{base}_{quote}"}
            name = f"{exchange}_FUTURE_{base}_{quote}"
            row: Row = {"symbol": name, "leverage_max": futures, "state": "suspend" if name in SUSPENDED else "live"}
            yield row | ({"support_cross": "false"} if name in ISOLATED_ONLY else {})
            if margin and exchange in FIRST_EXCHANGES:
                yield {"symbol": f"{exchange}_MARGIN_{base}_{quote}", "leverage_max": margin}
    for name in SECURITY_SYMBOLS:
        yield {"symbol": name, "tag": "a description"}


def default_symbols() -> dict[str, Symbol]:
    """The universe of a sandbox without a seed, by name."""
    return {str(row["symbol"]): symbol_from(row) for row in _rows()}
