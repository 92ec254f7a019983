"""Whether a regular sub-account may transfer to other sub-accounts. Source: OKX v5, "Set permission of transfer out".

To the master it always may. Written by the master, a call for up to twenty accounts that are to have the same, and read
back from its list of sub-accounts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from acctcfg.core.address import Address, Focus
from acctcfg.core.diff import Change
from acctcfg.core.state import After, Live, Unreadable
from acctcfg.errors import AcctcfgError, AuthRefused, JournalError, Refused, VenueError
from acctcfg.venues.contract import Cost, Writer
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.endpoints import SET_TRANSFER_OUT
from acctcfg.venues.one_call import OneCall
from acctcfg.wire.endpoint import Call

__all__ = ["TransferOut"]

AT_ONCE: Final = 20  # accounts that the venue takes in one call
GATHER_S: Final = 0.05
"""How long the first waits for others that want the same: they come together, from one page of the list."""


@dataclass(eq=False, slots=True)
class _Wish:
    """One account's change, from when it asks to when it is answered."""

    account: Account
    change: Change
    writer: Writer
    alone: bool = False  # a call for several was refused, and nobody knows for whose sake
    answered: bool = False
    error: AcctcfgError | None = None


class TransferOut(OneCall[Account]):
    """`transfer_out`: whether the sub-account may transfer to others."""

    field = "transfer_out"

    def __init__(self) -> None:
        self._wishes: list[_Wish] = []
        self._turn = asyncio.Lock()

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
        """One call; what would leave the value out would mean yes."""
        return (_call([account.name], change),)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        """A part of a call that is made for several accounts, and of a page of the list that reads them back."""
        master, venue = account.master, account.spec.venue
        write = Cost(master.user, venue, SET_TRANSFER_OUT, len(changes), write=True, serves=AT_ONCE)
        return [write, master.listing(venue)]

    async def write(self, account: Account, change: Change, writer: Writer) -> None:
        """Send it, with others that wait for the same; each step is on record, and told by itself."""
        wish = _Wish(account, change, writer)
        self._wishes.append(wish)
        try:
            await account.master.client.clock.sleep(GATHER_S)
            async with self._turn:
                while not wish.answered:
                    await self._send(wish)
        finally:
            self._wishes.remove(wish)
        if wish.error is not None:
            raise wish.error

    async def _send(self, first: _Wish) -> None:
        """One call, for this wish and for those that it can take along."""
        like = [one for one in self._wishes if one.change.after == first.change.after and one is not first]
        along = [] if first.alone else [one for one in like if not one.alone and not one.answered][: AT_ONCE - 1]
        sent = (first, *along)
        call = _call([one.account.name for one in sent], first.change)
        try:
            write, *others = [one.account.write_of(call, one.change) for one in sent]
            await first.writer.send(write, others=[(one.writer, its) for one, its in zip(along, others, strict=True)])
        except AcctcfgError as error:
            if along and _may_be_of_one(error):
                for one in sent:
                    one.alone = True
                return
            for one in sent:
                one.error = error
        for one in sent:
            one.answered = True


def _call(names: Sequence[str], change: Change) -> Call:
    return Call(SET_TRANSFER_OUT, {"subAcct": ",".join(names), "canTransOut": change.after is True})


def _may_be_of_one(error: AcctcfgError) -> bool:
    """Whether nothing was executed for the sake of one account among several, so that the others go by themselves."""
    whole = AuthRefused | JournalError
    return not isinstance(error, whole) and (isinstance(error, Refused) or not isinstance(error, VenueError))
