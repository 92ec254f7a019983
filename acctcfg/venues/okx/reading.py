"""Reading accounts of OKX: whose credentials these are, the list of sub-accounts, and each account by its own key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import AccountSpec
from acctcfg.core.json_types import JsonObject
from acctcfg.core.managed import fields_under
from acctcfg.core.secret import AccessToken
from acctcfg.errors import Garbled, VenueError
from acctcfg.venues.contract import ACCOUNT_READ, FRESH_SINCE, Given, Survey
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
from acctcfg.venues.okx.leverage_setting import Leverage
from acctcfg.venues.okx.listed import SubAccount
from acctcfg.venues.okx.master import Master
from acctcfg.venues.okx.pages import PAGE
from acctcfg.venues.okx.position_mode import PositionMode
from acctcfg.venues.okx.regular_account import tell_regular
from acctcfg.venues.okx.seen_calls import tell_unseen
from acctcfg.venues.okx.sub_account import SubAccounts
from acctcfg.venues.okx.switches import OkxSettings
from acctcfg.venues.okx.transfer_out import TransferOut
from acctcfg.venues.resources import ByField, alias, demand_identity
from acctcfg.venues.second_look import some_seconds

if TYPE_CHECKING:
    from acctcfg.venues.okx.master_calls import MasterCalls
    from acctcfg.venues.own_key import KeyFacts

__all__ = ["Reading", "forget"]

WINDOW_S = 30.0  # a signed request older than this is refused
MOST_AT_ONCE = 2_000
"""Accounts that are read side by side: more would keep no limit busier, and each takes memory."""
HEAD_START_S = 0.05
"""How long the list of sub-accounts may take to be on its way before everything else is asked for."""


class Reading(ByField[Account]):
    """One user's credentials, and what they read."""

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
        self._calls = calls
        self._master = Master(given.client, given.credentials, "", calls)
        self._config: Config | None = None  # whose credentials these are
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

    # -- who -----------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Read whose credentials these are; with a sub-account's key, or another user's, nothing is done."""
        unknown = alias(self._credentials.api_key)
        read_at = self.client.clock.monotonic()
        config = await whose(self.client, self.spec, self._credentials, self._calls.title, user=unknown)
        self._opened = read_at, config
        self._belongs_to(config)

    def opened(self) -> Config | None:
        """The main account's config."""
        return self._config

    def reopen(self, opened: object) -> None:
        """Nothing is asked: a key never changes its account. What a setting is by now, its survey reads."""
        if not isinstance(opened, Config):
            raise TypeError(f"not what a connection of this type opens with: {type(opened).__name__}")
        self._belongs_to(opened)

    def _belongs_to(self, config: Config) -> None:
        self.user, self._config, self._bound = config.uid, config, config.key_ips != ()
        self.client.pacer.one_owner(alias(self._credentials.api_key), self.user)
        self._master = Master(self.client, self._credentials, self.user, self._calls)

    async def own_key(self) -> KeyFacts | None:
        """By the config that `open` read."""
        from acctcfg.venues.okx.own_key import own_key_of, token_of

        if isinstance(self._credentials, AccessToken):
            return token_of(await self._own_config())
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
        subs = {spec.name: spec for spec in specs if spec.role != "main"}  # a snapshot asks of one name several times
        rows = {name: asyncio.ensure_future(self._told(spec)) for name, spec in subs.items()}
        if len(rows) > PAGE:
            # Every further page is a second away: the first request goes out before the accounts' own begin to queue.
            await asyncio.wait(rows.values(), timeout=HEAD_START_S, return_when=asyncio.FIRST_COMPLETED)
        place = asyncio.Semaphore(MOST_AT_ONCE)
        called = {spec.key: spec.name for spec in specs}
        above = {spec.key: rows.get(called.get(spec.above.account, "")) for spec in specs if spec.above is not None}
        waits = [self._in_turn(place, spec, focus, replace, rows.get(spec.name), above.get(spec.key)) for spec in specs]
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
        above: Awaitable[SubAccount | None] | None,
    ) -> Survey:
        """Not before there is a place; of many thousands, those have none yet whose row is still to come."""
        if row is not None and place.locked():
            await asyncio.wait([row])
        async with place:
            return await self._survey(spec, focus, replace, row, above)

    async def _told(self, spec: AccountSpec) -> SubAccount | None:
        """The account's row as it was handed over, the first time, else as it is.

        One that is to go is gone only after a second look: nothing would look again, and a list may lose a row once.
        One that a run of ours deleted was looked for twice then.
        """
        row = await self._row(spec.name, self._listed.pop(spec.key, None))
        if row is None and spec.state == "absent" and not self._memory_of(self.user).gone(spec.name):
            await some_seconds(self.client)
            row = await self._row(spec.name)
        return row

    async def read_list(self) -> Mapping[str, JsonObject]:
        """The rows of all accounts."""
        every = await self._master.sub_accounts.every()
        found: dict[str, JsonObject | None] = {}
        for key, one in self._accounts.items():
            if one.role != "main":
                with suppress(Garbled):  # what the list does not tell is read again
                    found[key] = SubAccount.facts(every.find(one.name))
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
        self,
        spec: AccountSpec,
        focus: Focus,
        replace: frozenset[Address],
        row: Awaitable[SubAccount | None] | None,
        above: Awaitable[SubAccount | None] | None,
    ) -> Survey:
        survey = Survey(spec=spec)
        account = self._noted(
            survey,
            signed=fields_under(spec, *(one.field for one in self._rest if one.signed)),
            own=fields_under(spec, *(one.field for one in self._rest if one.own)),
        )
        account.above = above
        try:
            await self._read(account, focus, replace, row)
            if self._calls.wants_bound_key:
                tell_regular(account, bound=self._bound)
            tell_frozen(account)
        except VenueError as error:
            forget(survey)
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
            self._subs.tell_taken_over(account)
            return
        await self._keys.survey(account, focus, replace)
        settle_access(account, replace, [name for name in account.own if focus.may_want(spec.key, name)])
        for resource in self._rest:
            await resource.survey(account, focus, replace)
        demand_writer(account, replace)
        self._demand_identity(account)
        self._subs.tell_taken_over(account)
        tell_unseen(account)

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


def forget(survey: Survey) -> None:
    """Of an account that failed nothing is known."""
    survey.desired.clear()
    survey.live.clear()
    survey.blocks.clear()
