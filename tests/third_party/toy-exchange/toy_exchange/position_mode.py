"""The position mode: hedging on or off. Source: "POST /v1/account/hedge"; refused while any position is open."""

from __future__ import annotations

from collections.abc import Sequence

from acctcfg.core.address import Address, Focus
from acctcfg.core.diff import Change
from acctcfg.core.state import Live
from acctcfg.venues.contract import NEVER_ABSENT, Cost, Writer
from acctcfg.wire.endpoint import Call
from toy_exchange.account import Account
from toy_exchange.endpoints import ACCOUNT, HEDGE

__all__ = ["PositionModeSetting"]


class PositionModeSetting:
    """One word for the whole account."""

    field = "position_mode"
    gated = True
    absence = NEVER_ABSENT
    together = ""

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:
        """Both sides, where the manifest has it and the focus wants it."""
        address, wanted = account.address(self.field), account.survey.spec.position_mode
        if wanted is not None and focus.wants(address):
            found = await self.current(account, [address])
            account.survey.want(address, wanted, found[address])

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        """As it is now."""
        _, mode = await account.exchange.account()
        return dict.fromkeys(addresses, mode)

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]:
        """One call."""
        return (Call(HEDGE, {"hedge": change.after == "long_short"}),)

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        """A write and a read."""
        user, key = account.exchange.user, account.survey.spec.key
        return [Cost(user, key, HEDGE, len(changes), write=True), Cost(user, key, ACCOUNT, len(changes))]

    async def write(self, account: Account, change: Change, writer: Writer) -> None:
        """Send it."""
        for call in self.calls(account, change):
            await account.send(call, change, writer)

    def moved_with(self, account: Account, change: Change) -> tuple[Address, ...]:
        """Nothing else: leverage is kept by symbol, whatever the mode."""
        return ()
