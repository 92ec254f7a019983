"""Writes on record: intent in the journal before a write is sent, outcome after, and the lock proven in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from acctcfg.core.address import Address
from acctcfg.engine.intents import Intents
from acctcfg.engine.stopping import Stop
from acctcfg.engine.windows import WindowClosed
from acctcfg.errors import AcctcfgError, JournalError, OutcomeUnknown, Refused, VenueError
from acctcfg.wire.client import Client
from acctcfg.wire.exchange import Reply
from acctcfg.wire.failures import Dropped
from acctcfg.wire.redact import Sent

if TYPE_CHECKING:
    from acctcfg.core.json_types import JsonObject, JsonValue
    from acctcfg.journal import Intent, Journal
    from acctcfg.journal.chain import Draft
    from acctcfg.journal.records import Finding, Outcome
    from acctcfg.venues.contract import Write, Writer

__all__ = ["HeldBack", "JournalWriter", "Run"]

SOON_S = 1.0
"""For how long an answered write waits for another one's intent, to share its flush."""
LOCK_HOLDS_S = 5.0
"""For how long the word that the lock is ours is good: nobody else takes it within three times that."""
TRIES = 3
_ENTRY: ContextVar[Intent | None] = ContextVar("the journal's entry of the write that this task sends", default=None)


class HeldBack(AcctcfgError):
    """Of several changes that one request makes, the one at `address` must not be made now, for the reason `why`.

    Nothing was sent: the others may go without it.
    """

    def __init__(self, address: Address, why: AcctcfgError) -> None:
        super().__init__(f"{address}: {why.message}", hint=why.hint)
        self.address, self.why = address, why


class Guard(Protocol):
    """What a write must pass right before it is sent; whatever stops it raises."""

    async def open(self, address: Address, kind: str) -> None:
        """Let the write of an address pass."""

    async def ahead(self, address: Address, kind: str) -> None:
        """Read what `open` will want in a moment."""

    def as_of(self) -> tuple[float, ...]:
        """The times of the reads that it goes by."""

    def still_holds(self, as_of: tuple[float, ...]) -> bool:
        """Whether what passed by these reads need not be asked again."""

    def leaves(self, address: Address) -> None:
        """The write of an address is sent."""


@dataclass(slots=True)
class Run:
    """One run of apply, as its writes see it. `trouble`: why something of it is not on record, by address."""

    id: str
    journal: Journal
    fresh: Callable[[str], bool]  # whether the lock of a venue user is still ours
    closed: Callable[[], str] = str  # why a change window keeps writes from being begun; "" where none does
    trouble: dict[str, JournalError] = field(default_factory=dict)
    halted: str = ""  # why nothing more could be written, before the next write was sent
    intents: Intents = field(init=False)
    _soon: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.intents = Intents(self.journal, self.fresh)

    def done(self, entry: Intent) -> None:
        """Keep that a write was answered: with the next one's intent, or soon where none comes for a while."""
        self.journal.done(entry)
        if self._soon is None or self._soon.done():
            self._soon = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        while self.journal.waits:
            await asyncio.sleep(SOON_S)
            try:
                await asyncio.to_thread(self.journal.flush)
            except JournalError:
                return  # it goes on waiting: the next addition, or the end of the run, tries again and tells

    def over(self) -> None:
        """Nothing more is written but the end of the run."""
        if self._soon is not None:
            self._soon.cancel()

    def heard(self, sent: Sent) -> None:
        """Keep the outcome of every write's request; reads leave no trace."""
        if sent.method != "GET":
            facts = {name: getattr(sent, name) for name in ("method", "path", "status", "code", "attempt", "sent_at")}
            facts["milliseconds"] = round(sent.milliseconds, 1)
            try:
                self.journal.request(self.id, _ENTRY.get(), facts)
            except JournalError as error:  # what became of the request is known all the same
                self.trouble.setdefault("", error)


