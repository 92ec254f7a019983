"""The run of an apply: begun, walked and ended on record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from acctcfg.core.address import Address
from acctcfg.core.outcome import Outcome
from acctcfg.engine.execute import Execution
from acctcfg.engine.found_later import where_now
from acctcfg.engine.part import Part, unresolved
from acctcfg.engine.plan import Planned
from acctcfg.engine.progress import Progress
from acctcfg.engine.readers import remember_readers
from acctcfg.engine.record import Run
from acctcfg.engine.remember import remember
from acctcfg.engine.send import from_to
from acctcfg.engine.session import Session
from acctcfg.engine.stopping import Interrupts
from acctcfg.engine.turn import working
from acctcfg.engine.windows import why_closed
from acctcfg.engine.workspace import Locks, Workspace
from acctcfg.errors import AuthRefused, JournalError, words_of

if TYPE_CHECKING:
    from acctcfg.core.json_types import JsonObject, JsonValue
    from acctcfg.journal import Journal

__all__ = ["Spread", "Way", "carry_out", "not_on_record"]

Spread: TypeAlias = Callable[[Execution, Locks], Execution]
"""What makes of a walk through the plan one whose steps other processes take, under our locks."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a run is carried out: under which locks, who is told, and who else has a hand in it."""

    locks: Locks
    progress: Progress
    interrupts: Interrupts
    part: Part | None
    spread: Spread | None


async def carry_out(
    workspace: Workspace, planned: Planned, left_out: frozenset[Address], flags: JsonObject, way: Way
) -> Outcome:
    """Walk the plan on record. A journal that fails once writing has begun must not hide what was done."""
    outcome: Outcome | None = None
    unfit: AuthRefused | None = None
    try:
        with workspace.journal(create=True) as journal:
            session = planned.session
            assert session is not None  # noqa: S101 (draw_up read through it)
            users = {one.connection.user for one in working(session)}
            open_before = {user: unresolved(journal, user, way.part) for user in users}
            run = _begin(workspace, planned, flags, journal, users) if way.part is None else way.part.run
            recorded = Run(run, journal, way.locks.fresh, partial(_closed, session))
            for link in working(session):
                link.client.on_request = recorded.heard
            where = where_now(planned)
            lost = frozenset(str(at) for some in open_before.values() for one in some if (at := where(one)) is not None)
            execution = Execution(planned, recorded, way.progress, left_out, lost)
            if way.spread is not None:
                execution = way.spread(execution, way.locks)
            try:
                await _walk(execution, way.interrupts, way.progress)
            finally:
                recorded.over()
                outcome = _outcome(planned, execution, recorded)
                way.locks.ended(outcome.results)
                outcome = replace(outcome, notes=(*outcome.notes, *way.locks.notes))
                ours, here = execution.to_record(outcome)
                outcome = _kept(outcome, lambda _: remember(ours, here, journal, open_before, run))
                if way.part is not None:
                    unfit = await session.refused()
                    way.part.ended(journal, outcome, _told(planned, outcome), left=unfit is not None)
                else:
                    status = "interrupted" if execution.stopping else "done"
                    journal.steps(run, _told(planned, here))
                    journal.end_run(run, status, {**outcome.counts, "exit": outcome.exit_code})
            if unfit is not None:
                raise unfit
    except JournalError as error:
        if outcome is None:
            raise  # nothing was sent
        note = f"the end of this run was not recorded ({error.message}); {error.hint or 'repair it, then apply again'}"
        outcome = replace(outcome, unrecorded=True, notes=(*outcome.notes, note))
    return outcome


def _closed(session: Session) -> str:
    """Why nothing may be begun any more."""
    return why_closed(session.workspace.manifest.guardrails.windows, session.now(), 0)


def _begin(workspace: Workspace, planned: Planned, flags: JsonObject, journal: Journal, users: Iterable[str]) -> str:
    """Write down that a run begins, with what is known before its first write; gives its id."""
    session = planned.session
    assert session is not None  # noqa: S101 (draw_up read through it)
    run = journal.begin_run(command=planned.command, digest=planned.reviewed, flags=flags, **workspace.who())
    for link in working(session):
        spec = link.connection.spec
        journal.remember_user(run, spec.key, spec.environment, link.client.base_url, link.connection.user)
    remember_readers(workspace, journal, run, planned.plan, planned.readers)
    for user in sorted(users) if flags["after_cap"] else ():
        journal.lift_cap(run, user, _raised_again(planned))
    return run


def _raised_again(planned: Planned) -> list[str] | None:
    """The accounts in which this run says that the brake is over: those whose leverage it looks at; None for all."""
    if not planned.plan.scope.narrowed:
        return None
    surveys = planned.surveys.values()
    return [one.uid for one in surveys if any(address.field == "leverage" for address in one.desired)]


def _kept(outcome: Outcome, keep: Callable[[Outcome], None]) -> Outcome:
    """What the next run needs is kept; what keeps it from that must not hide what was done."""
    try:
        keep(outcome)
    except JournalError:
        raise
    except Exception as error:
        note = f"not everything that the next run needs was recorded: {words_of(error)}"
        return replace(outcome, unrecorded=True, notes=(*outcome.notes, note))
    return outcome


async def _walk(execution: Execution, interrupts: Interrupts, progress: Progress) -> None:
    """Walk until the end, or until a second signal: the first one lets the writes under way be read back."""
    walking = asyncio.ensure_future(execution.walk())

    def stop() -> None:
        execution.stop()
        lost = "press again to stop at once, but a new key's secret may be lost"
        progress.alert(f"interrupted: {execution.to_finish}; {lost}")

    def break_off() -> None:
        walking.cancel()

    interrupts.run(stop, break_off)
    try:
        await walking
    except asyncio.CancelledError:
        by_signal = execution.stopping
        execution.break_off()
        if not by_signal:
            raise
    finally:
        interrupts.over()


def _outcome(planned: Planned, execution: Execution, run: Run) -> Outcome:
    session, steps = planned.session, planned.plan.steps
    assert session is not None  # noqa: S101
    notes = [note for one in session.links.values() for note in one.notes()]
    return Outcome(
        plan=planned.plan,
        claimed=planned.claimed,
        results=tuple(execution.results[step.address] for step in steps if step.address in execution.results),
        run=run.id,
        interrupted=execution.stopping,
        unrecorded=execution.unrecorded,
        notes=(*notes, *execution.notes, *not_on_record(run)),
    )


def not_on_record(run: Run) -> list[str]:
    """What the journal could not keep, in one sentence for each reason."""
    reasons: dict[str, list[str]] = {}
    for address, error in run.trouble.items():
        reasons.setdefault(error.told, []).append(address)
    halted = [f"nothing more was written: {run.halted}"] if run.halted else []
    return halted + [
        f"not recorded, so its outcome is not known: {', '.join(filter(None, some)) or 'requests'} ({reason})"
        for reason, some in reasons.items()
    ]


def _told(planned: Planned, outcome: Outcome) -> Iterator[dict[str, JsonValue]]:
    """Every step of the plan with its end, for whoever asks who set what: those that nothing was sent for, too."""
    for result in outcome.results:
        step = result.step
        survey = planned.surveys[step.address.account]
        end = {"status": result.status, "code": result.code, "message": result.message}
        place = {"address": str(step.address), "venue": step.venue, "name": survey.spec.name, "uid": survey.uid}
        checks: list[JsonValue] = [{"name": c.name, "status": c.status, "detail": c.detail} for c in step.prechecks]
        yield {**place, "action": step.change.action, **from_to(result.change), "prechecks": checks, **end}
