"""How commands run the engine: one event loop, progress on stderr, Ctrl-C and a job's SIGTERM as one clean stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import click

    from acctcfg.engine.workspace import Workspace
    from acctcfg.render.progress import TerminalProgress

__all__ = ["load_workspace", "run_engine", "terminal_width"]

T = TypeVar("T")


def load_workspace(ctx: click.Context) -> Workspace:
    """The workspace of `-C DIR`. Raises ManifestError with everything that is wrong in it."""
    import os

    from acctcfg.engine.workspace import Workspace

    directory: Path = ctx.obj["directory"]
    return Workspace.load(directory, os.environ)


def run_engine(ctx: click.Context, work: Callable[[TerminalProgress], Awaitable[T]]) -> T:
    """Run `work` to its end with progress for whoever watches. Ctrl-C and SIGTERM cancel it; the engine cleans up."""
    from acctcfg.cli.door import outlet
    from acctcfg.render.progress import TerminalProgress

    async def main() -> T:
        task = asyncio.current_task()
        if task is not None:
            with suppress(NotImplementedError, RuntimeError, ValueError):  # not on Windows, not off the main thread
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work(progress)

    with TerminalProgress(verbose=ctx.obj["verbose"], color=ctx.obj["color"], stream=outlet(err=True)) as progress:
        try:
            return asyncio.run(main())
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


def terminal_width() -> int:
    """Columns of the terminal; the width of a printed page in pipes, where no line may depend on who reads."""
    import shutil

    from acctcfg.cli.door import is_terminal
    from acctcfg.render.text import WIDTH

    return shutil.get_terminal_size((WIDTH, 24)).columns if is_terminal() else WIDTH
