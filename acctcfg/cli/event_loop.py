"""How commands run the engine: one event loop, progress on stderr, and every signal that ends a command as one stop."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import click

    from acctcfg.cli.listeners import Listeners
    from acctcfg.engine.stopping import Interrupts
    from acctcfg.engine.workspace import Workspace

__all__ = ["SIGNALS", "load_workspace", "run_engine", "terminal_width", "undisturbed"]

T = TypeVar("T")
THREADS = 64
"""Writes wait in these for the journal: those that come at once share a flush, so that many wait no longer than few."""
LOOP_FILES = 3  # that an event loop opens: what it waits with, and a pair to wake it
_Handler = Callable[[int, FrameType | None], object] | int | None

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What ends a command: Ctrl-C, a job that is cancelled, a terminal that is closed."""


def load_workspace(ctx: click.Context) -> Workspace:
    """The workspace of `-C DIR`. Raises ManifestError with everything that is wrong in it."""
    import os

    from acctcfg.engine.workspace import Workspace

    directory: Path = ctx.obj["directory"]
    workspace = Workspace.load(directory, os.environ)
    if (others := ctx.obj.get("others")) is not None:
        others.notify = workspace.manifest.notify
    return workspace


def run_engine(
    ctx: click.Context, work: Callable[[Listeners], Awaitable[T]], *, interrupts: Interrupts | None = None
) -> T:
    """Run `work` to its end with progress for whoever watches. A signal ends it, or does what `interrupts` says."""
    from concurrent.futures import ThreadPoolExecutor

    from acctcfg.cli.console import outlet
    from acctcfg.cli.listeners import Listeners
    from acctcfg.engine.stopping import Interrupts
    from acctcfg.plain_file import no_more_files
    from acctcfg.render.progress import TerminalProgress

    async def main() -> T:
        heard.task = asyncio.current_task()
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
        with suppress(NotImplementedError, RuntimeError, ValueError):  # not on Windows, not off the main thread
            for one in SIGNALS:
                if signal.getsignal(one) is not signal.SIG_IGN:  # nohup, or a shell's background job
                    asyncio.get_running_loop().add_signal_handler(one, heard.heard)
        beating = asyncio.ensure_future(listeners.beat())
        try:
            return await work(listeners)
        finally:
            beating.cancel()

    if none_left := no_more_files(LOOP_FILES):  # a loop that is half made prints a traceback when it is collected
        raise none_left
    heard = interrupts or Interrupts()
    before = {one: signal.getsignal(one) for one in SIGNALS}
    others = ctx.obj.get("others")
    with TerminalProgress(verbose=ctx.obj["verbose"], color=ctx.obj["color"], stream=outlet(err=True)) as screen:
        listeners = Listeners(screen, others.listeners if others is not None else ())
        try:
            result = asyncio.run(main())
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
        finally:  # the loop leaves behind that a signal kills
            _handle(before)
    if others is not None:
        others.came_to(result)
    return result


@contextmanager
def undisturbed() -> Iterator[None]:
    """What was done is told, whatever signal comes meanwhile."""
    before = {one: signal.getsignal(one) for one in SIGNALS}
    _handle(dict.fromkeys(SIGNALS, signal.SIG_IGN))
    try:
        yield
    finally:
        _handle(before)


def _handle(handlers: Mapping[signal.Signals, _Handler]) -> None:
    if threading.current_thread() is threading.main_thread():
        for one, handler in handlers.items():
            signal.signal(one, handler)


def terminal_width() -> int:
    """Columns of the terminal; the width of a printed page in pipes, where no line may depend on who reads."""
    import shutil

    from acctcfg.cli.console import is_terminal
    from acctcfg.render.formats import WIDTH

    return shutil.get_terminal_size((WIDTH, 24)).columns if is_terminal() else WIDTH
