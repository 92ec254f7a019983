"""Make the plan: read what the manifest needs, take the difference, order it, ask what stands in the way."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypedDict, Unpack

from acctcfg import __version__
from acctcfg.core.address import Address, Focus
from acctcfg.core.built_in import powers_of
from acctcfg.core.diff import Change, diff
from acctcfg.core.events import PlanReady
from acctcfg.core.fingerprint import manifest_digest
from acctcfg.core.guardrails import guard, is_sensitive
from acctcfg.core.plan import Plan, Step, Unread, Warning_
from acctcfg.core.recalled import recalled_of
from acctcfg.core.scope import Scope, StoreReport
from acctcfg.engine.capped import above_cap
from acctcfg.engine.changed_since import accounts_since, narrowed_to
from acctcfg.engine.consent import NO_LEAVE, Leave, store_address
from acctcfg.engine.left_behind import gone, unopened
from acctcfg.engine.narrowed import demand_reach, demand_targets
from acctcfg.engine.plan_costs import Chains, chains_of, estimate_of, outlived
from acctcfg.engine.plan_steps import AskedBefore, ask_again, ask_all, steps_of
from acctcfg.engine.policy import violations
from acctcfg.engine.progress import SILENT, Progress, safe
from acctcfg.engine.readers import changed_readers
from acctcfg.engine.reading import read_for_plan, venues_of
from acctcfg.engine.rule_warnings import rule_warnings
from acctcfg.engine.same_account import same_account
from acctcfg.engine.session import Link, Session
from acctcfg.engine.windows import why_closed
from acctcfg.engine.workspace import Workspace
from acctcfg.venues.contract import Survey
from acctcfg.wire.limits import Limits

if TYPE_CHECKING:
    from acctcfg.engine.undo import Undo

__all__ = ["Look", "Planned", "ask", "draw_up", "make_plan", "planning"]


@dataclass(slots=True)
class Planned:
    """A plan with what it was made from, for whoever carries it out."""

    plan: Plan
    surveys: dict[str, Survey] = field(default_factory=dict)
    session: Session | None = None
    as_reviewed: tuple[Plan, ...] = ()  # the plan as it is, without one of the leaves, and without any
    reviewed: str = ""  # the digest under which it is carried out
    command: str = "apply"  # that carries it out
    claimed: int = 0  # steps of the saved plan that it was made for
    chains: Chains = field(default_factory=dict)  # what its steps ask
    readers: dict[str, str] = field(default_factory=dict)  # store -> how its readers are others than those of before

    def link(self, step: Step) -> Link:
        """The connection that a step belongs to."""
        assert self.session is not None  # noqa: S101 (only a plan that was read has steps)
        return self.session.links[step.venue]


class Look(TypedDict, total=False):
    """What a plan is narrowed to, what the user lets be done besides, and whom to tell of progress."""

    targets: Sequence[str]
    excludes: Sequence[str]
    replace: Sequence[str]
    allow_sensitive: bool | Sequence[str]
    with_dependencies: bool
    undo: Undo | None
    changed_since: str
    refresh: bool
    limits: Limits | None
    progress: Progress


async def make_plan(workspace: Workspace, **look: Unpack[Look]) -> Plan:
    """The plan of a workspace; see `planning`. Sends no write."""
    async with planning(workspace, differences=True, **look) as planned:
        return planned.plan


@asynccontextmanager
async def planning(
    workspace: Workspace,
    *,
    targets: Sequence[str] = (),
    excludes: Sequence[str] = (),
    replace: Sequence[str] = (),
    allow_sensitive: bool | Sequence[str] = (),
    with_dependencies: bool = False,
    undo: Undo | None = None,
    changed_since: str = "",
    refresh: bool = False,
    limits: Limits | None = None,
    differences: bool = False,
    progress: Progress = SILENT,
) -> AsyncIterator[Planned]:
    """The plan of a workspace, with its connections open; with `undo` the one that leads back from a run.

    `changed_since`: a revision of git; only accounts whose manifest is another than then are looked at. `refresh`: what
    the journal knows and cannot be deleted is read too. `limits`: what other processes use of them meanwhile.
    `differences`: nothing is kept of accounts that are as they should be, since only the plan is of interest.
    """
    progress = safe(progress)
    if undo is not None:
        workspace = undo.workspace
    since = None
    if changed_since:
        since, targets = accounts_since(workspace, changed_since)
    demand_reach(workspace, "--exclude", excludes)
    focus = Focus(targets, excludes=excludes, dependencies=with_dependencies) if undo is None else undo.focus
    if since is not None and not targets:
        focus = Focus.exactly((), excludes=excludes)
    leave = Leave.of(workspace, replace, allow_sensitive)
    venues = venues_of(workspace, focus)
    async with Session(workspace, venues, recalls=not refresh, progress=progress, limits=limits) as session:
        planned = await draw_up(session, focus, leave=leave, undo=undo, differences=differences, progress=progress)
        if since is not None:
            planned.plan = narrowed_to(since, planned.plan)
        progress.happened(PlanReady(planned.plan))
        yield planned


class _DrawUp(TypedDict, total=False):
    """How a plan is drawn up."""

    leave: Leave
    undo: Undo | None
    look_only: bool
    may_miss: bool
    differences: bool
    asked: Mapping[Address, AskedBefore] | None
    progress: Progress


async def draw_up(session: Session, focus: Focus, **how: Unpack[_DrawUp]) -> Planned:
    """Read, compare, order and ask. `leave`: what the user lets be done besides. `undo`: the run that is undone.

    `look_only`: nobody will carry it out, so that nobody asks what stands in the way; what is there that the manifest
    does not name, the caller sees for himself. `asked`: what stands in the way by another process of this run, which
    asked a moment ago; the gate asks again. `may_miss`: a target may select nothing.
    """
    look_only = how.get("look_only", False)
    others = session.workspace.reading(focus, session.read_lists, recalls=session.recalls, look_only=look_only)
    async with others:
        return await _drawn_up(session, focus, **how)


async def ask(session: Session, focus: Focus, *, look_only: bool) -> None:
    """Ask what `draw_up` asks of these accounts, and make nothing of it: for a session that keeps the answers."""
    _, surveys, warnings, unread = await read_for_plan(
        session, focus, replacing=frozenset(), strangers=False, differences=True, progress=SILENT
    )
    if not look_only:
        await ask_all(session, list(_differences(surveys, frozenset(), warnings, unread)), SILENT, unread)


async def _drawn_up(  # long: one way from reads to plan, in which each part takes what all before it found
    session: Session,
    focus: Focus,
    *,
    leave: Leave = NO_LEAVE,
    undo: Undo | None = None,
    look_only: bool = False,
    may_miss: bool = False,
    differences: bool = False,
    asked: Mapping[Address, AskedBefore] | None = None,
    progress: Progress = SILENT,
) -> Planned:
    workspace, replacing = session.workspace, leave.replace
    focus, surveys, warnings, unread = await read_for_plan(
        session,
        focus,
        replacing=replacing,
        strangers=not look_only,
        differences=differences and undo is None,
        progress=progress,
    )
    if not (look_only or may_miss):
        demand_targets(workspace, focus, surveys, unread, replacing)
    warnings += undo.settle(surveys) if undo is not None else []
    by_key = {survey.spec.key: survey for survey in surveys}
    _block_left_out(surveys, focus)
    work = list(_differences(surveys, replacing, warnings, unread))
    unread += [] if look_only else _not_meant(surveys, work)
    unread += same_account(session, surveys)
    before = {} if look_only else asked
    answers = await (
        ask_all(session, work, progress, unread) if before is None else ask_again(session, work, before, unread)
    )
    steps, work = steps_of(session, work, by_key, answers, warnings, unread)
    if undo is not None:
        from acctcfg.engine.set_again import set_again

        steps, again = await set_again(session, undo, steps)
        warnings += again
    readers = changed_readers(workspace)
    sensitive = _sensitive(steps, readers, focus)
    warnings += [Warning_(str(address), "sensitive", why) for address, why in sensitive.items()]

    manifest = workspace.manifest
    count, powers = len(manifest.accounts), powers_of(manifest, workspace.types)

    def guarded(some: Sequence[Step]) -> tuple[Step, ...]:
        return tuple(guard(some, manifest.guardrails, accounts=count, check=violations, amounts_to=powers))

    warnings += above_cap(session, by_key, steps)
    lifted = guarded([leave.lift(step) for step in steps])
    warnings += rule_warnings(session, surveys, lifted, focus)
    for link in session.links.values():
        link.seconds = time.monotonic() - link.opened_at
    warnings += [warning for one in session.links.values() for warning in one.warnings()]
    warnings += _left_behind(session) if focus.everything else []
    chains = await chains_of(session, by_key, lifted)
    warnings += outlived(session, chains, by_key)
    plan = Plan(
        steps=lifted,
        uids={survey.spec.key: survey.uid for survey in surveys if survey.exists and survey.uid},
        scope=_scope(focus, surveys),
        warnings=tuple(sorted(set(warnings), key=lambda one: (one.address, one.code, one.message))),
        unreadable=tuple(sorted(set(unread), key=lambda one: (one.address, one.code))),
        replace=tuple(sorted(str(one.address) for one in steps if one.address in replacing)),
        allow_sensitive=tuple(sorted(str(address) for address in sensitive if leave.allows(address))),
        reverts=None if undo is None else undo.reverts,
        recalled=recalled_of(_recalled(surveys), _age_s(session.now())),
    )
    plan = _of_workspace(session, plan)
    plan = replace(plan, estimate=estimate_of(chains, plan))
    if plan.steps and (why := why_closed(workspace.manifest.guardrails.windows, session.now(), plan.estimate.seconds)):
        plan = replace(plan, warnings=(*plan.warnings, Warning_("guardrails.windows", "window_closed", why)))
    unlifted = replace(plan, steps=guarded(steps), replace=())
    as_reviewed = [one for some in (plan, unlifted) for one in (some, replace(some, allow_sensitive=()))]
    return Planned(plan, by_key, session, tuple(as_reviewed), chains=chains, readers=readers)


def _left_behind(session: Session) -> list[Warning_]:
    """What the journal alone tells: of connections that are not opened, or that the manifest no longer has."""
    users = {link.connection.user for key, link in session.links.items() if key not in session.failed}
    rest = unopened(session.workspace, session.links, users)
    return rest + ([] if session.failed else gone(session.workspace, users))


def _sensitive(steps: Sequence[Step], readers: Mapping[str, str], focus: Focus) -> dict[Address, str]:
    """What only `--allow-sensitive` lets be done, with the reason; a store whose readers changed is asked for, too."""
    found = {step.address: why for step in steps if (why := is_sensitive(step))}
    stores = {step.secret_store for step in steps}
    return found | {store_address(name): why for name, why in readers.items() if focus.everything or name in stores}


def _scope(focus: Focus, surveys: Sequence[Survey]) -> Scope:
    idle = sorted({text for survey in surveys for text in survey.sets_nothing})
    return Scope(whole=focus.everything, targets=focus.targets, excludes=focus.excludes, sets_nothing=tuple(idle))


def _of_workspace(session: Session, plan: Plan) -> Plan:
    """The plan with where it was made: from which manifest, at which venues, when and by whom."""
    workspace, manifest = session.workspace, session.workspace.manifest
    reports = tuple(link.report() for key, link in sorted(session.links.items()) if key not in session.failed)
    named = {step.address.account for step in plan.steps} or set(manifest.accounts)
    return replace(
        plan,
        manifest_digest=manifest_digest(manifest, named, {one.venue: one.uid for one in reports}),
        reports=reports,
        stores=_stores(workspace, plan.steps),
        rollout=manifest.guardrails.rollout,
        acctcfg_version=__version__,
        author=workspace.actor,
        created_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        earlier=workspace.earlier(time.time()),
    )


def _differences(
    surveys: Sequence[Survey], replacing: frozenset[Address], warnings: list[Warning_], unread: list[Unread]
) -> Iterator[tuple[Survey, list[Change]]]:
    """What is to be changed, account by account."""
    for survey in surveys:
        changes, failed = diff(survey.desired, survey.live, replace=replacing)
        unread += survey.unreadable
        unread += [Unread(str(address), one.code, one.message) for address, one in failed]
        warnings += survey.warnings
        if changes:
            yield survey, changes


def _not_meant(surveys: Sequence[Survey], work: Sequence[tuple[Survey, list[Change]]]) -> Iterator[Unread]:
    """Accounts that are not those that are meant, where no step is there to be blocked: they match nothing."""
    changed = {survey.spec.key for survey, _ in work}
    yield from (one.another for one in surveys if one.another is not None and one.spec.key not in changed)


def _recalled(surveys: Sequence[Survey]) -> Iterator[tuple[Address, str]]:
    """What was not read, of accounts that could be, with the time since which it is known."""
    for survey in surveys:
        yield from ((address, since) for address, since in survey.recalled.items() if address in survey.desired)


def _age_s(now: datetime) -> Callable[[str], int]:
    """How many seconds a time on record is past."""
    return lambda since: max(0, int((now - datetime.fromisoformat(since.replace("Z", "+00:00"))).total_seconds()))


def _stores(workspace: Workspace, steps: Iterable[Step]) -> tuple[StoreReport, ...]:
    """Where the new secrets of these steps go."""
    specs = workspace.manifest.secret_stores
    names = sorted({step.secret_store for step in steps if step.secret_store in specs})
    return tuple(
        StoreReport(
            store=name,
            type=specs[name].type,
            path=specs[name].where,
            recipients=tuple(sorted(specs[name].recipients)),
        )
        for name in names
    )


def _block_left_out(surveys: Sequence[Survey], focus: Focus) -> None:
    """A step that others need is there although the user left it out: it is not taken."""
    for survey in surveys if focus.excludes else ():
        for address in survey.desired:
            if focus.leaves_out(address):
                detail = f"{address} is left out by --exclude, and something that is not left out needs it"
                survey.block(address, "target_dependency", detail)
