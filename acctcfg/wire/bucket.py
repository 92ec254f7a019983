"""One limit as the venue counts it: a place in it counts from its answer. Why, `pace` says."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from acctcfg.wire.clock import Clock
from acctcfg.wire.round_trips import RoundTrips

__all__ = ["AHEAD_S", "Ahead", "Bucket"]

DRIFT = 1e-4  # the venue's clock and ours may run apart by this share of a window (100 parts in a million)
AHEAD_S = 0.5  # before its slot a request may read what has to be fresh when it is sent
TICK_S = 1e-6  # no shorter waits: a rounding error must not turn waiting into spinning

Ahead = Callable[[], Awaitable[None]]


class Paced(Protocol):
    """What all buckets of a pacer have in common."""

    @property
    def clock(self) -> Clock: ...

    @property
    def speed(self) -> float: ...

    @property
    def connections(self) -> int: ...

    @property
    def path_s(self) -> float: ...


class Bucket:
    """One limit: places in flight, and the moments of the last answers."""

    __slots__ = (
        "_changed",
        "_pacer",
        "_turn",
        "count",
        "halved_until",
        "in_flight",
        "log",
        "path",
        "served_at",
        "waiting",
        "window",
    )

    def __init__(self, pacer: Paced, count: int, window: float) -> None:
        self.count = count
        self.window = window * (1 + DRIFT) + 1e-6
        self.in_flight = 0
        self.log: deque[float] = deque()  # moments of answers, ascending
        self.halved_until = -math.inf
        self.path = RoundTrips()
        self.served_at = -math.inf
        self.waiting = 0
        self._pacer = pacer
        self._turn = asyncio.Lock()  # wakes in the order of arrival, and hands on when a waiter is cancelled
        self._changed: asyncio.Future[None] | None = None

    def idle(self, now: float) -> bool:
        """Whether a new one would let through just as much."""
        used = self.in_flight or self.waiting or now < self.halved_until
        return not used and (not self.log or self.log[-1] + 2 * self.window <= now)

    async def enter(self, ahead: Ahead | None = None) -> None:
        if not self.waiting and self.wait_s() <= 0:
            self.in_flight += 1  # as nearly always: nobody's turn has to be waited for
            return
        self.waiting += 1
        try:
            async with self._turn:
                await self._place(ahead)
                self.in_flight += 1
        finally:
            self.waiting -= 1

    async def _place(self, ahead: Ahead | None) -> None:
        lead = AHEAD_S / self._pacer.speed if ahead is not None else 0.0
        while (wait := self.wait_s()) > 0:
            if ahead is None or wait > lead:
                await self._pause(wait - lead)
            else:
                await ahead()
                ahead, lead = None, 0.0

    def clears_in_s(self) -> float:
        """The last of those that wait leaves no sooner than in so many seconds."""
        first = self.wait_s()
        return (first if math.isfinite(first) else 0.0) + self.window * ((self.waiting - 1) // self.count)

    def answered(self, now: float, round_trip: float, connection: int, *, steady: bool) -> None:
        self.path.observe(round_trip, connection, steady=steady)
        self._log(now)

    def lost(self, now: float) -> None:
        self.path.forget()  # nobody knows what happened to the path
        self._log(now)

    def also(self, answers: Iterable[float]) -> None:
        """Count answers that were given elsewhere."""
        self.log = deque(sorted({*self.log, *answers}))

    def gave_back(self) -> None:
        self.in_flight -= 1
        self._wake()

    def _log(self, now: float) -> None:
        self.in_flight -= 1
        self.log.append(now)
        self._wake()

    def _wake(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)

    def wait_s(self) -> float:
        """Seconds until a place is free; 0 when one is, infinite when only an answer can free one."""
        if self.in_flight + len(self.log) < self.count // 2:  # as with most, one of many accounts' own
            return 0.0
        now = self._pacer.clock.monotonic()
        count, window, until = self.count, self.window, math.inf
        if now < self.halved_until:
            until = self.halved_until - now
            count, window = (count // 2, window) if count > 1 else (1, 2 * window)
        log = self.log
        while log and log[0] + 2 * self.window <= now:  # twice: the window of a halved limit of one
            log.popleft()
        counts_for = window - self.path.guard(self._pacer.connections, self._pacer.path_s)
        gone = 0
        for answer in log:
            if answer + counts_for > now:
                break
            gone += 1
        first = self.in_flight + len(log) - count  # the answer that has to leave the window
        if first < gone:
            return 0.0
        free_in = log[first] + counts_for - now if first < len(log) else math.inf
        return max(TICK_S, min(free_in, until))

    async def _pause(self, seconds: float) -> None:
        if self.in_flight == 0:
            await self._pacer.clock.sleep(seconds)  # nothing but time can free a place
            return
        self._changed = asyncio.get_running_loop().create_future()
        sleeper = None if math.isinf(seconds) else asyncio.ensure_future(self._pacer.clock.sleep(seconds))
        try:
            if sleeper is None:
                await self._changed
            else:
                await asyncio.wait((sleeper, self._changed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._changed = None
            if sleeper is not None:
                sleeper.cancel()
