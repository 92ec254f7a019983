"""The sandbox as one function: `handle(request) -> reply`. No sockets, no threads, no sleeping.

The clock is handed in; faults, the journal of writes and the counters are data on the App. What a reply does to the
connection (late, dropped, never) is data too: the server carries it out. Paths under /api/v4/ are Gate's, all others
OKX's; both share the clock, the faults, the counters and the control API.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from acctcfg.sandbox.exchange import Exchange, Reply, Request
from acctcfg.sandbox.faults import Faults
from acctcfg.sandbox.gate_crossex.exchange import GateExchange
from acctcfg.sandbox.gate_crossex.state import Venue as GateVenue
from acctcfg.sandbox.journal import Journal
from acctcfg.sandbox.okx.exchange import OkxExchange
from acctcfg.sandbox.okx.pace import Pace
from acctcfg.sandbox.okx.state import Venue
from acctcfg.sandbox.seed import build, build_gate, read_seed

__all__ = ["App", "Reply", "Request"]


class App:
    """A sandbox: its two venues (`venue` is OKX, `gate` Gate CrossEx), its faults and its journal.

    `wall` is Unix time in seconds, what public/time shows; `ticks` a monotonic clock in seconds for rate windows and
    delayed effects. A `speed` of N makes rate windows and injected delays N times shorter.
    """

    def __init__(
        self,
        seed: Mapping[str, Any] | None = None,
        *,
        wall: Callable[[], float] = time.time,
        ticks: Callable[[], float] = time.monotonic,
        speed: float = 1.0,
    ) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self.seed = read_seed(seed)
        self.wall, self.ticks, self.speed = wall, ticks, speed
        self.reset()

    def reset(self) -> None:
        """Back to the seed: no faults, an empty journal, a clock that is right."""
        self.offset_ms = 0
        self.faults = Faults()
        self.forget()
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.venue: Venue = build(self.seed, self.now_ms)
        self.venue.speed = self.speed
        self.gate: GateVenue = build_gate(self.seed, self.now_ms)
        self.gate.speed = self.speed

    def forget(self) -> None:
        """Empty the journal, the counters and the rate windows; the accounts stay as they are."""
        self.pace = Pace(self.speed)
        self.journal = Journal()

    @property
    def now_ms(self) -> int:
        """The venue's time in Unix milliseconds."""
        return int(self.wall() * 1000) + self.offset_ms

    def handle(self, request: Request) -> Reply:
        """Answer one request."""
        self.run_due()
        path, _, query = request.target.partition("?")
        if path.startswith("/_sandbox"):
            from acctcfg.sandbox.control import control  # the two know each other: a fault may do a control action

            return control(self, request, path, query)
        return self.exchange(request, path, query).reply()

    def exchange(self, request: Request, path: str, query: str) -> Exchange:
        """The venue whose path it is."""
        venue = GateExchange if f"{path}/".startswith("/api/v4/") else OkxExchange
        return venue(self, request, path, query)

    def after(self, seconds: float, effect: Callable[[], None]) -> None:
        """Carry something out later; the sandbox's speed shortens the wait."""
        self.later.append((self.ticks() + seconds / self.speed, effect))

    def run_due(self) -> None:
        """Carry out the delayed effects whose time has come."""
        if not self.later:
            return
        now = self.ticks()
        due = [(at, effect) for at, effect in self.later if at <= now]
        self.later = [(at, effect) for at, effect in self.later if at > now]
        for _, effect in sorted(due, key=lambda pair: pair[0]):
            effect()
