"""Gate's words for what the core has words for. An unknown word is an error that quotes it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from acctcfg.core.words import Market, PositionMode, Words
from acctcfg.errors import Garbled

__all__ = [
    "ACCOUNT_MODE",
    "BUSINESS",
    "CROSS",
    "EXCHANGES",
    "FIRST",
    "ISOLATED",
    "POSITION_MODE",
    "SUB_STATE",
    "number",
]

CROSS = "cross_exchange"
ISOLATED = "isolated_exchange"

ACCOUNT_MODE: Words[str] = Words("account mode", {CROSS: "CROSS_EXCHANGE", ISOLATED: "ISOLATED_EXCHANGE"})
POSITION_MODE = Words("position mode", {PositionMode.NET: "SINGLE", PositionMode.LONG_SHORT: "DUAL"})
SUB_STATE: Words[str] = Words("sub-account state", {"present": "1", "locked": "2"})
BUSINESS = {Market.FUTURES: "FUTURE", Market.MARGIN: "MARGIN"}
"""The businesses that have leverage; SPOT, STOCK and ETF have none."""

EXCHANGES = {
    "binance": "BINANCE",
    "okx": "OKX",
    "gate": "GATE",
    "bybit": "BYBIT",
    "kraken": "KRAKEN",
    "hyperliquid": "HYPERLIQUID",
    "deribit": "DERIBIT",
    "lighter": "LIGHTER",
}
"""The exchanges of all generations of the documents; the venue's list of symbols may show more."""

FIRST = frozenset({"binance", "okx", "gate"})
"""Those of the first documents: every venue has them. The others came one by one."""


def number(value: object, what: str) -> Decimal:
    """A number, which the venue writes as text in one place and as a number in another.

    Raises Garbled for anything else: an amount that cannot be read is never taken for zero.
    """
    if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        try:
            found = Decimal(value)
        except InvalidOperation:
            found = Decimal("NaN")
        if found.is_finite():
            return found
    raise Garbled(f"the venue answered {value!r} for {what}, which is no number", code="no_number")
