"""How long an answer is waited for. A process that was held up looks at what came meanwhile before it gives up.

A store's helper, a disk, a question or a Ctrl-Z may stop all of it for longer than any answer takes. That answer lies
in the socket then, and the one to the creation of a key holds a secret that exists nowhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["answered_by"]

EARLY_S = 0.05  # before its end it is looked whether this process is held up
GRACE_S = 1.0  # to take in what came while it was


@asynccontextmanager
async def answered_by(until: float) -> AsyncIterator[None]:
    """Around what waits for the venue, until that moment of the loop's clock. Raises TimeoutError."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout_at(until) as limit:
        looking: asyncio.TimerHandle

        def look() -> None:
            nonlocal until, looking
            if (now := loop.time()) >= until:  # this runs late, and before the end that is due as well
                until = now + GRACE_S
                limit.reschedule(until)
                looking = loop.call_at(until - EARLY_S, look)

        looking = loop.call_at(until - EARLY_S, look)
        try:
            yield
        finally:
            looking.cancel()
