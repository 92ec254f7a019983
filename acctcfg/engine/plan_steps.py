"""The steps of a plan: changes in their order, with the calls that they take and what stands in their way."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple, TypeAlias

from acctcfg.core.address import Address
from acctcfg.core.desired import Place
from acctcfg.core.diff import Change
from acctcfg.core.order import Ordered, order
from acctcfg.core.plan import Precheck, Step, Unread, Warning_
from acctcfg.engine.accounts_order import deletes_last, with_upper
from acctcfg.engine.progress import SILENT, Progress
from acctcfg.engine.session import Link, Session
from acctcfg.engine.unforeseen import spoiled
from acctcfg.venues.contract import Survey

__all__ = ["Answers", "Asked", "AskedBefore", "ask_again", "ask_all", "steps_of"]

Asked: TypeAlias = Mapping[Address, tuple[Precheck, ...]]
"""What the prechecks of steps say."""
Answers: TypeAlias = tuple[Asked, list[Warning_]]
"""Of one account: what the prechecks of its changes say, and what there is to know about them."""


class AskedBefore(NamedTuple):
    """What was said of a step a moment ago, and the calls that followed from it."""

    prechecks: tuple[Precheck, ...]
    calls: tuple[str, ...]


async def ask_again(
    session: Session,
    work: list[tuple[Survey, list[Change]]],
    before: Mapping[Address, AskedBefore],
    unread: list[Unread],
) -> list[Answers]:
    """What was said then; of an account whose steps would take other calls now, for want of the answers, what is said
    now."""
    anew = [
        (survey, changes)
        for survey, changes in work
        if any(one.address in before and _differs(session, survey, one, before[one.address]) for one in changes)
    ]
    then = {address: one.prechecks for address, one in before.items()}
    return [(then, []), *(await ask_all(session, anew, SILENT, unread) if anew else ())]


def _differs(session: Session, survey: Survey, change: Change, before: AskedBefore) -> bool:
    with suppress(Exception):  # whatever is wrong, `steps_of` says
        calls = session.links[survey.spec.venue].connection.calls(survey, change)
        return tuple(call.text for call in calls) != before.calls
    return False


async def ask_all(
    session: Session, work: list[tuple[Survey, list[Change]]], progress: Progress, unread: list[Unread]
) -> list[Answers]:
    """What stands in the way of the changes of each account; what fails is `unread`."""
    progress.phase("asking what stands in the way", len(work))
    return await asyncio.gather(*(_ask(session, survey, changes, progress, unread) for survey, changes in work))


def steps_of(
    session: Session,
    work: list[tuple[Survey, list[Change]]],
    by_key: dict[str, Survey],
    asked: Sequence[Answers],
    warnings: list[Warning_],
    unread: list[Unread],
) -> tuple[list[Step], list[tuple[Survey, list[Change]]]]:
    """The changes as steps in their order, with what stands in the way; and the work of accounts read in full."""
    steps: list[Step] = []
    for survey, changes in work:  # what stands in the way may decide which calls a change takes
        try:
            steps += _ordered(session, survey, changes)
        except Exception as error:
            unread.append(_spoiled(session, survey, error))
    whole = {one.address for one in unread}
    steps = [step for step in steps if step.address.account not in whole]
    answers = {address: checks for found, _ in asked for address, checks in found.items()}
    warnings += [warning for _, some in asked for warning in some]
    steps = [
        step.with_prechecks(*_found(session, by_key, step), *answers.get(step.address, ()))
        for step in deletes_last(with_upper(steps, by_key), by_key)
    ]
    return steps, [(survey, changes) for survey, changes in work if survey.spec.key not in whole]


def _found(session: Session, by_key: Mapping[str, Survey], step: Step) -> tuple[Precheck, ...]:
    """What reading showed to stand in its way."""
    return session.links[step.venue].worded(by_key[step.address.account].blocks.get(step.address, ()))


def _ordered(session: Session, survey: Survey, changes: Sequence[Change]) -> list[Step]:
    link = session.links[survey.spec.venue]
    return [_step(link, survey, one) for one in order(changes, link.venue.order)]


def _step(link: Link, survey: Survey, one: Ordered) -> Step:
    calls = link.connection.calls(survey, one.change)
    return Step(
        change=one.change,
        venue=survey.spec.venue,
        one_way=_one_way(link, one.change),
        place=_place(survey, one.change.address),
        depends_on=one.depends_on,
        waits_for=one.waits_for,
        calls=tuple(call.text for call in calls),
        besides=tuple(other for call in calls for other in call.besides),
    )


def _one_way(link: Link, change: Change) -> str:
    """Why the venue does not take the change back; "" for what stands now: that door was taken before."""
    if change.stands:
        return ""
    setting = link.venue.rules.setting(change.address.field)
    found = setting.one_way(change.address.key, change.after) if setting is not None else None
    return found.why if found is not None else ""


def _place(survey: Survey, address: Address) -> Place:
    return survey.places.get(address) or survey.spec.place_of(address.field, address.key)


async def _ask(
    session: Session, survey: Survey, changes: Sequence[Change], progress: Progress, unread: list[Unread]
) -> Answers:
    link = session.links[survey.spec.venue]
    connection = link.connection
    try:
        gated = [change for change in changes if connection.gated(change)]
        found = await connection.prechecks(survey, gated) if gated else {}
        notices = await connection.notices(survey, gated)
    except Exception as error:
        unread.append(_spoiled(session, survey, error))
        found, notices = {}, []
    progress.advance(1, survey.spec.key)
    return {address: link.worded(checks) for address, checks in found.items()}, notices


def _spoiled(session: Session, survey: Survey, error: Exception) -> Unread:
    return spoiled(survey.spec.key, error, session.links[survey.spec.venue].connection.spec)
