"""Progress on stderr: a bar on a terminal once it is worth one; elsewhere a line now and then, or more if asked."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import IO, TYPE_CHECKING, Protocol, Self, TextIO, cast

from acctcfg.core.events import Event, SoFar
from acctcfg.render.harmless import harmless
from acctcfg.render.so_far import one_line, under_the_bar
from acctcfg.render.stream import Outlet

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

__all__ = ["TerminalProgress"]

WORTH_A_BAR_S = 1.0
"""Work that is done sooner ends before a reader could have read a bar."""

A_LINE_S = 30.0
"""Where nothing is redrawn, so often a line says how far the work has come."""

MOST_LISTED = 15  # lines of a list that is redrawn


class Alarm(Protocol):
    """Something that will happen, unless it is cancelled."""

    def cancel(self) -> None:
        """Cancel the call, if it has not happened yet."""


def ring(seconds: float, then: Callable[[], None]) -> Alarm:
    """Call `then` in so many seconds, on a thread that keeps no process from ending."""
    timer = threading.Timer(seconds, then)
    timer.daemon = True
    timer.start()
    return timer


class TerminalProgress:
    """Shows what the engine says. `pause` clears the screen for a question; the next phase shows itself again.

    The bar comes by an alarm, not with the next piece of work: where one piece takes long, the reader must see it most.
    """

    def __init__(
        self,
        *,
        stream: TextIO | Outlet,
        verbose: bool = False,
        color: bool = True,
        environ: Mapping[str, str] = os.environ,
        now: Callable[[], float] = time.monotonic,
        alarm: Callable[[float, Callable[[], None]], Alarm] = ring,
    ) -> None:
        self._stream = stream if isinstance(stream, Outlet) else Outlet(stream)
        self._terminal = self._stream.isatty() and not environ.get("CI") and environ.get("TERM") != "dumb"
        self._plain = not color or bool(environ.get("NO_COLOR"))
        self._verbose, self._now, self._set_alarm = verbose, now, alarm
        self._alarm: Alarm | None = None
        self._drawing = threading.RLock()
        self._begun = self._last_line = now()
        self._text, self._total, self._done = "", None, 0  # type: str, int | None, int
        self._standing: frozenset[str] = frozenset()  # what was told of last, where nothing is redrawn
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._below: list[str] = []  # lines under the bar

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.pause()

    def phase(self, text: str, total: int | None) -> None:
        """A new phase begins."""
        self._text, self._total, self._done = harmless(text), total, 0
        if self._terminal:
            self._end_task()
            self._show()
        elif self._verbose:
            self._line(self._text if total is None else f"{self._text} ({total})")

    def advance(self, n: int = 1, text: str = "") -> None:
        """`n` more pieces are done."""
        self._done += n
        if self._terminal:
            self._show()
        elif self._verbose and text:
            self._line(f"{self._text}: {harmless(text)}")

    def log(self, text: str) -> None:
        """A line of its own: above the bar where there is one."""
        if self._bar is not None:
            self._bar.console.print(harmless(text), markup=False, highlight=False)
        elif self._verbose:
            self._line(harmless(text))

    def standing(self, text: str, things: Mapping[str, str]) -> None:
        """What work waits for: a list that is kept up to date, or where nothing is redrawn, each coming and going."""
        if self._terminal:
            named = [f"  {thing}: {details}" for thing, details in things.items()]
            more = [f"  and {len(named) - MOST_LISTED} more"] if len(named) > MOST_LISTED else []
            self._text = "\n".join(map(harmless, [text, *named[:MOST_LISTED], *more]))
            self._total, self._done = None, 0
            self._show()
            return
        if not self._standing and things:
            self._line(harmless(text))
        for thing in sorted(self._standing - things.keys()):
            self._line(harmless(f"  gone: {thing}"))
        for thing, details in things.items():
            if thing not in self._standing:
                self._line(harmless(f"  {thing}: {details}"))
        self._standing = frozenset(things)

    def alert(self, text: str) -> None:
        """A line of its own, whether anybody asked to see more or not."""
        if self._bar is not None:
            self._bar.console.print(harmless(text), markup=False, highlight=False)
        else:
            self._line(harmless(text))

    def happened(self, event: Event) -> None:
        """How far it has come; other things are told by `phase` and `advance` as well."""
        if not isinstance(event, SoFar) or not event.phase:
            return
        if self._terminal:
            self._below = [harmless(line) for line in under_the_bar(event)]
        elif self._now() - self._last_line >= A_LINE_S:
            self._line(harmless(one_line(event)))

    def pause(self) -> None:
        """Take the bar off the screen."""
        with self._drawing:
            if self._alarm is not None:
                self._alarm.cancel()
                self._alarm = None
            if self._bar is not None:
                self._bar.stop()
                self._bar = self._task = None
            self._below = []
            self._begun = self._now()

    def _show(self) -> None:
        with self._drawing:
            left = WORTH_A_BAR_S - (self._now() - self._begun)
            if self._bar is None and left > 0:
                self._alarm = self._alarm or self._set_alarm(left, self._due)
            else:
                self._draw()

    def _due(self) -> None:
        with self._drawing:
            if self._alarm is not None:  # else it rang while it was being cancelled
                self._alarm = None
                self._draw()

    def _draw(self) -> None:
        if self._bar is None:
            self._bar = self._drawn()
            self._bar.start()
        if self._task is None:
            self._task = self._bar.add_task(self._text, total=self._total, completed=self._done)
        else:
            self._bar.update(self._task, description=self._text, total=self._total, completed=self._done)

    def _end_task(self) -> None:
        """A new phase has a time of its own."""
        with self._drawing:
            if self._bar is not None and self._task is not None:
                self._bar.remove_task(self._task)
            self._task = None

    def _drawn(self) -> Bar:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
        from rich.text import Text

        below = self._lines_below

        class WithLines(Progress):
            """A bar, and under it how much longer it takes, and what each connection does."""

            def get_renderables(self) -> Iterable[RenderableType]:
                yield from super().get_renderables()
                yield from (Text(line, no_wrap=True, overflow="ellipsis") for line in below())

        return WithLines(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(file=cast("IO[str]", self._stream), no_color=self._plain),
            transient=True,
        )

    def _lines_below(self) -> list[str]:
        return self._below

    def _line(self, text: str) -> None:
        self._last_line = self._now()
        self._stream.write(f"{text}\n")
        self._stream.flush()
