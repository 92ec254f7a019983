"""Time as an argument: what waits or signs is handed a clock, so that tests can hand in one that does not wait."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from typing import Protocol

__all__ = ["Clock", "FakeClock", "SystemClock"]


class Clock(Protocol):
    """Wall time, steady time and waiting."""

    def now(self) -> float:
        """Unix seconds; may jump when the host's clock is set."""

    def monotonic(self) -> float:
        """Seconds that only ever grow; differences mean something, the value does not."""

    async def sleep(self, seconds: float) -> None:
        """Let others run for this long; zero or less still yields once."""


class SystemClock:
    """The host's own clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class FakeClock:
    """Virtual time: it moves to the next sleeper's end as soon as nothing else in the loop can run.

    Any number of tasks may sleep at once; they wake in the order of their ends. Sockets served in the same loop
    are given a few polls before time moves. `skew` shifts the wall clock alone, as a host's wrong clock would.
    """

    IDLE_POLLS = 3  # passes of the loop with nothing to run before time moves: bytes on a loopback socket show in one

    def __init__(self, start: float = 1_767_323_045.0) -> None:
        self.start = start
        self.elapsed = 0.0
        self.skew = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._idle = 0
        self._ticking = False

    def now(self) -> float:
        return self.start + self.skew + self.elapsed

    def monotonic(self) -> float:
        return self.elapsed

    def advance(self, seconds: float) -> None:
        """Move time by hand; sleepers whose end has passed wake."""
        self._wake_until(self.elapsed + seconds)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._sleepers, (self.elapsed + seconds, next(self._order), woken))
        if not self._ticking:
            self._ticking = True
            loop.call_soon(self._tick, loop)
        await woken

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        # Only the queue of callbacks knows whether anything else can run; a loop that hides it is just polled.
        busy = bool(getattr(loop, "_ready", ()))
        self._idle = 0 if busy else self._idle + 1
        if self._idle >= self.IDLE_POLLS:
            self._idle = 0
            self._drop_cancelled()
            if self._sleepers:
                self._wake_until(self._sleepers[0][0])
        self._drop_cancelled()
        self._ticking = bool(self._sleepers)
        if self._ticking:
            loop.call_soon(self._tick, loop)

    def _drop_cancelled(self) -> None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)

    def _wake_until(self, end: float) -> None:
        while self._sleepers and self._sleepers[0][0] <= end:
            when, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                self.elapsed = max(self.elapsed, when)
                woken.set_result(None)
        self.elapsed = max(self.elapsed, end)
