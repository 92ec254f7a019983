"""The account mode. Source: OKX v5, "Set account mode"; for sub-accounts "DMA broker: set sub-account level".

A broker switches its sub-accounts; whether that trips over something only the account's own key can see. The
documents do not say what the broker's call checks: a sub-account must have no positions, orders and bots (59002), so
all of these are prechecks, and the venue's own verdict on the switch besides. That a mode was never activated in the
venue's pages (51070) is a refusal to the account's own call only, so for the broker's call it is left to the venue.
"""

from __future__ import annotations

from collections.abc import Sequence

from acctcfg.core.address import Address, Focus
from acctcfg.core.diff import Change
from acctcfg.core.order import behind
from acctcfg.core.state import After, Live, Unreadable
from acctcfg.errors import AuthRefused, VenueError
from acctcfg.venues.contract import Cost
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.endpoints import CONFIG, SET_ACCOUNT_LEVEL
from acctcfg.venues.okx.master_calls import MasterCalls
from acctcfg.venues.okx.sequence import ORDER
from acctcfg.venues.okx.vocabulary import ACCOUNT_LEVEL
from acctcfg.venues.one_call import OneCall
from acctcfg.venues.resources import unreadable
from acctcfg.wire.endpoint import Call

__all__ = ["AccountMode"]


class AccountMode(OneCall[Account]):
    """One word for the whole account."""

    field = "account_mode"
    gated = True
    signed = True

    def __init__(self, calls: MasterCalls) -> None:
        self.own = not calls.sets_account_mode
        self._calls = calls

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:  # noqa: ARG002
        """Both sides; a new sub-account is known to be in spot."""
        address = account.address(self.field)
        if account.spec.account_mode is not None and focus.wants(address):
            account.survey.want(address, account.spec.account_mode, self.live(account))

    def live(self, account: Account) -> str | Unreadable | After:
        """The mode as it was read, without another request: by the account's own config, else by the master's list."""
        if account.config is not None:
            return account.config.account_mode
        if account.row is None:
            return "spot"
        if account.row.account_mode is not None:
            return account.row.account_mode
        return account.later() or unreadable(account.no_access())

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        """By the account's own config; by the master's list, where it shows the mode and no key signs (any more)."""
        return dict.fromkeys(addresses, await self._now(account))

    async def _now(self, account: Account) -> str | Unreadable:
        if account.reader is not None:
            try:
                return (await account.own_config()).account_mode
            except AuthRefused:
                if account.main or self.own:
                    raise
        row = await account.master.sub_accounts.get(account.name)
        if row is None:
            raise VenueError(f"the venue lists no sub-account {account.name} any more", code="59510")
        account.row = row
        if row.account_mode is None:
            raise account.no_access()
        return row.account_mode

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:
        """The master's call for a sub-account where it has one, else the account's own."""
        level = ACCOUNT_LEVEL.venue(str(change.after))
        if account.main or self.own:
            return (Call(SET_ACCOUNT_LEVEL, {"acctLv": level}),)
        return (self._calls.set_account_mode(account.name, level),)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        """A write out of the bucket of who signs it, and a read: the account's own config, or the master's list."""
        master, own = (account.master.user, account.spec.venue), (account.user, account.spec.key)
        reads_itself = account.reader is not None or account.later() is not None
        back = Cost(*own, CONFIG, 1) if reads_itself else Cost(*master, self._calls.pages.endpoint, 1)
        writes = own if self.own else master
        return [
            cost
            for change in changes
            for call in self.calls(account, change)
            for cost in (Cost(*writes, call.endpoint, 1, write=True), back)
        ]

    def moved_with(self, account: Account, change: Change) -> tuple[Address, ...]:  # noqa: ARG002
        """Everything that is kept by the modes: the venue may set it anew."""
        return tuple(one for one in account.survey.desired if behind(ORDER, self.field, one.field))
