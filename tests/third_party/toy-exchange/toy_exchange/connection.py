"""A connection to Toy Exchange: who it is, what it reads of the account, and what stands in the way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import AccountSpec, VenueSpec
from acctcfg.core.diff import Change
from acctcfg.core.plan import Precheck, Warning_
from acctcfg.core.secret import Credentials
from acctcfg.core.state import written
from acctcfg.core.verdict import Verdict
from acctcfg.errors import VenueError
from acctcfg.venues.contract import Proof, Survey
from acctcfg.venues.resources import ByField, alias, demand_identity, survey_or_reason
from acctcfg.wire.client import Client
from toy_exchange.account import Account, Exchange
from toy_exchange.leverage import LeverageSetting
from toy_exchange.position_mode import PositionModeSetting
from toy_exchange.refusals import REFUSALS
from toy_exchange.switches import ToySettings

__all__ = ["ToyConnection"]


class ToyConnection(ByField[Account]):
    """One user's credentials at work."""

    def __init__(self, spec: VenueSpec, client: Client, credentials: Credentials) -> None:
        self._leverage = LeverageSetting()
        super().__init__(PositionModeSetting(), ToySettings(), self._leverage)
        self.spec = spec
        self.client = client
        self.user = ""
        self._exchange = Exchange(client, credentials, alias(credentials.api_key))

    async def open(self) -> None:
        """Read whose credentials these are."""
        unknown = self._exchange.user
        self.user, _ = await self._exchange.account()
        self._exchange.user = self.user
        self.client.pacer.one_owner(unknown, self.user)

    async def survey(self, specs: Sequence[AccountSpec], focus: Focus, *, replace: frozenset[Address]) -> list[Survey]:
        """All accounts at once; one that cannot be read says why."""
        surveys = [Survey(spec=spec) for spec in specs]
        return list(await asyncio.gather(*(survey_or_reason(one, self._read(one, focus, replace)) for one in surveys)))

    async def _read(self, survey: Survey, focus: Focus, replace: frozenset[Address]) -> None:
        survey.exists, survey.uid = True, self.user
        account = survey.private = Account(survey, self._exchange)
        for resource in self.resources.values():
            await resource.survey(account, focus, replace)
        demand_identity(survey, known=True, adopt="allow")

    async def prove(self, spec: AccountSpec, credentials: Credentials) -> Proof:
        """The account that the key reads is its own."""
        user, _ = await Exchange(self.client, credentials, self.user).account()
        return Proof(uid=user, label="", listed_uid=self.user)

    async def prechecks(self, survey: Survey, changes: Sequence[Change]) -> dict[Address, tuple[Precheck, ...]]:
        """Asked now: positions for the position mode, the symbol's maximum for leverage."""
        account: Account = survey.private
        answers: dict[Address, tuple[Precheck, ...]] = {}
        for change in changes:
            if change.kind == "position_mode":
                answers[change.address] = (await self._flat(),)
            elif change.kind == "settings.cash_sweep":
                answers[change.address] = (await self._no_withdrawals(),)
            else:
                limit = self._leverage.limit(account, change.address).max_leverage
                value = written(change.after)
                high = isinstance(value, Decimal) and value > limit
                detail = f"{value} is above the exchange's maximum of {limit}" if high else ""
                answers[change.address] = (Precheck("leverage_limit", "fail" if high else "pass", detail),)
        return answers

    async def _flat(self) -> Precheck:
        try:
            there = await self._exchange.open_positions()
        except VenueError as error:
            return Precheck("no_open_positions", "unknown", error.message)  # never taken for none
        return Precheck("no_open_positions", "fail" if there else "pass", ", ".join(there))

    async def _no_withdrawals(self) -> Precheck:
        try:
            there = await self._exchange.withdrawals()
        except VenueError as error:
            return Precheck("no_pending_withdrawals", "unknown", error.message)
        return Precheck("no_pending_withdrawals", "fail" if there else "pass", ", ".join(there))

    async def notices(self, survey: Survey, changes: Sequence[Change]) -> list[Warning_]:
        """When a sweep begins."""
        message = "the exchange sweeps at the end of the day"
        swept = [str(one.address) for one in changes if one.kind == "settings.cash_sweep"]
        return [Warning_(address, "sweep_waits", message) for address in swept]

    def is_precondition(self, change: Change, code: str) -> bool:
        """What must be cleared first."""
        return code in REFUSALS and REFUSALS[code].verdict is Verdict.BLOCKED
