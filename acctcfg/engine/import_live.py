"""Read accounts as they are, so that a manifest can hold them. Sends no write.

There is one reader: each account is surveyed under a manifest that wants everything of it, in three steps, since what
an account has depends on who signs for it and on its modes: its keys, its modes, the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import NOWHERE, AccountSpec, KeySpec, SettingEntry
from acctcfg.core.leverage_lines import ScopeName
from acctcfg.core.own_field import Upper
from acctcfg.core.rules import VenueRules
from acctcfg.core.state import UNSET, After, KeyValue, Live, Lost, Unreadable, Value
from acctcfg.core.vocabulary import PositionMode
from acctcfg.deposit import DEPOSIT, AddressSpec, CreditTo, DepositSpec
from acctcfg.engine.everything import as_it_is, every_leverage, plain_keys
from acctcfg.engine.session import Link, Session
from acctcfg.engine.stored_keys import check_at
from acctcfg.errors import VenueError
from acctcfg.imported import FoundAddress, FoundKey, Imported, Modes
from acctcfg.key_groups import groups_of
from acctcfg.manifest.alternatives import ACCESS
from acctcfg.position_parts import live_parts, parts_of
from acctcfg.venues.contract import Survey
from acctcfg.venues.existing import Existing, ListsAccounts

__all__ = ["Found", "Reader"]

_SHOWN: Final = ("account_frozen",)
"""Warnings about what is, whatever a manifest wants."""
_NOBODY_SIGNS: Final = "only the account's own key can read it, and none that the entry names signs here"


@dataclass(frozen=True, slots=True)
class Found:
    """One account, or why nothing of it could be read."""

    name: str
    imported: Imported | None
    why: str = ""


@dataclass(slots=True, kw_only=True)
class Reader:
    """Reads accounts of one connection. `store`: where known secrets are looked for; "" nowhere."""

    session: Session
    link: Link
    store: str = ""
    currencies: Sequence[str] = ()  # whose deposit addresses are looked for
    above: Mapping[str, str] = field(default_factory=dict)  # the venue's name of an account -> its key in the manifest

    @property
    def rules(self) -> VenueRules:
        """What its venue type has."""
        return self.link.venue.rules

    async def read(self, existing: Existing | None, key: str) -> Found:
        """One sub-account; without one the user behind the credentials."""
        name = existing.name if existing is not None else key
        account = _Account(self, existing, key)
        try:
            return Found(name, await account.read())
        except VenueError as error:
            return Found(name, None, error.told)

    async def everything_of(self, spec: AccountSpec) -> Survey:
        """All of one account of the manifest, signed for as the manifest says. Raises VenueError."""
        main = spec.role == "main"
        existing = None if main else Existing(name=spec.name, uid=spec.uid or "")
        account = _Account(self, existing, spec.key)
        account.spec = bare = as_it_is(spec, exclusive=not main)
        for one in bare.api_keys:
            account.keys.append(FoundKey(label=one.label, permissions=("trade",), ip_allowlist=(), store=one.store))
        mode, positions = await account._read_modes()
        return await account._survey(await account._everything(mode, positions))


class _Account:
    """What is known of one account so far."""

    def __init__(self, reader: Reader, existing: Existing | None, key: str) -> None:
        self.reader = reader
        self.existing = existing
        self.notes: list[str] = []
        self.keys: list[FoundKey] = []
        connection = reader.link.connection
        assert isinstance(connection, ListsAccounts)  # noqa: S101 (whoever made the reader looked)
        self.connection, self.lists = connection, connection
        self.spec = AccountSpec(
            key=key,
            venue=connection.spec.key,
            name=existing.name if existing is not None else key,
            uid=existing.uid if existing is not None else connection.user,
            role="main" if existing is None else "sub_account",
            place=NOWHERE,
        )
        fields = reader.rules.main_fields if existing is None else reader.rules.fields
        self.has: Callable[[str], bool] = fields.__contains__

    async def read(self) -> Imported:
        rules, spec = self.reader.rules, self.spec
        if self.existing is not None:
            await self._read_keys()
        mode, positions = await self._read_modes()
        survey = await self._survey(await self._everything(mode, positions))
        settings = self._settings(survey)
        leverage, unread = self._leverage(survey)
        if self.existing is not None and positions is not None and not self._signs():
            positions = None
            self._unmanaged("position_mode", _NOBODY_SIGNS)
        own = {one.name: bool(live) for one in rules.own_fields if isinstance(live := self._at(survey, one.name), bool)}
        credit_to, addresses = self._deposits(survey)
        self._note_lost(survey)
        return Imported(
            key=spec.key,
            venue=spec.venue,
            name=spec.name,
            uid=spec.uid or "",
            role=None if spec.role == rules.roles[0] else spec.role,
            label=self._label(),
            parent=self._parent(),
            state=self._state(),
            own=own,
            account_mode=mode,
            position_mode=positions,
            settings=settings,
            leverage=leverage,
            unread=unread,
            keys=tuple(self.keys),
            credit_to=credit_to,
            addresses=addresses,
            notes=tuple(dict.fromkeys(self.notes)),
        )

    async def _survey(self, spec: AccountSpec) -> Survey:
        """Both sides of everything that the spec wants. VenueError where nothing of the account can be read."""
        [survey] = await self.connection.survey([spec], Focus(), replace=frozenset())
        whole = next((one for one in survey.unreadable if one.address == spec.key), None)
        if whole is not None:
            raise VenueError(whole.message, code=whole.code)
        return survey

    def _at(self, survey: Survey, field_: str, key: str = "") -> Live | None:
        return survey.live.get(Address(self.spec.key, field_, key))

    def _unmanaged(self, what: str, why: str) -> None:
        self.notes.append(f"{what}: not managed: {why}")

    # -- its keys ------------------------------------------------------------------------------------------------------

    async def _read_keys(self) -> None:
        """By the venue's list; those whose secret is at hand, and is theirs, sign from now on."""
        survey = await self._survey(replace(self.spec, api_keys_exclusive=True))
        for one in survey.unreadable:
            self._unmanaged(one.address.partition(".")[2] or "api_keys", one.message)
        for address, live in sorted(survey.live.items()):
            if address.field == "api_keys":
                await self._key(address.key, live)
        with_store = [self._key_spec(one) for one in self.keys if one.store is not None]
        self.spec = replace(self.spec, api_keys=tuple(with_store))
        self.notes += [warning.message for warning in survey.warnings if warning.code in _SHOWN]

    async def _key(self, label: str, live: Live) -> None:
        rules, what = self.reader.rules, f"api_keys[{label}]"
        if isinstance(live, Unreadable):
            self._unmanaged(what, live.message)
        elif not rules.key_label.allows(label):
            self._unmanaged(what, f"a label here has {rules.key_label.words}")
        elif isinstance(live, Lost):
            self._unmanaged(what, live.reason)
        elif isinstance(live, KeyValue):
            store, note = await self._known_secret(label)
            permissions = live.permissions if self._writable(what, live) else None
            key = FoundKey(label=label, permissions=permissions, ip_allowlist=live.ip_allowlist, store=store, note=note)
            self.keys.append(key)

    def _writable(self, what: str, live: KeyValue) -> bool:
        """Whether a manifest can hold what the key can do: words that it knows, and reading, which every key can."""
        rules = self.reader.rules
        known = {*rules.permissions, *(f"{one}:{access}" for one in groups_of(rules).names for access in ACCESS)}
        odd = sorted(set(live.permissions) - known)
        lacks = bool(rules.permissions) and "read" not in live.permissions
        if odd or lacks or not live.permissions:
            said = f"unknown: {', '.join(odd)}" if odd else "it has none, or cannot read"
            self._unmanaged(f"permissions of {what}", said)
        return not (odd or lacks or not live.permissions)

    def _key_spec(self, key: FoundKey) -> KeySpec:
        return KeySpec(
            label=key.label,
            state="present",
            permissions=None,
            ip_allowlist=None,
            store=key.store,
            rotate_after=None,
            place=NOWHERE,
        )

    async def _known_secret(self, label: str) -> tuple[str | None, str]:
        """The store that holds its secret, and what is to be said where it does not."""
        path = f"{self.spec.venue}/{self.spec.key}/{label}"
        store = self.reader.store or self._recorded(label, path)
        if not store:
            return None, "nobody here has its secret (--store NAME looks for it)"
        as_imported = replace(self.spec, state=self.existing.state or self.spec.state) if self.existing else self.spec
        report = await check_at(self.reader.session, as_imported, label, (store, path), store)
        if report.rotating:  # only the journal of this workspace knows whose secret that is
            return None, "a rotation of it is not over: end it with acctcfg rotate, then import the account"
        if report.good:
            return store, report.message
        if report.status == "absent":
            return None, f"the store {store} has no secret for it (`acctcfg secrets import {self.spec.key} {label}`)"
        return None, f"the secret at {store}:{path} is not used: {report.message}"

    def _recorded(self, label: str, path: str) -> str:
        """The store where the journal knows the secret to lie, if the new entry would look there; else ""."""
        known = self.reader.session.known(self.reader.link).stored_keys(self.spec.uid or "")
        stores = self.reader.session.workspace.manifest.secret_stores
        found = [one.store for one in known if (one.label, one.path) == (label, path) and one.store in stores]
        return found[-1] if found else ""

    # -- its modes -----------------------------------------------------------------------------------------------------

    async def _read_modes(self) -> tuple[str | None, Modes]:
        """Asked for with words that may be wrong: what is live is known from the answer, or from a second look."""
        rules = self.reader.rules
        wish = self.spec
        if self.has("account_mode"):
            wish = replace(wish, account_mode=next(iter(rules.account_modes)))
        if self.has("position_mode"):
            wish = replace(wish, position_mode=PositionMode.NET)
        if wish is self.spec:
            return None, None
        survey = await self._survey(wish)
        mode = self._word("account_mode", self._at(survey, "account_mode"), survey)
        if not self.has("position_mode"):
            return mode, None
        position = await self._position(survey)
        if isinstance(position, Unreadable) and parts_of(rules).names and mode is not None:
            return mode, await self._positions(mode)
        return mode, self._word("position_mode", position, survey)

    async def _position(self, survey: Survey) -> Live | None:
        address = Address(self.spec.key, "position_mode")
        live = survey.live.get(address)
        if isinstance(live, After):
            return (await self.connection.current(survey, [address]))[address]
        return live

    async def _positions(self, mode: str) -> Modes:
        """One for each part of an account whose parts have one of their own."""
        parts = dict.fromkeys(await live_parts(self.reader.rules, self.connection), PositionMode.NET)
        survey = await self._survey(replace(self.spec, account_mode=mode, position_modes=parts))
        found = {
            part: self._word(f"position_mode[{part}]", self._at(survey, "position_mode", part), survey)
            for part in parts
        }
        return {part: word for part, word in found.items() if word is not None}

    def _word(self, what: str, live: Live | None, survey: Survey) -> str | None:
        if isinstance(live, str):
            return str(live)
        address = f"{self.spec.key}.{what}"
        said = next((one.message for one in survey.unreadable if one.address == address), "nobody signs for it")
        self._unmanaged(what, live.message if isinstance(live, Unreadable) else said)
        return None

    # -- the rest ------------------------------------------------------------------------------------------------------

    async def _everything(self, mode: str | None, positions: Modes) -> AccountSpec:
        """The account's modes as they are, and beside them a wish for everything that it has under them."""
        rules, spec = self.reader.rules, self.spec
        spec = replace(
            spec,
            account_mode=mode,
            position_mode=PositionMode(positions) if isinstance(positions, str) else None,
            position_modes={part: PositionMode(word) for part, word in positions.items()}
            if isinstance(positions, Mapping)
            else {},
            own={one.name: True for one in rules.own_fields if one.live and self.has(one.name)},
        )
        if self.reader.currencies and self.has(DEPOSIT):
            spec = replace(spec, resources={DEPOSIT: await self._every_address()})
        if mode is None or not self._signs():
            if self.has("settings") and mode is not None:
                self._unmanaged("settings and leverage", _NOBODY_SIGNS)
            return spec
        if self.has("settings"):
            spec = replace(spec, settings=await self._every_setting(spec, mode))
        if self.has("leverage"):
            spec = replace(spec, leverage=every_leverage(rules))
        return spec

    def _signs(self) -> bool:
        return self.existing is None or any(
            one.store is not None and "trade" in (one.permissions or ()) for one in self.keys
        )

    async def _every_setting(self, spec: AccountSpec, mode: str) -> tuple[SettingEntry, ...]:
        rows = [one for one in self.reader.rules.settings if not one.lacks(mode)]
        found = [(one.field, key) for one in rows for key in plain_keys(one)]
        try:
            found += await self.lists.keyed_settings(await self._survey(spec))
        except VenueError as error:
            self._unmanaged("settings by currency, family or symbol", error.told)
        return tuple(SettingEntry(field=name, key=key, value=False, place=NOWHERE) for name, key in found)

    async def _every_address(self) -> DepositSpec:
        """One address each, credited somewhere: both only so that the survey reads what there is."""
        wishes = tuple(
            AddressSpec(currency=one, chain=None, type="regular", count=0, place=NOWHERE)
            for one in self.reader.currencies
        )
        return DepositSpec(credit_to=CreditTo.FUNDING, addresses=wishes)

    def _settings(self, survey: Survey) -> dict[tuple[str, str], Value]:
        """What can be written: a word that the manifest does not take is told instead."""
        found: dict[tuple[str, str], Value] = {}
        for address, live in survey.live.items():
            setting = self.reader.rules.setting(address.field)
            if setting is None or live is UNSET:
                continue
            if isinstance(live, Unreadable):
                self._unmanaged(address.within, live.message)
            elif not setting.names(address.key):
                self._unmanaged(address.within, "a manifest cannot name it")
            elif isinstance(live, Value) and setting.takes(address.key, live):
                found[setting.name, address.key] = live
            elif not isinstance(live, bool):  # a switch that is on for good, and off here, is no loss
                self._unmanaged(address.within, f"a manifest cannot want the value {live}")
        return found

    def _leverage(self, survey: Survey) -> tuple[dict[ScopeName, Decimal], frozenset[ScopeName]]:
        values, unread = {}, {}
        for address, live in survey.live.items():
            if address.field != "leverage":
                continue
            scope = self.lists.scope_name(survey, address)
            if isinstance(live, Decimal):
                values[scope] = live
            else:
                unread[scope] = live.message if isinstance(live, Unreadable) else "it could not be read"
        for why in dict.fromkeys(unread.values()):
            some = [one.name for one, said in unread.items() if said == why]
            self._unmanaged(
                "leverage of " + ", ".join(some[:3]) + (f" and {len(some) - 3} more" if some[3:] else ""), why
            )
        return values, frozenset(unread)

    def _deposits(self, survey: Survey) -> tuple[str | None, tuple[FoundAddress, ...]]:
        numbers: dict[tuple[str, str], set[int]] = defaultdict(set)
        for row in survey.deposits:
            numbers[row.currency, row.chain].add(row.number)
        counts = {where: next(n for n in range(len(some) + 1) if n + 1 not in some) for where, some in numbers.items()}
        credits = {row.credit_to for row in survey.deposits}
        one = credits.pop() if len(credits) == 1 else ""
        return one or None, tuple(FoundAddress(*where, count) for where, count in sorted(counts.items()) if count)

    def _note_lost(self, survey: Survey) -> None:
        """What could not be read, but for scopes that do not exist under the account's modes."""
        for one in survey.unreadable:
            if one.code != "no_scope":
                self._unmanaged(one.address.partition(".")[2] or one.address, one.message)

    def _label(self) -> str | None:
        label = self.existing.label if self.existing is not None else ""
        if not label or not self.has("label"):
            return None
        if not self.reader.rules.label.allows(label):
            self._unmanaged("label", f"it is not {self.reader.rules.label.words}")
            return None
        return label

    def _parent(self) -> tuple[str, str] | None:
        above = self.existing.above if self.existing is not None else ""
        upper = next(
            (one.name for one in self.reader.rules.own_fields if self.has(one.name) and isinstance(one.kind, Upper)),
            None,
        )
        if not above or upper is None:
            return None
        if (key := self.reader.above.get(above)) is None:
            self._unmanaged(upper, f"it stands under {above}, which is not in the manifest")
            return None
        return upper, key

    def _state(self) -> str | None:
        state = self.existing.state if self.existing is not None else "present"
        if not state:
            self._unmanaged("state", "the venue's word for it is none that this version knows")
        return state if state not in ("", "present") else None
