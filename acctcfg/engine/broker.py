"""What a broker asks of its venue: about users' keys, and for files of its rebates. No account is touched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from acctcfg.engine.progress import SILENT, Progress
from acctcfg.engine.session import Session
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import OutcomeUnknown, UsageError, VenueError
from acctcfg.venues.rebates import MOST_DAYS, GivesFiles, Rebate, RebateFile, TellsRebates

__all__ = ["file_of_rebates", "rebates"]

LOOK_S: Final = 60.0  # between two looks for a file


async def rebates(
    workspace: Workspace, keys: Sequence[str], *, venue: str | None, kind: str
) -> tuple[dict[str, Rebate], VenueError | None]:
    """By users' keys, in the order given, and what ended the questions before all were asked.

    `venue`: a key of `venues`, where there are several.
    """
    name = _venue(workspace, venue)
    async with Session(workspace, [name]) as session:
        connection = session.links[name].connection
        if not isinstance(connection, TellsRebates):
            raise UsageError(f"venue type {connection.spec.type} has no rebates")
        found: dict[str, Rebate] = {}
        try:
            for key in dict.fromkeys(keys):
                found[key] = await connection.rebate(key, kind)
        except VenueError as error:
            return found, error
        return found, None


async def file_of_rebates(
    workspace: Workspace,
    first: date,
    last: date,
    *,
    venue: str | None,
    kind: str,
    wait_s: float,
    progress: Progress = SILENT,
) -> RebateFile | None:
    """The file of these days, asked for where nobody has yet, and waited for; without a link where it takes longer.

    None where the venue accepted the question, and does not list the file yet.
    """
    _demand_days(first, last)
    name = _venue(workspace, venue)
    async with Session(workspace, [name]) as session:
        link = session.links[name]
        if not isinstance(link.connection, GivesFiles):
            raise UsageError(f"venue type {link.connection.spec.type} has no files of rebates")
        found, silence = await link.connection.rebate_file(first, last, kind), None
        if found is None:
            silence = await _ask(link.connection, first, last, kind)
            found = await link.connection.rebate_file(first, last, kind)
        progress.phase("waiting for the file", None)
        clock, end = link.client.clock, link.client.clock.monotonic() + wait_s
        while (found is None or found.link is None) and (left := end - clock.monotonic()) > 0:
            await clock.sleep(min(LOOK_S / link.speed, left))
            found = await link.connection.rebate_file(first, last, kind)
        if found is None and silence is not None:
            raise silence
        return found


async def _ask(connection: GivesFiles, first: date, last: date, kind: str) -> OutcomeUnknown | None:
    """Ask once. Where no answer tells what became of it, the list will; the error is for when it does not."""
    try:
        await connection.ask_rebate_file(first, last, kind)
    except OutcomeUnknown as error:
        return error
    return None


def _demand_days(first: date, last: date) -> None:
    """Days that a file can be of."""
    if last < first:
        raise UsageError(f"--from {first} is after --to {last}")
    days = (last - first).days + 1
    if days > MOST_DAYS:
        raise UsageError(f"{first} to {last} are {days} days; a file is of at most {MOST_DAYS}")


def _venue(workspace: Workspace, named: str | None) -> str:
    venues = sorted(workspace.manifest.venues)
    if named is None and len(venues) == 1:
        return venues[0]
    if named is None or named not in venues:
        what = "which connection is meant?" if named is None else f"{named!r} is not a key of `venues`"
        raise UsageError(what, hint=f"--venue takes one of: {', '.join(venues)}")
    return named
