"""Whether a regular sub-account may transfer to other sub-accounts. Source: OKX v5, "Set permission of transfer out".

To the master it always may. Written by the master, read back from its list of sub-accounts.
"""

from __future__ import annotations

from collections.abc import Sequence

from acctcfg.core.address import Address, Focus
from acctcfg.core.diff import Change
from acctcfg.core.state import After, Live, Unreadable
from acctcfg.errors import VenueError
from acctcfg.venues.contract import Cost
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.endpoints import SET_TRANSFER_OUT
from acctcfg.venues.one_call import OneCall
from acctcfg.wire.endpoint import Call

__all__ = ["TransferOut"]


class TransferOut(OneCall[Account]):
    """`transfer_out`: whether the sub-account may transfer to others."""

    field = "transfer_out"

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:  # noqa: ARG002
        """Both sides; a new account's is read when it is there."""
        address, wanted = account.address(self.field), account.spec.own.get(self.field)
        if wanted is not None and focus.wants(address):
            account.survey.want(address, wanted, After("create") if account.row is None else self._live(account))

    def _live(self, account: Account) -> Live:
        found = account.row.transfer_out if account.row is not None else None
        return found if found is not None else Unreadable("no_field", "the venue does not say whether it may")

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        account.row = await account.master.sub_accounts.get(account.name)
        if account.row is None:
            raise VenueError(f"the venue lists no sub-account {account.name} any more", code="59510")
        return dict.fromkeys(addresses, self._live(account))

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:
        """One call; what leaves the value out would mean yes."""
        return (Call(SET_TRANSFER_OUT, {"subAcct": account.name, "canTransOut": change.after is True}),)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        """The write; read-backs of many accounts share a page, and `Connection.costs` counts the pages."""
        return [Cost(account.master.user, account.spec.venue, SET_TRANSFER_OUT, len(changes), write=True)]
