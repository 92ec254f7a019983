"""Watching: the results of successive looks, their totals, and when the next one is due. Values only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from acctcfg.core.drift import Drift
from acctcfg.core.json_types import JsonObject, JsonValue
from acctcfg.core.outcome import Outcome
from acctcfg.core.plan import Unread

__all__ = ["RESULTS", "Tally", "Trouble", "Watched", "contested_of", "pause_of"]

RESULTS: Final[Mapping[str, int]] = {
    "no_drift": 0,
    "applied": 0,
    "drift": 2,
    "blocked": 3,
    "unreadable": 1,
    "failed": 1,
    "interrupted": 130,
}
"""The results of a look, each with the exit status if it is the last one."""

LONGEST_S: Final = 3600.0
"""The longest pause after failed looks: an hour, or the interval if that is longer."""
OFTEN: Final = 3  # times that we set a value which is different again


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a look failed. `code`: the venue's own, or the kind of the error ("lock_held")."""

    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One look. `drift` None: nothing is known; `outcome` None: nothing was to be applied, or was not allowed to be.

    `contested`: values that were set at least three times in a row and are different again -> how often.
    """

    number: int  # counts from 1
    at: float  # Unix seconds
    seconds: float = 0.0  # that it took
    drift: Drift | None = None
    outcome: Outcome | None = None
    contested: Mapping[str, int] = field(default_factory=dict)
    trouble: Trouble | None = None
    pause_s: float | None = None  # until the next look; None after the last one

    @property
    def unreadable(self) -> tuple[Unread, ...]:
        """What could not be read, each once: by the look itself, or by the apply, which reads anew."""
        looked = () if self.drift is None else self.drift.plan.unreadable
        planned = () if self.outcome is None else self.outcome.plan.unreadable
        return tuple(dict.fromkeys((*looked, *planned)))

    @property
    def result(self) -> str:
        """One of RESULTS; the gravest one that applies."""
        applied = 0 if self.outcome is None else self.outcome.exit_code
        if applied == RESULTS["interrupted"]:
            return "interrupted"
        if self.trouble is not None and self.trouble.code == "blocked":
            return "blocked"
        if self.trouble is not None or self.drift is None:
            return "failed"
        if self.unreadable:
            return "unreadable"
        if applied:
            return "blocked" if applied == RESULTS["blocked"] else "failed"
        if self.outcome is not None:
            return "applied"
        return "drift" if self.drift.exists else "no_drift"

    @property
    def exit_code(self) -> int:
        """The exit status of the command, if this was its last look."""
        return RESULTS[self.result]


@dataclass(slots=True)
class Tally:
    """Counters over all looks of one process. `in_a_row`: failures since the last success."""

    looks: Counter[str] = field(default_factory=Counter)  # by result
    steps: Counter[str] = field(default_factory=Counter)  # steps of applies, by how they ended
    in_a_row: int = 0

    def count(self, watched: Watched) -> None:
        """Add one look."""
        self.looks[watched.result] += 1
        self.in_a_row = self.in_a_row + 1 if watched.result == "failed" else 0
        if watched.outcome is not None:
            self.steps.update(one.status for one in watched.outcome.results)


def pause_of(interval_s: float, failures: int, jitter: float, chance: float) -> float:
    """Seconds until the next look: the interval, twice as long after each further failure in a row.

    `jitter`: by which part of it the pause may differ; `chance`, from 0 to 1, decides by how much.
    """
    doubled = interval_s * 2.0 ** min(max(failures - 1, 0), 30)
    return min(doubled, max(interval_s, LONGEST_S)) * (1 + jitter * (2 * chance - 1))


def contested_of(wanted: Mapping[str, JsonValue], runs: Sequence[Sequence[JsonObject]]) -> dict[str, int]:
    """The values that something else keeps changing back, each with how often we have set it.

    wanted: what is different now, by address, with the manifest's value; runs: the steps of past runs, newest first. A
    run that set another value ends the row: then the manifest was changed, and nobody contests it.
    """
    sets = {address: _times(address, value, runs) for address, value in wanted.items()}
    return {address: times for address, times in sets.items() if times >= OFTEN}


def _times(address: str, value: JsonValue, runs: Sequence[Sequence[JsonObject]]) -> int:
    times = 0
    for steps in runs:
        for step in steps:
            if step["address"] == address and step["status"] == "done":
                if step.get("after") != value:
                    return times
                times += 1
    return times
