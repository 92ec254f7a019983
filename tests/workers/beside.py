"""Workers in threads of the test's own process, which start at once; and commands in processes of their own."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from desk import Desk
from patience import PATIENCE_S, until

from acctcfg.cli.listeners import Listeners
from acctcfg.engine.stopping import Interrupts
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import AcctcfgError
from acctcfg.workers.worker import Worker

__all__ = ["Beside", "workers_beside"]


@dataclass
class Beside:
    """One of them; `lines` is what it said so far."""

    lines: list[str] = field(default_factory=list)
    error: AcctcfgError | None = None  # why it ended, where it may
    may_end: bool = False

    @property
    def parts(self) -> int:
        """How many parts it has ended."""
        return sum(", part " in line for line in self.lines)


@contextmanager
def _worker(desk: Desk, listeners: Listeners | None = None) -> Iterator[Beside]:
    made, interrupts, loop = Beside(), Interrupts(), asyncio.new_event_loop()
    told = () if listeners is None else (listeners, listeners.pause)
    worker = Worker(Workspace.load(desk.folder, dict(os.environ)), made.lines.append, *told)

    async def run() -> None:
        interrupts.task = asyncio.current_task()
        try:
            await worker.run(interrupts)
        except AcctcfgError as error:
            if not made.may_end:
                raise
            made.error = error

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    until(lambda: made.lines or not thread.is_alive())
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(interrupts.heard)
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        loop.close()


@contextmanager
def workers_beside(desk: Desk, count: int, listeners: Listeners | None = None) -> Iterator[list[Beside]]:
    """So many, which take parts when this begins, and have left when it ends. `listeners`: to what each is doing."""
    with ExitStack() as stack:
        yield [stack.enter_context(_worker(desk, listeners)) for _ in range(count)]
