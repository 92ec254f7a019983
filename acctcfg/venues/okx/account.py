"""One account under a connection: who it is at the venue, which key signs as it, and what was read of it so far."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from acctcfg.core.address import Address
from acctcfg.core.desired import AccountSpec, KeySpec
from acctcfg.core.outcome import NOT_YET
from acctcfg.core.secret import Credentials
from acctcfg.core.state import After, KeyValue
from acctcfg.errors import AuthRefused, Refused, VenueError
from acctcfg.venues.account import AccountNotes
from acctcfg.venues.okx.account_reads import Config, Open, OwnKey
from acctcfg.venues.okx.instruments import Instruments
from acctcfg.venues.okx.key_guard import refuse_own_key
from acctcfg.venues.okx.leverage import Decision
from acctcfg.venues.okx.listed import DepositAddress, KeyList, KeyRow, SubAccount, seconds
from acctcfg.venues.okx.master import Master
from acctcfg.venues.okx.not_served import CALL, NOT_PUBLIC
from acctcfg.venues.okx.switch_preset import Preset
from acctcfg.venues.second_look import some_seconds
from acctcfg.wire.client import Client
from acctcfg.wire.endpoint import Call

__all__ = ["NEW_KEY_CODES", "ONLY_ELSEWHERE", "Account", "Signing", "not_yet"]

NEW_KEY_CODES = frozenset({"50111", "50119"})
"""What a key may answer for a short while after it was made, and for ever after it was deleted."""
ONLY_ELSEWHERE = "50110"
"""Our address is none of the key's."""


def not_yet(label: str) -> str:
    """What is said of an account whose key takes effect later."""
    return f"it waits for api_keys[{label}], which the venue lists and which does not sign yet: try again later"


@dataclass(slots=True)
class Signing:
    """How a stored key answered for itself: its account's config, or the venue's refusal."""

    own: OwnKey | None = None  # None: the store holds nothing
    config: Config | None = None
    refused: VenueError | None = None
    illegible: str = ""  # why what the store holds could not be read
    way_out: str = ""  # what to do about that, as it follows those words
    api_key: str = ""  # the id of the key whose secret is stored, as far as it is known

    @property
    def gone(self) -> bool:
        """The venue says that no such key exists, or not yet."""
        return isinstance(self.refused, AuthRefused) and self.refused.code in NEW_KEY_CODES


