"""A connection to OKX as a user with sub-accounts: who it is, what it reads of them, and where each write goes.

What reads accounts is imported with it; what changes, brakes, listens or asks more of one, where that begins.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Collection, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import AccountSpec
from acctcfg.core.diff import Change
from acctcfg.core.json_types import JsonObject
from acctcfg.core.managed import fields_under
from acctcfg.core.plan import Precheck, Warning_
from acctcfg.core.secret import AccessToken, Credentials
from acctcfg.errors import VenueError
from acctcfg.venues.contract import ACCOUNT_READ, FRESH_SINCE, Cost, Given, Proof, Survey
from acctcfg.venues.okx.access import (
    demand_writer,
    find_access,
    look_where_it_lay,
    settle_access,
    signs_unlisted,
    try_stored_keys,
)
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.account_mode import AccountMode
from acctcfg.venues.okx.account_reads import Config, OwnKey
from acctcfg.venues.okx.api_keys import ApiKeys
from acctcfg.venues.okx.credit_to import CreditToSetting
from acctcfg.venues.okx.deposit import DepositAddresses
from acctcfg.venues.okx.frozen import tell_frozen
from acctcfg.venues.okx.identity import maintenance, whose
from acctcfg.venues.okx.key_guard import KEPT
from acctcfg.venues.okx.leverage_setting import Leverage
from acctcfg.venues.okx.listed import SubAccount
from acctcfg.venues.okx.master import Master
from acctcfg.venues.okx.pages import PAGE
from acctcfg.venues.okx.position_mode import PositionMode
from acctcfg.venues.okx.refusals import PRECONDITIONS, STRATEGY
from acctcfg.venues.okx.regular_account import tell_regular
from acctcfg.venues.okx.sub_account import SubAccounts
from acctcfg.venues.okx.switches import OkxSettings
from acctcfg.venues.okx.transfer_out import TransferOut
from acctcfg.venues.resources import ByField, alias, demand_identity, no_longer_managed
from acctcfg.wire.endpoint import Endpoint

if TYPE_CHECKING:
    from acctcfg.core.fee_rate import FeeRate
    from acctcfg.core.leverage_lines import ScopeName
    from acctcfg.venues.brake import Braking, Obstacle
    from acctcfg.venues.existing import Existing
    from acctcfg.venues.okx.inventory import OkxInventory
    from acctcfg.venues.okx.master_calls import MasterCalls
    from acctcfg.venues.okx.rebates import Files
    from acctcfg.venues.own_key import KeyFacts
    from acctcfg.venues.pushes import Push
    from acctcfg.venues.rebates import Rebate, RebateFile

__all__ = ["OkxConnection"]

WINDOW_S = 30.0  # a signed request older than this is refused
MOST_AT_ONCE = 2_000
"""Accounts that are read side by side: more would keep no limit busier, and each takes memory."""
HEAD_START_S = 0.05
"""How long the list of sub-accounts may take to be on its way before everything else is asked for."""


class OkxConnection(ByField[Account]):
    """One user's credentials at work."""

    def __init__(self, given: Given, calls: MasterCalls) -> None:
        self.spec = given.spec
        self.client = given.client
        self.user = ""
        self.rotate: Collection[Address] = ()
        self.overlap_s = 0.0
        self._bound = True  # the credentials' key, to some addresses
        self._credentials = given.credentials
        self._secrets = given.secrets
        self._memory_of = given.memory
        self._accounts = given.accounts
        self._adopt = given.adopt
        self._recalls = given.recalls
        self._listed = {key: facts for key, facts in given.listed.items() if key in given.accounts}
        self._gate_reads: dict[object, Counter[tuple[bool, Endpoint]]] = {}
        self._calls = calls
        self._master = Master(given.client, given.credentials, "", calls)
        self._opened: tuple[float, Config] | None = None  # when `open` read the main account's, and what; used once
        mode = AccountMode(calls)
        self._mode, self._leverage = mode, Leverage(mode, self._today)
        self._keys, self._subs = ApiKeys(), SubAccounts()
        self._settings = OkxSettings(mode)
        deposits = (DepositAddresses(), CreditToSetting())
        by_type = deposits if calls.makes_addresses else (TransferOut(),)
        rest = (mode, PositionMode(mode), self._settings, self._leverage, *by_type)
        super().__init__(self._subs, self._keys, *rest)
        self._rest = rest

    def _today(self) -> date:
        return datetime.fromtimestamp(self.client.clock.now(), UTC).date()

    @cached_property
    def _turns(self) -> asyncio.Semaphore:
        """Of accounts before the brake."""
        from acctcfg.venues.brake import AT_ONCE

        return asyncio.Semaphore(AT_ONCE)

    # -- who -----------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Read whose credentials these are; with a sub-account's key, or another user's, nothing is done."""
        unknown = alias(self._credentials.api_key)
        read_at = self.client.clock.monotonic()
        config = await whose(self.client, self.spec, self._credentials, self._calls.title, user=unknown)
        self.user, self._opened, self._bound = config.uid, (read_at, config), config.key_ips != ()
        self.client.pacer.one_owner(unknown, self.user)
        self._master = Master(self.client, self._credentials, self.user, self._calls)

    async def own_key(self) -> KeyFacts | None:
        """By the config that `open` read."""
        from acctcfg.venues.okx.own_key import own_key_of

        live, wants_bound = self.spec.environment == "live", self._calls.wants_bound_key
        return own_key_of(await self._own_config(), live=live, wants_bound=wants_bound)

    async def _own_config(self) -> Config:
        """What `open` read, once and unless an apply waited for another run since; else read now."""
        opened, self._opened = self._opened, None
        if opened is not None and opened[0] >= FRESH_SINCE.get():
            return opened[1]
        return await OwnKey(self.client, self._credentials, self.user).config()

    # -- reading -------------------------------------------------------------------------------------------------------

    async def survey(self, specs: Sequence[AccountSpec], focus: Focus, *, replace: frozenset[Address]) -> list[Survey]:
        """Both sides of everything that the focus wants of these accounts. An account that fails is unreadable."""
        named = [spec.name for spec in specs if spec.role != "main"]
        listed = [asyncio.ensure_future(self._told(spec)) for spec in specs if spec.role != "main"]
        if len(named) > PAGE:
            # Every further page is a second away: the first request goes out before the accounts' own begin to queue.
            await asyncio.wait(listed, timeout=HEAD_START_S, return_when=asyncio.FIRST_COMPLETED)
        rows = dict(zip(named, listed, strict=True))
        place = asyncio.Semaphore(MOST_AT_ONCE)
        waits = [self._in_turn(place, spec, focus, replace, rows.get(spec.name)) for spec in specs]
        surveys = await asyncio.gather(*waits)
        if any(unread.code == "50001" for survey in surveys for unread in survey.unreadable):
            closed = await maintenance(self.client, self.spec)
            if closed is not None:
                raise closed  # it began while the accounts were read: one message, not one for each of them
        return surveys

    async def _in_turn(
        self,
        place: asyncio.Semaphore,
        spec: AccountSpec,
        focus: Focus,
        replace: frozenset[Address],
        row: asyncio.Future[SubAccount | None] | None,
    ) -> Survey:
        """Not before there is a place; of many thousands, those have none yet whose row is still to come."""
        if row is not None and place.locked():
            await asyncio.wait([row])
        async with place:
            return await self._survey(spec, focus, replace, row)

    async def _told(self, spec: AccountSpec) -> SubAccount | None:
        """The account's row as it was handed over, the first time, else as it is."""
        return await self._row(spec.name, self._listed.pop(spec.key, None))

    async def read_list(self) -> Mapping[str, JsonObject]:
        """The rows of all accounts."""
        every = await self._master.sub_accounts.every()
        rows = {key: every.get(one.name) for key, one in self._accounts.items() if one.role != "main"}
        found = {key: SubAccount.facts(row) for key, row in rows.items() if row is None or row.uid}
        self._listed = {key: facts for key, facts in found.items() if facts is not None}
        return dict(self._listed)

    def listed(self, survey: Survey) -> JsonObject | None:
        """The account's row, for another process of this run."""
        return None if survey.private.main else SubAccount.facts(survey.private.row)

    async def _row(self, name: str, told: JsonObject | None = None) -> SubAccount | None:
        """The account's row: by the list, or where that lacks one that the journal knows, by itself."""
        row = await self._master.sub_accounts.get(name) if told is None else SubAccount.told(told)
        known = self._memory_of(self.user).named(name) if row is None else None
        return await self._master.sub_accounts.known(name, known.uid) if known is not None and known.uid else row

    async def _survey(
        self, spec: AccountSpec, focus: Focus, replace: frozenset[Address], row: Awaitable[SubAccount | None] | None
    ) -> Survey:
        survey = Survey(spec=spec)
        account = self._noted(
            survey,
            signed=fields_under(spec, *(one.field for one in self._rest if one.signed)),
            own=fields_under(spec, *(one.field for one in self._rest if one.own)),
        )
        try:
            await self._read(account, focus, replace, row)
            if self._calls.wants_bound_key:
                tell_regular(account, bound=self._bound)
            tell_frozen(account)
        except VenueError as error:
            _forget(survey)
            survey.cannot_read(account.address(), error.code or "unreadable", error.message)
        ACCOUNT_READ.get()(survey)
        return survey

    def _noted(self, survey: Survey, *, signed: tuple[str, ...], own: tuple[str, ...]) -> Account:
        account = survey.private = Account(
            spec=survey.spec,
            survey=survey,
            master=self._master,
            secrets=self._secrets,
            memory=self._memory_of(self.user),
            egress=self.spec.egress,
            environment=self.spec.environment,
            window_s=WINDOW_S / self.client.pacer.speed,
            specs=self._accounts,
            signed=signed,
            own=own,
            rotate=frozenset(self.rotate),
            recalls=self._recalls,
            overlap_s=self.overlap_s,
        )
        return account

    async def _enter(self, account: Account, focus: Focus, row: Awaitable[SubAccount | None] | None) -> bool:
        """Find out which account it is and who signs as it. False where there is nothing (more) to be read of it."""
        spec, survey = account.spec, account.survey
        if row is None:
            account.config = await self._own_config() if self._signs(account, focus) else None
        else:
            if not await self._read_keys(account, focus, row):
                return False
        survey.exists, survey.uid = account.main or account.row is not None, account.uid
        if survey.exists and spec.uid is not None and spec.uid != account.uid:
            message = f"the venue lists {account.name} with the uid {account.uid}, the manifest says {spec.uid}"
            survey.warn(account.address(), "uid_mismatch", message)
        return await find_access(account, needed=self._signs(account, focus))

    async def _read(
        self,
        account: Account,
        focus: Focus,
        replace: frozenset[Address],
        row: Awaitable[SubAccount | None] | None,
    ) -> None:
        spec = account.spec
        if not await self._enter(account, focus, row):
            return
        await self._subs.survey(account, focus, replace)
        if spec.state == "absent":
            self._demand_identity(account)
            return
        await self._keys.survey(account, focus, replace)
        settle_access(account, replace, [name for name in account.own if focus.may_want(spec.key, name)])
        for resource in self._rest:
            await resource.survey(account, focus, replace)
        demand_writer(account, replace)
        self._demand_identity(account)
        self._subs.tell_taken_over(account)

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
            _forget(survey)
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

    async def _read_keys(self, account: Account, focus: Focus, row: Awaitable[SubAccount | None]) -> bool:
        """The account's row, and how its stored keys answer. False where there is nothing (more) to be read of it."""
        spec = account.spec
        if spec.state == "absent":
            account.row = await row
            if account.row is None:  # after a delete nothing is read as that account: its keys are dead
                await self._subs.survey(account, focus, frozenset())
                return False
            await try_stored_keys(account)
        elif self._needs_keys(account, focus):
            _, account.row = await asyncio.gather(try_stored_keys(account), row)
        else:
            account.row = await row
            if account.row is None:
                await try_stored_keys(account)
        if spec.state == "present" and signs_unlisted(account):
            return False
        await look_where_it_lay(account)
        return True

    def _needs_keys(self, account: Account, focus: Focus) -> bool:
        """Whether anything of the focus is read with the account's own key."""
        return focus.may_want(account.spec.key, "api_keys") or self._signs(account, focus)

    def _signs(self, account: Account, focus: Focus) -> bool:
        """Whether anything that the manifest wants is read or written as the account itself."""
        return account.spec.state == "absent" or focus.may_want(account.spec.key, *account.signed)

    def _demand_identity(self, account: Account) -> None:
        """No step in an account that is not the one meant, or that was not to be taken over."""
        demand_identity(account.survey, known=account.ours, before=account.before, adopt=self._adopt)

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

    async def existing(self) -> list[Existing]:
        """The master's list; an access token may not read it."""
        if isinstance(self._credentials, AccessToken):
            return []
        return [row.existing for _, row in sorted((await self._master.sub_accounts.every()).items())]

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
        """Whether it is paid for a user's key."""
        from acctcfg.venues.okx.rebates import rebate_call, rebate_of

        return rebate_of(await self._master.read(rebate_call(api_key, kind)))

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
        """Positions under a leverage or an account mode that changes, and what that does to their margin."""
        from acctcfg.venues.okx.margin_effect import told
        from acctcfg.venues.okx.prechecks import open_positions_under_scopes

        account: Account = survey.private
        under = open_positions_under_scopes(account, changes, self._leverage)
        switched = [one for one in changes if one.kind == "account_mode" and account.kept]
        kept = [Warning_(str(one.address), "positions_kept", account.kept) for one in switched]
        return [*kept, *await asyncio.gather(*(told(account, one) for one in under))]

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


def _forget(survey: Survey) -> None:
    survey.desired.clear()
    survey.live.clear()
    survey.blocks.clear()
