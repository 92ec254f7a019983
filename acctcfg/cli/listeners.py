"""Who is told what a command does besides the user at the terminal, and how it ended."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from acctcfg.engine.meter import Meter
from acctcfg.engine.progress import Guarded, Progress

if TYPE_CHECKING:
    from acctcfg.core.conclusion import Concluded, Conclusion
    from acctcfg.core.desired import Notify
    from acctcfg.core.events import SoFar
    from acctcfg.core.watched import Watched
    from acctcfg.engine.notices import Notices
    from acctcfg.render.line_writer import LineWriter
    from acctcfg.render.progress import TerminalProgress

__all__ = ["STDOUT", "Listeners", "Others"]

BEAT_S: Final = 1.0
"""So often everybody is told how far the work has come."""
NOTIFIES: Final = ("apply", "cap", "drift", "rotate", "watch")
"""The commands that the manifest's `notify` is about."""
STDOUT: Final = "-"
"""In place of a file's name."""


class Teller(Progress, Protocol):
    """A listener that tells somebody else, and how the command ended."""

    def conclude(self, status: int, facts: Mapping[str, object]) -> None:
        """How the command ended, or a look of `watch`."""

    def close(self) -> str:
        """Send what is left, in bounded time. Why not all of it was taken, or ""."""


class Listeners(Guarded):
    """Everybody who listens to one run of the engine; `pause` clears the screen for a question."""

    def __init__(self, screen: TerminalProgress, others: Iterable[Progress]) -> None:
        self._meter, self._screen = Meter(time.monotonic), screen
        super().__init__(self._meter, screen, *others)

    def pause(self) -> None:
        """Nothing is under way: a question is asked, or a result is told."""
        self._meter.rest()
        self._screen.pause()

    async def beat(self) -> None:
        """Tell how far the work has come, once a second for ever."""
        while True:
            await asyncio.sleep(BEAT_S)
            with suppress(Exception):  # whatever is wrong with counting, doing goes on
                self.happened(self.so_far())

    def so_far(self) -> SoFar:
        """How far the work has come; without a phase, nothing is under way."""
        return self._meter.so_far()


class Others:
    """Who listens to one command besides the terminal. None of it can stop the command, or change how it exits."""

    def __init__(self, events: Path | None, command: str, directory: Path) -> None:
        self._tellers: list[Teller] = []
        self._end: Conclusion | None = None
        self._command, self._workspace = command, directory.resolve().name
        self._notices: Notices | None = None
        self._said = self._noted = ""  # what word was sent of last, and the last note that it did not arrive
        self.notify: Notify | None = None
        """Where the manifest has word sent, once it is read."""
        self._tellers += [one for one in (_events(events, command, directory), _spans(command)) if one is not None]

    @property
    def listeners(self) -> Sequence[Progress]:
        """Those that the engine tells itself."""
        return self._tellers

    def came_to(self, value: Concluded) -> None:
        """What the command came to, for whoever is told."""
        if not self._tellers and self.notify is None:
            return
        from acctcfg.core.conclusion import conclusion_of

        with suppress(Exception):
            self._end = conclusion_of(value)

    def looked(self, look: Watched) -> None:
        """A look of `watch`, which is told at once."""
        self.came_to(look)
        with suppress(Exception):
            self._tell_end(look.exit_code)
            self._send_word(look.exit_code)

    def failed(self, error: BaseException) -> None:
        """Why it came to nothing."""
        from acctcfg.core.conclusion import failure_of

        self._end = failure_of(error)

    def conclude(self, status: int) -> None:
        """Everything is said and printed: tell how the command ended."""
        if self._end is None or self._end.look is None:
            with suppress(Exception):
                self._send_word(status)
        self._tell_end(status)
        for teller in self._tellers:
            if trouble := teller.close():
                _note(trouble)
        if self._notices is not None:
            self._notices.wait()
            self._note_trouble(self._notices)

    def _send_word(self, status: int) -> None:
        """Of what the manifest asks for; of a state that lasts from look to look once."""
        if self.notify is None or self._end is None or self._command not in NOTIFIES:
            return
        from acctcfg.engine.notices import Notices
        from acctcfg.render.notice import notice

        happened = self._end.happened & set(self.notify.on)
        said = f"{sorted(happened)} {self._end.text} {self._end.details}" if happened else ""
        if happened and (said != self._said or "applied" in happened):
            self._notices = self._notices or Notices(os.environ)
            body = notice(
                self._end,
                command=self._command,
                workspace=self._workspace,
                happened=happened,
                exit_code=status,
                at=time.time(),
            )
            self._notices.send(self.notify, body)
            self._note_trouble(self._notices)
        self._said = said

    def _note_trouble(self, notices: Notices) -> None:
        if notices.trouble and notices.trouble != self._noted:
            _note(f"notify: no word was sent: {notices.trouble}")
        self._noted = notices.trouble

    def _tell_end(self, status: int) -> None:
        for teller in self._tellers:
            teller.conclude(status, {} if self._end is None else self._end.facts())


def _events(events: Path | None, command: str, directory: Path) -> Teller | None:
    """What `--events` asks for."""
    if events is None:
        return None
    from acctcfg.render.events import FIRST, EventLines
    from acctcfg.render.line_writer import open_lines, to_handle

    if str(events) == STDOUT:
        return EventLines(_to_stdout(), command, time.time)
    file = directory / events
    try:
        writer = to_handle(open_lines(file, directory, FIRST))
    except (OSError, RuntimeError) as exc:  # the second: no thread is to be had
        _note(f"no events are written to {file}: {getattr(exc, 'strerror', None) or exc}")
        return None
    return EventLines(writer, command, time.time)


def _spans(command: str) -> Teller | None:
    """What OpenTelemetry's variables ask for, where `acctcfg[otel]` is installed."""
    from acctcfg.render.spans import Spans, collector_of, wants_spans

    if not wants_spans(os.environ):
        return None
    try:
        return Spans(collector_of(os.environ), command, os.environ.get("TRACEPARENT", ""))
    except ImportError:
        return None  # the variables are for other programs, too
    except Exception as exc:
        _note(f"no spans are sent: {exc if isinstance(exc, ValueError) else type(exc).__name__}")
        return None


def _to_stdout() -> LineWriter:
    """Stdout, which the results leave to the events."""
    from acctcfg.cli.console import give_stdout
    from acctcfg.render.line_writer import LineWriter, to_handle

    stream = give_stdout()
    with suppress(OSError, ValueError):
        return to_handle(os.dup(stream.fileno()))

    def write(text: str) -> None:  # it has no file, in an embedding program
        stream.write(text)
        stream.flush()

    return LineWriter(write)


def _note(text: str) -> None:
    from acctcfg.cli.console import say

    say(f"note: {text}", err=True)
