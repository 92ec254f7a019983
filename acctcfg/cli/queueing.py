"""What the commands share that hand work to other processes, or take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from acctcfg.core.drift import Drift
    from acctcfg.core.outcome import Outcome
    from acctcfg.engine.workspace import Workspace

__all__ = ["apply_with", "demand_queue", "drift_with", "option_queue"]

option_queue = click.option(
    "--queue",
    is_flag=True,
    help="Hand the work to `acctcfg worker` processes, any number of them, and wait until it is done.",
)


def drift_with(workspace: Workspace, what: str, *, queue: bool) -> Callable[..., Awaitable[Drift]]:
    """What looks for drift: this process, or workers."""
    if not queue:
        from acctcfg.engine.drift import find_drift

        return find_drift
    demand_queue(workspace, f"{what} --queue")
    from acctcfg.workers.reads import drift_queued

    return drift_queued


def apply_with(*, queue: bool) -> Callable[..., Awaitable[Outcome]]:
    """What carries a plan out: this process, or workers."""
    if queue:
        from acctcfg.workers.queued import apply_queued

        return apply_queued
    from acctcfg.engine.apply import apply

    return apply


def demand_queue(workspace: Workspace, what: str) -> None:
    """Refuse where there is nothing to keep a queue in, or with."""
    from acctcfg.errors import ConfigError

    if workspace.manifest.journal.url is None:
        raise ConfigError(
            f"{what} needs a journal that all processes share: the queue is kept beside it",
            hint="write `journal: {url: postgresql://...}` in the manifest (docs/journal.md)",
        )
    try:
        import procrastinate  # noqa: F401
    except ImportError as exc:
        raise ConfigError(f"{what} needs procrastinate: {exc}", hint="pip install 'acctcfg[workers]'") from exc
