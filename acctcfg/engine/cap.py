"""The brake: lower every leverage above a cap, account by account, and raise nothing.

Accounts are read at once, and lowered in groups as they come: one that is slow, or cannot be read, holds up no other.
A scope that something stands in the way of is left as it is and named. Writes go the way of every other write: read
again, through the gate, on record, read back.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from acctcfg.core.address import Address, Focus
from acctcfg.core.brake import Braked, Lowering
from acctcfg.core.desired import AccountSpec
from acctcfg.core.diff import diff
from acctcfg.core.json_types import JsonObject, JsonValue
from acctcfg.core.outcome import StepResult
from acctcfg.core.plan import Plan, Step, Unread
from acctcfg.core.state import Unreadable, written
from acctcfg.core.value_text import told
from acctcfg.engine.carry_out import not_on_record
from acctcfg.engine.execute import Execution
from acctcfg.engine.plan import Planned
from acctcfg.engine.progress import SILENT, Progress, safe
from acctcfg.engine.record import Run
from acctcfg.engine.refused_values import Values
from acctcfg.engine.same_account import EachOnce
from acctcfg.engine.send import from_to
from acctcfg.engine.session import Link, Session
from acctcfg.engine.stopping import Interrupts
from acctcfg.engine.turn import Latecomers, hold_locks, let_writes_expire, working
from acctcfg.engine.unforeseen import spoiled
from acctcfg.engine.workspace import Locks, Workspace
from acctcfg.errors import AcctcfgError, JournalError, UsageError, VenueError
from acctcfg.venues.brake import Brake, Braking, Obstacle
from acctcfg.venues.contract import Survey

if TYPE_CHECKING:
    from acctcfg.journal import Journal

__all__ = ["cap"]

QUIET_S = 2.0
"""An account that is read this much later than the one before it is waited for no longer by those that were read; nor
is a connection that takes this long to open."""
NO_BRAKE = "no_brake"
LOWERED_AT_ONCE = 24
"""Accounts that are written to at a time: few enough that the writes of each end while its prechecks still count."""


async def cap(
    workspace: Workspace,
    most: Decimal,
    *,
    approve: Callable[[Braked], bool],
    targets: Sequence[str] = (),
    everything: bool = False,
    lock_timeout_s: float = 0.0,
    said: JsonObject | None = None,
    progress: Progress = SILENT,
    interrupts: Interrupts | None = None,
) -> Braked:
    """Lower every leverage above `most` in the accounts of the workspace; `everything`: of all that they may trade.

    `approve` is asked once, when there is something to lower.
    """
    progress, focus = safe(progress), Focus(targets)
    specs = _specs(workspace, focus)
    if targets and not specs:
        raise UsageError(
            f"{', '.join(targets)} selects no account that has leverage",
            hint="accounts are named by their keys in the manifest: ACCOUNT, or ACCOUNT.leverage[swap/*]",
        )
    async with (
        Session(workspace, {spec.venue for spec in specs}, progress=progress, patience_s=QUIET_S) as session,
        hold_locks(session, lock_timeout_s, progress) as locks,
        Latecomers(session, locks, lock_timeout_s) as late,
    ):
        flags = {"cap": told(most), "targets": list(targets), "all": everything, **(said or {})}
        with workspace.journal(create=True) as journal:
            once = EachOnce(session)
            brake = _Brake(session, most, focus, everything, locks, late, once, journal, flags, approve, progress)
            return await brake.carry_out(specs, interrupts or Interrupts())


def _specs(workspace: Workspace, focus: Focus) -> list[AccountSpec]:
    """The accounts that have leverage, managed or not."""
    found = []
    for spec in workspace.manifest.accounts.values():
        rules = workspace.types[workspace.manifest.venues[spec.venue].type]
        fields = rules.main_fields if spec.role == "main" else rules.fields
        if "leverage" in fields and focus.may_want(spec.key, "leverage"):
            found.append(spec)
    return found


def _read(survey: Survey) -> int:
    """How many scopes are known to be above the cap or not: one that could not be read is neither."""
    return sum(not isinstance(survey.live[address], Unreadable) for address in survey.desired)


T = TypeVar("T")


def _cancel(tasks: Sequence[asyncio.Future[T]]) -> None:
    for task in tasks:
        task.cancel()


@dataclass(slots=True)
class _Brake:
    """One brake on its way."""

    session: Session
    most: Decimal
    focus: Focus
    everything: bool
    locks: Locks
    latecomers: Latecomers
    once: EachOnce
    journal: Journal
    flags: JsonObject
    approve: Callable[[Braked], bool]
    progress: Progress
    brakings: dict[str, Braking] = field(default_factory=dict)
    steps: dict[Address, Step] = field(default_factory=dict)
    late: dict[Address, StepResult] = field(default_factory=dict)  # what a late write of an earlier run raised again
    unread: list[Unread] = field(default_factory=list)
    pending: int = 0  # accounts that are still being read
    executions: list[Execution] = field(default_factory=list)
    capped: set[str] = field(default_factory=set)  # accounts of which the journal knows that the brake is on
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LOWERED_AT_ONCE))
    run: Run | None = None
    stopping: bool = False
    unrecorded: str = ""

    async def carry_out(self, specs: Sequence[AccountSpec], interrupts: Interrupts) -> Braked:
        """Read, ask, lower, read back, and tell what is still above."""
        reading = [asyncio.ensure_future(self._read(spec)) for spec in specs]
        walks: list[asyncio.Future[None]] = []
        try:
            async for group in self._groups(reading):
                steps = self._steps(group)
                if steps and self.run is None:
                    if not self.approve(self.told()):
                        return replace(self.told(), declined=True)
                    self._begin()
                    interrupts.run(lambda: self._stop(reading), lambda: _cancel(walks))
                if steps:
                    walks.append(asyncio.ensure_future(self._walk(group, steps)))
            if self.run is None:
                self._begin()
            for ended in await asyncio.gather(*walks, return_exceptions=True):
                if isinstance(ended, Exception):
                    raise ended
            await self._look_again()
        finally:
            _cancel(reading)
            _cancel(walks)
            interrupts.over()
            self._end()
        return self.told()

    # -- reading -------------------------------------------------------------------------------------------------------

    async def _read(self, spec: AccountSpec) -> Braking | None:
        """One account; whatever is wrong with it stays its own."""
        connection = self.session.links[spec.venue].connection
        try:
            await self.latecomers.join(spec.venue)
            if (error := self.session.failed.get(spec.venue)) is not None:
                raise error
            if self.run is not None:
                connection.client.on_request = self.run.heard
            if not isinstance(connection, Brake):
                why = f"the venue type {connection.spec.type} has no brake: lower it at the venue"
                raise VenueError(why, code=NO_BRAKE)
            found = await connection.brake(spec, self.most, self.focus, everything=self.everything)
        except AcctcfgError as failed:
            self.unread.append(Unread(spec.key, getattr(failed, "code", "") or "unreadable", failed.told))
            return None
        except asyncio.CancelledError:
            self.unread.append(Unread(spec.key, "interrupted", "interrupted before it was read"))
            raise
        except Exception as failed:
            self.unread.append(spoiled(spec.key, failed, connection.spec))
            return None
        return found

    async def _groups(self, reading: Sequence[asyncio.Future[Braking | None]]) -> AsyncIterator[list[Braking]]:
        """The accounts in the order in which they are read: those that come together are lowered together."""
        read: asyncio.Queue[asyncio.Future[Braking | None]] = asyncio.Queue()
        for task in reading:
            task.add_done_callback(read.put_nowait)
        self.pending = len(reading)
        self.progress.phase("reading accounts", self.pending)
        while self.pending:
            group = []
            tasks = [await read.get()]
            while tasks:
                task = tasks.pop()
                self.pending -= 1
                self.progress.advance()
                if not task.cancelled() and (found := task.result()) is not None:
                    group.append(found)
                with suppress(TimeoutError):
                    async with asyncio.timeout(QUIET_S):
                        tasks += [await read.get()] if self.pending else []
            yield self._noted(group)

    def _noted(self, group: Sequence[Braking]) -> list[Braking]:
        """Those that are there. What could not be read of the others is told too: they may stand above."""
        there = [one for one in group if one.survey.exists]
        for one in group:
            self.unread += one.survey.unreadable
        for one in sorted(there, key=lambda one: one.survey.spec.key):
            self.once.keep_own(one.survey)
            self.brakings[one.survey.spec.key] = one
        return there

    def _steps(self, group: Sequence[Braking]) -> list[Step]:
        """What stands above the cap in these accounts, the largest open notional first."""
        steps = []
        for one in group:
            changes, failed = diff(one.survey.desired, one.survey.live)
            self.unread += [Unread(str(address), why.code, why.message) for address, why in failed]
            link = self._link(one.survey)
            for change in changes:
                checks = link.worded(one.survey.blocks.get(change.address, ()))
                calls = tuple(call.text for call in link.connection.calls(one.survey, change))
                steps.append(Step(change, one.survey.spec.venue, prechecks=checks, calls=calls))
        steps.sort(key=lambda step: (-self._notional(step), step.address))
        self.steps |= {step.address: step for step in steps}
        return steps

    def _notional(self, step: Step) -> Decimal:
        return self.brakings[step.address.account].notional.get(step.address, Decimal(0))

    def _link(self, survey: Survey) -> Link:
        return self.session.links[survey.spec.venue]

    # -- lowering ------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        workspace = self.session.workspace
        workspace.demand_intact(self.journal)
        self.run = Run(
            self.journal.begin_run(command="cap", flags=self.flags, **workspace.who()), self.journal, self.locks.fresh
        )
        for link in working(self.session):
            link.client.on_request = self.run.heard

    async def _walk(self, group: Sequence[Braking], steps: Sequence[Step]) -> None:
        assert self.run is not None  # noqa: S101 (begun after the approval)
        planned = Planned(
            Plan(steps=tuple(steps)), {one.survey.spec.key: one.survey for one in group}, session=self.session
        )
        blocked = frozenset(step.address for step in steps if step.blocked)
        execution = Execution(planned, self.run, self.progress, blocked, values=Values(in_order=True), turns=self.turns)
        self.executions.append(execution)
        self._is_on(one.survey for one in group)  # goes on record with the first write: this run may be killed
        if self.stopping:
            execution.stop()
        try:
            await execution.walk()
        except asyncio.CancelledError:
            execution.break_off()
            if not self.stopping:
                raise

    def _stop(self, reading: Sequence[asyncio.Future[Braking | None]]) -> None:
        self.stopping = True
        _cancel(reading)
        for one in self.executions:
            one.stop()
        count = sum(one.under_way for one in self.executions)
        what = "nothing is under way" if not count else f"finishing {count} write{'s' * (count != 1)}"
        self.progress.alert(f"interrupted: {what}; press again to stop at once")

    async def _look_again(self) -> None:
        """A write of an earlier run that may have arrived since could have raised what was read before it."""
        if self.stopping or not self._late_writes():
            return
        await let_writes_expire(self.session, self.locks, self.progress)
        for one in self.brakings.values():
            survey = one.survey
            try:
                live = await self._link(survey).connection.current(survey, list(survey.desired))
            except AcctcfgError as error:
                self.unread.append(Unread(survey.spec.key, "unreadable", error.told))
                continue
            changes, _ = diff(survey.desired, live)
            for change in changes:
                step = self.steps.setdefault(change.address, Step(change, survey.spec.venue))
                if (ended := self.results.get(change.address)) is None or ended.status in ("done", "already"):
                    message = f"a write of an earlier run arrived late: it is {told(change.before)}; run cap again"
                    self.late[change.address] = StepResult(step, "failed", message, "late")

    def _late_writes(self) -> bool:
        users = {link.connection.user for link in working(self.session)}
        if any(self.locks.late(user) > -math.inf for user in users):
            return True
        intents = [one for user in users for one in self.journal.unresolved(user)]
        return any(self.run is not None and one.run != self.run.id and ".leverage[" in one.address for one in intents)

    # -- telling -------------------------------------------------------------------------------------------------------

    @property
    def results(self) -> dict[Address, StepResult]:
        """How every step ended that did."""
        ended = {address: one for each in self.executions for address, one in each.results.items()}
        return ended | self.late

    def _is_on(self, surveys: Iterable[Survey]) -> None:
        """Let the next apply know that the brake is on in these accounts."""
        assert self.run is not None  # noqa: S101 (begun after the approval)
        uids: dict[str, list[str]] = {}
        for survey in surveys:
            if survey.uid and survey.spec.key not in self.capped:
                self.capped.add(survey.spec.key)
                uids.setdefault(self._link(survey).connection.user, []).append(survey.uid)
        for user, some in sorted(uids.items()):
            self.journal.remember_cap(self.run.id, user, told(self.most), some)

    def _end(self) -> None:
        """The end of the run, and whom it capped, for the next apply."""
        if self.run is None:
            return
        self.run.over()
        self.locks.ended(self.results.values())
        try:
            self._is_on(one.survey for one in self.brakings.values())
            self.journal.steps(self.run.id, map(self._row, self.results.values()))
            outcome = self.told()
            status = "interrupted" if self.stopping else "done"
            self.journal.end_run(self.run.id, status, {**outcome.counts, "exit": outcome.exit_code})
        except JournalError as error:
            self.unrecorded = f"the end of this run was not recorded ({error.message})"

    def _row(self, result: StepResult) -> dict[str, JsonValue]:
        step, survey = result.step, self.brakings[result.step.address.account].survey
        end = {"status": result.status, "code": result.code, "message": result.message}
        place = {"address": str(step.address), "venue": step.venue, "name": survey.spec.name, "uid": survey.uid}
        return {**place, "action": step.change.action, **from_to(result.change), **end}

    def told(self) -> Braked:
        """Everything that is known by now."""
        results = self.results
        ends = [(step, results.get(step.address)) for step in self.steps.values()]
        lowerings = [self._lowering(*one) for one in ends if one[1] is None or one[1].status != "already"]
        raised = {address: value for one in self.brakings.values() for address, value in one.wanted.items()}
        notes = [note for one in self.session.links.values() for note in one.notes()]
        notes += [*self.once.notes, *(not_on_record(self.run) if self.run else ())]
        notes += [*filter(None, [self.unrecorded]), *self.locks.notes]
        return Braked(
            most=self.most,
            lowerings=tuple(sorted(lowerings, key=lambda one: (-one.notional, one.address))),
            raised=tuple(sorted(raised.items())),
            unreadable=tuple(sorted(set(self.unread), key=lambda one: (one.address, one.code))),
            looked_at=sum(_read(one.survey) for one in self.brakings.values()),
            accounts=len(self.brakings),
            pending=self.pending,
            targets=self.focus.targets,
            run=self.run.id if self.run else "",
            interrupted=self.stopping,
            unrecorded=bool(self.unrecorded or (self.run and (self.run.trouble or self.run.halted))),
            notes=tuple(notes),
        )

    def _lowering(self, step: Step, result: StepResult | None) -> Lowering:
        address, change = step.address, result.change if result else step.change
        braking = self.brakings[address.account]
        before, after = change.before, written(change.after)
        assert isinstance(before, Decimal) and isinstance(after, Decimal)  # noqa: S101, PT018 (both are leverages)
        status = result.status if result else "blocked" if step.blocked else "to_lower"
        why = "; ".join(f"{check.name}: {check.detail or check.status}" for check in step.prechecks if check.blocks)
        link = self._link(braking.survey)
        held: tuple[Obstacle, ...] = ()
        if status in ("blocked", "failed") and isinstance(link.connection, Brake):
            held = link.connection.obstacles(braking.survey, address)
        if status == "failed" and held and result is not None and result.code in link.venue.error_codes():
            status = "blocked"  # the venue refused it, with these in its way
        return Lowering(
            address=address,
            venue=step.venue,
            before=before,
            after=after,
            notional=self._notional(step),
            status="lowered" if status == "done" else status,
            message=result.message if result else why,
            code=result.code if result else "",
            obstacles=tuple((one.what, one.cancel) for one in held) if status == "blocked" else (),
            wanted=braking.wanted.get(address),
        )
