"""Kill the process anywhere: the next run ends as an undisturbed one, with no secret lost and nothing doubled."""

from __future__ import annotations

import signal
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from postgres import Postgres
from scenarios import SCENARIOS, Scenario
from trial import STEP, Killer, Trial

QUICK = ("rotation", "okx", "sqlite")  # the one that `make test` has
CASES = [
    pytest.param(
        one,
        storage,
        id=f"{one.name}-{one.venue}-{storage}",
        marks=[] if (one.name, one.venue, storage) == QUICK else pytest.mark.slow,
    )
    for one in SCENARIOS
    for storage in ("sqlite", "postgres")
]


@pytest.mark.parametrize(("scenario", "storage"), CASES)
def test_killed_at_any_point(
    scenario: Scenario,
    storage: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    in_table: Callable[..., None],
) -> None:
    """SIGKILL right before and right after each request, each row of the journal, and each secret that is stored."""
    server: Postgres | None = request.getfixturevalue("postgres") if storage == "postgres" else None
    with Trial.of(scenario, server, tmp_path, monkeypatch) as trial, Killer.at_work() as killer:
        trial.undisturbed(killer)
        for point in count(1, STEP):
            trial.lay_out()
            said = killer.run(trial.desk, scenario.command, point)
            if said.code != -signal.SIGKILL:
                assert said.code == 0, said.out
                break
            trial.demand_signing(f"point {point}")
            trial.end(f"point {point}")
    in_table("kill", f"{scenario.name}", scenario.venue, storage, trial.tally)
    trial.tally.demand_all()
