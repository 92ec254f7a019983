"""Walk the plan: accounts at once, steps of one account in order.

Each step is read again (`recheck`), written through a gate and on record (`send`), read back (`read_back`), and with it
what it may have moved (`siblings`). A failure stops what depends on it and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Container, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

from acctcfg.core.address import Address
from acctcfg.core.events import StepDone, StepStart
from acctcfg.core.outcome import NOT_READ_BACK, NOT_YET, Outcome, StepResult
from acctcfg.core.plan import Plan, Step, by_account
from acctcfg.core.rollout import StagedWave
from acctcfg.engine.attempt import GOOD, Attempt, Work
from acctcfg.engine.batches import batches
from acctcfg.engine.estimate import seconds_alone
from acctcfg.engine.plan import Planned
from acctcfg.engine.progress import Progress
from acctcfg.engine.read_back import read_back
from acctcfg.engine.recheck import LastLook
from acctcfg.engine.record import Run
from acctcfg.engine.refused_values import Values
from acctcfg.engine.send import send
from acctcfg.engine.siblings import look_at_siblings
from acctcfg.engine.stopping import Stop
from acctcfg.engine.unforeseen import blame
from acctcfg.engine.windows import why_closed
from acctcfg.venues.contract import FRESH_SINCE
from acctcfg.wire.failures import Dropped

__all__ = ["Execution", "left_out"]

INTERRUPTED = "interrupted before it began"
UNSURE = (NOT_YET, NOT_READ_BACK)


@dataclass(slots=True)
class Execution:
    """One walk over one plan. `results` grows as it goes; `stop()` lets what is under way end and starts no more."""

    planned: Planned
    run: Run
    progress: Progress
    left_out: frozenset[Address] = frozenset()  # steps that are not carried out at all
    lost: frozenset[str] = frozenset()  # addresses that an earlier run wrote to and got no answer
    values: Values = field(default_factory=Values)
    turns: asyncio.Semaphore | None = None  # how many accounts look and write at a time; None for all of them
    results: dict[Address, StepResult] = field(default_factory=dict)
    _stop: Stop = field(default_factory=Stop)
    _ended: dict[Address, asyncio.Event] = field(default_factory=dict)

    @property
    def stopping(self) -> bool:
        """Whether it was told to start nothing more."""
        return self._stop.asked

    @property
    def under_way(self) -> int:
        """How many steps have sent something and have no result yet."""
        return len(self._stop.sent)

    @property
    def to_finish(self) -> str:
        """What a run that begins nothing more still has to finish."""
        count = self.under_way
        return "nothing is under way" if not count else f"finishing {count} write{'s' * (count != 1)}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What else the run says once, after its results."""
        return ()

    @property
    def unrecorded(self) -> bool:
        """Whether something of it is not on record."""
        return bool(self.run.trouble or self.run.halted)

    def stop(self) -> None:
        """Start nothing more; what still waits for a limit is dropped."""
        self._stop.ask()
        assert self.planned.session is not None  # noqa: S101 (draw_up read through it)
        for link in self.planned.session.links.values():
            link.client.pacer.drop_waiting()

    def break_off(self) -> None:
        """Give every step without a result one: what is known of it now, and no more."""
        for step in self.planned.plan.steps:
            if step.address in self._stop.sent:
                message = "sent, but the run was stopped before its outcome was known: apply again"
                self._end(StepResult(step, "unknown", message))
            elif step.address not in self.results:
                self._end(StepResult(step, "not_started", INTERRUPTED))

    async def walk(self) -> None:
        """Carry out every step that is not left out."""
        steps = self.planned.plan.steps
        self._ended = {step.address: asyncio.Event() for step in steps}
        for result in left_out(self.planned.plan, self.left_out):
            self._end(result)
        accounts = by_account(step for step in steps if step.address not in self.left_out)
        alone = seconds_alone(self.planned.chains)
        waves = self.planned.plan.waves or (StagedWave(tuple(accounts), 0),)
        for number, wave in enumerate(waves, 1):
            longest_first = sorted(wave.accounts, key=lambda one: -alone.get(one, 0.0))
            due = [accounts[one] for one in longest_first if one in accounts and self._due(accounts[one])]
            which = f", wave {number} of {len(waves)}" if len(waves) > 1 else ""
            self.progress.phase(f"applying{which}", sum(map(len, due)))
            await self.carry_out(due)
            if number < len(waves) and due:
                await self._between(self._halts(due), wave.then_wait_s)

    async def carry_out(self, accounts: Sequence[Sequence[Step]]) -> None:
        """The steps of these accounts, until each has its result."""
        await asyncio.gather(*(self._account(some) for some in accounts))

    def to_record(self, outcome: Outcome) -> tuple[Planned, Outcome]:
        """What this process has to put on record of them: all that no other one did."""
        return self.planned, outcome

    def _due(self, steps: Sequence[Step]) -> bool:
        return any(step.address not in self.results for step in steps)

    async def _between(self, halt: str, wait_s: int) -> None:
        """After a wave: end what is left where no later one may start; else let this one prove itself."""
        if halt:
            self._leave(halt, "not_started")
            return
        await self._pause(wait_s)
        if not self.stopping and (why := self._closed()):
            self._leave(why, "blocked")

    def _halts(self, wave: Sequence[Sequence[Step]]) -> str:
        """Why no later wave is started: something of this one is not known to be done. Blocked steps are no reason."""
        ends = [self.results[step.address] for steps in wave for step in steps if step.address in self.results]
        failed = next((one for one in ends if one.status in ("failed", "unknown") or one.code in UNSURE), None)
        return f"a later wave than that of {failed.step.address}, which did not succeed" if failed else ""

    def _closed(self) -> str:
        """Why the next wave may not begin now."""
        session = self.planned.session
        assert session is not None  # noqa: S101 (draw_up read through it)
        return why_closed(session.workspace.manifest.guardrails.windows, session.now(), 0)

    def _leave(self, why: str, status: str) -> None:
        """The steps that have no result yet are not begun."""
        for step in self.planned.plan.steps:
            if step.address not in self.results:
                self._end(StepResult(step, status, why))

    async def _pause(self, seconds: int) -> None:
        """Let a wave prove itself. The lock is kept: no other run slips in between. A signal ends the wait at once."""
        if seconds and not self.stopping:
            assert self.planned.session is not None  # noqa: S101 (draw_up read through it)
            clock = self.planned.session.clock
            self.progress.phase(f"waiting {seconds} s before the next wave", None)
            await self._stop.sleep(clock.sleep(seconds))
            FRESH_SINCE.set(clock.monotonic())

    def _end(self, result: StepResult) -> None:
        address = result.step.address
        self.results[address] = result
        self._stop.sent.discard(address)
        self._ended[address].set()
        self.progress.happened(StepDone(result))
        if result.status != "not_started":
            self.progress.advance(1, str(address))

    async def _account(self, steps: Sequence[Step]) -> None:
        link = self.planned.link(steps[0])
        work = Work(
            self.planned.surveys[steps[0].address.account],
            link,
            self.run,
            self._stop,
            self.values,
            self._ended.keys(),
            self.results,
            self.lost,
        )
        try:
            parts = list(batches(steps, link.connection))
        except Exception as error:
            self._abandon(steps, blame(error, link.connection.spec), [])
            return
        for batch in parts:
            await self._guarded(batch, work)

    async def _guarded(self, batch: Sequence[Step], work: Work) -> None:
        """One batch; no exception of it, whoever's fault, goes further than its own steps."""
        attempts: list[Attempt] = []
        try:
            await self._batch(batch, work, attempts)
        except Dropped:
            for step in batch:
                if step.address not in self.results:
                    self._end(StepResult(step, "not_started", INTERRUPTED))
        except Exception as error:
            self._abandon(batch, work.blame(error), attempts)

    def _abandon(self, steps: Sequence[Step], message: str, attempts: Sequence[Attempt]) -> None:
        """After an exception: what is known of a step stands; one that was sent is unknown, the others failed."""
        known = {one.address: one.result for one in attempts if one.result is not None}
        for step in steps:
            if step.address in self.results:
                continue
            if (result := known.get(step.address)) is not None:
                self._end(result)
            elif step.address in self._stop.sent:
                self._end(StepResult(step, "unknown", f"it was sent, and then: {message}", "bug"))
            else:
                self._end(StepResult(step, "failed", f"nothing was sent: {message}", "bug"))

    async def _batch(self, batch: Sequence[Step], work: Work, attempts: list[Attempt]) -> None:
        ready = [step for step in batch if await self._may_begin(step)]
        if not ready:
            return
        async with self.turns or nullcontext():
            for step in ready:
                self.progress.happened(StepStart(step))
            look = LastLook(ready, work)
            attempts += look.attempts
            await self._stop.unless_asked(look.take())
            due = [one for one in attempts if one.result is None]
            if due:
                await send(due, work, look)
        if due:
            await read_back(due, work)
            await look_at_siblings(due, work)
        for one in attempts:
            assert one.result is not None  # noqa: S101 (every way through read_back ends in one)
            self._end(replace(one.result, found=one.found))

    async def _may_begin(self, step: Step) -> bool:
        """Wait for what goes before it; False where that failed, or where nothing more is begun."""
        for other in (*step.depends_on, *step.waits_for):
            if other in self._ended:
                await self._stop.unless_asked(self._wait_for(other))
        failed = [a for a in step.depends_on if a in self.results and self.results[a].status not in GOOD]
        if not failed and not self.stopping:
            return True
        why = f"waits for {failed[0]}, which did not succeed" if failed else INTERRUPTED
        self._end(StepResult(step, "not_started", why))
        return False

    async def _wait_for(self, address: Address) -> None:
        await self._ended[address].wait()


def left_out(plan: Plan, addresses: Container[Address]) -> list[StepResult]:
    """The ends of steps that are not begun since something is blocked or could not be read."""
    held = plan.held
    return [
        StepResult(step, "blocked", _why_blocked(step))
        if step.blocked
        else StepResult(step, "not_started", _why_left_out(step.address.account in held))
        for step in plan.steps
        if step.address in addresses
    ]


def _why_blocked(step: Step) -> str:
    failed = [f"{check.name}: {check.detail or check.status}" for check in step.prechecks if check.blocks]
    return "; ".join(failed)


def _why_left_out(held: bool) -> str:
    if held:
        return "skipped: something else in its account is blocked or could not be read"
    return (
        "nothing is written while something is blocked or could not be read; --skip-blocked leaves those accounts out"
    )
