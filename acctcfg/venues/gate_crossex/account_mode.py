"""The account mode. Source: CrossEx v1.0, "Update account": 202, alone in its request, 100 per 60 s.

Refused with open orders, positions, initial or maintenance margin, or while the account's status is not normal, which
no field shows. How long it takes to show is not said, nor what it does to position modes and leverage: everything else
waits until it shows, and is read again after that.
"""

from __future__ import annotations

from collections.abc import Sequence

from acctcfg.core.address import Address, Focus
from acctcfg.core.diff import Change
from acctcfg.core.order import behind
from acctcfg.core.state import Live
from acctcfg.venues.contract import Cost
from acctcfg.venues.gate_crossex.account import Account
from acctcfg.venues.gate_crossex.endpoints import ACCOUNT, SET_ACCOUNT
from acctcfg.venues.gate_crossex.sequence import ORDER
from acctcfg.venues.gate_crossex.vocabulary import ACCOUNT_MODE
from acctcfg.venues.one_call import OneCall
from acctcfg.wire.endpoint import Call

__all__ = ["AccountMode"]


class AccountMode(OneCall[Account]):
    """The account mode: `cross_exchange` or `isolated_exchange`."""

    field = "account_mode"
    gated = True

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:  # noqa: ARG002
        address = account.address(self.field)
        if account.spec.account_mode is not None and focus.wants(address):
            account.survey.want(address, account.spec.account_mode, account.live_mode)

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        """By a plain read, which is refused in one of the two modes and so shows either."""
        account.state = await account.own.state()
        return dict.fromkeys(addresses, account.live_mode)

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:  # noqa: ARG002
        return (Call(SET_ACCOUNT, {"account_mode": ACCOUNT_MODE.venue(str(change.after))}),)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        owner, venue = account.main_user.user, account.spec.venue
        return [
            Cost(owner, venue, SET_ACCOUNT, len(changes), write=True),
            Cost(owner, venue, ACCOUNT, len(changes)),
        ]

    def moved_with(self, account: Account, change: Change) -> tuple[Address, ...]:  # noqa: ARG002
        """Everything that is kept by the modes: the venue may set it anew."""
        return tuple(one for one in account.survey.desired if behind(ORDER, self.field, one.field))
