"""Drift: a plan of what differs, and findings that no step of a plan covers. Sends no write."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypedDict

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import AccountSpec
from acctcfg.core.drift import FINDINGS, Drift
from acctcfg.core.plan import Plan, Step, Warning_
from acctcfg.core.remembered import LISTING
from acctcfg.engine.drift_accounts import look_at_users
from acctcfg.engine.drift_keys import FIELD, look_at_keys
from acctcfg.engine.left_behind import has_credentials
from acctcfg.engine.look import Look, inventory_of
from acctcfg.engine.narrowed import demand_reach, demand_targets
from acctcfg.engine.plan import draw_up
from acctcfg.engine.progress import SILENT, Progress, safe
from acctcfg.engine.reading import venues_of
from acctcfg.engine.session import Session
from acctcfg.engine.workspace import Workspace
from acctcfg.venues.contract import Survey
from acctcfg.wire.limits import Limits

__all__ = ["Narrowed", "find_drift"]

KEYS: Final = "keys"
"""What `--skip` can leave out: unknown keys and the age of keys."""
_OF_AN_APPLY: Final = frozenset({"sensitive", "window_closed", "token_ends", "exception", "cannot_sign_here"})
"""Warnings that only concern carrying out a plan."""


class Narrowed(TypedDict, total=False):
    """What a look for drift is narrowed to, and whom to tell of progress."""

    targets: Sequence[str]
    excludes: Sequence[str]
    skip: Sequence[str]
    progress: Progress


async def find_drift(
    workspace: Workspace,
    *,
    targets: Sequence[str] = (),
    excludes: Sequence[str] = (),
    skip: Sequence[str] = (),
    now: float | None = None,
    limits: Limits | None = None,
    progress: Progress = SILENT,
) -> Drift:
    """Everything that differs from the manifest. `now`: Unix seconds; None for each venue's own time. `limits`: what
    other processes use of them meanwhile."""
    progress = safe(progress)
    demand_reach(workspace, "--target", targets)
    focus = Focus(targets, excludes=excludes, listed=() if KEYS in skip else (FIELD,))
    async with Session(workspace, _venues(workspace, focus), progress=progress, limits=limits) as session:
        planned = await draw_up(session, focus, look_only=True, progress=progress)
        look = Look(session=session, focus=focus, keys=KEYS not in skip, now=now)
        await _beside(look, planned.surveys.values(), progress)
        differing = planned.plan.with_steps(_differing(planned.plan.steps))
        _listings(look, planned.surveys, differing.steps)
        plan = _told(look, differing)
        surveys = tuple(planned.surveys.values())
        demand_targets(workspace, focus, surveys, plan.unreadable, listed=[(one, FIELD) for one in look.listed])
        return Drift(
            plan=plan,
            findings=tuple(sorted(look.findings, key=lambda one: (one.address, one.code, one.message))),
            keys=tuple(sorted(look.times, key=lambda one: one.address)),
            skipped=tuple(skip),
            at=session.clock.now() if now is None else now,
            places={key: spec.venue for key, spec in workspace.manifest.accounts.items()},
            last_run=_last_run(workspace),
        )


def _venues(workspace: Workspace, focus: Focus) -> list[str]:
    """The connections that the focus needs. Without targets, also those with all accounts left out, if they
    can be opened: only `venues.NAME` leaves out what the manifest does not name."""
    needed = set(venues_of(workspace, focus))
    every = [] if focus.patterns else venues_of(workspace, Focus())
    more = {key for key in every if not focus.leaves_out(Address("venues", key)) and has_credentials(workspace, key)}
    return sorted(needed | more)


async def _beside(look: Look, surveys: Iterable[Survey], progress: Progress) -> None:
    """What the manifest does not name; with targets, only in the accounts that they touch."""
    there = [survey for survey in surveys if survey.exists and look.keys]
    progress.phase("listing keys and sub-accounts", len(there))

    async def keys(survey: Survey) -> None:
        await look_at_keys(look, survey)
        progress.advance(1, survey.spec.key)

    work = [keys(survey) for survey in there]
    await asyncio.gather(*work, *([] if look.focus.patterns else [look_at_users(look)]))


def _differing(steps: Iterable[Step]) -> list[Step]:
    """What is not as the manifest wants it now. A change of mode that nobody makes resets nothing."""
    here = (step for step in steps if not step.change.stands)
    return [replace(step, change=step.change.as_it_is, prechecks=(), depends_on=(), waits_for=()) for step in here]


def _listings(look: Look, surveys: dict[str, Survey], steps: Iterable[Step]) -> None:
    """Changed values for instruments that were listed since an apply last read the list."""
    for step in steps:
        link = look.session.links[step.venue]
        inventory, seen = inventory_of(link), look.session.known(link).seen
        held = inventory.held_by(surveys[step.address.account], step.address) if inventory is not None else ()
        names = [one.partition("/")[2] for one in held]
        if held and seen(LISTING, held[0].partition("/")[0]) and not any(seen(LISTING, one) for one in held):
            message = f"{', '.join(names)}: listed since the last apply"
            look.find("new_listing", step.address, step.venue, message, {"instruments": list(names)})


def _told(look: Look, plan: Plan) -> Plan:
    """The plan as drift shows it: warnings about live state become findings."""
    accounts, rest = look.session.workspace.manifest.accounts, []
    for one in plan.warnings:
        spec = accounts.get(one.address.partition(".")[0])
        venue = spec.venue if spec is not None else ""
        listed = venue in look.session.links and inventory_of(look.session.links[venue]) is not None
        if one.code == "unknown_key" and listed:
            continue  # the whole list tells more
        if one.code in FINDINGS and (one.code != "until_over" or _still_live(one, spec, plan.steps)):
            look.find(one.code, one.address, venue, one.message, {})
        elif one.code not in _OF_AN_APPLY:
            rest.append(one)
    unread = sorted({*plan.unreadable, *look.unread}, key=lambda one: (one.address, one.code))
    reports = tuple(link.report() for _, link in sorted(look.links(), key=lambda one: one[0]))
    return replace(plan, warnings=tuple(rest), unreadable=tuple(unread), reports=reports)


def _still_live(over: Warning_, spec: AccountSpec | None, steps: Iterable[Step]) -> bool:
    """Whether live accounts still have the value of an entry past its `until` date: a step undoes it, or none can."""
    account, _, rest = over.address.partition(".")
    if spec is None or account == "guardrails":
        return True  # an exception
    if rest.startswith("leverage[") and not spec.leverage:
        return True  # nothing else says what the leverage is: no plan undoes it
    own = [step.address for step in steps if step.address.account == spec.key]
    return any(str(one) == over.address or (one.field == "leverage" and rest.startswith("leverage[")) for one in own)


def _last_run(workspace: Workspace) -> float | None:
    """When the last run that may write began, by the journal."""
    with workspace.journal() as journal:
        run = journal.last_write()
    return None if run is None else datetime.fromisoformat(run.at).timestamp()
