"""The account mode. Source: OKX v5, "Set account mode"; for sub-accounts "DMA broker: set sub-account level".

The broker switches its sub-accounts; whether that trips over something only the account's own key can see. The
documents do not say what the broker's call checks: a sub-account must have no positions, orders and bots (59002), so
all of these are prechecks, and the venue's own verdict on the switch besides. That a mode was never activated in the
venue's pages (51070) is a refusal to the account's own call only, so for the broker's call it is left to the venue.
"""

from __future__ import annotations

from collections.abc import Sequence

from acctcfg.core.address import Address, Focus
from acctcfg.core.diff import Change
from acctcfg.core.order import behind
from acctcfg.core.state import Live, Unreadable
from acctcfg.errors import AuthRefused, VenueError
from acctcfg.venues.contract import NEVER_ABSENT, Cost, Writer
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.endpoints import CONFIG, SET_ACCOUNT_LEVEL, SET_SUB_ACCOUNT_LEVEL, SUB_ACCOUNTS
from acctcfg.venues.okx.sequence import ORDER
from acctcfg.venues.okx.vocabulary import ACCOUNT_LEVEL
from acctcfg.wire.endpoint import Call

__all__ = ["AccountMode"]


class AccountMode:
    """One word for the whole account."""

    field = "account_mode"
    gated = True
    absence = NEVER_ABSENT
    together = ""
    signed = True
    own = False  # without it the broker's list shows the mode, and the broker sets it

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:  # noqa: ARG002
        """Both sides; a new sub-account is known to be in spot."""
        address = account.address(self.field)
        if account.spec.account_mode is not None and focus.wants(address):
            account.survey.want(address, account.spec.account_mode, self.live(account))

    def live(self, account: Account) -> str | Unreadable:
        """The mode as it was read, without another request."""
        if account.config is not None:
            return account.config.account_mode
        return account.row.account_mode if account.row is not None else "spot"

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        """By the account's own config; by the broker's list where no key signs, or none does any more."""
        return dict.fromkeys(addresses, await self._now(account))

    async def _now(self, account: Account) -> str | Unreadable:
        if account.reader is not None:
            try:
                return (await account.own_config()).account_mode
            except AuthRefused:
                if account.main:
                    raise
        row = await account.broker.sub_account(account.name)
        if row is None:
            raise VenueError(f"the venue lists no sub-account {account.name} any more", code="59510")
        account.row = row
        return row.account_mode

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:
        """The broker's call for a sub-account, the account's own for the main account."""
        level = ACCOUNT_LEVEL.venue(str(change.after))
        if account.main:
            return (Call(SET_ACCOUNT_LEVEL, {"acctLv": level}),)
        return (Call(SET_SUB_ACCOUNT_LEVEL, {"subAcct": account.name, "acctLv": level}),)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        """A write out of the broker's bucket, a config read out of the account's own."""
        broker, venue = account.broker.user, account.spec.venue
        own = account.reader is not None or account.later() is not None
        back = Cost(account.user, account.spec.key, CONFIG, 1) if own else Cost(broker, venue, SUB_ACCOUNTS, 1)
        return [
            cost
            for change in changes
            for call in self.calls(account, change)
            for cost in (Cost(broker, venue, call.endpoint, 1, write=True), back)
        ]

    async def write(self, account: Account, change: Change, writer: Writer) -> None:
        """Switch it."""
        for call in self.calls(account, change):
            await account.send(call, change, writer)

    def moved_with(self, account: Account, change: Change) -> tuple[Address, ...]:  # noqa: ARG002
        """Everything that is kept by the modes: the venue may set it anew."""
        return tuple(one for one in account.survey.desired if behind(ORDER, self.field, one.field))
