"""Ends connections under whoever waits for them too long, by one thread for all pieces of work."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache

__all__ = ["Deadlines", "deadlines_of"]

LOOKS = 10
"""How often it is looked within the time that a piece of work may take: it may take a tenth longer."""
IDLE_LOOKS = 20
"""After so many with nothing under way the thread ends; the next piece of work starts another."""


class Deadlines:
    """`with deadlines.over(handle):` cuts the connection behind a file descriptor when `seconds` are over.

    A server's own time-outs are no help where it hangs. A timer for each statement would cost more than the statement.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._guard = threading.Lock()
        self._under_way: dict[object, tuple[float, int]] = {}
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, handle: int) -> Iterator[None]:
        """A piece of work."""
        work = object()
        with self._guard:
            self._under_way[work] = time.monotonic() + self._seconds, handle
            if self._thread is None or not self._thread.is_alive():  # a fork has none
                self._thread = threading.Thread(target=self._watch, name="deadlines", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._guard:
                self._under_way.pop(work, None)

    def _watch(self) -> None:
        idle = 0
        while True:
            time.sleep(self._seconds / LOOKS)
            with self._guard:
                idle = 0 if self._under_way else idle + 1
                if idle > IDLE_LOOKS:
                    self._thread = None
                    return
                now = time.monotonic()
                for work in [one for one, (end, _) in self._under_way.items() if end <= now]:
                    _cut(self._under_way.pop(work)[1])


@cache
def deadlines_of(seconds: float) -> Deadlines:
    """Those of this process for work that may take as long: one thread for all of its connections."""
    return Deadlines(seconds)


def _cut(handle: int) -> None:
    """End a connection under whoever waits for it."""
    with suppress(OSError), socket.socket(fileno=os.dup(handle)) as end:
        end.shutdown(socket.SHUT_RDWR)