@dataclass(slots=True)
class JournalWriter:
    """Sends the writes of one step. An entry stays open until the whole step says how it went (`close`).

    A new key's secret is stored after its answer: were its entry settled before that, a process that dies in between
    would leave a key that nobody knows to be half made.
    """

    run: Run
    client: Client
    venue_user: str
    gate: Guard | None
    entries: list[Intent] = field(default_factory=list)
    last: Intent | None = None  # the entry of the write that was answered last
    lost: Intent | None = None  # the entry of a write that was never answered
    stop: Stop = field(default_factory=Stop)
    begun: bool = False  # whether any write of the step was sent
    left: asyncio.Event = field(default_factory=asyncio.Event)  # set with it
    sent_at: float = 0.0  # the signed time of the latest
    address: str = ""
    values: Callable[[], JsonObject] = dict  # what the step changes from what to what by the last look, for the record

    async def send(self, write: Write, *, others: Sequence[tuple[Writer, Write]] = ()) -> Reply:
        """Send one write through the gate, on record; `others` are made by the same request."""
        sending = _Sending((_Part(self, write), *(_Part(_ours(writer), one) for writer, one in others)))
        try:
            reply = await self.client.write(
                write.call,
                write.signer,
                write.user,
                ahead=sending.ahead,
                ready=sending.ready,
                before_send=sending.before_send,
                droppable=not self.begun,
            )
        except VenueError as error:
            for part in sending.parts:
                await part.failed(error)
            raise
        for part in sending.parts:
            part.answered()
        return reply

    async def answered(self, facts: JsonObject) -> None:
        """Keep what the create that was sent last answered."""
        if self.last is None:
            return
        try:
            self.run.journal.answered(self.last, facts)  # not in a thread: nothing comes between the answer and this
        except JournalError as error:
            self.run.trouble.setdefault(self.address, error)

    def alone(self) -> bool:
        """Whether the lock is ours: not asked in a thread, for nothing comes between an answer and its secret."""
        return self.run.fresh(self.venue_user)

    async def pause(self, seconds: float, left: str) -> None:
        """Wait within the step, or until the run is told to stop: then it raises, and a later run finishes `left`."""
        await self.stop.sleep(self.client.clock.sleep(seconds))
        if seconds > 0 and self.stop.asked:
            raise VenueError(f"interrupted: {left}", hint="apply again: it goes on from there", code="interrupted")

    def go_on(self, left: str) -> None:
        """Raise where the change window has closed: `left` is what a later run has to finish."""
        if why := self.run.closed():
            raise WindowClosed(f"{why}; {left}", hint="apply again in an open window")

    async def kept(self) -> None:
        """Settle the creation: its secret is in the store, whatever becomes of the rest of the step.

        Raises JournalError where what it answered is not on record: no later run could go on from a further write.
        """
        await self.close("done")
        if (error := self.run.trouble.get(self.address)) is not None:
            raise error

    async def close(self, outcome: Outcome) -> None:
        """Settle the entries that waited for the step's end."""
        for entry in self.entries:
            await self.settle(entry, outcome)
        self.entries.clear()

    async def found(self, finding: Finding) -> None:
        """Write down what reading showed of the write that was never answered: nobody has to wait for it any more."""
        if self.lost is not None:
            lost, self.lost = self.lost, None
            await self._keep(self.run.journal.resolve, self.run.id, lost, finding)

    async def never_happened(self) -> None:
        """Write down that what the last create answered is not there: no read showed it in time."""
        if self.last is not None:
            last, self.last = self.last, None
            await self._keep(self.run.journal.resolve, self.run.id, last, "did_not_happen")

    async def settle(self, entry: Intent, outcome: Outcome, body: JsonValue = None) -> None:
        """What was answered is known, whatever becomes of its record."""
        await self._keep(self.run.journal.settle, entry, outcome, body)

    async def _keep(self, record: Callable[..., None], *what: object) -> None:
        """Wait for the disk in a thread: other accounts go on, and threads that write at once share a flush."""
        try:
            await asyncio.to_thread(record, *what)
        except JournalError as error:
            self.run.trouble.setdefault(self.address, error)


