"""Run the garbage collector less often: in the command's own process, and in any other while a session is open.

Modules that are imported, and thousands of accounts that are read at once, are many young objects and hardly a cycle
among them: at the interpreter's own pace, looking for cycles takes a tenth of a start and a fifth of a plan's time.
"""

from __future__ import annotations

import gc
from threading import Lock

__all__ = ["OWN_PROCESS", "as_before", "less_often"]

YOUNG, MIDDLE, OLD = 20_000, 20, 20  # objects, and collections of the generation before
OWN_PROCESS = 100_000
"""Young objects in the command's own process: more than are imported."""

_lock = Lock()  # sessions of several threads count together
_sessions = 0
_before = gc.get_threshold()


def less_often(young: int = YOUNG) -> None:
    """From now on, until `as_before` was called as often. `young`: so many objects before they are looked through."""
    global _sessions, _before
    with _lock:
        if not _sessions:
            _before = gc.get_threshold()
            if 0 < _before[0] < young:
                gc.set_threshold(young, MIDDLE, OLD)
        _sessions += 1


def as_before() -> None:
    """At the pace that it had."""
    global _sessions
    with _lock:
        _sessions -= 1
        if not _sessions:
            gc.set_threshold(*_before)
