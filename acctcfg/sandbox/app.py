"""The sandbox as one function: `handle(request) -> reply`. No sockets, no threads, no sleeping.

The clock is handed in; faults, the journal of writes and the counters are data. What a reply does to the connection
(late, dropped, never) is data too: the server carries it out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from acctcfg.sandbox.control import act, control
from acctcfg.sandbox.sandbox import Kinds, Sandbox
from acctcfg.sandbox.traffic import Reply, Request
from acctcfg.sandbox.venues import VENUES

__all__ = ["App", "Reply", "Request"]


class App(Sandbox):
    """A sandbox that answers requests: those under /_sandbox are control calls, all others a venue's."""

    def __init__(
        self,
        seed: Mapping[str, object] | None = None,
        *,
        venues: Kinds = VENUES,
        wall: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        speed: float = 1.0,
    ) -> None:
        super().__init__(seed, venues, wall=wall, ticks=ticks, speed=speed)
        self.world.act = lambda method, path, body: act(self, method, path, body)

    def handle(self, request: Request) -> Reply:
        """Answer one request."""
        self.world.run_due()
        path, _, query = request.target.partition("?")
        if path.startswith("/_sandbox"):
            return control(self, request, path, query)
        return self.venue_of(path).exchange(request, path, query).reply()