class _Part:
    """One step's part of a request: what is read and written down of it."""

    def __init__(self, writer: JournalWriter, write: Write) -> None:
        self.entry: Intent | None = None  # of the latest attempt
        self.passed: tuple[float, ...] = ()  # the times of the reads by which it passed the gate
        self.writer = writer
        self.write = write
        writer.address = str(write.address)

    async def ahead(self) -> None:
        """Read in the last moment of a wait."""
        if (gate := self.writer.gate) is not None:
            await gate.ahead(self.write.address, self.write.call.text)

    async def ready(self) -> None:
        """Pass the gate, if the write has one: its prechecks are read anew. A step that was begun is not cut in two."""
        writer = self.writer
        if not writer.begun:
            writer.go_on("nothing of it was sent")
        if writer.gate is not None:
            gate = writer.gate.open(self.write.address, self.write.call.text)
            await (gate if writer.begun else writer.stop.unless_asked(gate))
            self.passed = writer.gate.as_of()

    def may_leave(self) -> bool:
        """Whether what it passed still holds, now that it is on record."""
        writer = self.writer
        if not writer.begun:
            writer.go_on("nothing of it was sent")
        return writer.gate is None or writer.gate.still_holds(self.passed)

    async def settle(self, outcome: Outcome) -> None:
        """What became of the latest attempt, if there was one."""
        if self.entry is not None:
            entry, self.entry = self.entry, None
            await self.writer.settle(entry, outcome)

    def intent(self, sent_at: float) -> Draft:
        """What is written down before it is sent."""
        writer, write = self.writer, self.write
        facts: JsonObject = {
            "uid": write.uid,
            "creates": dict(write.creates),
            "deletes": write.deletes,
            "keeps": dict(write.keeps),
            "renames": dict(write.renames),
        }
        body: JsonObject = {**writer.values(), **{name: value for name, value in facts.items() if value}}
        return writer.run.journal.intending(
            writer.run.id,
            venue_user=writer.venue_user,
            account=write.account,
            address=str(write.address),
            action=write.action,
            call=write.call.text,
            body=body or None,
            sent_at=sent_at,
            creates_key=write.creates_key,
        )

    def unrecorded(self, error: JournalError) -> None:
        """The disk may be full: what takes back the step's own creation is sent all the same, any other is not."""
        if not self.write.undoes:
            raise error
        self.entry = None
        self.writer.run.trouble.setdefault(self.writer.address, error)

    def leaves(self, sent_at: float) -> None:
        """From now on it may have happened."""
        writer = self.writer
        writer.begun, writer.sent_at = True, sent_at
        if writer.gate is not None:
            writer.gate.leaves(self.write.address)
        writer.left.set()
        writer.stop.sent.add(self.write.address)

    async def failed(self, error: VenueError) -> None:
        """There was no answer that proves it."""
        if self.entry is not None:
            outcome: Outcome = "refused" if isinstance(error, Dropped) else _outcome(error)
            await self.writer.settle(self.entry, outcome, {"code": error.code})
            self.writer.lost = self.entry if outcome == "unknown" else None

    def answered(self) -> None:
        """It was answered; a creation's entry stays open until what was answered is on record."""
        writer, write, entry = self.writer, self.write, self.entry
        writer.last = entry
        if entry is None:  # taken back without a record
            return
        if write.creates_key or write.creates:
            writer.entries.append(entry)
        else:
            writer.run.done(entry)


class _Sending:
    """One request on its way, through all of its attempts: what the client calls before it sends."""

    def __init__(self, parts: Sequence[_Part]) -> None:
        self.parts = parts

    async def ahead(self) -> None:
        """Read in the last moment of a wait."""
        for part in self.parts:
            await part.ahead()

    async def ready(self) -> None:
        """Pass the gates. HeldBack where one of several does not: what could not be read is not its own reason."""
        for part in self.parts:
            try:
                await part.ready()
            except AcctcfgError as error:
                if len(self.parts) == 1 or isinstance(error, VenueError | WindowClosed):
                    raise
                raise HeldBack(part.write.address, error) from error

    async def before_send(self, sent_at: float) -> None:
        """Write down the intents, and hold the lock still."""
        first = self.parts[0].writer
        for part in self.parts:
            await part.settle("refused")  # the client proved the attempt before this one not executed
        if first.stop.asked and not first.begun:
            raise Dropped
        try:
            if not await self._recorded(sent_at) or not await self._stands():
                raise JournalError(
                    "the lock of this venue user is no longer ours, so nothing more is written",
                    hint="this process was held up for too long; apply again",
                )
        except AcctcfgError:
            for part in self.parts:
                await part.settle("failed")
            raise
        _ENTRY.set(self.parts[0].entry)
        for part in self.parts:
            part.leaves(sent_at)

    async def _stands(self) -> bool:
        """Whether the lock is ours still once the gates have passed behind the record: a slow disk, or a slow server,
        makes old what they read before it. Raises what `ready` raises."""
        if all(part.may_leave() for part in self.parts):
            return True
        first = self.parts[0].writer
        clock = first.client.clock
        for _ in range(TRIES):
            begun = clock.monotonic()
            await self.ready()
            if clock.monotonic() - begun < LOCK_HOLDS_S:
                return True
            if not await asyncio.to_thread(first.alone):
                return False
        raise JournalError(
            "the journal and the venue answer too slowly: what the prechecks read was old before it could be used",
            hint="nothing was sent; apply again when they are faster",
        )

    async def _recorded(self, sent_at: float) -> bool:
        """Whether the lock is ours still, with the intents on disk."""
        first = self.parts[0].writer
        recorded = await first.run.intents.write([part.intent(sent_at) for part in self.parts], first.venue_user)
        if recorded.error is not None:
            for part in self.parts:
                part.unrecorded(recorded.error)
            return await asyncio.to_thread(first.alone)
        for part, entry in zip(self.parts, recorded.entries, strict=True):
            part.entry = entry
        return recorded.fresh


def _ours(writer: Writer) -> JournalWriter:
    """A writer that the engine handed out comes back as what it is."""
    if not isinstance(writer, JournalWriter):
        raise TypeError(f"not a writer of this run: {type(writer).__name__}")
    return writer


def _outcome(error: VenueError) -> Outcome:
    if isinstance(error, OutcomeUnknown):
        return "unknown"
    return "refused" if isinstance(error, Refused) else "failed"
