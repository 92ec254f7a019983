"""What happens while a command works, as values: whoever listens makes a line, a span or a bar of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from acctcfg.core.outcome import StepResult
from acctcfg.core.plan import Plan, Step

__all__ = ["Connected", "Event", "PlanReady", "SoFar", "StepDone", "StepStart", "Traffic"]


@dataclass(frozen=True, slots=True)
class Traffic:
    """One connection: its requests so far, and the limit that holds up the work most.

    waiting: requests in line at `endpoint`; left_s: the last of them is sent no sooner than in so many seconds.
    """

    requests: int = 0
    waiting: int = 0
    endpoint: str = ""
    left_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection is used from now on; `traffic` tells at any time what it has done."""

    venue: str
    traffic: Callable[[], Traffic]


@dataclass(frozen=True, slots=True)
class PlanReady:
    """The plan that is shown or carried out; another one may follow, which then counts."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class StepStart:
    """A step's turn has come: it is looked at again, and then written."""

    step: Step


@dataclass(frozen=True, slots=True)
class StepDone:
    """How a step ended; once for every step of a plan that is carried out."""

    result: StepResult


@dataclass(frozen=True, slots=True, kw_only=True)
class SoFar:
    """How far the work has come, told once a second. `phase` "": nothing is under way."""

    phase: str = ""
    done: int = 0
    total: int | None = None
    seconds: float = 0.0  # since the phase began
    least_s: float = 0.0  # what is left of the plan takes at least so long at the venue's limits
    traffic: Mapping[str, Traffic] = field(default_factory=dict)  # by connection

    @property
    def at_least_s(self) -> float:
        """What is left takes at least so long: the plan's estimate, or the longest line at a limit."""
        return max(self.least_s, *(one.left_s for one in self.traffic.values()), 0.0)

    @property
    def left_s(self) -> float | None:
        """What is left takes about so long if it goes on as before; None where nothing can be said yet."""
        if self.total is None or not 0 < self.done < self.total:
            return None
        return max(self.at_least_s, self.seconds / self.done * (self.total - self.done))


Event: TypeAlias = Connected | PlanReady | StepStart | StepDone | SoFar
