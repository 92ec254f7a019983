"""Whatever happens to a request on its way: the command, or the next one, ends as an undisturbed one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import desk
import pytest
from postgres import Postgres
from scenarios import SCENARIOS, SETTINGS, Scenario
from trial import SPEED, STEP, Trial

Strike: TypeAlias = tuple[str, str, str]  # method, path, and the name of the fault
EVERY = (*SCENARIOS, SETTINGS)
FAULTS: dict[str, dict[str, Any]] = {
    "429": {"kind": "rate_limited"},
    "503": {"kind": "status", "status": 503},
    "garbage": {"kind": "garbage"},
    "garbage, applied": {"kind": "garbage", "effect": True},
    "reset before": {"kind": "reset_before"},
    "reset after": {"kind": "reset_after"},
    "time-out before": {"kind": "timeout_before"},
    "time-out after": {"kind": "timeout_after"},
    "delay": {"kind": "delay", "seconds": 0.1 * SPEED},
}
OF_READS = ("429", "503", "garbage", "reset before", "time-out before", "delay")  # a read has no effect
TRIES = 3
NEW_KEY = re.compile(r"/keys/[^/]+")  # ids that are new at every run


def endpoints(scenario: Scenario, folder: Path, monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Method and path of all that it asks of the venue."""
    with monkeypatch.context() as patch, Trial.of(scenario, None, folder, patch) as trial:
        trial.undisturbed()
        asked = trial.desk.sandbox.control_get("requests")["by_path"]
    found = [NEW_KEY.sub("/keys/*", one).partition(" ") for one in asked]
    return {(method, path) for method, _, path in found}


def struck(scenario: Scenario, storage: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Strike]:
    """Every write of the scenario with every fault. Every read as well, in the first scenario of its venue that has it,
    and on one storage: it makes no odds for reads."""
    known: set[tuple[str, str]] = set()
    for number, one in enumerate(EVERY[: EVERY.index(scenario)] if storage == "sqlite" else ()):
        if one.venue == scenario.venue:
            (folder / f"before{number}").mkdir()
            known |= endpoints(one, folder / f"before{number}", monkeypatch)
    (folder / "own").mkdir()
    for method, path in sorted(endpoints(scenario, folder / "own", monkeypatch)):
        if method != "GET":
            yield from ((method, path, name) for name in FAULTS)
        elif storage == "sqlite" and (method, path) not in known:
            yield from ((method, path, name) for name in OF_READS)


@pytest.mark.slow
@pytest.mark.parametrize("storage", ["sqlite", "postgres"])
@pytest.mark.parametrize("scenario", EVERY, ids=lambda one: f"{one.name}-{one.venue}")
def test_struck_at_any_endpoint(
    scenario: Scenario,
    storage: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    in_table: Callable[..., None],
) -> None:
    """Each endpoint that the command uses meets each fault once."""
    monkeypatch.setattr(desk, "SILENCE_S", 0.5)  # there are hundreds
    server: Postgres | None = request.getfixturevalue("postgres") if storage == "postgres" else None
    strikes = list(struck(scenario, storage, tmp_path, monkeypatch))
    (tmp_path / "trial").mkdir()
    with Trial.of(scenario, server, tmp_path / "trial", monkeypatch) as trial:
        trial.undisturbed()
        for method, path, name in strikes[::STEP]:
            trial.lay_out()
            trial.desk.fault(match={"method": method, "path": path}, **FAULTS[name])
            trial.end(f"{name} at {method} {path}", tries=TRIES)
    in_table("fault", scenario.name, scenario.venue, storage, trial.tally)
    trial.tally.demand_all()
