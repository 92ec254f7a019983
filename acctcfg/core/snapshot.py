"""Live state that was read earlier, by whoever has the credentials: what a plan made from it says of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["SNAPSHOT_VERSION", "Earlier"]

SNAPSHOT_VERSION: Final = "1.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """When the oldest fact was read that a plan rests on, and how long before the plan that was."""

    as_of: str  # "2026-11-29T10:00:07Z"
    age_s: int
    blurred: bool

    @property
    def said(self) -> str:
        """ "live state of 2026-11-29T10:00Z, 3 h old"."""
        minutes, hours = self.age_s // 60, self.age_s // 3600
        age = f"{minutes} min" if hours < 2 else f"{hours} h" if hours < 48 else f"{hours // 24} d"
        return f"live state of {self.as_of[:16]}Z, {age} old"

    def to_json(self) -> dict[str, object]:
        """As a plan's JSON shows it."""
        return {"as_of": self.as_of, "age_s": self.age_s, "blurred": self.blurred}
