"""One lock per venue user at one base URL, so that two runs never write to the same accounts at once.

It is kept beside the journal, for all who share that, and in the user's state folders, where two checkouts on one
machine meet. Its holder refreshes it every 15 s from a thread of its own, however busy the event loop is, and must
send no write once the last refresh is 45 s old; others may take it after 60 s. The 15 s in between are for the write
that was just on its way. It has files of its own: a journal that somebody holds up delays no heartbeat.

Whoever takes the lock of one that did not let go is told: what that one sent may still arrive, and only its own
journal knows of it. A claim says so until somebody has waited for that, whoever is killed, or gives up, in between.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import math
import os
import secrets
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from acctcfg.errors import JournalError, LockHeld
from acctcfg.journal.holder import EXPIRY_S, OVERDUE_S, Holder, Late
from acctcfg.journal.lock_file import FOLDER, LockFile
from acctcfg.journal.process import Process, this_process
from acctcfg.journal.storage import LockPlace, Storage, in_words

__all__ = ["Holder", "Lock", "Warrant", "break_lock", "holder_of", "holders", "is_left", "state_folders"]

BEAT_S = 15.0
POLL_S = 1.0
_NOT_OURS_TO_WRITE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR)  # and will not be soon
_UNREACHABLE = (OSError, JournalError)
_PORTS = {"http": 80, "https": 443}


def state_folders(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Where this user's programs keep their state on this machine; () where nothing tells.

    All that are named count: runs whose HOME or XDG_STATE_HOME differ meet in the home on record.
    """
    if sys.platform == "win32":
        local = environ.get("LOCALAPPDATA", "")
        return (Path(local) / "acctcfg" / "state",) if local else ()
    homes = [Path(home) for home in (_home_on_record(), environ.get("HOME", "")) if home]
    found = [*(home / ".local" / "state" for home in homes), Path(environ.get("XDG_STATE_HOME", ""))]
    return tuple(dict.fromkeys(folder / "acctcfg" for folder in found if folder.is_absolute()))


def _home_on_record() -> str:
    import pwd  # not on Windows

    try:
        home = pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:  # a container's bare user id
        return ""
    return "" if home in ("/", "/nonexistent") else home


def holders(storage: Storage, *, state: Sequence[Path] = ()) -> tuple[Holder, ...]:
    """All locks beside the journal and in the state folders, by venue user, those of holders that are gone included."""
    with in_words(storage.place):
        beside = [one.holder()[1] for one in storage.locks()]
    found = {one.token: one for one in (*_everywhere(state), *beside) if one is not None}
    return tuple(sorted(found.values(), key=lambda one: (one.venue_user, one.base_url)))


def _everywhere(state: Sequence[Path]) -> Iterator[Holder | None]:
    for folder in state:
        with suppress(OSError):
            for one in (folder / FOLDER).iterdir():
                yield LockFile(one).holder()[1]


def holder_of(storage: Storage, venue_user: str, *, base_url: str = "", state: Sequence[Path] = ()) -> Holder | None:
    """Who holds the lock of this venue user, beside the journal or in the state folder; gone ones are left out."""
    for place in _places(storage, venue_user, base_url, state):
        with suppress(OSError):
            holder = place.holder()[1]
            if holder is not None and not holder.is_gone(time.time()):
                return holder
    return None


def is_left(storage: Storage, venue_user: str, *, base_url: str = "") -> bool:
    """Whether whoever holds the lock beside the journal is gone, and did not release it."""
    holder = _places(storage, venue_user, base_url, ())[-1].holder()[1]
    return holder is not None and holder.is_gone(time.time())


def break_lock(
    storage: Storage, venue_user: str, *, base_url: str = "", state: Sequence[Path] = (), token: str = ""
) -> Holder | None:
    """Take the lock away from whoever holds it, and say who did; its holder sends no further write.

    `token`: only from this holder, whoever took the lock meanwhile.
    """
    broken = None
    with in_words(storage.place):
        for place in _places(storage, venue_user, base_url, state):
            while True:
                number, holder = place.holder()
                if holder is None or token not in ("", holder.token):
                    break
                now = time.time()
                ours = _ours(venue_user, base_url, "", "", this_process(), now)
                if place.claim(number + 1, replace(ours, late=holder.left(now))):
                    place.free(number + 1)
                    broken = broken or holder
                    break
    return broken


@dataclass(frozen=True, slots=True)
class _Held:
    """Our claim in one place."""

    place: LockPlace
    number: int
    holder: Holder


