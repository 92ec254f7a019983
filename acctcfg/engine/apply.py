"""Apply: lock, plan, ask, walk, remember. A saved plan is a claim: it is planned again and goes on only if it fits."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from acctcfg.core.address import Address, Focus
from acctcfg.core.events import PlanReady
from acctcfg.core.outcome import Outcome, StepResult
from acctcfg.core.plan import Plan, Step
from acctcfg.engine.capped import held_by_cap, without_cap
from acctcfg.engine.carry_out import Spread, Way, carry_out
from acctcfg.engine.consent import Leave, nobody_signed
from acctcfg.engine.execute import left_out
from acctcfg.engine.narrowed import demand_reach
from acctcfg.engine.part import Part
from acctcfg.engine.plan import Planned, draw_up, make_plan
from acctcfg.engine.progress import SILENT, Progress, safe
from acctcfg.engine.reading import venues_of
from acctcfg.engine.reviewed import (
    asked_before,
    check_accounts,
    check_answers,
    check_credentials,
    check_digest,
    check_manifest,
    check_steps,
    focus_of,
)
from acctcfg.engine.rotation import RotateKeys
from acctcfg.engine.session import Session
from acctcfg.engine.sign_here import refuse_unproven, refuse_unsigned
from acctcfg.engine.stopping import Interrupts
from acctcfg.engine.turn import hold_locks, let_writes_expire, working
from acctcfg.engine.undo import Undo
from acctcfg.engine.waiting import Patience, Waiting
from acctcfg.engine.windows import hold
from acctcfg.engine.workspace import Locks, Workspace
from acctcfg.errors import AcctcfgError
from acctcfg.wire.limits import Limits

if TYPE_CHECKING:
    from acctcfg.core.json_types import JsonObject, JsonValue

__all__ = ["apply"]


async def apply(  # long by what a run can be given: one line each, and a docstring that says what each is
    workspace: Workspace,
    *,
    approve: Callable[[Plan], bool],
    targets: Sequence[str] = (),
    excludes: Sequence[str] = (),
    saved: JsonObject | None = None,
    expect: str | None = None,
    replace: Sequence[str] = (),
    allow_sensitive: bool | Sequence[str] = (),
    allow_warnings: bool = False,
    skip_blocked: bool = False,
    after_cap: bool = False,
    with_dependencies: bool = False,
    refresh: bool = False,
    wait_flat_s: float = 0.0,
    lock_timeout_s: float = 0.0,
    rotation: RotateKeys | None = None,
    unsigned: str | None = None,
    said: JsonObject | None = None,
    watching: bool = False,
    part: Part | None = None,
    spread: Spread | None = None,
    limits: Limits | None = None,
    progress: Progress = SILENT,
    interrupts: Interrupts | None = None,
) -> Outcome:
    """Make live accounts as the manifest says. `approve` is asked once, when there is something that can be done.

    `after_cap`: what `acctcfg cap` lowered is to be raised again, and nobody needs to be told. `wait_flat_s`: how long
    to wait, without the lock, until nothing that is open stands in the way. `rotation`: rotate these keys, and no more.

    `refresh`: what the journal knows and cannot be deleted is read too.

    `unsigned`: why sensitive steps are held back, where too few people signed the plan; "" where enough did. None: as
    `guardrails.approvals` says of what nobody signed.

    `said`: what else the user said on the command line, for the record. `interrupts` is told of the user's signals.

    `watching`: right after a look for drift, again and again, with nobody there. What the look was narrowed by may
    select nothing here, since drift knows more than the manifest names; what `cap` lowered stays as low as it is; and a
    run that can begin nothing does not go on record, which it would fill.

    `spread`: hands the walk to other processes. `part`: this is one of those; `saved` is what it was handed. `limits`:
    what all of them use together.

    Long by its arguments, each of which is named here: it is what the package offers as `acctcfg.apply`.
    """
    progress = safe(progress)
    unsigned = nobody_signed(workspace, rotates=rotation is not None) if unsigned is None else unsigned
    leave = dataclasses.replace(Leave.of(workspace, replace, allow_sensitive), unsigned=unsigned)
    workspace.refuse_lost_journal()
    if not watching:
        demand_reach(workspace, "--exclude", excludes)
    focus = Focus(targets, excludes=excludes, dependencies=with_dependencies) if rotation is None else rotation.focus
    terms = _Terms(leave, saved, None, expect, allow_warnings, skip_blocked, after_cap, watching)
    if saved is not None:
        workspace, focus, terms = _as_saved(workspace, terms, saved, part)
    patience = Patience(wait_flat_s)
    run = _Run(workspace, focus, terms, patience, rotation, part, spread, limits, progress, interrupts, approve)
    besides = {"with_dependencies": with_dependencies, "refresh": refresh, "wait_flat_s": wait_flat_s}
    flags = {**terms.on_record, **{name: value for name, value in besides.items() if value}, **(said or {})}
    outcome = await run.outcome(flags, lock_timeout_s=lock_timeout_s, refresh=refresh)
    narrowed = saved is not None and any(saved.get(one) for one in ("targets", "excludes", "changed_since"))
    if saved is None or terms.undo is not None or narrowed or outcome.plan.steps or outcome.plan.unreadable or part:
        return outcome
    return await _matched(workspace, outcome, refresh=refresh, progress=progress)


@dataclass(frozen=True, slots=True)
class _Terms:
    """What an apply is held to, and what the user lets it do."""

    leave: Leave
    saved: JsonObject | None
    undo: Undo | None
    expect: str | None
    allow_warnings: bool
    skip_blocked: bool
    after_cap: bool
    watching: bool

    @property
    def on_record(self) -> dict[str, JsonValue]:
        """The flags of the run in the journal."""
        return {
            "skip_blocked": self.skip_blocked,
            "after_cap": self.after_cap,
            "allow_sensitive": list(self.leave.sensitive) or False,
            "replace": sorted(map(str, self.leave.replace)),
            "expect": self.expect,
            **({"allow_warnings": True} if self.allow_warnings else {}),
            **({"revert": self.undo.reverts.run} if self.undo is not None else {}),
        }


def _as_saved(
    workspace: Workspace, terms: _Terms, saved: JsonObject, part: Part | None
) -> tuple[Workspace, Focus, _Terms]:
    """The workspace, the focus and the leave of a saved plan, if its manifest is still the one that was reviewed."""
    undo = Undo.saved(workspace, saved)
    workspace = workspace if undo is None else undo.workspace
    check_manifest(workspace, saved)
    focus = focus_of(saved) if undo is None else undo.focus_again(saved)
    leave = terms.leave.beside(saved, workspace, run="" if part is None else part.run)
    return workspace, focus, replace(terms, undo=undo, leave=leave)


@dataclass(frozen=True, slots=True)
class _Run:
    """One apply from the lock to its outcome: what it is about, and who is asked and told."""

    workspace: Workspace
    focus: Focus
    terms: _Terms
    patience: Patience
    rotation: RotateKeys | None
    part: Part | None
    spread: Spread | None
    limits: Limits | None
    progress: Progress
    interrupts: Interrupts | None
    approve: Callable[[Plan], bool]

    async def outcome(self, flags: JsonObject, *, lock_timeout_s: float, refresh: bool) -> Outcome:
        """Take turns: plan under the lock, and where something open stands in the way, wait for it without."""
        listed = {} if self.part is None else self.part.listed
        while True:
            venues = venues_of(self.workspace, self.focus)
            opened = Session(
                self.workspace, venues, recalls=not refresh, listed=listed, progress=self.progress, limits=self.limits
            )
            async with opened as session:
                found = await self._turn(session, flags, lock_timeout_s)
                if isinstance(found, Outcome):
                    return found
                # the lock is free by now, and the connections are still open
                if not await found.until_clear() and not self.terms.skip_blocked:
                    return found.given_up()

    async def _turn(self, session: Session, flags: JsonObject, lock_timeout_s: float) -> Outcome | Waiting:
        """With the lock: plan, and carry it out, unless it is to wait first."""
        progress, part = self.progress, self.part
        left = max(lock_timeout_s, self.patience.left(session.clock))
        async with hold_locks(session, left, progress) if part is None else nullcontext(part.locks) as locks:
            if self.rotation is not None:
                self.rotation.tell(working(session))
            planned = await _plan(session, locks, self.focus, self.terms, self.patience, progress, part)
            waiting = self.patience.waiting(planned, progress, skip_blocked=self.terms.skip_blocked)
            if waiting is not None:
                return waiting
            planned.command = "apply" if self.rotation is None else "rotate"
            leaving = _left_out(planned.plan, skip_blocked=self.terms.skip_blocked)
            if self.terms.watching and not _todo(planned.plan, leaving):
                return _not_begun(planned, planned.plan)
            way = Way(locks, progress, self.interrupts or Interrupts(), part, self.spread)
            return await _go_on(self.workspace, planned, self.approve, flags, way)


async def _plan(
    session: Session,
    locks: Locks,
    focus: Focus,
    terms: _Terms,
    patience: Patience,
    progress: Progress,
    part: Part | None,
) -> Planned:
    """The plan as it is now, if it is what was reviewed. Raises PlanStale."""
    if terms.saved is not None:
        check_credentials(session, terms.saved)
    await let_writes_expire(session, locks, progress, part)
    asked = None if part is None or terms.saved is None else asked_before(terms.saved)
    planned = await draw_up(
        session,
        focus,
        leave=terms.leave,
        undo=terms.undo,
        may_miss=terms.watching,
        asked=asked,
        progress=progress,
    )
    planned.as_reviewed += patience.as_reviewed(planned)
    if terms.after_cap:
        planned.as_reviewed += tuple(map(without_cap, planned.as_reviewed))
        planned.plan = without_cap(planned.plan)
    _hold_to_review(planned, terms, part)
    if part is not None:  # whose wave is under way
        planned.plan = replace(planned.plan, rollout=())
    planned.plan = planned.plan.with_steps(terms.leave.hold(planned.plan.steps, planned.readers))
    if terms.watching:
        planned.plan = held_by_cap(planned.plan)
    planned.plan = hold(planned.plan, session.workspace.manifest.guardrails.windows, session.now())
    progress.happened(PlanReady(planned.plan))
    return planned


def _hold_to_review(planned: Planned, terms: _Terms, part: Part | None) -> None:
    saved, expect = terms.saved, terms.expect
    if saved is not None:
        begun = set[str]() if part is None else _begun(planned, part)
        check_accounts(saved, planned.surveys)
        check_steps(saved, planned.plan, allow_warnings=terms.allow_warnings, begun=begun)
        check_answers(saved, planned.surveys)
    if expect is not None:
        check_digest(planned, expect, saved, allow_warnings=terms.allow_warnings)
    planned.reviewed = expect or (str(saved["digest"]) if saved is not None else planned.plan.digest)
    planned.claimed = 0 if saved is None else _claimed(saved)


def _begun(planned: Planned, part: Part) -> set[str]:
    """Where the run has written already: a process that had this part before was killed, or stopped."""
    assert planned.session is not None  # noqa: S101 (draw_up read through it)
    with planned.session.workspace.journal() as journal:
        return set(journal.sent(part.run, part.accounts))


async def _go_on(
    workspace: Workspace, planned: Planned, approve: Callable[[Plan], bool], flags: JsonObject, way: Way
) -> Outcome:
    """Ask about what can be done, and do it."""
    leaving = _left_out(planned.plan, skip_blocked=bool(flags["skip_blocked"]))
    todo = _todo(planned.plan, leaving)
    _refuse_lost_stores(workspace, todo)
    refuse_unsigned(planned.surveys, todo)
    if planned.command == "rotate":
        refuse_unproven({store: workspace.store(store).why_not_readable_here() for store in _new_secrets(todo)})
    if todo and not approve(planned.plan):
        return _declined(planned)
    if todo and (late := _too_late(planned)) is not None:
        return late
    _prove_stores(workspace, todo)
    return await carry_out(workspace, planned, leaving, flags, way)


def _too_late(planned: Planned) -> Outcome | None:
    """While the user thought about it, a window may have closed: then nothing was begun."""
    session = planned.session
    assert session is not None  # noqa: S101 (draw_up read through it)
    plan = hold(planned.plan, session.workspace.manifest.guardrails.windows, session.now())
    return None if plan is planned.plan else _not_begun(planned, plan)


def _not_begun(planned: Planned, plan: Plan) -> Outcome:
    """Every step as blocked, or as not started beside one that is."""
    results = left_out(plan, {step.address for step in plan.steps})
    return Outcome(plan=plan, results=tuple(results), claimed=planned.claimed)


async def _matched(workspace: Workspace, outcome: Outcome, *, refresh: bool, progress: Progress) -> Outcome:
    """All that a saved plan wanted is right by now. Only a look at everything else can tell whether accounts match.

    What was to be done is done, whatever becomes of this look: a note says what it found, or why it failed.
    """
    if outcome.plan.matches:
        return outcome
    try:
        plan = await make_plan(workspace, refresh=refresh, progress=progress)
    except AcctcfgError as error:
        found = f"whether anything else differs is not known: {error.told}"
    else:
        if plan.matches:
            return replace(outcome, plan=plan)
        unread = [f"{one.address}: {one.message}" for one in plan.unreadable]
        found = " ".join([f"a plan of everything ends with: {plan.conclusion[0]}", *unread[:1]])
    return replace(outcome, notes=(*outcome.notes, f"the steps of this plan are done; {found}"))


# -- before ----------------------------------------------------------------------------------------------------------


def _left_out(plan: Plan, *, skip_blocked: bool) -> frozenset[Address]:
    """Nothing at all is done beside a blocked step or an unread account, or nothing in the same account."""
    if not plan.blocked and not plan.unreadable:
        return frozenset()
    if not skip_blocked:
        return frozenset(step.address for step in plan.steps)
    held = plan.held
    return frozenset(step.address for step in plan.steps if step.address.account in held)


def _todo(plan: Plan, leaving: frozenset[Address]) -> list[Step]:
    return [step for step in plan.steps if step.address not in leaving]


def _declined(planned: Planned) -> Outcome:
    """The user said no: nothing was begun."""
    steps = planned.plan.steps
    results = (StepResult(step, "blocked" if step.blocked else "not_started", "declined") for step in steps)
    return Outcome(plan=planned.plan, results=tuple(results), declined=True, claimed=planned.claimed)


def _refuse_lost_stores(workspace: Workspace, todo: Sequence[Step]) -> None:
    for store in _new_secrets(todo):
        workspace.refuse_lost_store(store)


def _prove_stores(workspace: Workspace, todo: Sequence[Step]) -> None:
    """What would keep a new secret from its store is found before the first write, not when its account is made."""
    for store, step in _new_secrets(todo).items():
        path = f"{step.venue}/{step.address.account}/{step.address.key}.probe"  # a name that no secret has
        workspace.store(store).prove_writable(path)


def _new_secrets(todo: Sequence[Step]) -> dict[str, Step]:
    """The stores that new secrets go to, each with the first step that makes one."""
    return {step.secret_store: step for step in reversed(todo) if step.secret_store}


def _claimed(saved: JsonObject) -> int:
    """How many steps a reviewed plan has."""
    steps = saved["steps"]
    return len(steps) if isinstance(steps, Sequence) else 0
