"""Before the write: the present value is read once more, and only what is still to be done goes on."""

from __future__ import annotations

from collections.abc import Sequence

from acctcfg.core.plan import Step
from acctcfg.core.state import Live, Unreadable, to_json
from acctcfg.engine.attempt import Attempt, Work
from acctcfg.errors import VenueError

__all__ = ["read_again"]


async def read_again(steps: Sequence[Step], work: Work) -> list[Attempt]:
    """An attempt for each step; those that are right already, or moved, have their result. Creations are not read."""
    connection = work.link.connection
    attempts = [Attempt(step, step.change) for step in steps]
    settings = [one for one in attempts if connection.settles(one.change)]
    if not settings:
        return attempts
    try:
        live = await connection.current(work.survey, [one.step.address for one in settings])
    except VenueError as error:
        for one in settings:
            one.end("failed", error.message, error.code)
        return attempts
    for one in settings:
        _compare(one, live[one.step.address])
    return attempts


def _compare(attempt: Attempt, found: Live) -> None:
    """One that is right already is not written, one that moved is not overwritten."""
    change = attempt.change
    if found == change.after:
        attempt.end("already")
    elif isinstance(found, Unreadable):
        attempt.end("failed", found.message, found.code)
    elif change.before_known and found != change.before:
        message = f"it is {to_json(found)} now, neither {to_json(change.before)} nor as wanted: plan again"
        attempt.end("failed", message, "stale")
