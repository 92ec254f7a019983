"""The switches of `settings.py` at work in one account: signed by its own key, behind its modes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from acctcfg.core.address import Address, Focus
from acctcfg.core.diff import Change
from acctcfg.core.state import After, Unreadable
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
