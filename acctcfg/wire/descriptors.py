"""How many files and sockets this process may have open: raised as far as is sensible, and shared out.

macOS starts programs with 256, some systems with 1024; a connection takes one, and so do files, the journal and pipes.
"""

from __future__ import annotations

import os
from contextlib import suppress

__all__ = ["connections_at_once", "raise_limit"]

WANTED = (65_536, 10_240)  # macOS takes no more than the second
KEPT = 64  # for the journal, stores, the pace file, pipes to helpers, and what libraries open
MOST = 256  # connections a venue: at a round trip of 100 ms more than one process can sign; each costs a handshake
LEAST = 4  # connections a venue, however little is left: they take turns


def raise_limit() -> None:
    """Raise the soft limit towards the hard one; silently not, where the system does not let us."""
    limits = _limits()
    if limits is None:
        return
    import resource

    soft, hard = limits
    for wanted in WANTED:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft == resource.RLIM_INFINITY or most <= soft:
            return
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            return


def connections_at_once(venues: int) -> int:
    """How many connections each of so many venues may have open."""
    limits = _limits()
    if limits is None or limits[0] <= 0:
        return MOST
    return min(MOST, max(LEAST, (limits[0] - _open_now() - KEPT) // max(1, venues)))


def _limits() -> tuple[int, int] | None:
    try:
        import resource
    except ImportError:  # Windows counts otherwise
        return None
    return resource.getrlimit(resource.RLIMIT_NOFILE)


def _open_now() -> int:
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError):
            return len(os.listdir(folder))  # noqa: PTH208
    return KEPT
