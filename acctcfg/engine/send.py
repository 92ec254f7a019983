"""The write: through the gate, on record, and what its answer proves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING

from acctcfg.core.diff import Change
from acctcfg.core.json_types import JsonObject
from acctcfg.core.outcome import NOT_YET
from acctcfg.core.state import Rotating, to_json
from acctcfg.core.value_text import told
from acctcfg.engine.attempt import Attempt, Work
from acctcfg.engine.gate import Gate, GateClosed
from acctcfg.engine.recheck import LastLook, Moved
from acctcfg.engine.record import HeldBack, JournalWriter
from acctcfg.engine.refused_values import Asked
from acctcfg.engine.windows import WindowClosed
from acctcfg.errors import (
    AcctcfgError,
    Garbled,
    JournalError,
    OutcomeUnknown,
    Refused,
    StoreError,
    TokenOver,
    VenueError,
)
from acctcfg.venues.joint import HasJointCalls
from acctcfg.wire.failures import Dropped

if TYPE_CHECKING:
    from acctcfg.journal.records import Outcome

__all__ = ["from_to", "send"]

_PLAIN = frozenset({str, int, float, bool, type(None)})


async def send(attempts: Sequence[Attempt], work: Work, look: LastLook | None = None) -> None:
    """Send the writes of a batch, those of one field at once and through one gate, one field after the other."""
    by_field: dict[str, list[Attempt]] = {}
    for one in attempts:
        by_field.setdefault(one.address.field, []).append(one)
    for some in by_field.values():
        await _send_field(some, work, look)


async def _send_field(attempts: Sequence[Attempt], work: Work, look: LastLook | None) -> None:
    """Of each value that is new to the venue, one goes first."""
    link = work.link
    changes = [one.change for one in attempts if link.connection.gated(one.change)]
    gate = Gate(link.connection, work.survey, changes, link.client.clock, look)
    by_value: dict[Asked, list[Attempt]] = {}
    for one in attempts:
        word = link.connection.together(one.change)
        asked = Asked(one.step.venue, one.address.field if word else str(one.address), one.change.after)
        by_value.setdefault(asked, []).append(one)
    await asyncio.gather(*(_send_value(asked, some, work, gate) for asked, some in by_value.items()))


async def _send_value(asked: Asked, attempts: list[Attempt], work: Work, gate: Gate) -> None:
    values, connection = work.values, work.link.connection
    if isinstance(connection, HasJointCalls) and connection.joint(attempts[0].change) and asked not in values.refused:
        await _send_joint(connection, attempts, work, gate, asked)
        return
    async with values.first(asked):
        if not values.known(asked):
            first = attempts.pop(0)
            await _send(first, work, gate, asked)
    if asked in values.refused:
        for one in attempts:
            one.end("not_started", values.not_tried(asked))
    elif values.in_order:
        await _in_order(attempts, work, gate, asked)
    else:
        await asyncio.gather(*(_send(one, work, gate, asked) for one in attempts))


async def _in_order(attempts: Sequence[Attempt], work: Work, gate: Gate, asked: Asked) -> None:
    """Each once the one before it has left: what matters most goes first."""
    async with asyncio.TaskGroup() as sending:
        for one in attempts:
            left = asyncio.Event()
            sending.create_task(_send(one, work, gate, asked, left))
            await left.wait()


async def _send(attempt: Attempt, work: Work, gate: Gate, asked: Asked, left: asyncio.Event | None = None) -> None:
    writer = _begin(attempt, work, gate)
    writer.left = left or writer.left
    await _carried_out(work.link.connection.write(work.survey, attempt.change, writer), [attempt], work, asked)


async def _send_joint(
    connection: HasJointCalls, attempts: Sequence[Attempt], work: Work, gate: Gate, asked: Asked
) -> None:
    """All by one call, each on record. One that must not be written now ends for itself, and the call leaves it out."""
    parts = {one.address: (one, _begin(one, work, gate)) for one in attempts}
    while parts:
        some = [one for one, _ in parts.values()]
        try:
            pairs = [(one.change, writer) for one, writer in parts.values()]
            await _carried_out(connection.write_joint(work.survey, pairs), some, work, asked)
        except HeldBack as held:
            attempt, writer = parts.pop(held.address)
            _ended(attempt, held.why, writer, work, asked)
        else:
            return


def _begin(attempt: Attempt, work: Work, gate: Gate) -> JournalWriter:
    """What sends the writes of one step, and puts them on record."""

    def values() -> JsonObject:
        return from_to(attempt.change.from_found(attempt.found))

    link = work.link
    writer = JournalWriter(work.run, link.client, link.connection.user, gate, stop=work.stop, values=values)
    attempt.sent_at, attempt.writer = None, writer
    return writer


async def _carried_out(sending: Awaitable[None], attempts: Sequence[Attempt], work: Work, asked: Asked) -> None:
    """Wait for the writes of one step, or of those that one call makes, and tell each how it went."""
    writers = [(one, one.writer) for one in attempts if one.writer is not None]
    try:
        await sending
    except HeldBack:
        raise
    except AcctcfgError as error:
        for one, writer in writers:
            await writer.close(_outcome(error))
            _ended(one, error, writer, work, asked)
    except Exception as error:
        for one, writer in writers:
            await writer.close("unknown")
            _broke(one, error, writer, work)
    else:
        work.values.took(asked)
        for _, writer in writers:
            await writer.close("done")
    finally:
        for _, writer in writers:
            writer.left.set()


def from_to(change: Change) -> JsonObject:
    """A change's values as the journal keeps them; `before` is null where nobody knew it.

    `known_after`: the step behind which `before` was read, where only then it could be.
    """
    before, after = to_json(change.before), to_json(change.after)
    if type(before) not in _PLAIN or type(after) not in _PLAIN:
        before, after = json.loads(json.dumps((before, after)))  # plain data, whatever words a venue's values are of
    late: JsonObject = {"known_after": change.after_step} if change.before_known and change.after_step else {}
    return {"before": before, "before_known": change.before_known, **late, "after": after}


def _outcome(error: AcctcfgError) -> Outcome:
    return "failed" if isinstance(error, Refused | StoreError) else "unknown"


def _ended(attempt: Attempt, error: AcctcfgError, writer: JournalWriter, work: Work, asked: Asked) -> None:
    """What an error says about a write: nothing was sent, the venue refused it, or nobody knows yet."""
    match error:
        case Moved():
            attempt.result = error.result
        case GateClosed() | WindowClosed():
            attempt.end("blocked", error.message)
        case Dropped() if not writer.begun:
            attempt.end("not_started", error.message)
        case JournalError() if not writer.begun:  # neither the lock nor the disk is this step's own trouble
            work.end_for_good(attempt, error)
        case TokenOver():
            work.end_for_good(attempt, error)
        case OutcomeUnknown():
            _unanswered(attempt, error.message, getattr(error, "sent_at", 0.0) or writer.sent_at)
        case Garbled() if writer.begun:  # it was answered, in words that nobody can read
            _unanswered(attempt, error.message, writer.sent_at)
        case VenueError(code=code) if code == NOT_YET:
            # Of a key that was made, now or by the run that began its rotation; any other step only waits for one.
            made = writer.begun or isinstance(attempt.change.before, Rotating)
            attempt.end("unknown", error.told, NOT_YET) if made else attempt.end("failed", error.told)
        case Refused():
            _refused(attempt, error, work, asked)
        case _:
            attempt.end("failed", error.told, getattr(error, "code", ""))


def _unanswered(attempt: Attempt, message: str, sent_at: float) -> None:
    attempt.sent_at = sent_at
    attempt.trouble = attempt.silence = message


def _broke(attempt: Attempt, error: Exception, writer: JournalWriter, work: Work) -> None:
    """An exception of the venue package or of this machine: read back where something was sent."""
    message = work.blame(error)
    if writer.begun:
        _unanswered(attempt, message, writer.sent_at)
    else:
        attempt.end("failed", f"nothing was sent: {message}", "bug")


def _refused(attempt: Attempt, error: Refused, work: Work, asked: Asked) -> None:
    """It stands unless a read shows that it is as wanted; but an account that is there by now is somebody else's."""
    connection, change = work.link.connection, attempt.change
    lost_before = attempt.repeated or str(attempt.address) in work.lost
    if change.action == "create" and lost_before and error.code in connection.absence(change).taken:
        attempt.taken = error.message  # by ourselves: the creation that was never answered did happen
        return
    message = error.told
    if connection.together(change) and connection.refuses_value(change, error.code):
        message = f"the venue refuses {told(change.after)}: {message}"
        work.values.refused[asked] = f"{error.code} at {attempt.address}"
    attempt.end("blocked" if connection.is_precondition(change, error.code) else "failed", message, error.code)
    if change.kind != "account" or attempt.repeated:
        attempt.refusal, attempt.result = attempt.result, None
