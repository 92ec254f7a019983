"""A connection to Gate CrossEx: who it is, what it reads of the accounts, and where each write goes."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import AccountSpec, VenueSpec
from acctcfg.core.diff import Change
from acctcfg.core.plan import Precheck, Warning_
from acctcfg.core.state import Live
from acctcfg.errors import AuthRefused, ConfigError, Refused, VenueError
from acctcfg.venues.contract import Cost, Memory, Proof, SecretDoor, Survey, Writer
from acctcfg.venues.gate_crossex.account import Account
from acctcfg.venues.gate_crossex.account_mode import AccountMode
from acctcfg.venues.gate_crossex.api_keys import ApiKeys
from acctcfg.venues.gate_crossex.checks import mode_findings
from acctcfg.venues.gate_crossex.leverage_setting import Leverage
from acctcfg.venues.gate_crossex.main_user import MainUser, SubAccount
from acctcfg.venues.gate_crossex.own import CrossEx
from acctcfg.venues.gate_crossex.position_mode import PositionMode
from acctcfg.venues.gate_crossex.prechecks import ask, notices
from acctcfg.venues.gate_crossex.refusals import PRECONDITIONS
from acctcfg.venues.gate_crossex.sub_account import SubAccounts, SubAccountState
from acctcfg.wire.client import Client
from acctcfg.wire.endpoint import Call

__all__ = ["GateConnection"]

_NO_CROSSEX = ("USER_NOT_EXIST", "FORBIDDEN")


class Resource(Protocol):
    """One field of an account: how it is read, what it costs, and which calls change it."""

    field: str
    gated: bool
    settles: bool
    together: str

    async def survey(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None: ...

    async def current(self, account: Account, addresses: Sequence[Address]) -> dict[Address, Live]: ...

    def calls(self, account: Account, change: Change) -> tuple[Call, ...]: ...

    def costs(self, account: Account, changes: Sequence[Change]) -> list[Cost]: ...

    async def write(self, account: Account, change: Change, writer: Writer) -> None: ...


class GateConnection:
    """One user's credentials at work."""

    def __init__(
        self,
        spec: VenueSpec,
        *,
        client: Client,
        credentials: Any,
        secrets: SecretDoor,
        memory: Callable[[str], Memory],
        accounts: Mapping[str, AccountSpec],
        adopt: str,
    ) -> None:
        self.spec = spec
        self.client = client
        self.user = ""
        self._credentials = credentials
        self._secrets = secrets
        self._memory_of = memory
        self._accounts = accounts
        self._adopt = adopt
        self._alias = f"key {hashlib.sha256(credentials.api_key.encode()).hexdigest()[:16]}"  # until the uid is known
        self._own = CrossEx(client, credentials, self._alias)
        self._main_user = MainUser(client, credentials, self._alias)
        resources: tuple[Resource, ...] = (
            SubAccounts(),
            SubAccountState(),
            ApiKeys(),
            AccountMode(),
            PositionMode(),
            Leverage(),
        )
        self._resources = {one.field: one for one in resources}

    # -- who -----------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Read whose credentials these are; another user's do nothing."""
        try:
            uid = await self._whose()
        except AuthRefused as error:
            where = f"venues.{self.spec.key}: {error.message}"
            raise AuthRefused(where, hint=error.hint, code=error.code, status=error.status, text=error.text) from error
        if self.spec.uid is not None and self.spec.uid != uid:
            raise ConfigError(
                f"venues.{self.spec.key}: the credentials belong to the uid {uid}, not {self.spec.uid}",
                hint="these are somebody else's credentials, or `uid` is wrong",
            )
        self.user = self._own.user = self._main_user.user = uid
        self.client.pacer.one_owner(self._alias, uid)

    async def _whose(self) -> str:
        """The user behind the credentials: by the CrossEx account, or where there is none, by the user's own row."""
        try:
            state = await self._own.state()
        except Refused as error:
            if error.code not in _NO_CROSSEX:
                raise
            try:
                return await self._main_user.uid()  # what it has of sub-accounts can be managed all the same
            except Refused:
                raise error from None
        if state is not None:
            return state.user
        refused: Refused | None = None
        for exchange in ("gate", "okx", "binance"):
            try:
                return (await self._own.at(exchange)).user
            except Refused as error:  # an exchange that this user never set up
                refused = refused or error
        assert refused is not None  # noqa: S101 (every exchange refused)
        raise refused

    # -- reading -------------------------------------------------------------------------------------------------------

    async def survey(self, specs: Sequence[AccountSpec], focus: Focus, *, replace: frozenset[Address]) -> list[Survey]:
        """Both sides of everything that the focus wants of these accounts. An account that fails is unreadable."""
        return list(await asyncio.gather(*(self._survey(spec, focus, replace) for spec in specs)))

    async def _survey(self, spec: AccountSpec, focus: Focus, replace: frozenset[Address]) -> Survey:
        survey = Survey(spec=spec)
        account = survey.private = Account(
            spec=spec,
            survey=survey,
            own=self._own,
            main_user=self._main_user,
            secrets=self._secrets,
            memory=self._memory_of(self.user),
        )
        try:
            await self._read(account, focus, replace)
        except VenueError as error:
            survey.desired.clear()
            survey.live.clear()
            survey.blocks.clear()
            survey.cannot_read(account.address(), error.code or "unreadable", error.told)
        return survey

    async def _read(self, account: Account, focus: Focus, replace: frozenset[Address]) -> None:
        spec, survey = account.spec, account.survey
        fields: tuple[str, ...] = ("", "state", "api_keys")
        if account.main:
            fields = ("account_mode", "position_mode", "leverage")
            account.state = await self._own.state()  # not what `open` read: an apply may have waited for a lock since
            if spec.account_mode is None:
                survey.problems += mode_findings(spec, account.mode)
                if survey.problems:
                    return
        else:
            account.row = await self._main_user.sub_account(account.name)
        survey.exists, survey.uid = account.main or account.row is not None, account.uid
        if survey.exists and spec.uid is not None and spec.uid != account.uid:
            message = f"the venue has {account.name} with the uid {account.uid}, the manifest says {spec.uid}"
            survey.warn(account.address(), "uid_mismatch", message)
        for field in fields:
            await self._resources[field].survey(account, focus, replace)
        self._demand_identity(account)

    def _demand_identity(self, account: Account) -> None:
        """No step in an account that is not the one meant, or that was not to be taken over."""
        spec, survey = account.spec, account.survey
        if not survey.exists:
            return
        if spec.uid is not None and spec.uid != account.uid:
            for address in survey.desired:
                survey.block(address, "uid_mismatch", f"its uid is {account.uid}, the manifest says {spec.uid}")
        if self._adopt != "explicit" or account.main:
            return
        if account.memory.known(account.name) or spec.uid is not None or spec.adopt:
            return
        detail = (
            f"{account.name} exists (uid {account.uid}) and acctcfg did not create it: write its uid, or adopt: true"
        )
        for address in survey.desired:
            survey.block(address, "adopt_explicit", detail)

    async def prove(self, spec: AccountSpec, credentials: Any) -> Proof:
        """The key signs, and is in the list of the account's keys.

        A key that may not read its own account is refused for that only once its signature was found right.
        """
        row = await self._main_user.sub_account(spec.name) if spec.role != "main" else None
        keys = await self._main_user.keys(row.uid) if row is not None else ()
        listed = self.user if spec.role == "main" else row.uid if row is not None else ""
        mine = next((key for key in keys if key.api_key == credentials.api_key), None)
        try:
            uid = await MainUser(self.client, credentials, listed).uid()
        except AuthRefused as error:
            if error.code != "FORBIDDEN" or mine is None:
                raise
            uid = listed
        return Proof(uid=uid, label=mine.label if mine is not None else "", listed_uid=listed)

    async def strangers(self, managed: frozenset[str]) -> list[Warning_]:
        """Sub-accounts that the journal knows, the venue still has, and no entry of the manifest names."""
        names = sorted(name for name in self._memory_of(self.user).names() if name not in managed)
        rows = [await self._main_user.sub_account(name) for name in names]
        return list(await asyncio.gather(*(self._stranger(row) for row in rows if row is not None)))

    async def _stranger(self, row: SubAccount) -> Warning_:
        keys = await self._main_user.keys(row.uid)
        listed = ", ".join(f"{key.label} ({', '.join(key.permissions)})" for key in keys) or "none"
        message = f"the manifest no longer names it; nothing is done to it. Its live API keys: {listed}"
        return Warning_(row.name, "no_longer_managed", message)

    # -- the changes ---------------------------------------------------------------------------------------------------

    async def prechecks(self, survey: Survey, changes: Sequence[Change]) -> dict[Address, tuple[Precheck, ...]]:
        """The questions of these changes, asked now."""
        return await ask(survey.private, changes)

    def notices(self, survey: Survey, changes: Sequence[Change]) -> list[Warning_]:
        """Positions under a leverage that changes, and lists that may have been cut."""
        return notices(survey.private, changes)

    def calls(self, survey: Survey, change: Change) -> tuple[Call, ...]:
        """The writes that it takes."""
        return self._resources[change.address.field].calls(survey.private, change)

    def costs(self, work: Sequence[tuple[Survey, Sequence[Change]]]) -> list[Cost]:
        """Writes and read-backs of all accounts: all count for the one user."""
        costs: list[Cost] = []
        for survey, changes in work:
            for field, resource in self._resources.items():
                some = [change for change in changes if change.address.field == field]
                if some:
                    costs += resource.costs(survey.private, some)
        return costs

    def gated(self, change: Change) -> bool:
        """Modes and leverage are guarded."""
        return self._resources[change.address.field].gated

    def together(self, change: Change) -> str:
        """Leverage is read back together."""
        return self._resources[change.address.field].together

    def settles(self, change: Change) -> bool:
        """Settings are read once more before they are written."""
        return self._resources[change.address.field].settles

    async def current(self, survey: Survey, addresses: Sequence[Address]) -> dict[Address, Live]:
        """As they are now."""
        by_field: dict[str, list[Address]] = {}
        for address in addresses:
            by_field.setdefault(address.field, []).append(address)
        found: dict[Address, Live] = {}
        for field, some in by_field.items():
            found.update(await self._resources[field].current(survey.private, some))
        return found

    async def write(self, survey: Survey, change: Change, writer: Writer) -> None:
        """Make one change."""
        await self._resources[change.address.field].write(survey.private, change, writer)

    def signed_by(self, survey: Survey) -> tuple[str, str, str] | None:  # noqa: ARG002
        """None: the connection's own credentials sign for everything."""
        return None

    def is_precondition(self, code: str) -> bool:
        """Labels that name orders, positions, margins, a status or a lock."""
        return code in PRECONDITIONS
