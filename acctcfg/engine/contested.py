"""Values that something else keeps changing back. The journal says how often they were set, by any process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from acctcfg.core.drift import Drift
from acctcfg.core.watched import contested_of
from acctcfg.engine.send import from_to
from acctcfg.engine.workspace import Workspace

__all__ = ["find_contested"]

RUNS = 20  # of the past that are looked through
WITHIN = timedelta(days=7)


def find_contested(workspace: Workspace, drift: Drift) -> dict[str, int]:
    """The values that differ now although recent runs set them repeatedly, each with how often."""
    wanted = {str(step.address): from_to(step.change)["after"] for step in drift.plan.steps}
    if not wanted:
        return {}
    first = (datetime.fromtimestamp(drift.at, UTC) - WITHIN).isoformat()
    with workspace.journal() as journal:
        runs = [journal.run(run.id).steps for run in journal.runs(RUNS) if run.at >= first]
    return contested_of(wanted, runs)
