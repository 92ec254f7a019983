"""A connection to OKX as a user with sub-accounts: what is asked of an account besides, and what changes it.

What reads accounts is imported with it; what changes, brakes, listens or asks more of one, where that begins.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import AccountSpec
from acctcfg.core.diff import Change
from acctcfg.core.plan import Precheck, Warning_
from acctcfg.core.secret import AccessToken, Credentials
from acctcfg.errors import Garbled, Refused, VenueError
from acctcfg.venues.contract import Cost, Given, Proof, Survey
from acctcfg.venues.okx.access import demand_writer
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.key_guard import KEPT
from acctcfg.venues.okx.listed import SubAccount
from acctcfg.venues.okx.reading import Reading, forget
from acctcfg.venues.okx.refusals import PRECONDITIONS, STRATEGY
from acctcfg.venues.resources import demand_identity, no_longer_managed
from acctcfg.venues.second_look import some_seconds
from acctcfg.wire.endpoint import Endpoint

if TYPE_CHECKING:
    from acctcfg.core.fee_rate import FeeRate
    from acctcfg.core.leverage_lines import ScopeName
    from acctcfg.venues.brake import Braking, Obstacle
    from acctcfg.venues.existing import ExistingAccounts
    from acctcfg.venues.okx.inventory import OkxInventory
    from acctcfg.venues.okx.master_calls import MasterCalls
    from acctcfg.venues.okx.rebates import Files
    from acctcfg.venues.pushes import Push
    from acctcfg.venues.rebates import Rebate, RebateFile

__all__ = ["OkxConnection"]


class OkxConnection(Reading):
    """One user's credentials at work."""

    def __init__(self, given: Given, calls: MasterCalls) -> None:
        super().__init__(given, calls)
        self._gate_reads: dict[object, Counter[tuple[bool, Endpoint]]] = {}

    @cached_property
    def _turns(self) -> asyncio.Semaphore:
        """Of accounts before the brake."""
        from acctcfg.venues.brake import AT_ONCE

        return asyncio.Semaphore(AT_ONCE)

    def _by_its_own_key(self, spec: AccountSpec) -> tuple[Survey, Account, asyncio.Future[SubAccount | None] | None]:
        """An account that is read by its own key whatever the manifest manages, and its row, which is being read."""
        from acctcfg.venues.okx.brake import leverage_alone

        survey = Survey(spec=leverage_alone(spec))
        account = self._noted(survey, signed=("leverage",), own=("leverage",))
        return survey, account, None if account.main else asyncio.ensure_future(self._row(spec.name))

    async def brake(self, spec: AccountSpec, most: Decimal, focus: Focus, *, everything: bool) -> Braking:
        """Every leverage of one account that has something open under it, or an entry."""
        from acctcfg.venues.brake import Braking
        from acctcfg.venues.okx.brake import look

        survey, account, row = self._by_its_own_key(spec)
        try:
            if row is not None:
                await row  # before its turn: the last page of the list may be the one with the first accounts
            async with self._turns:
                if not await self._enter(account, focus, row) or not survey.exists:
                    return Braking(survey=survey)
                if account.reader is not None:
                    found = await look(account, self._leverage, most, focus, everything=everything)
            if account.reader is None:  # out of its turn: the list that tells why is slow, and others are to be lowered
                raise await account.why_no_access()
        except VenueError as error:
            forget(survey)
            survey.cannot_read(account.address(), error.code or "unreadable", error.told)
            return Braking(survey=survey)
        demand_writer(account, frozenset())
        for address, why in survey.unsigned.items():
            survey.block(address, "no_credentials", why)
        demand_identity(survey, known=account.ours, before=account.before, adopt="allow")
        return found

    async def blockers(self, spec: AccountSpec, code: str) -> tuple[Precheck, ...]:
        """What a refusal is about, in one account; whatever the manifest manages of it, its own key reads."""
        from acctcfg.venues.okx.blockers import answers

        survey, account, row = self._by_its_own_key(spec)
        found = await self._enter(account, Focus(), row)
        for unread in () if found else survey.unreadable:
            raise VenueError(unread.message, code=unread.code)
        if not survey.exists:
            raise VenueError(f"the venue has no {spec.name}", code="absent")
        return await answers(account, code)

    def obstacles(self, survey: Survey, address: Address) -> tuple[Obstacle, ...]:
        """Orders, algo orders and bots under a scope."""
        from acctcfg.venues.okx.brake import obstacles

        return obstacles(survey.private, address)

    async def prove(self, spec: AccountSpec, credentials: Credentials) -> Proof:
        """The config that the key reads, beside the broker's list."""
        from acctcfg.venues.okx.proof import proof_of

        return await proof_of(self._master, self.client, self.user, spec, credentials)

    async def strangers(self, managed: frozenset[str]) -> list[Warning_]:
        """Accounts that the journal knows, the venue still has, and no entry of the manifest names."""
        if isinstance(self._credentials, AccessToken):
            return []  # it may not read the list
        memory = self._memory_of(self.user)
        names = [one.name for one in memory.accounts() if one.name not in managed]
        rows = await asyncio.gather(*(self._master.sub_accounts.get(name) for name in names))
        return [no_longer_managed(memory, row.name, row.uid) for row in rows if row is not None]

    async def existing(self) -> ExistingAccounts:
        """The master's list; an access token may not read it. Where it lacks one that the journal knows, with what a
        second look shows, for one may lose a row."""
        from acctcfg.venues.existing import ExistingAccounts

        if isinstance(self._credentials, AccessToken):
            return ExistingAccounts()
        every = await self._master.sub_accounts.every()
        rows = every.rows
        if not {one.name for one in self._memory_of(self.user).accounts()} <= rows.keys():
            await some_seconds(self.client)
            every = await self._master.sub_accounts.every()
            rows = {**rows, **every.rows}
        return ExistingAccounts(tuple(row.existing for _, row in sorted(rows.items())), every.odd)

    async def keyed_settings(self, survey: Survey) -> Sequence[tuple[str, str]]:
        """By the balances and lists that the account's own key reads."""
        account: Account = survey.private
        return await self._settings.keyed(account) if account.reader is not None else ()

    def scope_name(self, survey: Survey, address: Address) -> ScopeName:
        """A family, a currency or an instrument."""
        return self._leverage.scope_name(survey.private, address)

    @property
    def inventory(self) -> OkxInventory:
        """What drift reads besides."""
        from acctcfg.venues.okx.inventory import OkxInventory

        return OkxInventory(self._master, self.spec.environment)

    async def fees(self, survey: Survey) -> tuple[FeeRate, ...]:
        """What trading costs the account."""
        from acctcfg.venues.okx.fees import fees_of

        return await fees_of(survey.private, by_broker=self._calls.tells_fees)

    async def rebate(self, api_key: str, kind: str) -> Rebate:
        """Whether it is paid for a user's key; an answer that is none is that key's."""
        from acctcfg.venues.okx.rebates import rebate_call, rebate_of, rebate_untold

        try:
            return rebate_of(await self._master.read(rebate_call(api_key, kind)))
        except (Refused, Garbled) as error:
            return rebate_untold(error)

    @property
    def _files(self) -> Files:
        from acctcfg.venues.okx.rebates import DMA, FD

        return DMA if self._calls.tells_fees else FD

    async def rebate_file(self, first: date, last: date, kind: str) -> RebateFile | None:
        """Of these days, by the broker's list."""
        call = self._files.read(first, last, kind)
        reply = await self.client.read(call, self._credentials, self.user)
        return self._files.of(reply.data, reply.secrets)

    async def ask_rebate_file(self, first: date, last: date, kind: str) -> None:
        """Ask the venue to make the file of rebates; asked once, never repeated."""
        await self.client.write(self._files.ask(first, last, kind), self._credentials, self.user)

    # -- the changes ---------------------------------------------------------------------------------------------------

    async def prechecks(self, survey: Survey, changes: Sequence[Change]) -> dict[Address, tuple[Precheck, ...]]:
        """The questions of these changes, asked now."""
        from acctcfg.venues.okx.prechecks import ask

        return await ask(survey.private, changes, self._mode, self._leverage, self._settings)

    async def notices(self, survey: Survey, changes: Sequence[Change]) -> list[Warning_]:
        """Positions under a leverage or an account mode that changes, and what that does to their margin; a position
        mode that is lost with the account mode."""
        from acctcfg.venues.okx.margin_effect import told
        from acctcfg.venues.okx.prechecks import open_positions_under_scopes

        account: Account = survey.private
        under = open_positions_under_scopes(account, changes, self._leverage)
        switched = [
            Warning_(str(one.address), code, said)
            for one in changes
            if one.kind == "account_mode"
            for code, said in (
                ("positions_kept", account.kept),
                ("position_mode_lost", self._mode.loses(account, one)),
            )
            if said
        ]
        return [*switched, *await asyncio.gather(*(told(account, one) for one in under))]

    async def pushes(self, surveys: Sequence[Survey]) -> AsyncGenerator[Push, None]:
        """Of the accounts that a key signs for, over their own private WebSockets."""
        from acctcfg.venues.okx.lean_reads import LeanReads
        from acctcfg.venues.okx.private_socket import listen, socket_base

        base = socket_base(self.client.base_url, demo=self.spec.environment != "live")
        accounts: dict[str, Account] = {survey.spec.key: survey.private for survey in surveys}
        readers = {key: LeanReads(one.reader) for key, one in accounts.items() if one.reader is not None}
        for key, reader in readers.items():
            accounts[key].reader = reader
        async with aclosing(listen(readers if base else {}, base)) as told:
            async for push in told:
                yield push

    async def gate_costs(self, survey: Survey, changes: Sequence[Change]) -> list[Cost]:
        """The questions of these changes, asked of the account as if it were idle; of many alike, of one of them."""
        account: Account = survey.private
        kinds = frozenset((one.kind, one.before if isinstance(one.before, str) else "") for one in changes)
        alike = (account.main, account.row is not None, len(account.spec.api_keys), kinds)
        if alike not in self._gate_reads:
            self._gate_reads[alike] = await self._asked_of_one(account, changes)
        own = (account.user, self.spec.key if account.main else account.spec.key)
        users = {True: own, False: (self.user, self.spec.key)}
        return [Cost(*users[itself], endpoint, n) for (itself, endpoint), n in self._gate_reads[alike].items()]

    async def _asked_of_one(self, account: Account, changes: Sequence[Change]) -> Counter[tuple[bool, Endpoint]]:
        """How often each endpoint is asked by the account itself, or by the master for it."""
        from acctcfg.venues.okx.idle_twin import IDLE, idle_twin
        from acctcfg.venues.okx.prechecks import ask
        from acctcfg.venues.unsent import Unsent

        client = Unsent(self.client, IDLE)
        await ask(idle_twin(account, client), changes, self._mode, self._leverage, self._settings)
        return Counter({(user == account.user, one): n for (user, one), n in client.asked.items() if user})

    def gated(self, change: Change) -> bool:
        """Modes, leverage and deletes of accounts are guarded."""
        return change.kind != "account" and super().gated(change)

    def signed_by(self, survey: Survey) -> tuple[str, str, str] | None:
        """Store, path and label of the stored key that signs for the account."""
        account: Account = survey.private
        return account.access_from if account.writer is not None else None

    def is_precondition(self, change: Change, code: str) -> bool:
        """Whether a code says that something stands in the way of the write: nothing was executed."""
        return code in PRECONDITIONS or code == KEPT or (change.kind == "settings.strategy" and code in STRATEGY)

    def refuses_value(self, change: Change, code: str) -> bool:
        """A parameter of leverage that is wrong: with a name from the venue's own list, that is the value."""
        return change.kind == "leverage" and code == "51000"
