"""How a run is told to stop: what a signal means at each moment, and what still waits when it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import TypeVar

from acctcfg.core.address import Address
from acctcfg.wire.failures import Dropped

__all__ = ["Interrupts", "Stop"]

T = TypeVar("T")


class Interrupts:
    """What a signal does now: it ends a command at once, but for a run that writes.

    There the first one lets the writes under way end, and the second breaks off; either way the run says what was done.
    """

    def __init__(self) -> None:
        self.task: asyncio.Task[object] | None = None  # the whole command
        self._first: Callable[[], None] | None = None
        self._second: Callable[[], None] | None = None
        self._count = 0
        self.asked = False  # whether any signal came

    @property
    def nothing_written(self) -> bool:
        """Whether the run that writes has not begun: a signal then ends the command before it changed anything."""
        return self._first is None

    def heard(self) -> None:
        """Handle a signal: after the first the run begins nothing more, a second ends it."""
        self.asked = True
        if self._first is None or self._second is None:
            if self.task is not None:
                self.task.cancel()
            return
        self._count += 1
        if self._count == 1:
            self._first()
        else:
            self._second()

    def run(self, first: Callable[[], None], second: Callable[[], None]) -> None:
        """From now on a signal stops a run that writes."""
        self._first, self._second, self._count = first, second, 0

    def over(self) -> None:
        """The run has its end; what it says is said whatever comes."""
        self._first = self._second = lambda: None

    def again(self) -> None:
        """What the run did is told: a signal ends the command at once, as before it."""
        self._first = self._second = None


@dataclass(slots=True)
class Stop:
    """Whether to begin nothing more; one for a whole walk. `sent`: the steps whose writes are under way."""

    sent: set[Address] = field(default_factory=set)
    _event: asyncio.Event = field(default_factory=asyncio.Event)
    _droppable: set[asyncio.Task[object]] = field(default_factory=set)

    @property
    def asked(self) -> bool:
        """Whether the run should begin nothing more."""
        return self._event.is_set()

    def ask(self) -> None:
        """Let the run begin nothing more; what was begun is finished."""
        if not self.asked:
            self._event.set()
            for task in self._droppable:
                task.cancel()

    async def unless_asked(self, work: Coroutine[object, None, T]) -> T:
        """The result of `work`, which nothing was sent for; Dropped once the run is to begin nothing more."""
        task = asyncio.current_task()
        if self.asked or task is None:
            work.close()
            raise Dropped
        self._droppable.add(task)  # ended by cancelling it: most of what comes here waits for nothing
        try:
            return await work
        except asyncio.CancelledError:
            if self.asked and task.uncancel() == 0:
                raise Dropped from None
            raise
        finally:
            self._droppable.discard(task)

    async def sleep(self, pause: Awaitable[object]) -> None:
        """Wait, but no longer than until the run is told to stop."""
        asleep, told = asyncio.ensure_future(pause), asyncio.ensure_future(self._event.wait())
        try:
            await asyncio.wait((asleep, told), return_when=asyncio.FIRST_COMPLETED)
        finally:
            asleep.cancel()
            told.cancel()