class Lock:
    """`async with Lock(...) as lock:` holds the lock of one venue user; `lock.fresh()` before every write.

    Entering waits up to `timeout_s` while somebody else holds it, then raises LockHeld. A lock whose holder is
    dead on this machine, or silent for 60 s, is taken over at once. Whoever needs several takes them in sorted
    order. Leaving releases it, and stays silent if that fails: it then expires. The storage is closed, too: it has to
    be the lock's own. `unshared` says why none of the state folders `state` could be used, "" if one could.
    """

    def __init__(
        self,
        storage: Storage,
        venue_user: str,
        *,
        owner: str,
        base_url: str = "",
        state: Sequence[Path] = (),
        run: str = "",
        timeout_s: float = 0.0,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        beat_s: float = BEAT_S,
        process: Process | None = None,
    ) -> None:
        self._storage = storage
        self.venue_user = venue_user
        self.base_url = base_url
        self.unshared = ""
        self._owner, self._run, self._timeout_s = owner, run, timeout_s
        self._now, self._monotonic, self._sleep, self._beat_s = now, monotonic, sleep, beat_s
        self._process = process or this_process()
        self._token = secrets.token_hex(16)
        self._places = _places(storage, venue_user, base_url, state)
        self._shared = self._places[:-1]
        self._held: list[_Held] = []
        self._settled = False
        self._unsettled = False
        self._beaten = (float("-inf"), float("-inf"))  # monotonic and wall clock, before the last refresh
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    async def __aenter__(self) -> Self:
        try:
            await self._acquire()
        except BaseException:
            self._release()
            self._storage.close()
            raise
        self._thread = threading.Thread(target=self._beat_on, name=f"lock {self.venue_user}", daemon=True)
        self._thread.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._stop.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
        self._release()
        self._storage.close()

    @property
    def number(self) -> int:
        """Of our claim beside the journal, which nobody is ever given again."""
        return self._held[-1].number

    @property
    def late(self) -> float:
        """When somebody else may have sent the last write of which our journal knows nothing; -inf where nobody did.

        It may arrive until the venue refuses its time.
        """
        if self._settled:
            return -math.inf
        apart = [one.holder.late for one in self._held if one.place in self._shared]
        known = {token for one in self._held if one.place not in self._shared for token, _ in one.holder.late}
        return max((at for late in apart for token, at in late if not token or token not in known), default=-math.inf)

    def settled(self) -> None:
        """Nothing of those before us can arrive any more: the next one need not wait for it."""
        self._settled = True

    def unsettled(self) -> None:
        """A write of ours may still be on its way when we let go: whoever comes next is told."""
        self._unsettled = True

    def fresh(self) -> bool:
        """Whether a write may still be sent: the lock is ours, and its last refresh less than 45 s old.

        Both clocks count: the monotonic one stands still while a machine is suspended, the other can be set back.
        """
        monotonic, wall = self._beaten
        if self._monotonic() - monotonic >= OVERDUE_S or self._now() - wall >= OVERDUE_S:
            return False
        try:
            return bool(self._held) and all(one.place.is_held(one.number) for one in self._held)
        except _UNREACHABLE:
            return False

    def beat(self) -> bool:
        """Refresh it once; False if it is no longer ours. The thread does this every 15 s."""
        started = (self._monotonic(), self._now())
        with in_words(self._storage.place):
            ours = bool(self._held) and all(one.place.beat(one.number, started[1]) for one in self._held)
        if ours:
            self._beaten = started
        return ours

    async def _acquire(self) -> None:
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
        """Take the lock in every place, or in none, and say who has it.

        `silent` is a holder that was seen not to refresh it for 60 s: it is gone even where a clock that was set
        back makes its heartbeat look recent.
        """
        started = (self._monotonic(), self._now())
        for place in tuple(self._places):
            shared = place in self._shared
            with in_words(place.where, "lock") if shared else in_words(self._storage.place):
                try:
                    holder = self._take(place, started[1], silent)
                except OSError as error:
                    if not shared or error.errno not in _NOT_OURS_TO_WRITE:
                        raise
                    self._shared.remove(place)
                    self._places.remove(place)
                    if not self._shared:
                        self.unshared = f"{place.where}: {error.strerror}"
                    continue
            if holder is not None:
                self._release()
                return holder
        self._beaten = started
        return None

    def _take(self, place: LockPlace, now: float, silent: Holder | None) -> Holder | None:
        ours = _ours(self.venue_user, self.base_url, self._token, self._owner, self._process, now, self._run)
        while True:
            number, holder = place.holder()
            if holder is not None and holder != silent and not holder.is_gone(now):
                return holder
            freed = place.freed(number) if holder is None else None
            late: Late = () if freed is None else freed.handed_on(now)
            claim = replace(ours, late=late if holder is None else holder.left(now))
            if place.claim(number + 1, claim):
                self._held.append(_Held(place, number + 1, claim))
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
        for one in self._held:
            late = () if self._settled else one.holder.late
            if self._unsettled:
                late = (*late, (self._token, self._now()))
            says = replace(one.holder, late=late) if late != one.holder.late else None
            with suppress(*_UNREACHABLE):
                if one.place.is_held(one.number):
                    one.place.free(one.number, says)
        self._held.clear()


class Warrant:
    """The lock of another process, in whose name this one writes: it holds as long as that one keeps it."""

    def __init__(
        self,
        storage: Storage,
        venue_user: str,
        *,
        base_url: str,
        number: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.venue_user = venue_user
        self.unshared = ""
        self._place = _places(storage, venue_user, base_url, ())[-1]
        self._number, self._now = number, now

    def fresh(self) -> bool:
        """Whether a write may still be sent: the claim is the one that counts, and was refreshed in the last 45 s."""
        try:
            number, holder = self._place.holder()
        except _UNREACHABLE:
            return False
        if holder is None or number != self._number:
            return False
        now = self._now()
        return now - holder.heartbeat_at < OVERDUE_S and not holder.is_gone(now)


def _places(storage: Storage, venue_user: str, base_url: str, state: Sequence[Path]) -> list[LockPlace]:
    """Where the lock is kept, in the order in which everybody takes it."""
    name = hashlib.sha256(f"{_normal(base_url)} {venue_user}".encode()).hexdigest()[:32]
    return [*(LockFile(folder / FOLDER / name) for folder in state), storage.lock(name)]


def _normal(base_url: str) -> str:
    """One spelling of one place: case, a default port and the names of this machine do not matter."""
    if not base_url:
        return ""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").rstrip(".")
    host = "127.0.0.1" if host in ("localhost", "::1") else host
    return f"{parts.scheme}://{host}:{parts.port or _PORTS.get(parts.scheme, '')}"


def _ours(user: str, base_url: str, token: str, owner: str, process: Process, now: float, run: str = "") -> Holder:
    return Holder(user, token or secrets.token_hex(16), owner, run, process, now, now, base_url)
