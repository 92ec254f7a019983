"""Gate's words for what the core has words for. An unknown word is an error that quotes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from acctcfg.core.quoting import quoted
from acctcfg.core.spelling import decimal_of
from acctcfg.core.vocabulary import Market, PositionMode, Words
from acctcfg.errors import Garbled

__all__ = [
    "ACCOUNT_MODE",
    "BUSINESS",
    "CROSS",
    "EXCHANGES",
    "FIRST",
    "GROUPS",
    "ISOLATED",
    "POSITION_MODE",
    "SUB_GROUPS",
    "SUB_STATE",
    "exchange_word",
    "not_given",
    "number",
    "permission_of",
    "positive",
    "text_of",
    "unknown_permissions",
]

CROSS = "cross_exchange"
ISOLATED = "isolated_exchange"

ACCOUNT_MODE: Words[str] = Words("account mode", {CROSS: "CROSS_EXCHANGE", ISOLATED: "ISOLATED_EXCHANGE"})
POSITION_MODE = Words("position mode", {PositionMode.NET: "SINGLE", PositionMode.LONG_SHORT: "DUAL"})
SUB_STATE: Words[str] = Words("sub-account state", {"present": "1", "locked": "2"})
BUSINESS = {Market.FUTURES: "FUTURE", Market.MARGIN: "MARGIN"}
"""The businesses that have leverage; SPOT, STOCK and ETF have none."""

SUB_GROUPS = (
    *("account", "copy", "custody", "delivery", "earn", "futures", "loan", "margin", "options", "spot"),
    *("tradfi_spot", "unified", "wallet"),
)
"""The groups of permissions that a key of a sub-account can be given."""

GROUPS = (
    *SUB_GROUPS,
    *("alpha", "cfd", "cfd_copy", "crossx", "otc", "pilot", "stock_copy", "sub_accounts"),
)
"""The groups of permissions of a key; beyond those of a sub-account's, a main user's own."""

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


def exchange_word(exchange: str) -> str:
    """The venue's word for an exchange; one that is new to us is written as all of them are."""
    return EXCHANGES.get(exchange, exchange.upper())


FIRST = frozenset({"binance", "okx", "gate"})
"""Those of the first documents: every venue has them. The others came one by one."""


def permission_of(row: object) -> str:
    """A permission as our word, "futures:write". A group that is new to us stays as the venue wrote it.

    Raises Garbled for one that does not say what it is of, or how far it goes: it could not be sent back as it is.
    """
    if not isinstance(row, Mapping) or not row.get("name") or not isinstance(row.get("read_only"), bool):
        raise Garbled(f"{quoted(row)} where a permission belongs", code="shape")
    return f"{row['name']}:{'read' if row['read_only'] else 'write'}"


def unknown_permissions(permissions: Collection[str]) -> list[str]:
    """Those whose group or access the venue's documents do not know."""
    return sorted(word for word in permissions if not _is_known(*word.partition(":")[::2]))


def not_given(permissions: Collection[str]) -> list[str]:
    """Those that a new key of a sub-account may be refused: nobody documents that it can be given them."""
    return sorted(word for word in permissions if word.partition(":")[0] not in SUB_GROUPS)


def _is_known(group: str, access: str) -> bool:
    return group in GROUPS and access in ("read", "write")


def text_of(row: Mapping[str, object], name: str) -> str:
    """A word of a row; "" where it is missing or no text, so that nobody can tell what the row is of."""
    value = row.get(name)
    return value if isinstance(value, str) else ""


_MOST_DIGITS = 64  # of a number before or after its point


def number(value: object, what: str) -> Decimal:
    """A number, which the venue writes as text in one place and as a number in another.

    Raises Garbled for anything else: an amount that cannot be read is never taken for zero.
    """
    if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        found = decimal_of(str(value))
        if found is not None:
            return found
    raise Garbled(f"the venue answered {quoted(value)} for {what}, which is not a number", code="no_number")


def positive(value: object, what: str) -> Decimal:
    """A number above 0, as every leverage and every bound of one is. Raises Garbled for anything else."""
    if (found := number(value, what)) > 0:
        return found
    raise Garbled(f"the venue answered {quoted(value)} for {what}, which is not above 0", code="no_number")
