"""One lock per venue user, so that two runs never write to the same accounts at once.

It is a row in the journal's database. Its holder refreshes it every 15 s from a thread of its own, however busy
the event loop is, and must send no write once the last refresh is 45 s old; others may take it after 60 s. The
15 s in between are for the write that was just on its way.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from acctcfg.errors import JournalError, LockHeld
from acctcfg.journal.database import connect, connect_to_read, in_words, transaction
from acctcfg.journal.process import Process, is_dead, this_process

__all__ = ["Holder", "Lock", "break_lock", "holders"]

BEAT_S = 15.0
OVERDUE_S = 45.0
EXPIRY_S = 60.0
POLL_S = 1.0

COLUMNS = "venue_user, token, owner, run, host, machine, pid, started, acquired_at, heartbeat_at"
SELECT = f"SELECT {COLUMNS} FROM locks"  # noqa: S608  (constants only)
REPLACE = f"INSERT OR REPLACE INTO locks ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608


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

    def is_gone(self, now: float) -> bool:
        """Whether its lock may be taken: its process is dead, or its heartbeat older than 60 s."""
        return now - self.heartbeat_at >= EXPIRY_S or is_dead(self.process)

    def describe(self, now: float) -> str:
        """ "alice@host1, run 20260301-120000-k3f9, process 4711 on host1, since 2026-03-01T12:00:00Z (5 s ago)"."""
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.acquired_at))
        run = f", run {self.run}" if self.run else ""
        where = f"process {self.process.pid} on {self.process.host}"
        return f"{self.owner}{run}, {where}, since {since} ({max(0, now - self.acquired_at):.0f} s ago)"


def holders(path: Path) -> tuple[Holder, ...]:
    """All locks in the journal at `path`, by venue user, those of holders that are gone included."""
    with in_words(path):
        connection = connect_to_read(path)
        if connection is None:
            return ()
        try:
            return tuple(_holder(row) for row in connection.execute(f"{SELECT} ORDER BY venue_user"))
        finally:
            connection.close()


def break_lock(path: Path, venue_user: str) -> Holder | None:
    """Take the lock away from whoever holds it, and say who did; its holder sends no further write."""
    if not path.exists():
        return None
    with in_words(path):
        connection = connect(path)
        try:
            with transaction(connection):
                holder = _find(connection, venue_user)
                connection.execute("DELETE FROM locks WHERE venue_user = ?", (venue_user,))
            return holder
        finally:
            connection.close()


class Lock:
    """`async with Lock(...) as lock:` holds the lock of one venue user; `lock.fresh()` before every write.

    Entering waits up to `timeout_s` while somebody else holds it, then raises LockHeld. A lock whose holder is
    dead on this machine, or silent for 60 s, is taken over at once. Whoever needs several takes them in sorted
    order. Leaving releases it, and stays silent if that fails: it then expires.
    """

    def __init__(
        self,
        path: Path,
        venue_user: str,
        *,
        owner: str,
        run: str = "",
        timeout_s: float = 0.0,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        beat_s: float = BEAT_S,
        process: Process | None = None,
    ) -> None:
        self.path = path
        self.venue_user = venue_user
        self._owner, self._run, self._timeout_s = owner, run, timeout_s
        self._now, self._monotonic, self._sleep, self._beat_s = now, monotonic, sleep, beat_s
        self._process = process or this_process()
        self._token = secrets.token_hex(16)
        self._beaten = (float("-inf"), float("-inf"))  # monotonic and wall clock, before the last refresh
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._acquire()
            self._reader = connect(self.path)
        except BaseException:
            self._release()
            raise
        self._thread = threading.Thread(target=self._beat_on, name=f"lock {self.venue_user}", daemon=True)
        self._thread.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._stop.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
        self._release()

    def fresh(self) -> bool:
        """Whether a write may still be sent: the lock is ours, and its last refresh less than 45 s old.

        Both clocks count: the monotonic one stands still while a machine is suspended, the other can be set back.
        """
        monotonic, wall = self._beaten
        if self._monotonic() - monotonic >= OVERDUE_S or self._now() - wall >= OVERDUE_S:
            return False
        try:
            with in_words(self.path):
                holder = _find(self._reader, self.venue_user) if self._reader else None
        except JournalError:
            return False
        return holder is not None and holder.token == self._token

    def beat(self) -> bool:
        """Refresh it once; False if it is no longer ours. The thread does this every 15 s."""
        started = (self._monotonic(), self._now())
        with in_words(self.path):
            assert self._writer is not None  # noqa: S101
            with transaction(self._writer):
                changed = self._writer.execute(
                    "UPDATE locks SET heartbeat_at = ? WHERE venue_user = ? AND token = ?",
                    (started[1], self.venue_user, self._token),
                ).rowcount
        if changed:
            self._beaten = started
        return bool(changed)

    async def _acquire(self) -> None:
        self._writer = connect(self.path)
        give_up = self._monotonic() + self._timeout_s
        seen: tuple[float, Holder | None] = (self._monotonic(), None)
        while True:
            silent = seen[1] if self._monotonic() - seen[0] >= EXPIRY_S else None
            holder = self._try(silent)
            if holder is None:
                return
            if holder != seen[1]:
                seen = (self._monotonic(), holder)
            left = give_up - self._monotonic()
            if left <= 0:
                raise self._held_by(holder)
            await self._sleep(min(POLL_S, left))

    def _try(self, silent: Holder | None) -> Holder | None:
        """Take the lock, or say who has it.

        `silent` is a holder that was seen not to refresh it for 60 s: it is gone even where a clock that was set
        back makes its heartbeat look recent.
        """
        assert self._writer is not None  # noqa: S101
        started = (self._monotonic(), self._now())
        with in_words(self.path), transaction(self._writer):
            holder = _find(self._writer, self.venue_user)
            if holder is not None and holder != silent and not holder.is_gone(started[1]):
                return holder
            ours = self._process
            who = (self.venue_user, self._token, self._owner, self._run)
            where = (ours.host, ours.machine, ours.pid, ours.started)
            self._writer.execute(REPLACE, (*who, *where, started[1], started[1]))
        self._beaten = started
        return None

    def _held_by(self, holder: Holder) -> LockHeld:
        now = self._now()
        left = max(0.0, EXPIRY_S - (now - holder.heartbeat_at))
        return LockHeld(
            f"the lock of venue user {self.venue_user} is held by {holder.describe(now)}",
            hint=f"wait longer with --lock-timeout 10m; if that run is dead, its lock expires in {left:.0f} s",
        )

    def _beat_on(self) -> None:
        pause = self._beat_s
        while not self._stop.wait(pause):
            try:
                if not self.beat():
                    return
                pause = self._beat_s
            except JournalError:
                pause = self._beat_s / 15  # fresh() turns false by itself if this goes on

    def _release(self) -> None:
        with suppress(JournalError), in_words(self.path):
            try:
                if self._writer is not None:
                    with transaction(self._writer):
                        self._writer.execute("DELETE FROM locks WHERE token = ?", (self._token,))
            finally:
                for connection in (self._writer, self._reader):
                    if connection is not None:
                        connection.close()
                self._writer = self._reader = None


def _find(connection: sqlite3.Connection, venue_user: str) -> Holder | None:
    row = connection.execute(f"{SELECT} WHERE venue_user = ?", (venue_user,)).fetchone()
    return _holder(row) if row else None


def _holder(row: tuple[str, str, str, str, str, str, int, str, float, float]) -> Holder:
    venue_user, token, owner, run, host, machine, pid, started, acquired_at, heartbeat_at = row
    process = Process(host, machine, pid, started)
    return Holder(venue_user, token, owner, run, process, acquired_at, heartbeat_at)
