"""What became of a plan on a sandbox that started as the live accounts are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from acctcfg.core.json_types import JsonValue

__all__ = ["Rehearsal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """How each step ended, what the accounts are like afterwards, and how long all of it takes."""

    counts: Mapping[str, int]  # as the last line of an apply counts
    end_state: Mapping[str, JsonValue]  # address -> its value afterwards; null: nothing is there
    blocked: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]  # address, and why
    not_copied: tuple[tuple[str, str], ...]  # what the sandbox does not have as it is live, and why
    seconds: float  # at the venue's pace

    def to_json(self) -> dict[str, object]:
        """As a plan's JSON shows it."""
        return {
            "counts": dict(self.counts),
            "end_state": dict(self.end_state),
            "blocked": list(self.blocked),
            "failed": [{"address": address, "message": why} for address, why in self.failed],
            "not_copied": [{"address": address, "message": why} for address, why in self.not_copied],
            "seconds": self.seconds,
        }
