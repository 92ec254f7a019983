"""The switches of `settings.py` at work in the CrossEx account: one request a symbol, behind the account mode."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from acctcfg.core.address import Address, Focus
from acctcfg.core.diff import Change
from acctcfg.core.state import After, Live, Unreadable
from acctcfg.errors import Refused, VenueError
from acctcfg.venues.contract import Cost, Survey, Writer
from acctcfg.venues.gate_crossex.account import Account
from acctcfg.venues.gate_crossex.endpoints import GET_MARGIN_MODE
from acctcfg.venues.gate_crossex.settings import SWITCHES, SYMBOL_IN_USE
from acctcfg.venues.settings import Settings
from acctcfg.wire.endpoint import Call, Endpoint

__all__ = ["GateSettings"]

_NOT_POSSIBLE = "TRADE_UNSUPPORTED_OPERATION"


class GateSettings(Settings[Account]):
    """All switches of the account."""

    def __init__(self) -> None:
        super().__init__(SWITCHES)

    def survey_of(self, account: Account) -> Survey:
        return account.survey

    def endpoint(self, source: str) -> Endpoint:  # noqa: ARG002 (there is one)
        return GET_MARGIN_MODE

    async def answer(self, account: Account, source: str, keys: Sequence[str]) -> Any:  # noqa: ARG002 (there is one)
        return await account.own.margin_mode(*keys)

    def waits(self, account: Account, focus: Focus, addresses: Sequence[Address]) -> After | None:
        """A change of the account mode: the venue does not say what it does to them."""
        if account.mode_barrier is not None and not focus.wants(account.address("account_mode")):
            for address in addresses:
                account.survey.needs(address, account.address("account_mode"))
        return account.mode_barrier

    def owner(self, account: Account) -> tuple[str, str]:
        return account.main_user.user, account.spec.venue

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:
        """Both sides; a symbol of which the venue's list says that it has no cross margin is not tried."""
        await super().survey(account, focus, replace)
        survey = account.survey
        wanted = [one for one, value in survey.desired.items() if one.field in self.switches and value == "cross"]
        differ = [one for one in wanted if survey.live[one] != "cross" and not isinstance(survey.live[one], Unreadable)]
        if not differ:
            return
        try:
            symbols = await account.own.symbols()
        except VenueError:
            return  # the venue itself refuses it
        for address in differ:
            symbol = symbols.find(address.key)
            if symbol is not None and not symbol.has_cross:
                detail = f"the venue's list says that {address.key} has isolated margin only"
                survey.block(address, "cross_margin_offered", detail)

    async def _behind(self, after: After, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        """A symbol that has no answer before the account mode changes has none after it: nothing is half changed."""
        found = await self._found(account, addresses, known=True)
        return {one: live if isinstance(live, Unreadable) else after.beside(live) for one, live in found.items()}

    async def _found(self, account: Account, addresses: Sequence[Address], *, known: bool) -> dict[Address, Live]:  # noqa: ARG002
        """A request a symbol; one that cannot be read spoils its own alone."""

        async def one(address: Address) -> Live:
            try:
                return self._value(
                    await self.answer(account, self.switches[address.field].source, [address.key]), address
                )
            except VenueError as error:
                if getattr(error, "status", 0) == 404 or error.code == "http_404":
                    return Unreadable("not_served", "this venue does not serve margin modes, so nothing is sent")
                return Unreadable(error.code or "unreadable", error.told)

        return dict(zip(addresses, await asyncio.gather(*map(one, addresses)), strict=True))

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]:
        owner, label = self.owner(account)
        writes = [call.endpoint for change in changes for call in self.calls(account, change)]
        return [
            *(Cost(owner, label, endpoint, 1, write=True) for endpoint in writes),
            Cost(owner, label, GET_MARGIN_MODE, len(changes)),
        ]

    async def send(self, account: Account, call: Call, change: Change, writer: Writer) -> None:
        """With the user's own key. What the venue says no to, it says without a reason: something of the symbol, or of
        its exchange, is open."""
        try:
            await account.send(call, change, writer)
        except Refused as error:
            if error.code != _NOT_POSSIBLE:
                raise
            message = f"{error.message}: an order or a position of the symbol, or of its exchange, is in the way"
            raise Refused(message, hint=error.hint, code=SYMBOL_IN_USE, status=error.status, text=error.text) from error
