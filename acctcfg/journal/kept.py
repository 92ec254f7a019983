"""Connections that outlast whoever uses them: to a server far away, each new one takes about seven round trips."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

__all__ = ["KEPT_S", "Kept"]

KEPT_S = 20.0
"""How long one that nobody uses counts as alive: what is on the way to a server forgets connections that are silent."""


class _Closes(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=_Closes)


class Kept(Generic[T]):
    """Free connections, by their login. While somebody is in `open`, what is given back is there for the next one."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._free: dict[str, list[tuple[float, T]]] = {}
        self._open = 0
        self._guard = threading.Lock()

    @contextmanager
    def open(self) -> Iterator[None]:
        """Keep what is given back, until the last who is in here leaves."""
        with self._guard:
            self._open += 1
        try:
            yield
        finally:
            with self._guard:
                self._open -= 1
                unused = [] if self._open else self._all()
            for one in unused:
                one.close()

    def take(self, login: str) -> T | None:
        """One for the caller alone, the one that was used last; None where there is none."""
        with self._guard:
            free = self._free.get(login, [])
            if not free:
                return None
            given_at, one = free.pop()
            if self._now() - given_at <= KEPT_S:
                return one
            silent = [one, *(old for _, old in free)]  # those are silent for longer
            free.clear()
        for old in silent:
            old.close()
        return None

    def give(self, login: str, one: T) -> None:
        """Back from whoever took it, or made it."""
        with self._guard:
            if self._open:
                self._free.setdefault(login, []).append((self._now(), one))
                return
        one.close()

    def _all(self) -> list[T]:
        found, self._free = [one for some in self._free.values() for _, one in some], {}
        return found
