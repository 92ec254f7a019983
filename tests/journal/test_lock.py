"""One holder per venue user, told apart from the dead and the silent, and quiet once it is overdue."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from journal_parts import START, Clock

from acctcfg.errors import LockHeld
from acctcfg.journal import Journal, Lock, break_lock, database, holders
from acctcfg.journal.process import Process, is_dead, this_process

ELSEWHERE = Process("host2", "another boot", 4711, "99")


@pytest.fixture
def make(path: Path, clock: Clock) -> Callable[..., Lock]:
    def make_lock(**changes: object) -> Lock:
        options = {
            "owner": "alice@host1",
            "run": "run-1",
            "now": clock.now,
            "monotonic": clock.monotonic,
            "sleep": clock.sleep,
            "beat_s": 3600.0,  # beats by hand, unless a test says otherwise
        }
        return Lock(path, "1001", **(options | changes))  # type: ignore[arg-type]

    return make_lock


Make = Callable[..., Lock]


async def test_one_at_a_time(make: Make, path: Path, clock: Clock) -> None:
    """A second run is told who holds the lock since when and how to wait; once released, it gets it."""
    async with make() as lock:
        assert lock.fresh()
        clock.move(12)
        with pytest.raises(LockHeld) as caught:
            async with make(owner="bob@host2"):
                pytest.fail("two hold it")
        assert caught.value.message == (
            "the lock of venue user 1001 is held by alice@host1, run run-1, "
            f"process {os.getpid()} on {this_process().host}, since 2026-03-01T12:00:00Z (12 s ago)"
        )
        assert "--lock-timeout" in caught.value.hint
        assert "expires in 48 s" in caught.value.hint
        assert lock.fresh()
    assert holders(path) == ()
    async with make(owner="bob@host2"):
        assert [holder.owner for holder in holders(path)] == ["bob@host2"]


async def test_venue_users_do_not_wait_for_each_other(path: Path, make: Make) -> None:
    """Two venue users have two locks."""
    async with make(), Lock(path, "2002", owner="bob"):
        assert [holder.venue_user for holder in holders(path)] == ["1001", "2002"]


async def test_waiting_until_it_is_released(make: Make, clock: Clock) -> None:
    """With a time-out the second run polls, and holds the lock soon after the first left."""
    first = make()
    await first.__aenter__()

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        first.beat()
        if clock.wall >= START + 100:
            await first.__aexit__()

    async with make(timeout_s=300.0, sleep=sleep) as second:
        assert second.fresh()
    assert START + 100 <= clock.wall <= START + 103


async def test_waiting_ends(make: Make, clock: Clock) -> None:
    """A holder that lives on outlasts the time-out, and the wait takes as long as it said."""
    async with make() as first:

        async def sleep(seconds: float) -> None:
            await clock.sleep(seconds)
            first.beat()

        with pytest.raises(LockHeld, match="alice"):
            await make(timeout_s=90.5, sleep=sleep).__aenter__()
        assert clock.wall == START + 90.5


async def test_an_expired_lock_is_taken_over(make: Make, clock: Clock) -> None:
    """After 60 s without a heartbeat the lock is free; whoever lost it knows, and its release harms nobody."""
    first = make(process=ELSEWHERE)
    await first.__aenter__()
    clock.move(59.9)
    with pytest.raises(LockHeld):
        await make().__aenter__()
    clock.move(0.1)
    async with make(owner="bob") as second:
        assert not first.fresh()
        assert not first.beat()
        assert not first.fresh()
        await first.__aexit__()
        assert second.fresh()


async def test_an_overdue_holder_is_not_fresh(make: Make, clock: Clock) -> None:
    """Between 45 s and 60 s nobody else may have it and the holder sends nothing; a heartbeat makes it fresh again."""
    async with make() as lock:
        clock.move(44.9)
        assert lock.fresh()
        clock.move(0.1)
        assert not lock.fresh()
        with pytest.raises(LockHeld):
            await make().__aenter__()
        assert lock.beat()
        assert lock.fresh()


async def test_a_suspended_machine_is_not_fresh(make: Make, clock: Clock) -> None:
    """A laptop that slept for an hour, whose monotonic clock stood still, sends nothing when it wakes."""
    async with make() as lock:
        clock.wall += 3600
        assert not lock.fresh()
    async with make() as lock:
        clock.wall -= 3600
        assert lock.fresh(), "a clock that is set back does not stop a run"
        clock.passed += 45
        assert not lock.fresh()


async def test_a_clock_set_back_does_not_lock_for_ever(make: Make, clock: Clock) -> None:
    """A waiting run takes over from a silent holder after 60 s, though its heartbeat lies in the future."""
    first = make(process=ELSEWHERE)
    await first.__aenter__()
    clock.wall -= 86_400
    started = clock.passed
    async with make(owner="bob", timeout_s=300.0) as second:
        assert second.fresh()
        assert not first.fresh()
    assert 60 <= clock.passed - started <= 62
    await first.__aexit__()


async def test_a_broken_lock(make: Make, path: Path) -> None:
    """break_lock says whose it was; the holder knows at once, and the next run gets it."""
    assert break_lock(path, "1001") is None
    assert not path.exists()
    async with make() as lock:
        holder = break_lock(path, "1001")
        assert holder is not None
        assert holder.owner == "alice@host1"
        assert not lock.fresh()
        assert not lock.beat()
        assert break_lock(path, "1001") is None


async def test_a_lost_database_is_not_fresh(make: Make, path: Path) -> None:
    """If the lock cannot be read, no write is sent."""
    async with make() as lock:
        connection = sqlite3.connect(path)
        connection.execute("DROP TABLE locks")
        connection.close()
        assert not lock.fresh()


HOLDS = """
import asyncio, os, sys
from pathlib import Path
from acctcfg.journal import Lock
async def main():
    async with Lock(Path(sys.argv[1]), "1001", owner="child"):
        print("held", flush=True)
        sys.stdin.read()
