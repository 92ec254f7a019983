"""How far the work has come: what the engine says, added up for whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from acctcfg.core.events import Connected, Event, PlanReady, SoFar, StepDone, StepStart, Traffic
from acctcfg.core.plan import Plan

__all__ = ["Meter"]


class Meter:
    """A listener that counts. `now` is a clock of seconds that only grow."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._phase, self._done, self._total = "", 0, None  # type: str, int, int | None
        self._begun = now()
        self._plan: Plan | None = None
        self._walking, self._ended = False, 0  # whether that plan is carried out, and how many steps have ended
        self._moved = self._begun  # when the latest of them did
        self._traffic: dict[str, Callable[[], Traffic]] = {}
        self._before: dict[str, int] = {}  # requests of connections that were closed

    def phase(self, text: str, total: int | None) -> None:
        """A new phase begins."""
        self._phase, self._done, self._total, self._begun = text, 0, total, self._now()

    def advance(self, n: int = 1, text: str = "") -> None:  # noqa: ARG002
        """`n` more pieces are done."""
        self._done += n

    def log(self, text: str) -> None:
        """Nothing is counted."""

    def standing(self, text: str, things: Mapping[str, str]) -> None:  # noqa: ARG002
        """A wait is a phase, whose end nobody knows."""
        if self._phase != text:
            self.phase(text, None)

    def alert(self, text: str) -> None:
        """Nothing is counted."""

    def happened(self, event: Event) -> None:
        """A plan says how long it takes, a step's end how much of that is left."""
        match event:
            case Connected(venue, traffic):
                if venue in self._traffic:
                    self._before[venue] = self._requests(venue)
                self._traffic[venue] = traffic
            case PlanReady(plan):
                self._plan, self._walking, self._ended = plan, False, 0
            case StepStart() if not self._walking:
                self._walking, self._moved = True, self._now()
            case StepDone():
                self._ended, self._moved = self._ended + 1, self._now()

    def rest(self) -> None:
        """Nothing is under way: a question is asked, or the next look is waited for."""
        self._phase, self._plan = "", None

    def so_far(self) -> SoFar:
        """As it is now."""
        return SoFar(
            phase=self._phase,
            done=self._done,
            total=self._total,
            seconds=self._now() - self._begun,
            least_s=self._least_s(),
            traffic={
                venue: replace(traffic(), requests=self._requests(venue)) for venue, traffic in self._traffic.items()
            },
        )

    def _requests(self, venue: str) -> int:
        return self._before.get(venue, 0) + self._traffic[venue]().requests

    def _least_s(self) -> float:
        if self._plan is None or not self._walking:
            return 0.0
        share = 1 - self._ended / max(len(self._plan.steps), self._ended)
        return max(self._plan.estimate.seconds * share - (self._now() - self._moved), 0.0)
