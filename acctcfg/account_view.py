"""One account as it is now, for people and for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from acctcfg.core.fee_rate import FeeRate
from acctcfg.core.plan import Unread, Warning_
from acctcfg.deposit import DepositRow

__all__ = ["AccountView"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """One account as it is now: for `show` and `output`. Never holds a secret."""

    account: str
    venue: str
    name: str
    uid: str  # "" where the account does not exist, and where nobody could look
    exists: bool | None  # None where nobody could look
    values: Mapping[str, object] = field(default_factory=dict)  # address text -> JSON value, in the order to print
    deposits: tuple[DepositRow, ...] = ()
    fees: tuple[FeeRate, ...] | None = None  # None where nobody asked
    unreadable: tuple[Unread, ...] = ()
    warnings: tuple[Warning_, ...] = ()  # what spoils the use of what is shown: frozen functions, closed chains
