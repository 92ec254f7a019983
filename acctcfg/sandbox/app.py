"""The sandbox as one function: `handle(request) -> reply`. No sockets, no threads, no sleeping.

The clock is handed in; faults, the journal of writes and the counters are data. What a reply does to the connection
(late, dropped, never) is data too: the server carries it out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from acctcfg.sandbox.control import act, control
from acctcfg.sandbox.faults import OF_HANDSHAKES
from acctcfg.sandbox.journal import Outcome
from acctcfg.sandbox.sandbox import Kinds, Sandbox
from acctcfg.sandbox.stream import Stream
from acctcfg.sandbox.traffic import Reply, Request
from acctcfg.sandbox.venues import VENUES

__all__ = ["App", "Reply", "Request"]

MOST_CONNECTS = 3  # WebSockets in a second from one address


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
        reply = self.venue_of(path).exchange(request, path, query).reply()
        self.world.stir()
        return reply

    def connect(self, request: Request) -> Stream | Reply:
        """Answer a request for a WebSocket: a stream, or why there is none."""
        path, world = request.target.partition("?")[0], self.world
        stream = self.venue_of(path).stream(request, path)
        if stream is None:
            return self.handle(request)
        fault = world.faults.next_for("GET", path, stream.account, world.act, OF_HANDSHAKES)
        admitted = world.pace.admits((request.peer, "GET", "websockets", ""), MOST_CONNECTS, 1.0, world.ticks())
        if fault is not None and fault.kind in ("reset_before", "reset_after"):
            reply = Reply(503, b"", fate="reset")
        elif fault is not None and fault.kind in ("timeout_before", "timeout_after"):
            reply = Reply(503, b"", fate="hang", delay_s=fault.seconds / world.speed, held=fault.is_laid)
        elif fault is not None or not admitted:
            reply = Reply((fault.status if fault else 429) or 503, b"")
        else:
            reply = Reply(101, b"")
        outcome = Outcome("0" if reply.status == 101 else "", reply.status, too_many=not admitted)
        world.journal.count(stream.account, f"GET {path}", outcome)
        return stream if reply.status == 101 else reply
