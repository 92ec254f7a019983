"""A connection to Gate CrossEx: who it is, what it reads of the accounts, and where each write goes."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Collection, Sequence
from decimal import Decimal

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import AccountSpec
from acctcfg.core.diff import Change
from acctcfg.core.fee_rate import FeeRate
from acctcfg.core.leverage_lines import ScopeName
from acctcfg.core.plan import Precheck, Warning_
from acctcfg.core.secret import Credentials
from acctcfg.core.spelling import unix_seconds
from acctcfg.errors import AuthRefused, Refused, VenueError
from acctcfg.venues.brake import Braking, Obstacle
from acctcfg.venues.contract import Cost, Given, KnownAccount, Proof, Survey
from acctcfg.venues.existing import Existing, ExistingAccounts
from acctcfg.venues.gate_crossex.account import KEPT, Account
from acctcfg.venues.gate_crossex.account_mode import AccountMode
from acctcfg.venues.gate_crossex.account_reads import CrossEx
from acctcfg.venues.gate_crossex.api_keys import ApiKeys
from acctcfg.venues.gate_crossex.brake import leverage_alone, look, obstacles
from acctcfg.venues.gate_crossex.inventory import GateInventory
from acctcfg.venues.gate_crossex.leverage_setting import Leverage
from acctcfg.venues.gate_crossex.main_user import KeyRow, MainUser, SubAccount
from acctcfg.venues.gate_crossex.offline_checks import mode_findings
from acctcfg.venues.gate_crossex.own_key import own_key_of
from acctcfg.venues.gate_crossex.position_mode import PositionMode
from acctcfg.venues.gate_crossex.prechecks import answers, ask, notices
from acctcfg.venues.gate_crossex.refusals import ISOLATED_READ, PRECONDITIONS, UNKNOWN_KEY
from acctcfg.venues.gate_crossex.settings import SWITCHES, SYMBOL_IN_USE
from acctcfg.venues.gate_crossex.sub_account import SubAccounts, SubAccountState
from acctcfg.venues.gate_crossex.switches import GateSettings
from acctcfg.venues.own_key import KeyFacts
from acctcfg.venues.resources import ByField, alias, demand_identity, no_longer_managed, survey_or_reason
from acctcfg.venues.second_look import in_two_looks, some_seconds
from acctcfg.venues.unsent import Unsent

__all__ = ["GateConnection"]

WINDOW_S = 61.0  # a signed request older than this is refused
_NOT_HERE = {"FORBIDDEN": "", "IP_FORBIDDEN": "elsewhere", "INVALID_KEY": "not_yet"}
"""What a key that the venue lists may be refused for; the first comes once its signature was found right."""
_LOCKED = "ACCOUNT_LOCKED"
_NO_CROSSEX = ("USER_NOT_EXIST", "FORBIDDEN", ISOLATED_READ)
"""No CrossEx account, none for this key, or one without a part at any exchange."""


class GateConnection(ByField[Account]):
    """One user's credentials at work."""

    def __init__(self, given: Given) -> None:
        self.spec = given.spec
        self.client = given.client
        self.user = ""
        self.rotate: Collection[Address] = ()
        self.overlap_s = 0.0
        self._credentials = given.credentials
        self._secrets = given.secrets
        self._memory_of = given.memory
        self._adopt = given.adopt
        self._roles = frozenset(one.role for one in given.accounts.values())
        self._alias = alias(given.credentials.api_key)
        self._own = CrossEx(given.client, given.credentials, self._alias)
        self._main_user = MainUser(given.client, given.credentials, self._alias)
        self._subs = SubAccounts()
        self._leverage = Leverage()
        modes = (AccountMode(), PositionMode(), GateSettings())
        super().__init__(self._subs, SubAccountState(), ApiKeys(), *modes, self._leverage)

    # -- who -----------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Read whose credentials these are; another user's do nothing."""
        try:
            uid = await self._whose()
        except AuthRefused as error:
            where, hint = f"venues.{self.spec.key}: {error.message}", error.hint
            if error.code in UNKNOWN_KEY:
                prefix = self.spec.credentials.get("env")
                source = f"the variables {prefix}_API_KEY and so on" if prefix else "the credentials"
                hint = (
                    f"correct {source}, or the place: {self.client.base_url} was asked (environment: "
                    f"{self.spec.environment}), and the venue's futures testnet has keys of its own"
                )
            raise AuthRefused(where, hint=hint, code=error.code, status=error.status, text=error.text) from error
        self.user = self._own.user = self._main_user.user = uid
        self.client.pacer.one_owner(self._alias, uid)

    async def _whose(self) -> str:
        """The user behind the credentials: by the CrossEx account, or where there is none, by the user's own row."""
        try:
            return await self._own.whose()
        except Refused as error:
            if error.code not in _NO_CROSSEX:
                raise
            try:
                return await self._main_user.uid()  # what it has of sub-accounts can be managed all the same
            except Refused:
                raise error from None

    async def own_key(self) -> KeyFacts | None:
        """By the list of the main user's keys; the permissions that the accounts of the manifest need."""
        rows = (await self._main_user.own_keys()).rows
        main = not self._roles or "main" in self._roles
        return own_key_of(rows, self._credentials.api_key, crossex=main, sub_accounts="sub_account" in self._roles)

    # -- reading -------------------------------------------------------------------------------------------------------

    async def survey(self, specs: Sequence[AccountSpec], focus: Focus, *, replace: frozenset[Address]) -> list[Survey]:
        """Both sides of everything that the focus wants of these accounts. An account that fails is unreadable."""
        return list(await asyncio.gather(*(self._survey(spec, focus, replace) for spec in specs)))

    async def _survey(self, spec: AccountSpec, focus: Focus, replace: frozenset[Address]) -> Survey:
        account = self._noted(Survey(spec=spec))
        return await survey_or_reason(account.survey, self._read(account, focus, replace))

    def _noted(self, survey: Survey) -> Account:
        account = survey.private = Account(
            spec=survey.spec,
            survey=survey,
            own=self._own,
            main_user=self._main_user,
            secrets=self._secrets,
            memory=self._memory_of(self.user),
            environment=self.spec.environment,
            window_s=WINDOW_S / self.client.pacer.speed,
            rotate=frozenset(self.rotate),
            overlap_s=self.overlap_s,
        )
        return account

    async def brake(self, spec: AccountSpec, most: Decimal, focus: Focus, *, everything: bool) -> Braking:
        """Every symbol of the CrossEx account that has something open, or an entry; a sub-account has no leverage."""
        survey = Survey(spec=leverage_alone(spec))
        account = self._noted(survey)
        if not account.main:
            return Braking(survey=survey)
        try:
            account.state = await self._own.state()
            survey.exists, survey.uid = True, account.uid
            found = await look(account, self._leverage, most, focus, everything=everything)
        except VenueError as error:
            survey.desired.clear()
            survey.cannot_read(account.address(), error.code or "unreadable", error.told)
            return Braking(survey=survey)
        demand_identity(survey, known=account.ours, before=account.before, adopt="allow")
        return found

    async def blockers(self, spec: AccountSpec, code: str) -> tuple[Precheck, ...]:
        """What a refusal is about, in the CrossEx account; a sub-account trades apart from it."""
        if spec.role != "main":
            raise VenueError("the venue tells this only about the CrossEx account", code="no_access")
        return await answers(self._noted(Survey(spec=spec)), code)

    def obstacles(self, survey: Survey, address: Address) -> tuple[Obstacle, ...]:
        """The open orders that forbid a change of this address."""
        return obstacles(survey.private, address)

    async def _read(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:
        spec, survey = account.spec, account.survey
        wrong = None
        if account.main:
            account.state = await self._own.state(opened=True)
            if spec.account_mode is None and (wrong := self._wrong_word(account, focus)):
                survey.cannot_read(*wrong)
        else:
            account.row = await account.find_row()
        survey.exists, survey.uid = account.main or account.row is not None, account.uid
        if survey.exists and spec.uid is not None and spec.uid != account.uid:
            message = f"the venue has {account.name} with the uid {account.uid}, the manifest says {spec.uid}"
            survey.warn(account.address(), "uid_mismatch", message)
        for resource in self.resources.values():
            if wrong is None or resource.field != "position_mode":
                await resource.survey(account, focus, replace)
        demand_identity(survey, known=account.ours, before=account.before, adopt=self._adopt)
        self._subs.tell_taken_over(account)

    def _wrong_word(self, account: Account, focus: Focus) -> tuple[str, str, str] | None:
        """Position modes in the form of the other account mode, now that the live one is known.

        What does not exist there of leverage, its resource finds.
        """
        address = account.address("position_mode")
        for finding in mode_findings(account.spec, account.mode):
            if finding.address == str(address) and focus.may_want(account.spec.key, "position_mode"):
                return finding.address, "account_mode", f"{finding.place}: {finding.message}"
        return None

    async def prove(self, spec: AccountSpec, credentials: Credentials) -> Proof:
        """The key signs, and is in the list of the account's keys.

        A key that may not read its own account is refused for that only once its signature was found right; one of a
        locked account signs nothing.
        """
        row = await self._sub_account(spec.name) if spec.role != "main" else None
        mine = await self._listed(row.uid, credentials.api_key) if row is not None else None
        listed = self.user if spec.role == "main" else row.uid if row is not None else ""
        try:
            uid = await MainUser(self.client, credentials, listed).uid()
        except AuthRefused as error:
            if error.code not in (*_NOT_HERE, _LOCKED) or mine is None:
                raise
            if error.code in UNKNOWN_KEY and not mine.usable:
                raise Refused(mine.why_not_usable, code="key_not_usable") from error
            if error.code == _LOCKED or (error.code in UNKNOWN_KEY and row is not None and row.state == "locked"):
                _demand_locked(spec, error)
                return Proof(uid=listed, label=mine.label, listed_uid=listed, state="locked")
            if state := _NOT_HERE[error.code]:
                return Proof(uid=listed, label=mine.label, listed_uid=listed, state=state)
            uid = listed
        return Proof(uid=uid, label=mine.label if mine is not None else "", listed_uid=listed)

    async def _sub_account(self, name: str) -> SubAccount | None:
        """The sub-account of this name; None where two looks do not show it, for one may lose a row."""
        return await in_two_looks(self.client, lambda again: self._main_user.sub_account(name, fresh=again))

    async def _listed(self, uid: str, api_key: str) -> KeyRow | None:
        """The sub-account's key with this id; None where two looks do not show it, for one may lose a row."""

        async def look(_: bool) -> KeyRow | None:
            return next((key for key in await self._main_user.keys(uid) if key.api_key == api_key), None)

        return await in_two_looks(self.client, look)

    async def existing(self) -> ExistingAccounts:
        """The main user's list. Where it lacks one that the journal knows, with what a second look shows, for one may
        lose a row."""
        listed = await self._main_user.sub_accounts()
        known = {one.name for one in self._memory_of(self.user).accounts()}
        if not known <= {*(row.name for row in listed.rows), *listed.odd}:
            await some_seconds(self.client)
            listed = listed.with_more(await self._main_user.sub_accounts(fresh=True))
        rows = [
            Existing(
                name=row.name,
                uid=row.uid,
                label=row.label,
                state=row.state if isinstance(row.state, str) else "",
                created_s=unix_seconds(row.created_s),
            )
            for row in listed.rows
        ]
        rows += [Existing(name=name, uid="", state="") for name in listed.odd if name]
        return ExistingAccounts(tuple(sorted(rows, key=lambda row: row.name)), listed.odd.count(""))

    async def keyed_settings(self, survey: Survey) -> Sequence[tuple[str, str]]:  # noqa: ARG002
        """`margin_mode` takes one request per symbol, and nothing shows which symbols were set."""
        names = ", ".join(f"`{one.setting.name}`" for one in SWITCHES)
        raise VenueError(f"{names} takes one request per symbol; nothing shows which were set", code="no_list")

    async def position_parts(self) -> Sequence[str]:
        """The exchanges of the list of symbols, too; where that cannot be read, the leverage says why."""
        try:
            return await self._own.exchanges()
        except VenueError:
            return ()

    def scope_name(self, survey: Survey, address: Address) -> ScopeName:
        """A symbol."""
        account: Account = survey.private
        decision = account.decisions[address]
        return ScopeName(decision.market, "symbol", decision.symbol, None)

    async def strangers(self, managed: frozenset[str]) -> list[Warning_]:
        """Sub-accounts that the journal knows, the venue still has, and no entry of the manifest names."""
        memory = self._memory_of(self.user)
        left = [one for one in memory.accounts() if one.name not in managed]
        rows = [await self._there(one) for one in left]
        return [no_longer_managed(memory, row.name, row.uid) for row in rows if row is not None]

    @property
    def inventory(self) -> GateInventory:
        """What drift reads besides."""
        return GateInventory(self._main_user)

    async def _there(self, one: KnownAccount) -> SubAccount | None:
        row = await self._main_user.sub_account(one.name)
        return await self._main_user.known(one.name, one.uid) if row is None and one.uid else row

    async def fees(self, survey: Survey) -> tuple[FeeRate, ...]:
        """What trading costs the CrossEx account; a sub-account trades apart from it."""
        if survey.spec.role != "main":
            raise Refused("the venue gives rates only for the CrossEx account", code="no_fees")
        return await self._own.fees()

    # -- the changes ---------------------------------------------------------------------------------------------------

    async def prechecks(self, survey: Survey, changes: Sequence[Change]) -> dict[Address, tuple[Precheck, ...]]:
        """The questions of these changes, asked now."""
        return await ask(survey.private, changes)

    async def gate_costs(self, survey: Survey, changes: Sequence[Change]) -> list[Cost]:
        """The questions of these changes, asked of the account as if it were idle."""
        client, account = Unsent(self.client, {}), copy.copy(survey.private)
        account.own = copy.copy(account.own)
        account.own.client = client
        await ask(account, changes)
        return [Cost(user, self.spec.key, endpoint, count) for (user, endpoint), count in client.asked.items()]

    async def notices(self, survey: Survey, changes: Sequence[Change]) -> list[Warning_]:
        """Positions under a leverage that changes, and lists that may have been cut."""
        return notices(survey.private, changes)

    def is_precondition(self, change: Change, code: str) -> bool:  # noqa: ARG002 (a label means one thing)
        """Labels that name orders, positions, margins, a status or a lock."""
        return code in PRECONDITIONS or code in (KEPT, SYMBOL_IN_USE)

    def refuses_value(self, change: Change, code: str) -> bool:  # noqa: ARG002
        """A value that is invalid, or that cannot be read."""
        return code in ("TRADE_SET_LEVERAGE_ERROR", "COMMON_PARAM_BIND_ERROR")


def _demand_locked(spec: AccountSpec, error: AuthRefused) -> None:
    """Raises Refused, with the way out, where the manifest does not want the account locked."""
    if spec.state == "locked":
        return
    unlocks = "the next apply unlocks it"
    hint = unlocks if "state" in spec.places else f"write `state: locked` if it is to stay so; with `present` {unlocks}"
    raise Refused("the venue has locked its account, and it does not sign", hint=hint, code="account_locked") from error
