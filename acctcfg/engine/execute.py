"""Walk the plan: accounts at once, steps of one account in order, each write gated, journaled and read back.

A failure stops what depends on it and nothing else. A write whose outcome is unknown is settled by reading; only when
reading shows that it did not happen, and its signed time is past, is it sent once more, through a gate of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from acctcfg.core.address import Address
from acctcfg.core.diff import Change, diff
from acctcfg.core.outcome import StepResult
from acctcfg.core.plan import Step
from acctcfg.core.state import ABSENT, After, Live, Lost, Unreadable, to_json
from acctcfg.engine.gate import Gate, GateClosed
from acctcfg.engine.plan import Planned
from acctcfg.engine.progress import Progress
from acctcfg.engine.record import JournalWriter, Run
from acctcfg.engine.session import Link
from acctcfg.errors import AcctcfgError, OutcomeUnknown, Refused, StoreError, VenueError
from acctcfg.venues.contract import Survey

__all__ = ["Execution"]

READ_BACK_S = 30.0
FIRST_POLL_S = 0.1  # doubles up to a second: most venues show a setting at once
GOOD = ("done", "already")


@dataclass(slots=True)
class _Attempt:
    """One step on its way: what was sent, and whether an answer proved it."""

    step: Step
    change: Change
    sent_at: float | None = None  # set while the outcome of a write is unknown
    writer: JournalWriter | None = None
    repeated: bool = False
    seen: Live | None = None  # what the last read showed
    trouble: str = ""  # why the last read failed
    silence: str = ""  # why no answer tells what became of the write
    refusal: StepResult | None = None  # the venue said no; it stands unless a read shows that it is as wanted
    result: StepResult | None = None


@dataclass(slots=True)
class Execution:
    """One walk over one plan. `results` grows as it goes; `stop()` lets what is under way end and starts no more."""

    planned: Planned
    run: Run
    progress: Progress
    left_out: frozenset[Address] = frozenset()  # steps that are not carried out at all
    results: dict[Address, StepResult] = field(default_factory=dict)
    stopping: bool = False
    _ended: dict[Address, asyncio.Event] = field(default_factory=dict)

    def stop(self) -> None:
        """Start nothing more."""
        self.stopping = True

    async def walk(self) -> None:
        """Carry out every step that is not left out."""
        steps = self.planned.plan.steps
        self._ended = {step.address: asyncio.Event() for step in steps}
        accounts: dict[str, list[Step]] = {}
        held = self.planned.plan.held
        for step in steps:
            if step.address in self.left_out:
                status = "blocked" if step.blocked else "not_started"
                why = _why_blocked(step) if step.blocked else _why_left_out(step.address.account in held)
                self._end(StepResult(step, status, why))
            else:
                accounts.setdefault(step.address.account, []).append(step)
        self.progress.phase("applying", sum(len(some) for some in accounts.values()))
        await asyncio.gather(*(self._account(some) for some in accounts.values()))

    def _end(self, result: StepResult) -> None:
        self.results[result.step.address] = result
        self._ended[result.step.address].set()
        if result.status != "not_started":
            self.progress.advance(1, str(result.step.address))

    async def _account(self, steps: Sequence[Step]) -> None:
        survey = self.planned.surveys[steps[0].address.account]
        link = self.planned.link(steps[0])
        try:
            for batch in _batches(steps, link):
                await self._batch(batch, survey, link)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            # Nothing of one account may stop the others; what went wrong is said, without values.
            message = error.message if isinstance(error, AcctcfgError) else f"internal error: {type(error).__name__}"
            for step in steps:
                if step.address not in self.results:
                    self._end(StepResult(step, "failed", message, getattr(error, "code", "")))
                    message = "the account's walk ended before it"

    async def _batch(self, batch: Sequence[Step], survey: Survey, link: Link) -> None:
        ready: list[Step] = []
        for step in batch:
            for other in (*step.depends_on, *step.waits_for):
                if other in self._ended:
                    await self._ended[other].wait()
            failed = [a for a in step.depends_on if a in self.results and self.results[a].status not in GOOD]
            if failed or self.stopping:
                why = f"waits for {failed[0]}, which did not succeed" if failed else "interrupted before it began"
                self._end(StepResult(step, "not_started", why))
            else:
                ready.append(step)
        attempts = await self._still_needed(ready, survey, link)
        if not attempts:
            return
        await self._write(attempts, survey, link)
        await self._see(attempts, survey, link)
        for attempt in attempts:
            assert attempt.result is not None  # noqa: S101 (every way through _see ends in one)
            self._end(attempt.result)

    # -- before ----------------------------------------------------------------------------------------------------

    async def _still_needed(self, steps: Sequence[Step], survey: Survey, link: Link) -> list[_Attempt]:
        """Settings are read once more: one that is right already is not written, one that moved is not overwritten."""
        settings = [step for step in steps if link.connection.settles(step.change)]
        others = [_Attempt(step, step.change) for step in steps if step not in settings]
        if not settings:
            return others
        try:
            live = await link.connection.current(survey, [step.address for step in settings])
        except VenueError as error:
            for step in settings:
                self._end(StepResult(step, "failed", error.message, error.code))
            return others
        attempts = []
        for step in settings:
            found, change = live[step.address], step.change
            if found == change.after:
                self._end(StepResult(step, "already"))
            elif isinstance(found, Unreadable):
                self._end(StepResult(step, "failed", found.message, found.code))
            elif change.before_known and found != change.before:
                message = f"it is {to_json(found)} now, neither {to_json(change.before)} nor as wanted: plan again"
                self._end(StepResult(step, "failed", message, "stale"))
            else:
                attempts.append(_Attempt(step, change))
        return attempts + others

    # -- the write -------------------------------------------------------------------------------------------------

    async def _write(self, attempts: Sequence[_Attempt], survey: Survey, link: Link) -> None:
        """Send the writes of a batch at once, through one gate."""
        changes = [attempt.change for attempt in attempts if link.connection.gated(attempt.change)]
        gate = Gate(link.connection, survey, changes, link.client.clock) if changes else None
        await asyncio.gather(*(self._send(attempt, survey, link, gate) for attempt in attempts))

    async def _send(self, attempt: _Attempt, survey: Survey, link: Link, gate: Gate | None) -> None:
        writer = JournalWriter(self.run, link.client, link.connection.user, gate)
        attempt.sent_at, attempt.writer = None, writer
        try:
            await link.connection.write(survey, attempt.change, writer)
        except OutcomeUnknown as error:
            await writer.close("unknown")
            attempt.sent_at = getattr(error, "sent_at", link.client.clock.now())
            attempt.trouble = attempt.silence = error.message
        except GateClosed as error:
            attempt.result = StepResult(attempt.step, "blocked", error.message)
        except Refused as error:
            await writer.close("failed")
            blocked = link.connection.is_precondition(error.code)
            refusal = StepResult(attempt.step, "blocked" if blocked else "failed", error.told, error.code)
            if attempt.change.kind == "account" and not attempt.repeated:
                attempt.result = refusal  # an account that is there now was made by somebody else
            else:
                attempt.refusal = refusal
        except StoreError as error:
            await writer.close("failed")
            attempt.result = StepResult(attempt.step, "failed", error.told)
        except AcctcfgError as error:
            await writer.close("unknown")
            attempt.result = StepResult(attempt.step, "failed", error.told, getattr(error, "code", ""))
        else:
            await writer.close("done")

    # -- after -----------------------------------------------------------------------------------------------------

    async def _see(self, attempts: Sequence[_Attempt], survey: Survey, link: Link) -> None:
        """Read back until every write shows, or cannot any more. Accepted is not applied."""
        clock = link.client.clock
        patience = READ_BACK_S / link.speed
        deadline = clock.monotonic() + patience
        last = deadline + link.venue.write_window_s / link.speed + patience  # where nothing can be read at all
        pause = FIRST_POLL_S
        while open_ := [attempt for attempt in attempts if attempt.result is None]:
            await self._look(open_, survey, link)
            for attempt in open_:
                if attempt.result is None and attempt.refusal is not None:
                    attempt.result = attempt.refusal
                elif attempt.result is None and attempt.sent_at is not None:
                    before = attempt.repeated
                    await self._resolve(attempt, survey, link)
                    deadline = max(deadline, clock.monotonic() + patience) if attempt.repeated else deadline
                    if attempt.repeated and not before:  # the second one may happen as late as the first
                        last = max(last, deadline + link.venue.write_window_s / link.speed)
            waiting = [attempt for attempt in open_ if attempt.result is None]
            now = clock.monotonic()
            if not waiting or now > last or (now > deadline and all(a.sent_at is None for a in waiting)):
                break
            await clock.sleep(pause / link.speed)
            pause = min(2 * pause, 1.0)
        for attempt in attempts:
            if attempt.result is None:
                attempt.result = _never_seen(attempt, later=link.venue.effects_come_later)

    async def _look(self, attempts: Sequence[_Attempt], survey: Survey, link: Link) -> None:
        try:
            live = await link.connection.current(survey, [attempt.step.address for attempt in attempts])
        except VenueError as error:
            for attempt in attempts:
                attempt.trouble, attempt.seen = error.message, Unreadable(error.code, error.message)
            return
        for attempt in attempts:
            seen = attempt.seen = live[attempt.step.address]
            attempt.trouble = seen.message if isinstance(seen, Unreadable) else ""
            if _shows(attempt.step.change, attempt.seen):
                attempt.result = StepResult(attempt.step, "done")
                if attempt.writer is not None:
                    await attempt.writer.found("happened")

    async def _resolve(self, attempt: _Attempt, survey: Survey, link: Link) -> None:
        """A write without an answer, and a read that does not show it: once it no longer can, send it once more."""
        seen = attempt.seen
        if seen is None or isinstance(seen, Unreadable | After):
            return
        window = link.venue.write_window_s / link.speed
        now = link.client.clock.now() + link.client.offset_s
        late = attempt.sent_at is not None and now > attempt.sent_at + window
        made = isinstance(seen, Lost) and seen.ours  # it shows what the write made: it cannot happen any more
        if not late and not made:
            return
        if attempt.repeated:
            attempt.result = _never_answered(attempt)
            return
        if not made:
            await self._look([attempt], survey, link)  # the last one may have been read before the window closed
            if attempt.result is not None or isinstance(attempt.seen, Unreadable | After):
                return
        address = attempt.step.address
        changes, _ = diff({address: survey.desired[address]}, {address: attempt.seen or seen})
        if not changes:
            attempt.result = StepResult(attempt.step, "done")
            return
        if attempt.writer is not None and not made:
            await attempt.writer.found("did_not_happen")
        if self.stopping:
            what = "its secret never arrived" if made else "it did not happen"
            attempt.result = StepResult(attempt.step, "failed", f"{what}; interrupted before it was sent once more")
            return
        attempt.repeated = True
        attempt.refusal = None
        attempt.change = changes[0]
        await self._write([attempt], survey, link)


def _shows(change: Change, seen: Live) -> bool:
    """Whether a read shows the change; what is deleted shows as absent."""
    return seen is ABSENT if change.after is None else seen == change.after


def _never_answered(attempt: _Attempt) -> StepResult:
    """For a write of which neither an answer nor a read tells what became of it."""
    sent = "sent twice" if attempt.repeated else "sent"
    shown = to_json(attempt.seen)
    seen = attempt.trouble or f"the venue still shows {shown if shown is not None else 'nothing'}"
    said = f" ({attempt.silence})" if attempt.silence != seen else ""
    return StepResult(attempt.step, "unknown", f"{sent} without an answer that tells; {seen}{said}")


def _never_seen(attempt: _Attempt, *, later: bool) -> StepResult:
    if attempt.sent_at is not None:
        return _never_answered(attempt)
    if attempt.trouble:
        message = f"the venue accepted it, and reading it back failed: {attempt.trouble}"
        return StepResult(attempt.step, "unknown", message)
    shown = to_json(attempt.seen)
    shown = shown if shown is not None else "nothing"
    if later:
        message = f"accepted but never seen: {READ_BACK_S:g} s later the venue still shows {shown}; it may yet come"
        return StepResult(attempt.step, "unknown", message, "accepted_not_seen")
    message = f"the venue accepted it and did not do it: it shows {shown}"
    return StepResult(attempt.step, "failed", message, "not_applied")


def _batches(steps: Sequence[Step], link: Link) -> Iterable[list[Step]]:
    """Steps in order; neighbours that may be written at once together."""
    batch: list[Step] = []
    word = ""
    for step in steps:
        this = link.connection.together(step.change)
        if batch and (not this or this != word):
            yield batch
            batch = []
        batch.append(step)
        word = this
    if batch:
        yield batch


def _why_blocked(step: Step) -> str:
    failed = [f"{check.name}: {check.detail or check.status}" for check in step.prechecks if check.blocks]
    return "; ".join(failed)


def _why_left_out(held: bool) -> str:
    if held:
        return "left out: something else in its account is blocked or could not be read"
    return "nothing is written beside what is blocked or could not be read; --skip-blocked would leave that out"
