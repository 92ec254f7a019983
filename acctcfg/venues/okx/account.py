"""One account under a connection: who it is at the venue, which key signs as it, and what was read of it so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from acctcfg.core.address import Address
from acctcfg.core.desired import AccountSpec, KeySpec
from acctcfg.core.diff import Change
from acctcfg.core.state import After, Unreadable
from acctcfg.errors import AuthRefused, Refused, VenueError
from acctcfg.venues.contract import Memory, SecretDoor, Survey, Writer
from acctcfg.venues.okx.broker import Broker, DepositAddress, KeyRow, SubAccount
from acctcfg.venues.okx.instruments import Instruments
from acctcfg.venues.okx.leverage import Decision
from acctcfg.venues.okx.own import Config, Open, OwnKey
from acctcfg.venues.resources import is_ours
from acctcfg.wire.client import Reply
from acctcfg.wire.endpoint import Call

__all__ = ["Account", "Signing", "unreadable"]

NEW_KEY_CODES = frozenset({"50111", "50119"})
"""What a key may answer for a short while after it was made, and for ever after it was deleted."""


@dataclass(slots=True)
class Signing:
    """How a stored key answered for itself: its account's config, or the venue's refusal."""

    own: OwnKey | None = None  # None: the store holds nothing
    config: Config | None = None
    refused: VenueError | None = None
    illegible: str = ""  # why what the store holds could not be read

    @property
    def gone(self) -> bool:
        """The venue says that no such key exists."""
        return isinstance(self.refused, AuthRefused) and self.refused.code in NEW_KEY_CODES


@dataclass(slots=True, kw_only=True)
class Account:
    """The venue's private notes on one account of a survey."""

    spec: AccountSpec
    survey: Survey
    broker: Broker
    secrets: SecretDoor
    memory: Memory
    egress: tuple[str, ...]
    specs: Mapping[str, AccountSpec]  # all accounts of the connection, for parents
    row: SubAccount | None = None
    config: Config | None = None
    reader: OwnKey | None = None  # proven to belong to this account
    writer: OwnKey | None = None
    access_label: str = ""  # the label of the key that signs, where it is one of the manifest's
    signs_with: set[str] = field(default_factory=set)  # labels of the keys in use, as their own config shows them
    access_from: tuple[str, str, str] | None = None  # store, path and label of the stored key that signs
    access_after: Address | None = None  # the step that makes the access, where none is there yet
    signings: dict[str, Signing] = field(default_factory=dict)  # by label of the manifest's keys
    keys: dict[str, KeyRow] | None = None  # the broker's list, once it was needed
    replacing: dict[str, str] = field(default_factory=dict)  # label -> id of the old key, whose secret is still stored
    instruments: Instruments | None = None
    decisions: dict[Address, Decision] = field(default_factory=dict)
    kin: dict[tuple[str, str], list[Address]] | None = None  # scopes by what the venue may keep one value for
    deposits: dict[str, list[DepositAddress]] = field(default_factory=dict)
    open: Open | None = None

    @property
    def main(self) -> bool:
        """Whether this is the user behind the venue's own credentials."""
        return self.spec.role == "main"

    @property
    def name(self) -> str:
        """The venue's name for it."""
        return self.spec.name

    @property
    def user(self) -> str:
        """Whose limits its own keys use up."""
        return self.broker.user if self.main else f"{self.broker.user}/{self.name}"

    @property
    def uid(self) -> str:
        """The venue's id, "" while it does not exist."""
        if self.main:
            return self.broker.user
        return self.row.uid if self.row else ""

    def address(self, field_: str = "", key: str = "") -> Address:
        """An address of this account."""
        return Address(self.spec.key, field_, key)

    def secret_path(self, label: str) -> str:
        """Where a key's secret is kept in its store."""
        return f"{self.spec.venue}/{self.spec.key}/{label}"

    def own(self, credentials: Any) -> OwnKey:
        """Reads signed as this account."""
        return OwnKey(self.broker.client, credentials, self.user)

    def candidates(self) -> list[KeySpec]:
        """The keys that sign by default: those with trade and a store, in the order of their labels."""
        return [
            key
            for key in self.spec.api_keys
            if key.state == "present" and key.store is not None and "trade" in key.permissions
        ]

    def is_access(self, label: str) -> bool:
        """Whether the key of that label signs, or is meant to: the one that reads, or the one that writes."""
        access = self.spec.access
        named = [side.get("key") for side in (access.read, access.write) if side] if access else []
        return label == self.access_label or label in named

    async def key_list(self, *, fresh: bool = False) -> dict[str, KeyRow]:
        """The broker's list of the account's keys; slow (once a second), so it is read once unless it must be fresh."""
        if self.keys is None or fresh:
            self.keys = await self.broker.keys(self.name) if self.row is not None else {}
        return self.keys

    def key_gone(self, label: str) -> None:
        """Sign no more with a key that was deleted; one that replaces it is taken up when it is read back."""
        self.signings.pop(label, None)
        if label in self.signs_with:
            self.signs_with.discard(label)
            self.reader = self.writer = None

    async def try_key(self, credentials: Any | None) -> Signing:
        """Sign with a stored key and see whose it is."""
        if credentials is None:
            return Signing()
        own = self.own(credentials)
        try:
            return Signing(own, await own.config())
        except Refused as error:
            return Signing(own, None, error)

    def no_access(self) -> VenueError:
        """Why nothing can be signed as this account."""
        signing = self.signings.get(self.access_label)
        if signing is not None and signing.refused is not None:
            return signing.refused
        return VenueError("no key signs for this account", code="no_access")

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
        created_s = int(self.row.created_ms) / 1000 if self.row.created_ms.isdecimal() else None
        return is_ours(self.memory, name=self.name, uid=self.uid, created_s=created_s, label=self.row.label)

    async def send(
        self,
        call: Call,
        change: Change,
        writer: Writer,
        *,
        own: bool = False,
        creates_key: str = "",
        creates: Mapping[str, Any] | None = None,
        deletes: str = "",
    ) -> Reply:
        """Send one write for this account: signed by itself, or by the broker for it."""
        signs = self.writer if own else None
        if own and signs is None:
            raise self.no_access()
        return await writer.send(
            call,
            signs.credentials if signs else self.broker.credentials,
            signs.user if signs else self.broker.user,
            address=change.address,
            action=change.action,
            account=self.name,
            uid=self.uid,
            creates_key=creates_key,
            creates=creates,
            deletes=deletes,
        )

    def later(self) -> After | None:
        """Why nothing can be read with the account's own key yet, where a step of the plan will change that."""
        if self.reader is not None:
            return None
        if self.row is None and not self.main:
            return After("create")
        return After(self.access_after.within) if self.access_after is not None else None


def unreadable(error: VenueError) -> Unreadable:
    """A failed read as a value."""
    return Unreadable(error.code or "unreadable", error.message)
