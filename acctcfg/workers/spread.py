"""The walk over a plan whose steps workers carry out: this process holds the locks, hands out parts and waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Final, Self

from acctcfg.core.address import Address
from acctcfg.core.events import StepStart
from acctcfg.core.outcome import Outcome, StepResult
from acctcfg.core.plan import Step
from acctcfg.engine.execute import INTERRUPTED, Execution
from acctcfg.engine.part import PART, PART_ENDED, lock_of_part
from acctcfg.engine.plan import Planned
from acctcfg.engine.workspace import Locks
from acctcfg.errors import JournalError
from acctcfg.journal import is_left
from acctcfg.workers.jobs import APPLY, NO_WORKER, Jobs
from acctcfg.workers.parts import handed, in_parts

if TYPE_CHECKING:
    from acctcfg.core.json_types import JsonObject

__all__ = ["Spread"]

POLL_S: Final = 0.2
LOOK_S: Final = 2.0
"""How often it is looked at whether workers are still there."""
IDLE_S: Final = 6.0
"""So long nobody may take a part before the user is told."""
TRIES: Final = 5
"""So often a part is handed out whose worker ended without a word of it."""


@dataclass(slots=True)
class _Open:
    """A part that has not ended: its steps, and the job that it is."""

    user: str
    base_url: str
    steps: Sequence[Step]
    job: int
    tries: int = 1
    missing: bool = False  # whether the last look found no job


@dataclass(slots=True, kw_only=True)
class Spread(Execution):
    """A walk over the same plan, on the same record."""

    locks: Locks
    jobs: Jobs
    allow_warnings: bool
    _open: dict[int, _Open] = field(default_factory=dict)
    _rows: dict[str, JsonObject] = field(default_factory=dict)  # how steps ended, as workers wrote it down
    _coming: dict[str, Step] = field(default_factory=dict)  # by address: the steps whose turn has not come
    _recorded: set[Address] = field(default_factory=set)  # the steps of these
    _elsewhere: set[str] = field(default_factory=set)  # the accounts of all parts
    _parts: int = 0
    _read: int = 0  # the last row of the journal that was looked at
    _notes: list[str] = field(default_factory=list)
    _unrecorded: bool = False
    _idle_since: float | None = None

    @classmethod
    def over(cls, plain: Execution, locks: Locks, *, jobs: Jobs, allow_warnings: bool) -> Self:
        """In place of a walk in this process."""
        same = {one.name: getattr(plain, one.name) for one in fields(Execution)}
        return cls(**same, locks=locks, jobs=jobs, allow_warnings=allow_warnings)

    @property
    def to_finish(self) -> str:
        """Workers finish what they have sent."""
        return "the workers finish what is under way" if self._open else "nothing is under way"

    @property
    def notes(self) -> tuple[str, ...]:
        """What the workers said."""
        return tuple(dict.fromkeys(self._notes))

    @property
    def unrecorded(self) -> bool:
        """Also what a worker could not keep."""
        return self._unrecorded or bool(self.run.trouble or self.run.halted)

    def to_record(self, outcome: Outcome) -> tuple[Planned, Outcome]:
        """The accounts of no part, and steps of which no worker said anything."""
        surveys = {key: one for key, one in self.planned.surveys.items() if key not in self._elsewhere}
        results = tuple(one for one in outcome.results if one.step.address not in self._recorded)
        return replace(self.planned, surveys=surveys), replace(outcome, results=results)

    async def carry_out(self, accounts: Sequence[Sequence[Step]]) -> None:
        """Hand them out in parts, and wait until each has ended."""
        try:
            for part in in_parts(accounts):
                await self._hand_out(part)
            await self._wait()
        except JournalError as error:
            self._lose(error, [step for some in accounts for step in some])

    async def _wait(self) -> None:
        looked = self._now()
        while self._open and not self.stopping:
            await self._stop.sleep(asyncio.sleep(POLL_S))
            await self._hear()
            if self._now() - looked >= LOOK_S:
                await self._look()
                looked = self._now()
        if self._open:
            await self._wind_up()

    def _lose(self, error: JournalError, steps: Sequence[Step]) -> None:
        """Without the database nobody tells how a part ended; its workers stop once our lock is no longer there."""
        self.run.halted = self.run.halted or error.told
        self._open.clear()
        for step in steps:
            if step.address not in self.results:
                self._end(StepResult(step, "unknown", "a worker may have carried it out: apply again"))

    async def _hand_out(self, part: Sequence[Sequence[Step]]) -> None:
        self._parts += 1
        number = self._parts
        body = handed(self.planned, part, self.locks, number, allow_warnings=self.allow_warnings)
        await asyncio.to_thread(self.run.journal.note_part, self.run.id, PART, body)
        job = await self.jobs.put(APPLY, self.run.id, number)
        steps = [step for some in part for step in some]
        self._elsewhere |= {step.address.account for step in steps}
        self._coming |= {str(step.address): step for step in steps}
        self._open[number] = _Open(str(body["user"]), str(body["base_url"]), steps, job)

    async def _hear(self) -> None:
        """Read what workers wrote down."""
        for seq, kind, facts in await asyncio.to_thread(self.run.journal.told, self.run.id, self._read):
            self._read = seq
            if kind == "intent":
                self._started(str(facts["address"]))
            elif kind == "step":
                self._rows[str(facts["address"])] = facts
            elif facts["kind"] == PART_ENDED:
                body = facts["body"]
                assert isinstance(body, dict)  # noqa: S101 (Part.ended wrote it)
                if (part := self._open.pop(int(str(body["number"])), None)) is not None:
                    await self._close(part, body)

    def _started(self, address: str) -> None:
        """Tell that a step's turn has come: a worker wrote down that it sends something, or ended it without."""
        if (step := self._coming.pop(address, None)) is not None:
            self.progress.happened(StepStart(step))

    def _tell(self, result: StepResult) -> None:
        """How a step ended; one that had nothing to send began with its end."""
        if result.status != "not_started":
            self._started(str(result.step.address))
        self._end(result)

    async def _close(self, part: _Open, end: JsonObject) -> None:
        """Give each step of a part its result."""
        self._unrecorded = self._unrecorded or bool(end.get("unrecorded"))
        self._notes += [str(one) for one in _list(end.get("notes"))]
        silent = [step for step in part.steps if str(step.address) not in self._rows]
        for step in part.steps:
            if (row := self._rows.pop(str(step.address), None)) is not None:
                self._recorded.add(step.address)
                self._tell(StepResult(step, str(row["status"]), str(row["message"]), str(row["code"])))
        if silent:
            sent = await asyncio.to_thread(self.run.journal.sent, self.run.id)
            for step in silent:
                self._tell(_unsaid(step, end, sent.get(str(step.address))))

    async def _look(self) -> None:
        """Hand out again what workers have left, and say so where there is none."""
        states = await self.jobs.states()
        for number, part in list(self._open.items()):
            state = states.get(part.job)
            if state == "stalled" or (state == "doing" and await asyncio.to_thread(self._left, number, part)):
                await self.jobs.put_back(part.job)
            await self._again(number, part, missing=state is None)
        working = any(states.get(one.job) == "doing" for one in self._open.values())
        self._say_if_idle(idle=bool(self._open) and not working)

    def _left(self, number: int, part: _Open) -> bool:
        """Whether the process that has the part is known to be dead: one of this machine is at once."""
        session = self.planned.session
        assert session is not None  # noqa: S101 (draw_up read through it)
        storage = session.workspace.storage()
        try:
            return is_left(storage, lock_of_part(part.user, number), base_url=part.base_url)
        finally:
            storage.close()

    async def _again(self, number: int, part: _Open, *, missing: bool) -> None:
        """A job that ended without a word of its part is put once more; what was done is found done."""
        if not missing or not part.missing:
            part.missing = missing
            return
        if part.tries >= TRIES:
            del self._open[number]
            await self._close(part, {"error": "no worker could carry it out: see what the workers said"})
            return
        part.job, part.tries, part.missing = await self.jobs.put(APPLY, self.run.id, number), part.tries + 1, False

    def _say_if_idle(self, *, idle: bool) -> None:
        now = self._now()
        if not idle:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        elif now - self._idle_since >= IDLE_S:
            self.progress.alert(NO_WORKER)
            self._idle_since = now + 10 * IDLE_S

    async def _wind_up(self) -> None:
        """After a signal: workers finish what they sent, and nothing else of any part is begun."""
        await self.jobs.end([one.job for one in self._open.values()])
        while self._open:
            await self._hear()
            states = await self.jobs.states()
            for number, part in list(self._open.items()):
                gone = states.get(part.job) != "doing"
                if gone and part.missing:
                    del self._open[number]
                    await self._close(part, {"interrupted": True})
                part.missing = gone
            await asyncio.sleep(POLL_S)

    def _now(self) -> float:
        assert self.planned.session is not None  # noqa: S101 (draw_up read through it)
        return self.planned.session.clock.monotonic()


def _unsaid(step: Step, end: JsonObject, done: bool | None) -> StepResult:
    """The end of a step that no worker told: it was right when the last one looked, or nobody looked any more.

    `done`: whether a write of it was answered, or found to have happened; None: none was sent.
    """
    if done:
        return StepResult(step, "done")
    if done is not None and (end.get("interrupted") or end.get("error")):
        return StepResult(step, "unknown", "a worker sent it, and was killed before its outcome was known: apply again")
    if end.get("interrupted"):
        return StepResult(step, "not_started", INTERRUPTED)
    if end.get("error"):
        return StepResult(step, "failed", f"nothing was sent: {end['error']}")
    for one in _list(end.get("unreadable")):
        if isinstance(one, dict) and str(one["address"]).partition(".")[0] == step.address.account:
            return StepResult(step, "failed", str(one["message"]), str(one["code"]))
    return StepResult(step, "already")


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
