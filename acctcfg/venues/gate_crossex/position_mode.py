"""The position mode. Source: CrossEx v1.0, "Update account": 202, 100 per 60 s.

In cross_exchange the whole account has one; in isolated_exchange each exchange has its own, and every exchange is a
request of its own. Refused while orders or positions are open, and where it is so already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from acctcfg.core.address import Address, Focus
from acctcfg.core.diff import Change
from acctcfg.core.state import Live, Unreadable
from acctcfg.core.vocabulary import PositionMode as Word
from acctcfg.errors import VenueError
from acctcfg.venues.contract import Cost
from acctcfg.venues.gate_crossex.account import Account
from acctcfg.venues.gate_crossex.endpoints import ACCOUNT, SET_ACCOUNT
from acctcfg.venues.gate_crossex.vocabulary import EXCHANGES, FIRST, POSITION_MODE, exchange_word
from acctcfg.venues.one_call import OneCall
from acctcfg.venues.resources import unreadable
from acctcfg.wire.endpoint import Call

__all__ = ["PositionMode"]


class PositionMode(OneCall[Account]):
    """One word for the whole account, or one for each exchange: `position_mode[okx]`."""

    field = "position_mode"
    gated = True
    together = ""  # a second request while one is under way is said to be refused

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:  # noqa: ARG002
        """Both sides. Behind a change of the account mode the present values say nothing: they are read after it.

        An exchange that the venue does not serve is found before: else the account would be left half changed.
        """
        spec = account.spec
        wanted = {account.address(self.field, exchange): word for exchange, word in spec.position_modes.items()}
        if spec.position_mode is not None:
            wanted[account.address(self.field)] = spec.position_mode
        wanted = {address: word for address, word in wanted.items() if focus.wants(address)}
        barrier = account.mode_barrier
        if barrier is None:
            live = await self._read(account, list(wanted), opened=True)
        else:
            live = {address: await _not_served(account, address.key) or barrier for address in wanted}
        for address, word in wanted.items():
            account.survey.want(address, word, live[address])
            if barrier is not None and not focus.wants(account.address("account_mode")):
                account.survey.needs(address, account.address("account_mode"))

    async def _read(
        self, account: Account, addresses: Sequence[Address], *, opened: bool = False
    ) -> dict[Address, Live]:
        """By the state that is known already, and one read for each exchange."""
        found = await asyncio.gather(*(self._one(account, address.key, opened=opened) for address in addresses))
        return dict(zip(addresses, found, strict=True))

    async def _one(self, account: Account, exchange: str, *, opened: bool) -> Live:
        if not exchange:
            if account.state is None:
                return Unreadable("isolated_exchange", "the account is in isolated_exchange: each exchange has its own")
            return account.state.position_mode
        try:
            if exchange not in EXCHANGES and (unknown := await _not_served(account, exchange)):
                return unknown
            return (await account.own.at(exchange, opened=opened)).position_mode
        except VenueError as error:
            return unreadable(error)

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        if any(not address.key for address in addresses):
            account.state = await account.own.state()
        return await self._read(account, addresses)

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:  # noqa: ARG002
        """One call; it names the exchange in isolated_exchange, and only there."""
        body = {"position_mode": POSITION_MODE.venue(Word(str(change.after)))}
        if change.address.key:
            body["exchange_type"] = exchange_word(change.address.key)
        return (Call(SET_ACCOUNT, body),)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        owner, venue = account.main_user.user, account.spec.venue
        return [
            Cost(owner, venue, SET_ACCOUNT, len(changes), write=True),
            Cost(owner, venue, ACCOUNT, len(changes)),
        ]

    def moved_with(self, account: Account, change: Change) -> tuple[Address, ...]:  # noqa: ARG002
        """The modes of the other exchanges, and leverage: the venue does not say that they stay."""
        return tuple(one for one in account.survey.desired if one.field in ("position_mode", "leverage"))


async def _not_served(account: Account, exchange: str) -> Unreadable | None:
    """That the venue's list of symbols shows no such exchange. Those of the first documents every venue has."""
    if not exchange or exchange in FIRST:
        return None
    try:
        listed = (await account.own.symbols()).exchanges
    except VenueError as error:
        return unreadable(error)
    if exchange_word(exchange) in listed:
        return None
    return Unreadable("unknown_exchange", f"the venue's list of symbols shows no exchange {exchange}")
