"""After the write: read back until it shows, or cannot any more. Accepted is not applied.

A write whose outcome is unknown is settled by reading; only when reading shows that it did not happen, and its signed
time is past, is it sent once more, through a gate of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from acctcfg.core.diff import diff
from acctcfg.core.state import After, Lost, Unreadable
from acctcfg.engine.attempt import READ_BACK_S, Attempt, Work
from acctcfg.engine.send import send
from acctcfg.errors import VenueError

__all__ = ["read_back"]

FIRST_POLL_S = 0.1  # doubles up to a second: most venues show a setting at once


async def read_back(attempts: Sequence[Attempt], work: Work) -> None:
    """Read until every write has its result."""
    link = work.link
    clock, window = link.client.clock, link.venue.write_window_s / link.speed
    patience = READ_BACK_S / link.speed
    deadline = clock.monotonic() + patience
    last = deadline + window + patience  # where nothing can be read at all
    pause = FIRST_POLL_S
    while open_ := [one for one in attempts if one.result is None]:
        await _look(open_, work)
        for one in open_:
            if one.result is None and one.refusal is not None:
                one.result = one.refusal
            elif one.result is None and one.sent_at is not None:
                before = one.repeated
                await _resolve(one, work)
                deadline = max(deadline, clock.monotonic() + patience) if one.repeated else deadline
                if one.repeated and not before:  # the second one may happen as late as the first
                    last = max(last, deadline + window)
        waiting = [one for one in open_ if one.result is None]
        now = clock.monotonic()
        if not waiting or now > last or (now > deadline and all(one.sent_at is None for one in waiting)):
            break
        await clock.sleep(pause / link.speed)
        pause = min(2 * pause, 1.0)
    for one in attempts:
        if one.result is None:
            one.end_unseen(later=link.venue.effects_come_later)


async def _look(attempts: Sequence[Attempt], work: Work) -> None:
    try:
        live = await work.link.connection.current(work.survey, [one.step.address for one in attempts])
    except VenueError as error:
        for one in attempts:
            one.trouble, one.seen = error.message, Unreadable(error.code, error.message)
        return
    for one in attempts:
        seen = one.seen = live[one.step.address]
        one.trouble = seen.message if isinstance(seen, Unreadable) else ""
        if one.shows:
            one.end("done")
            if one.writer is not None:
                await one.writer.found("happened")


async def _resolve(attempt: Attempt, work: Work) -> None:
    """A write without an answer, and a read that does not show it: once it no longer can, send it once more."""
    if not _told(attempt):
        return
    seen, link = attempt.seen, work.link
    now = link.client.clock.now() + link.client.offset_s
    late = attempt.sent_at is not None and now > attempt.sent_at + link.venue.write_window_s / link.speed
    made = isinstance(seen, Lost) and seen.ours  # it shows what the write made: it cannot happen any more
    if not late and not made:
        return
    if attempt.repeated:
        attempt.end_unanswered()
        return
    if not made:
        await _look([attempt], work)  # the last one may have been read before the window closed
        if attempt.result is not None or not _told(attempt):
            return
    await _send_again(attempt, work, made=made)


def _told(attempt: Attempt) -> bool:
    """Whether the last read says anything of what became of the write."""
    return attempt.seen is not None and not isinstance(attempt.seen, Unreadable | After)


async def _send_again(attempt: Attempt, work: Work, *, made: bool) -> None:
    address = attempt.step.address
    assert attempt.seen is not None  # noqa: S101 (a read told)
    changes, _ = diff({address: work.survey.desired[address]}, {address: attempt.seen})
    if not changes:
        attempt.end("done")
        return
    if attempt.writer is not None and not made:
        await attempt.writer.found("did_not_happen")
    if work.stop.asked:
        what = "its secret never arrived" if made else "it did not happen"
        attempt.end("failed", f"{what}; interrupted before it was sent once more")
        return
    attempt.repeated = True
    attempt.refusal = None
    attempt.change = changes[0]
    await send([attempt], work)
