"""What all venues of a sandbox share: the clock, the speed, faults, the journal, rate windows, and what is to come."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from acctcfg.sandbox.faults import Faults
from acctcfg.sandbox.journal import Journal
from acctcfg.sandbox.pace import Pace
from acctcfg.sandbox.stream import Stream
from acctcfg.sandbox.values import Json

__all__ = ["Maintenance", "World"]

Act = Callable[[str, str, Json], Json]  # a control call: method, path, body


@dataclass(slots=True)
class Maintenance:
    """An announced closure of every venue. Times are Unix milliseconds."""

    on: bool = False
    title: str = "Sandbox maintenance"
    begin: int = 0
    end: int = 0


class World:
    """`wall` is Unix time in seconds; `ticks` a monotonic clock in seconds for rate windows and delayed effects.

    A `speed` of N makes rate windows and injected delays N times shorter.
    """

    def __init__(
        self, *, wall: Callable[[], float] = time.time, ticks: Callable[[], float] = time.monotonic, speed: float = 1.0
    ) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self.wall, self.ticks, self.speed = wall, ticks, speed
        self.act: Act = _nobody  # what a fault's hook calls
        self.streams: list[Stream] = []  # open connections
        self.watchers: set[Callable[[], object]] = set()  # called when anything may have changed
        self.faults = Faults()
        self.begin_anew()

    def begin_anew(self) -> None:
        """No faults, nothing to come, an empty journal, a clock that is right."""
        self.offset_ms = 0
        self.faults.lift("all")
        self.later: list[tuple[float, Callable[[], object]]] = []
        self.maintenance = Maintenance()
        self.client_ip = ""  # pretend that every caller without a header of its own calls from here
        for stream in self.streams:  # what they would tell is gone
            stream.drop()
        self.forget()

    def stir(self) -> None:
        """Tell the watchers that anything may have changed."""
        for watcher in tuple(self.watchers):
            watcher()

    def forget(self) -> None:
        """Empty the journal, the counters and the rate windows; the accounts stay as they are."""
        self.pace = Pace(self.speed)
        self.journal = Journal()

    @property
    def now_ms(self) -> int:
        """The venues' time in Unix milliseconds."""
        return int(self.wall() * 1000) + self.offset_ms

    def after(self, seconds: float, effect: Callable[[], object]) -> None:
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


def _nobody(*call: Json) -> Json:
    raise LookupError(f"nobody carries out {call}")  # pragma: no cover - App sets it
