"""Walk the plan: accounts at once, steps of one account in order.

Each step is read again (`recheck`), written through a gate and on record (`send`), and read back (`read_back`). A
failure stops what depends on it and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from acctcfg.core.address import Address
from acctcfg.core.outcome import StepResult
from acctcfg.core.plan import Step
from acctcfg.engine.attempt import GOOD, Stop, Work
from acctcfg.engine.plan import Planned
from acctcfg.engine.progress import Progress
from acctcfg.engine.read_back import read_back
from acctcfg.engine.recheck import read_again
from acctcfg.engine.record import Run
from acctcfg.engine.send import send
from acctcfg.engine.session import Link
from acctcfg.errors import AcctcfgError

__all__ = ["Execution"]


@dataclass(slots=True)
class Execution:
    """One walk over one plan. `results` grows as it goes; `stop()` lets what is under way end and starts no more."""

    planned: Planned
    run: Run
    progress: Progress
    left_out: frozenset[Address] = frozenset()  # steps that are not carried out at all
    results: dict[Address, StepResult] = field(default_factory=dict)
    _stop: Stop = field(default_factory=Stop)
    _ended: dict[Address, asyncio.Event] = field(default_factory=dict)

    @property
    def stopping(self) -> bool:
        """Whether it was told to start nothing more."""
        return self._stop.asked

    def stop(self) -> None:
        """Start nothing more."""
        self._stop.asked = True

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
        work = Work(survey, self.planned.link(steps[0]), self.run, self._stop)
        try:
            for batch in _batches(steps, work.link):
                await self._batch(batch, work)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            # Nothing of one account may stop the others; what went wrong is said, without values.
            message = error.message if isinstance(error, AcctcfgError) else f"internal error: {type(error).__name__}"
            for step in steps:
                if step.address not in self.results:
                    self._end(StepResult(step, "failed", message, getattr(error, "code", "")))
                    message = "the account's walk ended before it"

    async def _batch(self, batch: Sequence[Step], work: Work) -> None:
        ready = [step for step in batch if await self._may_begin(step)]
        if not ready:
            return
        attempts = await read_again(ready, work)
        due = [one for one in attempts if one.result is None]
        for one in attempts:
            if one.result is not None:
                self._end(one.result)
        if due:
            await send(due, work)
            await read_back(due, work)
        for one in due:
            assert one.result is not None  # noqa: S101 (every way through read_back ends in one)
            self._end(one.result)

    async def _may_begin(self, step: Step) -> bool:
        """Wait for what goes before it; False where that failed, or where nothing more is begun."""
        for other in (*step.depends_on, *step.waits_for):
            if other in self._ended:
                await self._ended[other].wait()
        failed = [a for a in step.depends_on if a in self.results and self.results[a].status not in GOOD]
        if not failed and not self.stopping:
            return True
        why = f"waits for {failed[0]}, which did not succeed" if failed else "interrupted before it began"
        self._end(StepResult(step, "not_started", why))
        return False


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