asyncio.run(main())
"""


@pytest.fixture
def child(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLDS, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def kill_uncollected(process: subprocess.Popen[str]) -> None:
    """Kill it, and leave its exit status lying, so that the system still lists its number."""
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


async def test_a_dead_process_is_taken_over_at_once(path: Path, make: Make, child: subprocess.Popen[str]) -> None:
    """A killed run's lock does not wait for its expiry, not even while nobody has collected its exit status."""
    (holder,) = holders(path)
    now = holder.heartbeat_at + 1
    with pytest.raises(LockHeld, match="child"):
        await make(now=lambda: now).__aenter__()
    kill_uncollected(child)
    async with make(now=lambda: now) as lock:
        assert lock.fresh()


def test_a_process_is_more_than_its_number() -> None:
    """Same number, other start: dead. Other machine, boot or pid namespace: cannot be told."""
    ours = this_process()
    assert not is_dead(ours)
    assert is_dead(dataclasses.replace(ours, started="1"))
    assert is_dead(dataclasses.replace(ours, pid=2**22 + 1))
    assert not is_dead(ELSEWHERE)
    assert not is_dead(dataclasses.replace(ELSEWHERE, machine=""))


async def test_the_heartbeat_goes_on_while_the_loop_is_busy(path: Path) -> None:
    """A blocked event loop does not cost the lock: the heartbeat has a thread of its own."""
    beaten = threading.Event()
    times = iter(range(10_000))

    def now() -> float:
        if threading.current_thread() is not threading.main_thread():
            beaten.set()
        return START + next(times) / 1000

    async with Lock(path, "1001", owner="a", now=now, beat_s=0.005) as lock:
        (before,) = holders(path)
        for _ in range(3):
            beaten.clear()
            assert beaten.wait(5), "no heartbeat while this coroutine blocks the loop"
        (after,) = holders(path)
        assert lock.fresh()
    assert after.heartbeat_at > before.heartbeat_at
    assert after.acquired_at == before.acquired_at


async def test_a_busy_journal_delays_a_heartbeat_and_does_not_end_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A heartbeat that failed because the file was locked is tried again soon."""
    monkeypatch.setattr(database, "BUSY_S", 0.01)
    async with Lock(path, "1001", owner="a", beat_s=0.03) as lock:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        (before,) = holders(path)
        await asyncio.sleep(0.06)
        other.execute("ROLLBACK")
        other.close()
        for _ in range(500):
            if holders(path)[0].heartbeat_at > before.heartbeat_at:
                break
            await asyncio.sleep(0.01)
        else:
            pytest.fail("no heartbeat after the file was free again")
        assert lock.fresh()


async def test_a_failing_run_releases(make: Make, path: Path) -> None:
    """An exception inside, or a wait that is cancelled, leaves no lock behind and is not hidden."""
    with pytest.raises(ZeroDivisionError):
        async with make():
            _ = 1 / 0
    assert holders(path) == ()

    async def cancelled(_: float) -> None:
        raise asyncio.CancelledError

    async with make():
        with pytest.raises(asyncio.CancelledError):
            await make(timeout_s=10.0, sleep=cancelled).__aenter__()
        assert len(holders(path)) == 1


async def test_lock_and_journal_share_a_file(make: Make, journal: Journal, run: str) -> None:
    """Holding a lock does not keep the journal from being written, and leaves its chain alone."""
    async with make() as lock:
        journal.note(run, "x")
        assert lock.beat()
        journal.end_run(run, "done")
    assert journal.verify() == ()


def test_holders_of_no_journal(path: Path) -> None:
    """Asking who holds locks makes no journal."""
    assert holders(path) == ()
    assert not path.parent.exists()
