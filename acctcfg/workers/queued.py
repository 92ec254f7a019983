"""An apply whose plan workers carry out: drawn up, shown and approved here as any other."""

from __future__ import annotations

from typing import Any, Final

from acctcfg.core.outcome import Outcome
from acctcfg.engine.apply import apply
from acctcfg.engine.execute import Execution
from acctcfg.engine.progress import SILENT
from acctcfg.engine.workspace import Locks, Workspace
from acctcfg.errors import UsageError
from acctcfg.workers.jobs import opened, url_of
from acctcfg.workers.limits import SharedLimits
from acctcfg.workers.reads import QueuedWorkspace
from acctcfg.workers.spread import Spread

__all__ = ["apply_queued"]

READ_ELSEWHERE: Final = 100
"""Accounts; an apply of fewer has read them sooner than others could."""


async def apply_queued(workspace: Workspace, *, allow_warnings: bool = False, **options: Any) -> Outcome:
    """As `apply`, with other hands. Raises UsageError for what only one process can carry out."""
    saved = options.get("saved")
    if saved is not None and saved.get("reverts"):
        raise UsageError("--queue does not undo a run", hint="apply the plan of `acctcfg revert` without --queue")
    async with SharedLimits(url_of(workspace), workspace.environ) as limits, opened(workspace) as jobs:
        progress = options.get("progress", SILENT)
        workspace = QueuedWorkspace.of(workspace, jobs, progress, least=READ_ELSEWHERE)

        def spread(plain: Execution, locks: Locks) -> Execution:
            return Spread.over(plain, locks, jobs=jobs, allow_warnings=allow_warnings)

        return await apply(workspace, allow_warnings=allow_warnings, spread=spread, limits=limits, **options)
