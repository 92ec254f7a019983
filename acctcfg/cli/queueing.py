"""What the commands share that hand work to other processes, or take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from acctcfg.engine.workspace import Workspace

__all__ = ["demand_queue", "option_queue"]

option_queue = click.option(
    "--queue",
    is_flag=True,
    help="Hand the work to `acctcfg worker` processes, any number of them, and wait until it is done.",
)


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
