"""Read what a plan needs of live accounts: of every connection at once, so that none is spoiled by another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import AccountSpec
from acctcfg.core.managed import managed_fields
from acctcfg.core.plan import Unread, Warning_
from acctcfg.engine.left_behind import left_behind
from acctcfg.engine.progress import SILENT, Progress, safe
from acctcfg.engine.same_account import user_of
from acctcfg.engine.session import Link, Session
from acctcfg.engine.survey_guard import demand_answers
from acctcfg.engine.unforeseen import spoiled
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import VenueError
from acctcfg.venues.contract import ACCOUNT_READ, Survey

__all__ = ["accounts_of", "read_for_plan", "survey_accounts", "venues_of"]


async def read_for_plan(
    session: Session,
    focus: Focus,
    *,
    replacing: frozenset[Address],
    strangers: bool,
    differences: bool,
    progress: Progress,
) -> tuple[Focus, list[Survey], list[Warning_], list[Unread]]:
    """Read what the focus touches, and again with what it turned out to depend on, where that comes along."""
    while True:
        surveys, warnings, unread = await survey_accounts(
            session, focus, replacing=replacing, strangers=strangers, differences=differences, progress=progress
        )
        missing = _missing(surveys, focus)
        if not missing:
            return focus, surveys, warnings, unread
        focus = focus.with_targets(missing)


def venues_of(workspace: Workspace, focus: Focus) -> list[str]:
    """The connections that the focus needs; for a look at everything those too that have no account left."""
    rest = left_behind(workspace) if focus.everything else []
    return sorted({*(spec.venue for spec in _specs(workspace, focus)), *rest})


def accounts_of(workspace: Workspace, focus: Focus) -> list[str]:
    """The accounts that the focus touches."""
    return [spec.key for spec in _specs(workspace, focus)]


def _specs(workspace: Workspace, focus: Focus) -> list[AccountSpec]:
    accounts, only = workspace.manifest.accounts, focus.accounts
    some = accounts.items() if only is None else [(key, accounts[key]) for key in accounts if key in only]
    return [spec for key, spec in some if focus.everything or focus.touches(key, *managed_fields(spec))]


async def survey_accounts(
    session: Session,
    focus: Focus,
    *,
    replacing: frozenset[Address] = frozenset(),
    strangers: bool = True,
    differences: bool = False,
    progress: Progress = SILENT,
) -> tuple[list[Survey], list[Warning_], list[Unread]]:
    """Read every account that the focus touches, all connections at once.

    `strangers`: and see which accounts of ours the manifest no longer names, where the focus is everything.
    `differences`: nothing more is asked of accounts that are as they should be, so that of these no notes are kept.
    """
    progress = safe(progress)
    specs = _specs(session.workspace, focus)
    progress.phase("reading accounts", len(specs))
    unread = [
        Unread(spec.key, error.code or "venue", error.told)
        for spec in specs
        if (error := session.failed.get(spec.venue)) is not None
    ]
    asked = _Asked(focus, replacing, differences and not replacing, progress, unread)

    async def one(key: str, link: Link) -> tuple[list[Survey], list[Warning_]] | VenueError:
        surveys = await _surveyed(link, [spec for spec in specs if spec.venue == key], asked)
        if isinstance(surveys, VenueError):
            return surveys
        return surveys, await _strangers(session, key, link, unread) if focus.everything and strangers else []

    links = [(key, link) for key, link in session.links.items() if key not in session.failed]
    found = await asyncio.gather(*(one(key, link) for key, link in links))
    read = [result for result in found if not isinstance(result, VenueError)]
    if found and not read:
        raise next(result for result in found if isinstance(result, VenueError))  # no venue is left that answers
    surveys = [survey for some, _ in read for survey in some]
    return surveys, list(dict.fromkeys(warning for _, some in read for warning in some)), unread


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is read of accounts, and where it is told that one came, or did not."""

    focus: Focus
    replacing: frozenset[Address]
    differences: bool  # nothing is kept of those that are as they should be
    progress: Progress
    unread: list[Unread]


async def _surveyed(link: Link, specs: Sequence[AccountSpec], asked: _Asked) -> list[Survey] | VenueError:
    """The accounts of one connection, or why none of them could be read. In a task of its own: who listens for accounts
    is told of those of this connection alone."""
    left = {spec.key for spec in specs}

    def heard(survey: Survey) -> None:
        if survey.spec.key in left:
            left.remove(survey.spec.key)
            asked.progress.advance(1, survey.spec.key)
        if asked.differences and survey.live == survey.desired:
            survey.let_go()

    ACCOUNT_READ.set(heard)  # of this task and of those that it starts: the venue tells of each account
    try:
        surveys = await link.connection.survey(specs, asked.focus, replace=asked.replacing)
    except VenueError as error:
        asked.unread.extend(Unread(spec.key, error.code or "venue", error.told) for spec in specs)
        return error
    except Exception as error:
        surveys = await _each_alone(link, specs, error, asked)
    demand_answers(surveys, asked.focus, link.connection.spec.type)
    link.accounts = len(specs)
    for survey in surveys:
        survey.read_at = link.client.clock.monotonic()
    asked.progress.advance(len(left), link.connection.spec.key if left else "")
    return surveys


async def _strangers(session: Session, key: str, link: Link, unread: list[Unread]) -> list[Warning_]:
    """Accounts of ours that the manifest no longer names, whichever connection of their user it named them at."""
    manifest, user = session.workspace.manifest, user_of(session, key)
    ways = {one for one in manifest.venues if user_of(session, one) == user}
    named = {spec.name for spec in manifest.accounts.values() if spec.venue in ways}
    try:
        return await link.connection.strangers(frozenset(named))
    except Exception as error:
        found = spoiled(f"venues.{key}", error, link.connection.spec)
        message = f"which accounts the manifest no longer names could not be read: {found.message}"
        unread.append(replace(found, message=message))
        return []


async def _each_alone(link: Link, specs: Sequence[AccountSpec], error: Exception, asked: _Asked) -> list[Survey]:
    """After an exception that nobody foresaw: every account by itself, so that it spoils no other than its own."""
    spec = link.connection.spec
    if len(specs) == 1:
        asked.unread.append(spoiled(specs[0].key, error, spec))
        return []

    async def alone(one: AccountSpec) -> list[Survey]:
        try:
            return await link.connection.survey([one], asked.focus, replace=asked.replacing)
        except Exception as again:
            asked.unread.append(spoiled(one.key, again, spec))
            return []

    return [survey for some in await asyncio.gather(*map(alone, specs)) for survey in some]


def _missing(surveys: Sequence[Survey], focus: Focus) -> list[Address]:
    """What has to go first and is looked at in another round; not what the user said to leave alone."""
    first = {address for survey in surveys for address in survey.untargeted} if focus.dependencies else set()
    return [address for address in first if not focus.wants(address) and not focus.leaves_out(address)]
