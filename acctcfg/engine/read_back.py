"""After the write: read back until it shows, or cannot any more. Accepted is not applied.

A write whose outcome is unknown is settled by reading; only when reading shows that it did not happen, and its signed
time is past, is it sent once more, through a gate of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from acctcfg.core.diff import diff
from acctcfg.core.state import ABSENT, After, Lost, Unreadable
from acctcfg.engine.attempt import Attempt, Work
from acctcfg.engine.looks import READ_BACK_S, SECOND_LOOK_S
from acctcfg.engine.send import send
from acctcfg.engine.siblings import kept_as_one
from acctcfg.errors import AcctcfgError

__all__ = ["read_back"]

FIRST_POLL_S = 0.1  # doubles up to a second: most venues show a setting at once
STOP_S = 5.0  # how long reads go on once the run was told to stop


async def read_back(attempts: Sequence[Attempt], work: Work) -> None:
    """Read until every write has its result."""
    await _Reads(attempts, work).until_settled()


class _Reads:
    """The reads after one batch of writes, and how long they go on."""

    def __init__(self, attempts: Sequence[Attempt], work: Work) -> None:
        self.attempts, self.work = attempts, work
        link = work.link
        self.clock, self.speed = link.client.clock, link.speed
        self.window = link.venue.write_window_s / link.speed
        self.patience = READ_BACK_S / link.speed
        self.deadline = self.clock.monotonic() + self.patience
        self.last = self.deadline + self.window + self.patience  # where nothing can be read at all
        self.stop_at: float | None = None
        self.looks = 0

    @property
    def open(self) -> list[Attempt]:
        """The attempts that have no result yet."""
        return [one for one in self.attempts if one.result is None]

    async def until_settled(self) -> None:
        pause = FIRST_POLL_S
        while self.open:
            await self._round()
            if not self.open or self._too_late():
                break
            await self.work.stop.sleep(self.clock.sleep(max(pause / self.speed, self._until_second_look())))
            pause = min(2 * pause, 1.0)
            if self.stop_at is not None:
                await self.clock.sleep(FIRST_POLL_S)  # told to stop, nothing sleeps any more but this
        await self._look_everywhere([one for one in self.open if isinstance(one.seen, After)])
        for one in self.open:
            one.end_unseen(later=self.work.link.venue.effects_come_later, interrupted=self.work.stop.asked)
            kept_as_one(one, self.attempts, self.work)
            if one.never_made and one.writer is not None:
                await one.writer.never_happened()

    async def _look_everywhere(self, attempts: Sequence[Attempt]) -> None:
        """A last look at what was made and took no effect in time: whether the venue lists it at all."""
        if attempts and not self.work.stop.asked:
            self.work.survey.thorough.update(one.address for one in attempts)
            await self._look(attempts)

    async def _round(self) -> None:
        open_ = self.open
        await self._look(open_)
        for one in open_:
            gone = one.shows(one.seen) and self._too_soon(one)  # what is gone already needs no delete
            if one.result is None and one.refusal is not None and not gone:
                one.result = one.refusal
        unanswered = [one for one in open_ if one.result is None and (one.sent_at is not None or one.taken)]
        first = [one for one in unanswered if not one.repeated]
        await self._resolve(unanswered)
        if any(one.repeated for one in unanswered):
            self.deadline = max(self.deadline, self.clock.monotonic() + self.patience)
        if any(one.repeated for one in first):  # the second one may happen as late as the first
            self.last = max(self.last, self.deadline + self.window)

    def _until_second_look(self) -> float:
        """Seconds in which no read tells more: all that is open is gone by one look, and is looked for once more."""
        waits = self._second_looks
        return min(waits) if waits and len(waits) == len(self.open) else 0.0

    @property
    def _second_looks(self) -> list[float]:
        """In how many seconds each is looked for once more that does not show, and is not to show."""
        due = SECOND_LOOK_S / self.speed - self.clock.monotonic()
        return [one.gone_since + due for one in self.open if one.gone_since is not None and one.shows(one.seen)]

    def _too_late(self) -> bool:
        now = self.clock.monotonic()
        if self.work.stop.asked:
            self.stop_at = self.stop_at or now + STOP_S
            if now > self.stop_at:
                return True
        answered = all(one.sent_at is None for one in self.open)
        return now > self.last or (now > self.deadline and answered and not self._second_looks)

    async def _look(self, attempts: Sequence[Attempt]) -> None:
        self.looks += 1
        link = self.work.link
        try:
            live = await link.connection.current(self.work.survey, [one.address for one in attempts])
        except AcctcfgError as error:
            live = dict.fromkeys((one.address for one in attempts), Unreadable("unreadable", error.told))
        except Exception as error:
            live = dict.fromkeys((one.address for one in attempts), Unreadable("bug", self.work.blame(error)))
        for one in attempts:
            one.saw(live[one.address], self.looks, self.clock.monotonic())
            if one.shows(one.seen) and not self._too_soon(one):
                one.end("done")
                if one.writer is not None:
                    await one.writer.found("happened")

    async def _resolve(self, attempts: Sequence[Attempt]) -> None:
        """Writes without an answer, and a read that does not show them: once they no longer can happen, send them once
        more, and what one call made by one call."""
        over = [one for one in attempts if self._no_longer_can(one)]
        if unmade := [one for one in over if not _made(one)]:
            await self._look(unmade)  # the last one may have been read before the window closed
        await _send_again([one for one in over if one.result is None and _told(one)], self.work)

    def _no_longer_can(self, attempt: Attempt) -> bool:
        """Whether reads do not show a write that cannot happen any more; one that was sent twice ends with that."""
        if not _told(attempt):
            return False
        link = self.work.link
        now = link.client.clock.now() + link.client.offset_s
        late = attempt.sent_at is not None and now > attempt.sent_at + self.window
        made = _made(attempt)
        if not (late or made) or self._too_soon(attempt):
            return False
        if attempt.repeated and not (made and attempt.taken):
            attempt.end_unanswered()
            return False
        return True

    def _too_soon(self, attempt: Attempt) -> bool:
        """Whether what reads do not show may be there all the same: absence is believed after a second look."""
        if attempt.seen is not ABSENT or attempt.gone_since is None:
            return False
        deleted = attempt.change.after is None  # an answer that says so proves nothing: accepted is not applied
        twice = deleted or self.work.link.connection.absence(attempt.change).twice
        return twice and self.clock.monotonic() - attempt.gone_since < SECOND_LOOK_S / self.speed


def _told(attempt: Attempt) -> bool:
    """Whether the last read says anything of what became of the write."""
    return attempt.seen is not None and not isinstance(attempt.seen, Unreadable | After)


def _made(attempt: Attempt) -> bool:
    """Whether a read shows what the write made, without its secret: it happened, and cannot once more."""
    return isinstance(attempt.seen, Lost) and attempt.seen.ours


async def _send_again(attempts: Sequence[Attempt], work: Work) -> None:
    again = [one for one in attempts if await _goes_again(one, work)]
    if again:
        await send(again, work)


async def _goes_again(attempt: Attempt, work: Work) -> bool:
    """Whether there is anything left to change, and nobody stops it; the change is by what stands there now."""
    address, made = attempt.address, _made(attempt)
    assert attempt.seen is not None  # noqa: S101 (a read told)
    again = {address} if attempt.step.change.action == "replace" else set()
    changes, _ = diff({address: work.survey.desired[address]}, {address: attempt.seen}, replace=again)
    if not changes:
        attempt.end("done")
        return False
    if attempt.writer is not None and not made:
        await attempt.writer.found("did_not_happen")
    if work.stop.asked:
        what = "its secret never arrived" if made else "it did not happen"
        attempt.end("failed", f"{what}; interrupted before it was sent once more")
        return False
    attempt.repeated, attempt.taken = True, ""
    attempt.refusal = None
    attempt.change = changes[0]
    return True
