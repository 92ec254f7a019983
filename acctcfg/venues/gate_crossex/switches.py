"""The switches of `settings.py` at work in the CrossEx account: one request a symbol, behind the modes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from acctcfg.core.address import Address, Focus
from acctcfg.core.diff import Change
from acctcfg.core.state import After, Live, Unreadable
from acctcfg.errors import Refused, VenueError
from acctcfg.venues.contract import Cost, Survey, Writer
from acctcfg.venues.gate_crossex.account import Account
from acctcfg.venues.gate_crossex.barrier import barrier
from acctcfg.venues.gate_crossex.endpoints import GET_MARGIN_MODE
from acctcfg.venues.gate_crossex.leverage import missing
from acctcfg.venues.gate_crossex.listed import listed
from acctcfg.venues.gate_crossex.refusals import NOT_SERVED
from acctcfg.venues.gate_crossex.settings import SWITCHES, SYMBOL_IN_USE
from acctcfg.venues.gate_crossex.symbols import Symbols
from acctcfg.venues.settings import Settings
from acctcfg.wire.endpoint import Call, Endpoint

__all__ = ["GateSettings"]

_NOT_POSSIBLE = "TRADE_UNSUPPORTED_OPERATION"
_UNKNOWN = "TRADE_SYM_NOT_SUPPORT"


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
        """A change of the account mode, or of the position mode at their exchange: one alone has margin modes."""
        if account.mode_barrier is not None and not focus.wants(account.address("account_mode")):
            for address in addresses:
                account.survey.needs(address, account.address("account_mode"))
        return barrier(account, addresses[0].key.partition("_")[0])

    def owner(self, account: Account) -> tuple[str, str]:
        return account.main_user.user, account.spec.venue

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:
        """Both sides. Of what would be set, and of names that the venue does not know, its list of symbols is asked."""
        await super().survey(account, focus, replace)
        survey = account.survey
        differ = []
        for address in (one for one in survey.desired if one.field in self.switches):
            live = survey.live[address]
            if not isinstance(live, Unreadable):
                survey.saw("instrument", address.key)
            if live.code == _UNKNOWN if isinstance(live, Unreadable) else live != survey.desired[address]:
                differ.append(address)
        if not differ:
            return
        try:
            symbols = await listed(account, filter(_seen(account), (one.key for one in differ)))
        except VenueError:
            return  # the venue itself refuses it
        for address in differ:
            self._hold_to(symbols, account, address)

    def _hold_to(self, symbols: Symbols, account: Account, address: Address) -> None:
        """What the list says of a symbol that is not as it should be: one that is gone, or does not trade, is a warning
        and no step, as under leverage; one without cross margin is not tried."""
        survey, name, now_ms = account.survey, address.key, round(account.now() * 1000)
        symbol, unread = symbols.find(name), isinstance(survey.live[address], Unreadable)
        if symbol is not None and not symbol.takes_leverage(now_ms):
            said = f"{name} takes no margin mode at present ({symbol.condition(now_ms)}), so the entry sets nothing"
            self._sets_nothing(survey, address, said)
        elif symbol is not None and not unread and not symbol.has_cross and survey.desired[address] == "cross":
            detail = f"the venue's list says that {name} has isolated margin only"
            survey.block(address, "cross_margin_offered", detail)
        elif symbol is None and unread:
            found = missing(name, symbols, _seen(account)(name))
            if found.code == "instrument_not_live":
                self._sets_nothing(survey, address, found.text)
            else:
                survey.live[address] = Unreadable(found.code, found.text)

    @staticmethod
    def _sets_nothing(survey: Survey, address: Address, said: str) -> None:
        del survey.desired[address], survey.live[address]
        survey.blocks.pop(address, None)
        survey.nothing_to_set(address, said)
        survey.warn(address, "instrument_not_live", said)
        survey.sets_nothing.append(str(address))

    async def _behind(self, after: After, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]:
        """A symbol that has no answer before a mode changes has none after it: nothing is half changed."""
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
                if error.code in NOT_SERVED:
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


def _seen(account: Account) -> Callable[[str], str]:
    """The day of the last run that saw a symbol, "" for none."""
    return lambda name: account.memory.seen("instrument", name)
