"""The switches of `settings.py` at work in one account: signed by its own key, behind its modes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from acctcfg.core.address import Address, Focus
from acctcfg.core.diff import Change
from acctcfg.core.setting import ALL, Keyed, OnOff
from acctcfg.core.state import After, Unreadable
from acctcfg.errors import VenueError
from acctcfg.venues.contract import Survey, Writer
from acctcfg.venues.joint import JointPart
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.account_mode import AccountMode
from acctcfg.venues.okx.barrier import barrier
from acctcfg.venues.okx.endpoints import BALANCE, COLLATERAL, CONFIG, MMP_CONFIG
from acctcfg.venues.okx.settings import BALANCE_ROWS, COLLATERAL_ROWS, CONFIG_ROW, PROTECTION_ROWS, SWITCHES
from acctcfg.venues.settings import Settings
from acctcfg.wire.endpoint import Call, Endpoint

__all__ = ["OkxSettings"]

SOURCES: Mapping[str, Endpoint] = {
    BALANCE_ROWS: BALANCE,
    COLLATERAL_ROWS: COLLATERAL,
    CONFIG_ROW: CONFIG,
    PROTECTION_ROWS: MMP_CONFIG,
}


class OkxSettings(Settings[Account]):
    """All switches of one account."""

    signed = True
    own = True

    def __init__(self, account_mode: AccountMode) -> None:
        super().__init__(SWITCHES)
        self._account_mode = account_mode

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:
        """As everywhere; and currencies whose settings no read can show before a step, by the venue's list of them."""
        await super().survey(account, focus, replace)
        waiting = [address for address, live in account.survey.live.items() if isinstance(live, After)]
        await asyncio.gather(*(_look_up(account, address) for address in waiting if self._by_currency(address)))

    def _by_currency(self, address: Address) -> bool:
        """Whether this is the setting of one currency."""
        switch = self.switches.get(address.field)
        kind = switch.setting.kind if switch is not None else None
        return isinstance(kind, Keyed | OnOff) and kind.by == "currency" and address.key != ALL

    def survey_of(self, account: Account) -> Survey:
        return account.survey

    def endpoint(self, source: str) -> Endpoint:
        return SOURCES[source]

    async def answer(self, account: Account, source: str, keys: Sequence[str]) -> Any:
        """A source anew. Balances are asked for by currency: the venue leaves out those of nothing otherwise."""
        if source == CONFIG_ROW:
            return (await account.own_config()).row
        if account.reader is None:
            raise account.no_access()
        if source == BALANCE_ROWS:
            return await account.reader.balances(keys)
        return await (account.reader.collateral() if source == COLLATERAL_ROWS else account.reader.protections())

    def known(self, account: Account, source: str) -> Any | None:
        """The configuration that proved the key."""
        return account.config.row if source == CONFIG_ROW and account.config is not None else None

    def mode(self, account: Account) -> str | Unreadable | None:
        """As the survey read it; None where only a key that is still to be made can read it."""
        live = self._account_mode.live(account)
        return None if isinstance(live, After) else live

    def waits(self, account: Account, focus: Focus, addresses: Sequence[Address]) -> After | None:
        """The account's creation, the key that reads, or a change of mode."""
        modes = barrier(account, focus, self._account_mode.live(account), addresses)
        return account.later() or modes

    def readable(self, account: Account) -> bool:
        """With its own key."""
        return account.reader is not None

    def said(self, account: Account) -> bool:
        """Why the account's own key cannot be used."""
        return account.reader is None and account.later() is None

    def owner(self, account: Account) -> tuple[str, str]:
        return account.user, account.spec.key

    async def send(self, account: Account, call: Call, change: Change, writer: Writer) -> None:
        await account.send(call, change, writer, own=True)

    async def send_joint(self, account: Account, call: Call, parts: Sequence[JointPart]) -> None:
        await account.send_joint(call, parts, own=True)


async def _look_up(account: Account, address: Address) -> None:
    """Say that a currency is not on the list, so that not only apply shows it.

    A warning: no page says that the list of what can be deposited has all that can be held. What cannot be read is
    left to apply, which reads the account's own values.
    """
    try:
        chains = await account.master.chains(address.key)
    except VenueError:
        return
    if not chains:
        message = f"the venue's list of currencies has no {address.key}: apply may find that it cannot be set"
        account.survey.warn(address, "currency_unknown", message)
