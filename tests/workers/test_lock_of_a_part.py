"""`acctcfg lock` beside workers: what each of them does."""

from __future__ import annotations

import pytest
from desk import Desk
from fleet_parts import apply_elsewhere, fleet, workers
from patience import PATIENCE_S, until
from postgres import Postgres


@pytest.mark.slow
def test_the_list_tells_what_a_worker_writes(desk: Desk, postgres: Postgres) -> None:
    """Beside the lock of its part stand the run and the step that the worker is at, as beside that of the apply."""
    desk.write(fleet(1), journal={"url": postgres.database()})
    desk.fault(match={"path": "*/apikey", "method": "POST"}, kind="delay", seconds=86_400)
    with workers(desk, 1), apply_elsewhere(desk) as applying:
        until(lambda: desk.writes("apikey"))
        locks = desk.run("lock", "--format", "json").json["locks"]
        told = desk.run("lock").out
        desk.sandbox.control_delete("faults/all")
        assert applying.wait(PATIENCE_S) == 0
    assert [one["venue_user"].partition(" ")[2] for one in locks] == ["", "part 1"]
    (run,) = desk.run("history", "--format", "json").json
    assert [(one["run"], one["step"]) for one in locks] == [(run["id"], "customer000.api_keys[trading]")] * 2
    assert told.count(f"run {run['id']}: apply, writing customer000.api_keys[trading]") == 2
    assert "it has no run" not in told
