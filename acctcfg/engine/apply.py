"""Apply: lock, plan, ask, walk, remember. A saved plan is a claim: it is planned again and goes on only if it fits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from acctcfg.core.address import Address, Focus
from acctcfg.core.outcome import Outcome, StepResult
from acctcfg.core.plan import Plan, Step
from acctcfg.core.state import After, Live, Unreadable
from acctcfg.engine.attempt import GOOD
from acctcfg.engine.capped import without_cap
from acctcfg.engine.consent import Leave
from acctcfg.engine.execute import Execution
from acctcfg.engine.plan import Planned, draw_up, make_plan, venues_of
from acctcfg.engine.progress import SILENT, Progress, safe
from acctcfg.engine.readers import remember_readers
from acctcfg.engine.record import Run
from acctcfg.engine.reviewed import check_credentials, check_digest, check_manifest, check_steps, focus_of
from acctcfg.engine.send import from_to
from acctcfg.engine.session import Link, Session
from acctcfg.engine.sign_here import refuse_unsigned
from acctcfg.engine.stopping import Interrupts
from acctcfg.engine.waiting import Patience
from acctcfg.engine.workspace import Locks, Workspace
from acctcfg.errors import AcctcfgError, JournalError
from acctcfg.venues.contract import FRESH_SINCE, Survey

if TYPE_CHECKING:
    from acctcfg.core.json_types import JsonObject, JsonValue
    from acctcfg.journal import Intent, Journal
    from acctcfg.journal.knowledge import Knowledge
    from acctcfg.journal.records import Finding

__all__ = ["apply", "hold_locks", "let_writes_expire", "not_on_record", "working"]


async def apply(
    workspace: Workspace,
    *,
    approve: Callable[[Plan], bool],
    saved: JsonObject | None = None,
    expect: str | None = None,
    replace: Sequence[str] = (),
    allow_sensitive: bool | Sequence[str] = (),
    allow_warnings: bool = False,
    skip_blocked: bool = False,
    after_cap: bool = False,
    wait_flat_s: float = 0.0,
    lock_timeout_s: float = 0.0,
    said: JsonObject | None = None,
    progress: Progress = SILENT,
    interrupts: Interrupts | None = None,
) -> Outcome:
    """Make live accounts as the manifest says. `approve` is asked once, when there is something that can be done.

    `after_cap`: what `acctcfg cap` lowered is to be raised again, and nobody needs to be told. `wait_flat_s`: how long
    to wait, without the lock, until nothing that is open stands in the way.

    `said`: what else the user said on the command line, for the record. `interrupts` is told of the user's signals.
    """
    progress = safe(progress)
    leave = Leave.of(workspace, replace, allow_sensitive)
    workspace.refuse_lost_journal()
    focus = Focus()
    if saved is not None:
        check_manifest(workspace, saved)
        focus, leave = focus_of(saved), leave.beside(saved, workspace)
    flags: dict[str, JsonValue] = {
        "skip_blocked": skip_blocked,
        "after_cap": after_cap,
        "allow_sensitive": list(leave.sensitive) or False,
        "replace": sorted(map(str, leave.replace)),
        "expect": expect,
        **(said or {}),
    }
    patience = Patience(wait_flat_s)
    while True:
        async with Session(workspace, venues_of(workspace, focus)) as session:
            async with hold_locks(session, max(lock_timeout_s, patience.left(session.clock)), progress) as locks:
                if saved is not None:
                    check_credentials(session, saved)
                await let_writes_expire(session, progress)
                planned = await draw_up(session, focus, leave=leave, progress=progress)
                planned.as_reviewed += patience.as_reviewed(planned)
                if after_cap:
                    planned.as_reviewed += tuple(map(without_cap, planned.as_reviewed))
                    planned.plan = without_cap(planned.plan)
                _hold_to_review(planned, saved, expect, allow_warnings=allow_warnings)
                planned.plan = planned.plan.with_steps(leave.hold(planned.plan.steps, planned.readers))
                waiting = patience.waiting(planned, progress, skip_blocked=skip_blocked)
                if waiting is None:
                    interrupts = interrupts or Interrupts()
                    outcome = await _go_on(workspace, planned, approve, flags, locks, progress, interrupts)
                    break
            # the lock is free by now, and the connections are still open
            if not await waiting.until_clear() and not skip_blocked:
                outcome = waiting.given_up()
                break
    if saved is None or saved["targets"] or outcome.plan.steps or outcome.plan.unreadable:
        return outcome
    return await _matched(workspace, outcome, progress)


def _hold_to_review(planned: Planned, saved: JsonObject | None, expect: str | None, *, allow_warnings: bool) -> None:
    """Go on only if this is what was reviewed, where anything was. Raises PlanStale."""
    if saved is not None:
        check_steps(saved, planned.plan, allow_warnings=allow_warnings)
    if expect is not None:
        check_digest(planned, expect, saved, allow_warnings=allow_warnings)
    planned.reviewed = expect or (str(saved["digest"]) if saved is not None else planned.plan.digest)
    planned.claimed = 0 if saved is None else _claimed(saved)


async def _go_on(
    workspace: Workspace,
    planned: Planned,
    approve: Callable[[Plan], bool],
    flags: JsonObject,
    locks: Locks,
    progress: Progress,
    interrupts: Interrupts,
) -> Outcome:
    """Ask about what can be done, and do it."""
    left_out = _left_out(planned.plan, skip_blocked=bool(flags["skip_blocked"]))
    todo = [step for step in planned.plan.steps if step.address not in left_out]
    _refuse_lost_stores(workspace, todo)
    refuse_unsigned(planned.surveys, todo)
    if todo and not approve(planned.plan):
        return _declined(planned)
    _prove_stores(workspace, todo)
    return await _carry_out(workspace, planned, left_out, flags, locks, progress, interrupts)


async def _matched(workspace: Workspace, outcome: Outcome, progress: Progress) -> Outcome:
    """All that a saved plan wanted is right by now. Only a look at everything else can tell whether accounts match."""
    if outcome.plan.matches:
        return outcome
    with suppress(AcctcfgError):  # what was to be done is done, whatever becomes of this look
        plan = await make_plan(workspace, progress=progress)
        return replace(outcome, plan=plan) if plan.matches else outcome
    return outcome


# -- before ----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def hold_locks(session: Session, timeout_s: float, progress: Progress) -> AsyncIterator[Locks]:
    """The lock of every venue user, taken in one order, so that two runs never wait for each other."""
    if timeout_s > 0:
        progress.phase("waiting for the lock", None)
    users = sorted({(link.client.base_url, link.connection.user) for link in working(session)})
    async with AsyncExitStack() as stack:
        locks = [
            await stack.enter_async_context(session.workspace.lock(base_url, user, timeout_s=timeout_s))
            for base_url, user in users
        ]
        FRESH_SINCE.set(session.clock.monotonic())  # another run may have ended since the connections were opened
        yield Locks(locks)


async def let_writes_expire(session: Session, progress: Progress) -> None:
    """A write that a killed run sent may still arrive: wait until the venue would refuse its time, then read."""
    with session.workspace.journal() as journal:
        session.workspace.demand_intact(journal)
        for link in working(session):
            latest = max((one.sent_at or 0.0 for one in journal.unresolved(link.connection.user)), default=0.0)
            now = link.client.clock.now() + link.client.offset_s
            window = link.venue.write_window_s / link.speed
            left = min(latest + window - now, window)  # a time that lies ahead is nobody's, and waits no longer
            if left > 0:
                progress.phase("waiting until requests of an earlier run have expired", None)
                await link.client.clock.sleep(left)
                FRESH_SINCE.set(session.clock.monotonic())


def working(session: Session) -> list[Link]:
    return [link for key, link in session.links.items() if key not in session.failed]


def _left_out(plan: Plan, *, skip_blocked: bool) -> frozenset[Address]:
    """Nothing at all is done beside a blocked step or an unread account, or nothing in the same account."""
    if not plan.blocked and not plan.unreadable:
        return frozenset()
    if not skip_blocked:
        return frozenset(step.address for step in plan.steps)
    held = plan.held
    return frozenset(step.address for step in plan.steps if step.address.account in held)


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


# -- the run ---------------------------------------------------------------------------------------------------------


async def _carry_out(
    workspace: Workspace,
    planned: Planned,
    left_out: frozenset[Address],
    flags: JsonObject,
    locks: Locks,
    progress: Progress,
    interrupts: Interrupts,
) -> Outcome:
    """Walk the plan on record. A journal that fails once writing has begun must not hide what was done."""
    outcome: Outcome | None = None
    try:
        with workspace.journal(create=True) as journal:
            session = planned.session
            assert session is not None  # noqa: S101 (draw_up read through it)
            users = {one.connection.user for one in working(session)}
            open_before = {user: journal.unresolved(user) for user in users}
            run = journal.begin_run(command="apply", digest=planned.reviewed, flags=flags, **workspace.who())
            recorded = Run(run, journal, locks.fresh)
            for link in working(session):
                spec = link.connection.spec
                journal.remember_user(run, spec.key, spec.environment, link.client.base_url, link.connection.user)
            remember_readers(workspace, journal, run, planned.plan, planned.readers)
            for user in sorted(users) if flags["after_cap"] else ():
                journal.lift_cap(run, user)
            for link in working(session):
                link.client.on_request = recorded.heard
            lost = frozenset(intent.address for some in open_before.values() for intent in some)
            execution = Execution(planned, recorded, progress, left_out, lost)
            try:
                await _walk(execution, interrupts, progress)
            finally:
                outcome = _outcome(planned, execution, recorded)
                outcome = replace(outcome, notes=(*outcome.notes, *locks.notes))
                outcome = _kept(outcome, lambda end: _remember(planned, end, journal, open_before, run))
                status = "interrupted" if execution.stopping else "done"
                journal.steps(run, _told(planned, outcome))
                journal.end_run(run, status, {**outcome.counts, "exit": outcome.exit_code})
    except JournalError as error:
        if outcome is None:
            raise  # nothing was sent
        note = f"the end of this run was not recorded ({error.message}); {error.hint or 'repair it, then apply again'}"
        outcome = replace(outcome, unrecorded=True, notes=(*outcome.notes, note))
    return outcome


def _kept(outcome: Outcome, remember: Callable[[Outcome], None]) -> Outcome:
    """What the next run needs is kept; what keeps it from that must not hide what was done."""
    try:
        remember(outcome)
    except JournalError:
        raise
    except Exception as error:
        note = f"not everything that the next run needs was recorded: {type(error).__name__}"
        return replace(outcome, unrecorded=True, notes=(*outcome.notes, note))
    return outcome


async def _walk(execution: Execution, interrupts: Interrupts, progress: Progress) -> None:
    """Walk until the end, or until a second signal: the first one lets the writes under way be read back."""
    walking = asyncio.ensure_future(execution.walk())

    def stop() -> None:
        execution.stop()
        count = execution.under_way
        what = "nothing is under way" if not count else f"finishing {count} write{'s' * (count != 1)}"
        progress.alert(f"interrupted: {what}; press again to stop at once, but a new key's secret may be lost")

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
        unrecorded=bool(run.trouble or run.halted),
        notes=(*notes, *not_on_record(run)),
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
        yield {**place, "action": step.change.action, **from_to(step.change), **end}


def _remember(
    planned: Planned, outcome: Outcome, journal: Journal, open_before: Mapping[str, Sequence[Intent]], run: str
) -> None:
    """What the next run needs: whose accounts these are, which keys sign, and what became of old unknown writes."""
    ended = {str(result.step.address): result for result in outcome.results}
    session = planned.session
    assert session is not None  # noqa: S101
    untouched = _untouched(planned, outcome)
    known: dict[str, Knowledge] = {}  # by venue user
    for key, survey in planned.surveys.items():
        link = session.links[survey.spec.venue]
        user, name = link.connection.user, survey.spec.name
        own = ended.get(key)
        if own is not None and own.step.change.action == "delete" and own.status in GOOD:
            journal.forget_account(run, user, name)
        elif key in untouched:
            continue
        elif survey.spec.role != "main" and survey.spec.state != "absent" and survey.uid and survey.desired:
            journal.remember_account(run, user, name, uid=survey.uid, key=key)
            access = link.connection.signed_by(survey)
            if access is not None:
                store, path, label = access
                journal.remember_access(run, user, name, store=store, path=path, label=label, uid=survey.uid)
            if survey.stored:
                known[user] = known.get(user) or journal.knowledge(user)
                _remember_stored(survey, user, known[user], journal, run)
    for result in outcome.results:
        _forget_key(planned, result, journal, run)
    _remember_seen(planned, journal, run)
    read = {str(address): live for survey in planned.surveys.values() for address, live in survey.live.items()}
    for intents in open_before.values():
        for intent in intents:
            finding = _finding(ended.get(intent.address), read.get(intent.address))
            if finding:
                journal.resolve(run, intent, finding, intent.call)


def _untouched(planned: Planned, outcome: Outcome) -> set[str]:
    """Accounts in which every step was held back, or that were not to be touched at all: not taken over by this run."""
    held = {result.step.address.account for result in outcome.results}
    held -= {one.step.address.account for one in outcome.results if one.status not in ("blocked", "not_started")}
    return held | {key for key, survey in planned.surveys.items() if survey.blocks.get(Address(key))}


def _claimed(saved: JsonObject) -> int:
    """How many steps a reviewed plan has."""
    steps = saved["steps"]
    return len(steps) if isinstance(steps, Sequence) else 0


def _finding(now: StepResult | None, live: Live | None) -> Finding | None:
    """What this run shows about an old write at an address; None where it read nothing that tells."""
    if now is not None:
        return "happened" if now.status == "already" else "did_not_happen" if now.status == "done" else None
    return None if live is None or isinstance(live, Unreadable | After) else "happened"


def _remember_stored(survey: Survey, user: str, known: Knowledge, journal: Journal, run: str) -> None:
    """Where the secret of each key lies, by the key's id: found there also when the manifest calls it otherwise."""
    for label, key in sorted(survey.stored.items()):
        before = known.stored_key(key.api_key)
        same = before is not None and (before.store, before.path, before.label) == (key.store, key.path, label)
        if not same or known.creating(survey.spec.name, label) is not None:
            facts = {"store": key.store, "path": key.path, "api_key": key.api_key, "uid": key.uid}
            journal.remember_key(run, user, survey.spec.name, label, **facts)


def _remember_seen(planned: Planned, journal: Journal, run: str) -> None:
    """What the venues' lists showed: tomorrow it may be gone from them."""
    session = planned.session
    assert session is not None  # noqa: S101
    seen: dict[tuple[str, str], set[str]] = {}
    for survey in planned.surveys.values():
        user = session.links[survey.spec.venue].connection.user
        for kind, name in survey.sightings:
            seen.setdefault((user, kind), set()).add(name)
    for (user, kind), names in sorted(seen.items()):
        journal.remember_seen(run, user, kind, names)


def _forget_key(planned: Planned, result: StepResult, journal: Journal, run: str) -> None:
    step = result.step
    if step.address.field == "api_keys" and result.status in GOOD and step.change.action == "delete":
        survey = planned.surveys[step.address.account]
        journal.forget_key(run, planned.link(step).connection.user, survey.spec.name, step.address.key)
