"""The undisturbed climb: every rung once, on record, so that many claims can be held against one climb."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from acctcfg.conformance.ground import Ground, Rung, Write
from acctcfg.conformance.trial import Said, Trial

__all__ = ["Climb", "Landing", "climb", "requests"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """What happened on one rung: plan, apply, plan again, apply again."""

    rung: Rung
    planned: Said
    written_by_planning: Sequence[Write]
    applied: Said
    writes: Sequence[Write]
    again: Said
    applied_again: Said
    written_again: Sequence[Write]
    snapshot: object

    @property
    def steps(self) -> Sequence[Mapping[str, Any]]:
        """The plan's steps."""
        found: Sequence[Mapping[str, Any]] = self.planned.json.get("steps", ())
        return found

    @property
    def effects(self) -> int:
        """How many writes changed something."""
        return sum(one.effect for one in self.writes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """All landings, and what was there before the first."""

    landings: Sequence[Landing]
    start: object
    too_many: int
    requests: frozenset[str]  # "GET /leverage": every endpoint that was called
    silence: str  # why the climb was not silent about secrets; "" where it was


@cache
def climb(ground: type[Ground]) -> Climb:
    """Climb once for each ground; nothing is judged here."""
    with tempfile.TemporaryDirectory() as folder, Trial.on(ground(), Path(folder)) as trial:
        start = trial.ground.snapshot(trial.climber)
        landings = [_land(trial, rung) for rung in trial.ground.rungs]
        for words in (("validate",), ("show",), ("-v", "plan"), ("history",)):
            trial.run(*words)
        try:
            trial.demand_silence()
        except BaseException as failure:  # pytest's failures are no Exceptions
            silence = str(failure)
        else:
            silence = ""
        return Climb(
            landings=landings,
            start=start,
            too_many=trial.ground.too_many(),
            requests=frozenset(requests(trial.records)),
            silence=silence,
        )


def _land(trial: Trial, rung: Rung) -> Landing:
    before = trial.written()
    planned = trial.at(rung).plan()
    planning = trial.since(before)
    before = trial.written()
    applied = trial.apply()
    writes = trial.since(before)
    snapshot = trial.ground.snapshot(trial.climber)
    again = trial.run("plan")
    before = trial.written()
    applied_again = trial.run("apply", "--auto-approve")
    return Landing(
        rung=rung,
        planned=planned,
        written_by_planning=planning,
        applied=applied,
        writes=writes,
        again=again,
        applied_again=applied_again,
        written_again=trial.since(before),
        snapshot=snapshot,
    )


def requests(records: Sequence[str]) -> list[str]:
    """Method and path of every request, from the client's own log, which names endpoints as they were declared."""
    found = []
    for record in records:
        method, _, rest = record.partition(" ")
        if method in ("GET", "POST", "PUT", "PATCH", "DELETE") and rest.startswith("/"):
            found.append(f"{method} {rest.split(' ', 1)[0]}")
    return found
