"""One's turn at the venue users of a run: their locks, and the wait for what an earlier run may have on its way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Self

from acctcfg.engine.part import Part, unresolved
from acctcfg.engine.progress import Progress
from acctcfg.engine.session import Link, Session
from acctcfg.engine.workspace import Locks
from acctcfg.errors import AcctcfgError, VenueError
from acctcfg.venues.contract import FRESH_SINCE

__all__ = ["Latecomers", "hold_locks", "let_writes_expire", "working"]


@asynccontextmanager
async def hold_locks(session: Session, timeout_s: float, progress: Progress) -> AsyncIterator[Locks]:
    """The lock of every venue user, taken in one order, so that two runs never wait for each other."""
    if timeout_s > 0:
        progress.phase("waiting for the lock", None)
    users = sorted({_user(session, link) for link in working(session)})
    async with AsyncExitStack() as stack:
        locks = [
            await stack.enter_async_context(session.workspace.lock(base_url, user, timeout_s=timeout_s))
            for base_url, user in users
        ]
        for lock in locks:
            if all(_arrives_for(link, lock.late) <= 0 for link in working(session)):
                lock.settled()
        FRESH_SINCE.set(session.clock.monotonic())  # another run may have ended since the connections were opened
        yield Locks([*locks])


def _user(session: Session, link: Link) -> tuple[str, str]:
    """Place and venue user, by which a lock is kept: two connections may spell one place differently."""
    return session.workspace.place_of(link.client.base_url), link.connection.user


class Latecomers:
    """`async with Latecomers(session, locks, timeout_s) as late:` lets connections that open late join a run that is
    under way, each with the lock of its user. One that does not get it is among the failed ones, and stops no other.
    """

    def __init__(self, session: Session, locks: Locks, timeout_s: float) -> None:
        self._session, self._locks, self._timeout_s = session, locks, timeout_s
        self._held = {_user(session, link) for link in working(session)}
        self._joins: dict[str, asyncio.Task[None]] = {}
        self._one_by_one = asyncio.Lock()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self._joins.values():
            task.cancel()
        await asyncio.gather(*self._joins.values(), return_exceptions=True)
        await self._stack.aclose()

    async def join(self, key: str) -> None:
        """Wait until a connection is open, or among the failed ones; of one that was open at once, for nothing."""
        if key in self._session.late and key not in self._joins:
            self._joins[key] = asyncio.create_task(self._join(key))
        if key in self._joins:
            await asyncio.shield(self._joins[key])
            FRESH_SINCE.set(self._session.clock.monotonic())

    async def _join(self, key: str) -> None:
        session = self._session
        await asyncio.wait([session.late[key]])
        try:
            session.came(key)
            if key not in session.failed:
                async with self._one_by_one:
                    await self._lock(session.links[key])
        except AcctcfgError as error:
            session.failed[key] = VenueError(error.message, hint=error.hint, code=error.word)

    async def _lock(self, link: Link) -> None:
        if (place := _user(self._session, link)) in self._held:
            return
        lock = await self._stack.enter_async_context(self._session.workspace.lock(*place, timeout_s=self._timeout_s))
        self._held.add(place)
        self._locks.all.append(lock)
        if _arrives_for(link, lock.late) <= 0:
            lock.settled()


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
    return [link for key, link in session.links.items() if key not in session.failed and key not in session.late]
