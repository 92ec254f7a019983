"""What every venue notes of one account while it is surveyed and written to; a venue adds its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace

from acctcfg.core.address import Address
from acctcfg.core.desired import AccountSpec
from acctcfg.core.diff import Change
from acctcfg.core.json_types import JsonObject
from acctcfg.core.remembered import Replaced
from acctcfg.core.secret import Credentials
from acctcfg.venues.contract import KnownAccount, Memory, Rotation, SecretDoor, StoredKey, Survey, Write, Writer
from acctcfg.venues.half_made import Traces
from acctcfg.venues.joint import JointPart
from acctcfg.wire.client import Client
from acctcfg.wire.endpoint import Call
from acctcfg.wire.exchange import Reply

__all__ = ["AccountNotes"]

_NO_TURN = nullcontext()


@dataclass(slots=True, kw_only=True)
class AccountNotes(ABC):
    """Who it is, where its secrets lie, and what runs left of their creations in it."""

    spec: AccountSpec
    survey: Survey
    secrets: SecretDoor
    memory: Memory
    environment: str
    window_s: float  # how long the venue takes a signed request
    replace: frozenset[Address] = frozenset()  # keys that the user wants to be replaced
    moved: dict[str, tuple[str, str]] = field(default_factory=dict)  # label -> where the journal has its secret
    rotate: frozenset[Address] = frozenset()  # keys that are to be rotated in this run
    recalls: bool = False  # whether what the journal has as lasting need not be read
    overlap_s: float = 0.0  # how long the old key stays beside the new one
    _rotations: dict[str, Rotation] | None = None
    _traces: Traces | None = None

    @property
    @abstractmethod
    def uid(self) -> str:
        """The venue's id, "" while it does not exist."""

    @property
    @abstractmethod
    def client(self) -> Client: ...

    @abstractmethod
    def signer(self, call: Call, *, own: bool) -> tuple[Credentials, str]:
        """Who signs a write, and the venue user whose limits count. Raises Refused for one that must not be sent."""

    @property
    def turn(self) -> AbstractAsyncContextManager[object]:
        """What a write of this account waits for, where the venue takes one at a time."""
        return _NO_TURN

    async def send(
        self,
        call: Call,
        change: Change,
        writer: Writer,
        *,
        own: bool = False,
        creates_key: str = "",
        creates: JsonObject | None = None,
        deletes: str = "",
        keeps: JsonObject | None = None,
        renames: JsonObject | None = None,
        undoes: bool = False,
    ) -> Reply:
        """Send one write for the account: signed by itself (`own`), or by the user above it. See `Write`."""
        write = self.write_of(call, change, own=own)
        if creates_key or creates or deletes or renames or undoes:
            write = replace(
                write,
                creates_key=creates_key,
                creates=creates or {},
                deletes=deletes,
                keeps=keeps or {},
                renames=renames or {},
                undoes=undoes,
            )
        async with self.turn:
            reply = await writer.send(write)
        self.worked(call)
        return reply

    def worked(self, call: Call) -> None:  # noqa: B027 (of most calls there is nothing to note)
        """Note what the success of a call tells about the venue."""

    async def send_joint(self, call: Call, parts: Sequence[JointPart], *, own: bool = False) -> Reply:
        """Send one write that makes several changes of the account; each is on record."""
        (_, writer), *along = parts
        write, *others = [self.write_of(call, change, own=own) for change, _ in parts]
        async with self.turn:
            reply = await writer.send(write, others=[(one, its) for (_, one), its in zip(along, others, strict=True)])
        self.worked(call)
        return reply

    def write_of(self, call: Call, change: Change, *, own: bool = False) -> Write:
        """One write for this account, as the engine sends it."""
        signer, user = self.signer(call, own=own)
        return Write(
            call=call,
            signer=signer,
            user=user,
            address=change.address,
            action=change.action,
            account=self.name,
            uid=self.uid,
        )

    @property
    def main(self) -> bool:
        """Whether this is the account of the user behind the venue's own credentials."""
        return self.spec.role == "main"

    @property
    def name(self) -> str:
        return self.spec.name

    def address(self, field_: str = "", key: str = "") -> Address:
        return Address(self.spec.key, field_, key)

    def secret_path(self, label: str) -> str:
        """Where a key's secret is to be kept in its store."""
        return f"{self.spec.venue}/{self.spec.key}/{label}"

    def other_places(self, label: str, store: str | None) -> tuple[StoredKey, ...]:
        """Where a key's secret may lie besides: by the journal, newest first, and by what the manifest has as moved.

        The journal has stores by the names that they had then: each path is looked for in the key's own store, too.
        """
        recorded = [one for one in self.traces.stored() if one.label == label]
        paths = [f"{venue}/{key}/{label}" for venue, key in self.spec.formerly]
        renamed = [replace(one, store=store) for one in recorded if store is not None and one.store != store]
        return (*recorded, *renamed, *(StoredKey(store=str(store), path=path, label=label) for path in paths))

    @property
    def before(self) -> KnownAccount | None:
        """What the journal has of the account: under its name, or under what its key was in the manifest before."""
        known, keys = self.memory.named(self.name), {key for _, key in self.spec.formerly} - {self.spec.key}
        return known or next((one for one in self.memory.accounts() if one.key in keys and one.uid), None)

    def keep(self, label: str, store: str, path: str, api_key: str) -> None:
        """Note that the secret of the key with this id lies there."""
        self.survey.stored[label] = StoredKey(store=store, path=path, label=label, api_key=api_key, uid=self.uid)

    @property
    def traces(self) -> Traces:
        """What runs left of their key creations in this account."""
        if self._traces is None:
            self._traces = Traces(memory=self.memory, name=self.name, uid=self.uid, window_s=self.window_s)
        self._traces.uid = self.uid
        return self._traces

    @property
    def rotations(self) -> dict[str, Rotation]:
        """By label: the rotations that are not finished, as this run knows them."""
        if self._rotations is None and self.uid:
            self._rotations = {one.label: one for one in self.memory.rotations(self.uid)}
        return self._rotations if self._rotations is not None else {}

    def replaced(self, label: str) -> Replaced | None:
        """The key of that label, if a replacement of it ended before the secret of a new one was stored."""
        return self.memory.replaced(self.uid, label) if self.uid else None

    def rotation_over(self, label: str) -> None:
        """Note that reads show nothing left of a rotation: only then is it over, whatever its calls were answered."""
        self.survey.rotated[label] = self.rotations.pop(label).new

    def now(self) -> float:
        """The venue's time, in Unix seconds."""
        return self.client.clock.now() + self.client.offset_s

    def created_by_us(self, *, created_s: float | None, label: str) -> bool:
        """Whether acctcfg created this account, or took it over.

        A run that was killed before it wrote down the uid left the creation open. The name proves nothing then: the
        venue's creation time (Unix seconds) and the label that was sent must fit.
        """
        if self.memory.account(self.uid) is not None:
            return True
        begun = self.memory.creating(self.name, "")
        return begun is not None and begun.fits(created_s=created_s, label=label)
