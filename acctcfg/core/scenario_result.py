"""The result of a scenario."""

from __future__ import annotations

from dataclasses import dataclass

from acctcfg.core.desired import Place

__all__ = ["Miss", "ScenarioResult"]


@dataclass(frozen=True, slots=True)
class Miss:
    """An expectation that was not met, where it was written, and what came instead."""

    place: Place
    what: str  # "steps.mmdesk01.position_mode.blocked"
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.place.file}:{self.place.line}:{self.place.column}: {self.what}: {self.told}"

    @property
    def told(self) -> str:
        """Both sides in one line, or only what came if nothing was compared."""
        return f"expected {self.expected}, got {self.got}" if self.expected else self.got


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """The result of one scenario; it passed if no expectation was missed."""

    name: str
    place: Place
    misses: tuple[Miss, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether every expectation was met."""
        return not self.misses
