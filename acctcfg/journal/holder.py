"""Who holds a lock."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Self, TypeAlias

from acctcfg.journal.process import Process, is_dead

__all__ = ["EXPIRY_S", "OVERDUE_S", "Holder", "Late"]

EXPIRY_S = 60.0
OVERDUE_S = 45.0
"""A holder sends nothing once its last heartbeat is this old."""

Late: TypeAlias = tuple[tuple[str, float], ...]
"""Holders that did not let go, by their tokens, and when each may have sent its last write: it may still arrive."""
_LATE_S = 3600.0  # longer than any venue takes a signed request
_MOST_LATE = 16  # a claim is read up to a length


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock of a venue user. Times are Unix seconds."""

    venue_user: str
    token: str
    owner: str
    run: str
    process: Process
    acquired_at: float
    heartbeat_at: float
    base_url: str = ""
    late: Late = ()

    def left(self, now: float) -> Late:
        """What may still arrive of it, and of those before it, when its lock is taken from it."""
        last = min(now, self.heartbeat_at + OVERDUE_S)
        return _recent((*self.late, (self.token, last)), now)

    def handed_on(self, now: float) -> Late:
        """What may still arrive of those before it, when it let go itself."""
        return _recent(self.late, now)

    def is_gone(self, now: float) -> bool:
        """Whether its lock may be taken: its process is dead, or its heartbeat older than 60 s."""
        return now - self.heartbeat_at >= EXPIRY_S or is_dead(self.process)

    def describe(self, now: float) -> str:
        """ "alice@host1, run 20260301-120000-k3f9, process 4711 on host1, since 2026-03-01T12:00:00Z (5 s ago)"."""
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.acquired_at))
        run = f", run {self.run}" if self.run else ""
        where = f"process {self.process.pid} on {self.process.host}"
        return f"{self.owner}{run}, {where}, since {since} ({max(0, now - self.acquired_at):.0f} s ago)"

    def to_json(self) -> str:
        """As it is written into a claim; the heartbeat is kept beside it."""
        place = {"venue_user": self.venue_user, "base_url": self.base_url, "token": self.token}
        who = {"owner": self.owner, "run": self.run, "acquired_at": self.acquired_at}
        late = {"late": self.late} if self.late else {}
        return json.dumps({**place, **who, **self.process.facts(), **late})

    @classmethod
    def read(cls, claim: str | bytes, beaten: float) -> Self:
        """From a claim and its heartbeat. One that nobody can read is an unknown owner's: it expires like any other."""
        try:
            facts = json.loads(claim)
            process = Process(str(facts["host"]), str(facts["machine"]), int(str(facts["pid"])), str(facts["started"]))
            user, token, owner, run, url = (
                str(facts[name]) for name in ("venue_user", "token", "owner", "run", "base_url")
            )
            late = tuple((str(of), float(str(at))) for of, at in facts.get("late", ()))
            return cls(user, token, owner, run, process, float(str(facts["acquired_at"])), beaten, url, late)
        except (ValueError, KeyError, TypeError, RecursionError):  # cut short by a full disk, or not ours
            nobody = Process("an unknown host", "", 0, "")
            return cls("", "", "an unknown owner", "", nobody, beaten, beaten)


def _recent(late: Late, now: float) -> Late:
    """Without what has long arrived. A time that lies ahead is of a clock that was set: it is now."""
    found = [(token, at if at < now else now) for token, at in late if not at < now - _LATE_S]
    return tuple(sorted(found, key=lambda one: one[1])[-_MOST_LATE:])
