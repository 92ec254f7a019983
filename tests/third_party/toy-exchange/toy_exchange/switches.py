"""The rows of settings.py at work: what acctcfg has to know of an account for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from acctcfg.core.diff import Change
from acctcfg.venues.contract import Survey, Writer
from acctcfg.venues.settings import Settings
from acctcfg.wire.endpoint import Call, Endpoint
from toy_exchange.account import Account
from toy_exchange.endpoints import ACCOUNT
from toy_exchange.settings import SWITCHES

__all__ = ["ToySettings"]


class ToySettings(Settings[Account]):
    """All settings of the account."""

    def __init__(self) -> None:
        super().__init__(SWITCHES)

    def survey_of(self, account: Account) -> Survey:
        """The survey that it is read for."""
        return account.survey

    def endpoint(self, source: str) -> Endpoint:
        """There is one."""
        return ACCOUNT

    async def answer(self, account: Account, source: str, keys: Sequence[str]) -> Any:
        """The account, read now."""
        return await account.exchange.account_row()

    def owner(self, account: Account) -> tuple[str, str]:
        """The user's limits."""
        return account.exchange.user, account.survey.spec.key

    async def send(self, account: Account, call: Call, change: Change, writer: Writer) -> None:
        """As every write."""
        await account.send(call, change, writer)
