"""OKX's words for what the core has words for. An unknown word is an error that quotes it."""

from __future__ import annotations

from collections.abc import Collection

from acctcfg.core.spelling import one_ip
from acctcfg.core.vocabulary import PositionMode, Words
from acctcfg.deposit import CreditTo

__all__ = [
    "ACCOUNT_LEVEL",
    "ADDRESS_TYPE",
    "CREDIT_TO",
    "POSITION_MODE",
    "ips_of",
    "not_given",
    "permissions_of",
    "permissions_to",
    "unknown_permissions",
]

ACCOUNT_LEVEL: Words[str] = Words(
    "account mode", {"spot": "1", "futures": "2", "multi_currency": "3", "portfolio": "4"}
)
POSITION_MODE = Words("position mode", {PositionMode.NET: "net_mode", PositionMode.LONG_SHORT: "long_short_mode"})
CREDIT_TO = Words("deposit account", {CreditTo.FUNDING: "6", CreditTo.TRADING: "18"})
ADDRESS_TYPE: Words[str] = Words("address type", {"regular": "1", "segwit": "2"})

_PERMISSIONS = {"read_only": "read", "read": "read"}
_SENT = {"read": "read_only", "trade": "trade", "withdraw": "withdraw"}


def permissions_of(text: str) -> tuple[str, ...]:
    """Our words for a key's permissions, sorted. The venue writes "read_only" and, in one answer, "read".

    A word that is new to us stays as it is: it says something of this key, and nothing of any other.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return tuple(sorted({_PERMISSIONS.get(part, part) for part in parts}))


def unknown_permissions(permissions: Collection[str]) -> list[str]:
    """Those that the venue's documents do not know."""
    return sorted(word for word in permissions if word not in _SENT)


def not_given(permissions: Collection[str]) -> list[str]:
    """Those that a new key of a sub-account may be refused: since 2025-05-28 `withdraw`, and what nobody documents."""
    return sorted({*unknown_permissions(permissions), *({"withdraw"} & {*permissions})})


def permissions_to(permissions: tuple[str, ...]) -> str:
    """The venue's list for our words, in the order of power; reading is always part of it."""
    known = [_SENT[word] for word in _SENT if word == "read" or word in permissions]
    return ",".join([*known, *unknown_permissions(permissions)])


def ips_of(text: str) -> tuple[str, ...]:
    """A key's addresses, sorted; () where it is bound to none."""
    return tuple(sorted({one_ip(part) for part in text.split(",") if part.strip()}))