@dataclass(slots=True, kw_only=True)
class Account(AccountNotes):
    """The venue's private notes on one account of a survey."""

    master: Master
    egress: tuple[str, ...]
    specs: Mapping[str, AccountSpec]  # all accounts of the connection, for parents
    signed: tuple[str, ...] = ()  # the managed fields that are read, written or asked about with its own key
    own: tuple[str, ...] = ()  # ... and with no other
    row: SubAccount | None = None
    above: Awaitable[SubAccount | None] | None = None  # its parent's row, where that is being read anyway
    going: frozenset[str] = frozenset()  # where it is to be deleted: the names of all that this plan deletes
    made_uid: str = ""  # what the venue answered to this run's creation of it, where no earlier run had it
    config: Config | None = None
    reader: OwnKey | None = None  # proven to belong to this account; see `sign_with`
    writer: OwnKey | None = None
    read_label: str = ""  # the labels of the keys that read and write, where they are the manifest's
    access_label: str = ""
    access_from: tuple[str, str, str] | None = None  # store, path and label of the stored key that signs
    access_after: Address | None = None  # the step that makes the key that reads, where none is there yet
    waits_for: frozenset[Address] = frozenset()  # the steps that make what reads and writes, as far as they are wanted
    write_lack: str = ""  # why the key that writes cannot sign here, though it is there
    signings: dict[str, Signing] = field(default_factory=dict)  # by label of the manifest's keys
    taken: dict[str, Signing] = field(default_factory=dict)  # label -> whose secret lies where the manifest has that
    keys: KeyList | None = None  # the broker's list, once it was needed
    looked_twice: bool = False  # whether that is what two looks show
    key_values: dict[str, KeyValue] = field(default_factory=dict)  # by the key's id, as it was read last
    instruments: Instruments | None = None
    decisions: dict[Address, Decision] = field(default_factory=dict)
    kin: dict[tuple[str, str], list[Address]] | None = None  # scopes by what the venue may keep one value for
    deposits: dict[str, list[DepositAddress]] = field(default_factory=dict)
    elsewhere: list[DepositAddress] = field(default_factory=list)  # of a currency that the manifest does not name
    credit_stays: bool = False  # where deposits go is not looked at in this run, so nothing may move it
    open: Open | None = None
    preset: Preset | None = None  # what a switch of the mode presets for cross contract positions
    preset_known: bool = False  # whether that was looked at
    preset_begun: bool = False  # whether this run sent it, answered or not
    preset_stands: bool = False  # whether it was read back
    kept: str = ""  # what a switch of the mode does to open positions, in words

    @property
    def user(self) -> str:
        """Whose limits its own keys use up."""
        return self.master.user if self.main else f"{self.master.user}/{self.name}"

    @property
    def uid(self) -> str:
        """The venue's id, "" while it does not exist."""
        if self.main:
            return self.master.user
        return self.row.uid if self.row else ""

    @property
    def client(self) -> Client:
        return self.master.client

    def secret_at(self, key: KeySpec) -> tuple[str, str]:
        """Store and path where a key's secret lies: as the manifest has it, or where the journal recorded it."""
        return self.moved.get(key.label) or (str(key.store), self.secret_path(key.label))

    def fits(self, key: KeySpec, signing: Signing) -> bool:
        """Whether a stored secret signs as the very key that it is stored for."""
        config = signing.config
        begun = self.rotations.get(key.label)
        names = ("", key.label, begun.temporary if begun is not None else "")
        return config is not None and config.uid == self.uid and config.key_label in names

    def who_reads(self) -> OwnKey | None:
        """The key that reads as it, or where nothing in the manifest asks for one, any that proved to be its
        own: good for a read that the broker could send as well, out of limits that all its accounts share."""
        keys = {key.label: key for key in self.spec.api_keys}
        own = (one.own for label, one in sorted(self.signings.items()) if label in keys and self.fits(keys[label], one))
        return self.reader or next(own, None)

    def has_secret(self, key: KeySpec, api_key: str) -> None:
        """Note that the secret of the key with this id lies where `secret_at` says."""
        self.keep(key.label, *self.secret_at(key), api_key)

    def worked(self, call: Call) -> None:
        """That one which OKX no longer documents is open to this broker; the end of the run remembers it."""
        if call.endpoint in NOT_PUBLIC:
            self.survey.saw(CALL, call.endpoint.text)

    @property
    def manages(self) -> bool:
        """Whether the manifest wants anything that is read or written as the account itself."""
        return self.spec.state == "absent" or bool(self.signed)

    def signing_with(self, credentials: Credentials) -> OwnKey:
        """Reads signed as this account."""
        return OwnKey(self.master.client, credentials, self.user)

    def candidates(self) -> list[KeySpec]:
        """The keys that sign by default: with trade and a store, those that can from here first, then by label."""
        able = [key for key in self.spec.api_keys if key.state == "present" and key.store is not None]
        return sorted((key for key in able if self._trades(key)), key=lambda key: (not self.from_here(key), key.label))

    def _trades(self, key: KeySpec) -> bool:
        config = self.signings.get(key.label, Signing()).config
        live = config.key_permissions if config is not None else None
        return "trade" in (key.permissions if key.permissions is not None else live or ())

    def from_here(self, key: KeySpec) -> bool:
        """Whether a key may be used from one of the addresses that acctcfg calls from, as far as the manifest says."""
        return not self.egress or not key.ip_allowlist or bool(set(key.ip_allowlist) & set(self.egress))

    def is_access(self, label: str) -> bool:
        """Whether the key of that label signs, or is meant to: the one that reads, or the one that writes."""
        return self.manages and label != "" and label in (self.read_label, self.access_label)

    async def key_list(self, *, fresh: bool = False) -> Mapping[str, KeyRow]:
        """The broker's list of the account's keys; slow (once a second), so it is read once unless it must be fresh."""
        if self.keys is None or fresh:
            self.keys = await self.master.key_list(self.name) if self.row is not None else KeyList(rows={})
            self.looked_twice = False
            for row in self.keys.rows.values():
                self.key_values[row.api_key] = KeyValue(row.permissions, row.ip_allowlist, None)
        return self.keys.rows

    def add_to_list(self, row: KeyRow) -> None:
        """Note a key that the list does not show: it counts, and is guarded, as if it did."""
        keys = self.keys or KeyList(rows={})
        self.keys = KeyList(rows={**keys.rows, row.label: row}, odd=keys.odd)
        self.key_values[row.api_key] = KeyValue(row.permissions, row.ip_allowlist, None)

    async def look_twice(self) -> None:
        """Add what the list shows some seconds later: one answer may lose a row. Once a survey, for all of its keys."""
        first = self.keys
        if first is None or self.looked_twice:
            return
        await some_seconds(self.client)
        await self.key_list(fresh=True)
        assert self.keys is not None  # noqa: S101 (it was read)
        self.keys, self.looked_twice = first.with_those_of(self.keys), True

    # -- the keys that sign --------------------------------------------------------------------------------------------

    @property
    def in_use(self) -> set[str]:
        """The ids of the keys that sign as this account."""
        return {own.credentials.api_key for own in (self.reader, self.writer) if own is not None}

    def sign_with(self, *, reader: OwnKey | None, writer: OwnKey | None) -> None:
        """Use these from now on; nothing deletes or narrows what is in use, and what was used before is free."""
        self.master.in_use -= self.in_use - {self.master.credentials.api_key}
        self.reader, self.writer = reader, writer
        self.master.in_use |= self.in_use

    def lay_down(self, label: str, api_key: str) -> None:
        """Sign no more with a key whose successor of that label is taken up when it is read back.

        Credentials of its own that are this very key get no successor: they stay in use, so nothing takes it away.
        """
        sides = ((self.reader, self.read_label), (self.writer, self.access_label))
        reader, writer = (
            None if own is not None and own.credentials.api_key == api_key and signs_as == label else own
            for own, signs_as in sides
        )
        self.sign_with(reader=reader, writer=writer)

    def signs_apart(self, label: str, api_key: str) -> bool:
        """Whether this very key signs by other means than the manifest's key of that label."""
        sides = ((self.reader, self.read_label), (self.writer, self.access_label))
        return any(own is not None and own.credentials.api_key == api_key and as_ != label for own, as_ in sides)

    async def try_key(self, credentials: Credentials | None) -> Signing:
        """Sign with a stored key and see whose it is."""
        if credentials is None:
            return Signing()
        own, api_key = self.signing_with(credentials), credentials.api_key
        try:
            config = await own.config()
        except Refused as error:
            return Signing(own, None, error, api_key=api_key)
        if config.key_permissions is not None and config.key_ips is not None:
            self.key_values[api_key] = KeyValue(config.key_permissions, config.key_ips, None)
        return Signing(own, config, api_key=api_key)

    def no_access(self) -> VenueError:
        """Why nothing can be signed as this account."""
        label = self.read_label or self.access_label
        signing = self.signings.get(label)
        if signing is not None and signing.refused is not None:
            return VenueError(not_yet(label), code=NOT_YET) if self.listed(signing) else signing.refused
        if signing is not None and signing.illegible:
            return VenueError(signing.illegible, code="store")
        if self.write_lack:
            return VenueError(self.write_lack, code="no_access")
        return VenueError("no key signs for this account", code="no_access")

    async def why_no_access(self) -> VenueError:
        """The same once the venue's slow list told whether it has the key: then that is neither wrong nor lost."""
        signing = self.signings.get(self.read_label or self.access_label)
        if signing is not None and signing.gone:
            with suppress(VenueError):  # the refusal says enough
                await self.key_list()
        return self.no_access()

    def listed(self, signing: Signing) -> bool:
        """Whether the venue calls a key none and lists it, as far as its list was read: it takes effect later."""
        return signing.gone and signing.api_key in self.key_values

    async def own_config(self) -> Config:
        """The account's config, read now with its own key."""
        if self.reader is None:
            raise self.no_access()
        self.config = await self.reader.config()
        return self.config

    @property
    def ours(self) -> bool:
        """Whether acctcfg created it or took it over, by its uid."""
        if self.row is None:
            return False
        return self.created_by_us(created_s=seconds(self.row.created_ms), label=self.row.label or "")

    def signer(self, call: Call, *, own: bool) -> tuple[Credentials, str]:
        """The account itself, or the broker for it; the key that signs is never harmed."""
        signs = self.writer if own else None
        if own and signs is None:
            raise self.no_access()
        refuse_own_key(call, self.master.in_use, self.key_values, self.egress)
        return (signs.credentials, signs.user) if signs else (self.master.credentials, self.master.user)

    def later(self) -> After | None:
        """Why nothing can be read with the account's own key yet, where a step of the plan will change that."""
        if self.reader is not None:
            return None
        if self.access_after is None:
            return None
        return After("create") if self.row is None and not self.main else After(self.access_after.within)
