"""How long an answer is waited for. A process that was held up looks at what came meanwhile before it gives up.

A store's helper, a disk, a question or a Ctrl-Z may stop all of it for longer than any answer takes. That answer lies
in the socket then, and the one to the creation of a key holds a secret that exists nowhere else.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final

__all__ = ["AnsweredBy"]

EARLY_S: Final = 0.05  # before its end it is looked whether this process is held up
GRACE_S = 1.0  # to take in what came while it was


class AnsweredBy:
    """Around what waits for the venue, until that moment of the loop's clock. Raises TimeoutError.

    One timer, as any time-out has: nearly every request has an answer before it is due.
    """

    __slots__ = ("_limit", "_looking", "_loop", "_until")

    def __init__(self, until: float) -> None:
        self._until = until
        self._loop = asyncio.get_running_loop()
        self._limit = asyncio.timeout(None)
        self._looking: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()
        self._wait()

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._looking is not None:
            self._looking.cancel()
        await self._limit.__aexit__(kind, exc, trace)

    def _wait(self) -> None:
        self._looking = self._loop.call_at(self._until - EARLY_S, self._look)

    def _look(self) -> None:
        if (now := self._loop.time()) >= self._until:  # this runs late: what came meanwhile is not taken in yet
            self._until = now + GRACE_S
            self._wait()
        else:
            self._limit.reschedule(self._until)
