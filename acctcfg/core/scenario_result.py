"""How a scenario of a manifest ended."""

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
        """Both sides in one line; of what is no comparison, only what came."""
        return f"expected {self.expected}, got {self.got}" if self.expected else self.got


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """One scenario. It passed where nothing was missed."""

    name: str
    place: Place
    misses: tuple[Miss, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether everything that it expects came."""
        return not self.misses
