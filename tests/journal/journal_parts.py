"""A clock that moves when it is told to, and an intent with everything filled in."""

from __future__ import annotations

from acctcfg.journal import Intent, Journal

START = 1_772_366_400.0  # 2026-03-01T12:00:00Z


class Clock:
    """Wall clock, monotonic clock and sleep in one; sleeping moves both at once."""

    def __init__(self) -> None:
        self.wall = START
        self.passed = 1000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.passed

    def move(self, seconds: float) -> None:
        self.wall += seconds
        self.passed += seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.move(seconds)


def mean(journal: Journal, run: str, address: str = "mmdesk01.position_mode", **changes: object) -> Intent:
    """An intent with everything that the test does not care about filled in."""
    facts = {
        "venue_user": "1001",
        "account": "mmdesk01",
        "address": address,
        "action": "change",
        "call": "POST /api/v5/account/set-position-mode",
    }
    return journal.intend(journal.intending(run, **(facts | changes)))[0]  # type: ignore[arg-type]
