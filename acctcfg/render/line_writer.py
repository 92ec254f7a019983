"""Lines for a reader who may be slow, or gone: whoever writes one never waits for him."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Full, Queue

from acctcfg.plain_file import leads_out
from acctcfg.render.stream import write_all

__all__ = ["LineWriter", "open_lines", "to_handle"]

MOST_WAITING = 10_000  # lines
PATIENCE_S = 5.0  # that the end waits for a reader
SLOW = "its reader does not keep up"


class LineWriter:
    """Writes on a thread of its own. `lost`: why no more lines are written; "" while they are.

    `over` is called once nothing more is written.
    """

    def __init__(
        self, write: Callable[[str], object], over: Callable[[], object] = lambda: None, *, most: int = MOST_WAITING
    ) -> None:
        self.lost = ""
        self._write, self._over = write, over
        self._waiting: Queue[str | None] = Queue(most)
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Hand a line over; it is written at once if the reader takes it."""
        self._put(line)

    def close(self, patience_s: float = PATIENCE_S) -> None:
        """Wait until all is written, but not for ever."""
        self._put(None)
        if not self.lost:
            self._thread.join(patience_s)
            self.lost = self.lost or (SLOW if self._thread.is_alive() else "")

    def _put(self, line: str | None) -> None:
        if not self.lost:
            try:
                self._waiting.put_nowait(line)
            except Full:
                self.lost = SLOW

    def _run(self) -> None:
        try:
            while (line := self._waiting.get()) is not None:
                self._write(f"{line}\n")
        except (OSError, ValueError) as exc:  # gone, full, or closed
            self.lost = getattr(exc, "strerror", None) or type(exc).__name__
        finally:
            self._over()


def to_handle(handle: int) -> LineWriter:
    """Writes to an open file, without a buffer: a thread that is left behind holds up no other's output."""

    def write(text: str) -> None:
        write_all(handle, text.encode())

    return LineWriter(write, lambda: os.close(handle))


def open_lines(file: Path, workspace: Path, first: str) -> int:
    """A file of lines that each run begins anew, for its owner alone; or a pipe that somebody reads. OSError if not.

    `first`: how such a file begins. One that begins otherwise is something else, and stays as it is.
    """
    if leads_out(file, workspace):
        raise OSError(0, "it is a link to a place outside the workspace")
    if file.is_file() and file.stat().st_size and not _begins(file, first):
        raise OSError(0, "it exists and is something else; it was not overwritten")
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(file, flags | getattr(os, "O_CLOEXEC", 0), 0o600)
    if stat.S_ISREG(os.fstat(handle).st_mode):
        os.ftruncate(handle, 0)
    return handle


def _begins(file: Path, first: str) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(first)) == first.encode()
