"""One's turn at the venue users of a run: their locks, and the wait for what an earlier run may have on its way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from acctcfg.engine.part import Part, unresolved
from acctcfg.engine.progress import Progress
from acctcfg.engine.session import Link, Session
from acctcfg.engine.workspace import Locks
from acctcfg.venues.contract import FRESH_SINCE

__all__ = ["hold_locks", "let_writes_expire", "working"]


@asynccontextmanager
async def hold_locks(session: Session, timeout_s: float, progress: Progress) -> AsyncIterator[Locks]:
    """The lock of every venue user, taken in one order, so that two runs never wait for each other."""
    if timeout_s > 0:
        progress.phase("waiting for the lock", None)
    place_of = session.workspace.place_of  # two connections may spell one place differently
    users = sorted({(place_of(link.client.base_url), link.connection.user) for link in working(session)})
    async with AsyncExitStack() as stack:
        locks = [
            await stack.enter_async_context(session.workspace.lock(base_url, user, timeout_s=timeout_s))
            for base_url, user in users
        ]
        for lock in locks:
            if all(_arrives_for(link, lock.late) <= 0 for link in working(session)):
                lock.settled()
        FRESH_SINCE.set(session.clock.monotonic())  # another run may have ended since the connections were opened
        yield Locks(locks)


async def let_writes_expire(session: Session, locks: Locks, progress: Progress, part: Part | None = None) -> None:
    """A write that a killed run sent may still arrive: wait until the venue would refuse its time, then read.

    What a run of this journal sent is on record. Of one of another folder the lock tells alone: it did not let go.
    """
    with session.workspace.journal() as journal:
        session.workspace.demand_intact(journal)
        told = False
        for link in working(session):
            user = link.connection.user
            latest = max((one.sent_at or 0.0 for one in unresolved(journal, user, part)), default=0.0)
            left = _arrives_for(link, max(latest - link.client.offset_s, locks.late(user)))
            if left > 0:
                if not told:
                    progress.phase("waiting until requests of an earlier run have expired", None)
                told = True
                await link.client.clock.sleep(left)
                FRESH_SINCE.set(session.clock.monotonic())
    locks.settled()


def _arrives_for(link: Link, sent_at: float) -> float:
    """How many seconds a request may still arrive that was sent then, by our clock; zero or less: no more."""
    window = link.venue.write_window_s / link.speed
    return min(sent_at + window - link.client.clock.now(), window)  # a time that lies ahead is nobody's


def working(session: Session) -> list[Link]:
    return [link for key, link in session.links.items() if key not in session.failed]
