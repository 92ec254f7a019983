"""A venue's error in words for people, and what it comes to here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Explained", "Verdict"]


class Verdict(Enum):
    """What an error of a venue comes to here."""

    BLOCKED = "blocked"  # something must be cleared first
    FAILED = "failed"
    RETRIED = "retried"  # not executed, so it is simply sent again
    UNCLEAR = "unclear"  # a write may or may not have happened: reading tells
    CLOCK = "clock"  # the clock is measured, and the request is signed anew once


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One of a venue's errors."""

    code: str  # as the venue writes it
    meaning: str
    causes: tuple[str, ...]  # the likely ones, the likeliest first
    remedy: str
    verdict: Verdict
