"""Whose last writes may still arrive when a lock changes hands, as the lock alone tells another folder's run."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from journal_parts import START, Clock

from acctcfg.core.journal_url import JournalUrl
from acctcfg.journal import Lock, SqliteStorage, break_lock
from acctcfg.journal.postgres import PostgresStorage
from acctcfg.journal.process import Process, this_process
from acctcfg.journal.storage import Storage

DEAD = dataclasses.replace(this_process(), pid=2**22 + 1)
ELSEWHERE = Process("host2", "another boot", 4711, "99")

Folder = Callable[..., Lock]


@pytest.fixture(params=["sqlite", "postgres"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Folder]:
    """`folder("a")`: a lock as a run of that folder takes it; each has a journal of its own, one user has all."""
    with ExitStack() as stack:
        opened: dict[str, Storage] = {}

        def storage(name: str) -> Storage:
            if request.param == "sqlite":
                return SqliteStorage(tmp_path / name / "journal.sqlite", create=True)
            if name not in opened:
                url = JournalUrl.of(request.getfixturevalue("postgres").database())
                opened[name] = stack.enter_context(closing(PostgresStorage(url, create=True, clock=clock.now)))
            return opened[name]

        def lock(name: str, process: Process | None = None) -> Lock:
            clocks = {"now": clock.now, "monotonic": clock.monotonic, "sleep": clock.sleep, "beat_s": 3600.0}
            return Lock(storage(name), "1001", owner=name, state=[tmp_path / "state"], process=process, **clocks)

        yield lock


async def killed(lock: Lock) -> None:
    """It takes the lock, and is heard of no more."""
    await lock.__aenter__()
    lock._stop.set()


async def late(lock: Lock) -> float:
    """What a run is told that then gives up before it waited."""
    async with lock:
        return lock.late


async def test_a_dead_process_may_have_sent_until_now(folder: Folder, clock: Clock) -> None:
    """Another folder's run is told the moment of the takeover; one of the same folder has it on record itself."""
    assert await late(folder("b")) == -math.inf
    await killed(folder("a", DEAD))
    clock.move(20)
    assert await late(folder("b")) == START + 20
    clock.move(20)
    assert await late(folder("a")) == -math.inf


async def test_the_silent_sent_nothing_after_45_s(folder: Folder, clock: Clock) -> None:
    """Without a heartbeat for 45 s it sends nothing, however much later its lock is taken; in the end nobody asks."""
    await killed(folder("a", ELSEWHERE))
    clock.move(300)
    assert await late(folder("b")) == START + 45
    clock.move(3600)
    assert await late(folder("b")) == -math.inf


async def test_a_broken_lock_tells_too(
    folder: Folder, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever broke it, and wherever: what its holder had on its way may still arrive."""
    await killed(folder("a"))
    clock.move(10)
    monkeypatch.setattr(time, "time", clock.now)
    broken = break_lock(SqliteStorage(tmp_path / "c" / "journal.sqlite"), "1001", state=[tmp_path / "state"])
    assert broken is not None
    clock.move(10)
    assert await late(folder("b")) == START + 10


async def test_it_is_told_until_somebody_has_waited(folder: Folder, clock: Clock) -> None:
    """A run that gives up, or is killed too, hands it on; after one that waited, nobody is told."""
    await killed(folder("a", DEAD))
    for _ in range(3):
        clock.move(1)
        assert await late(folder("b")) == START + 1
    await killed(folder("b", DEAD))
    clock.move(1)
    assert await late(folder("c")) == START + 4
    clock.move(1)
    assert await late(folder("b")) == START + 1, "its own is on its record, the first one's is not"
    async with folder("c") as lock:
        assert lock.late == START + 4
        lock.settled()
        assert lock.late == -math.inf
    assert await late(folder("d")) == -math.inf


async def test_who_let_go_leaves_nothing(folder: Folder) -> None:
    """A run that ended keeps nobody waiting, in any folder."""
    assert await late(folder("a")) == -math.inf
    assert await late(folder("b")) == -math.inf


async def test_who_let_go_too_early_says_so(folder: Folder, clock: Clock) -> None:
    """A run that knows not how a write of it ended tells so when it lets go, besides what it was told itself."""
    await killed(folder("a", DEAD))
    clock.move(1)
    async with folder("b") as lock:
        clock.move(5)
        lock.unsettled()
    clock.move(5)
    assert await late(folder("c")) == START + 6
    async with folder("c") as lock:
        lock.settled()
        lock.unsettled()
    clock.move(1)
    assert await late(folder("d")) == START + 11


async def test_many_that_died_fit_into_a_claim(folder: Folder, clock: Clock) -> None:
    """However many die one after the other, the last is told, and the claim can be read."""
    for _ in range(100):
        await killed(folder("a", DEAD))
    clock.move(1)
    assert await late(folder("b")) == START + 1
    assert await late(folder("b")) == START + 1
