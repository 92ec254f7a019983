"""One holder per venue user, told apart from the dead and the silent, and quiet once it is overdue."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journal_parts import START, Clock
from patience import PATIENCE_S

import acctcfg.journal.lock
from acctcfg.errors import JournalError, LockHeld
from acctcfg.journal import Holder, Journal, Lock, SqliteStorage, break_lock, holders, state_folders
from acctcfg.journal.lock_file import LockFile
from acctcfg.journal.process import Process, is_dead, this_process
from examples import some

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
        return Lock(SqliteStorage(path), "1001", **(options | changes))  # type: ignore[arg-type]

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
    assert holders(SqliteStorage(path)) == ()
    async with make(owner="bob@host2"):
        assert [holder.owner for holder in holders(SqliteStorage(path))] == ["bob@host2"]


async def test_venue_users_do_not_wait_for_each_other(path: Path, make: Make) -> None:
    """Two venue users have two locks."""
    async with make(), Lock(SqliteStorage(path), "2002", owner="bob"):
        assert [holder.venue_user for holder in holders(SqliteStorage(path))] == ["1001", "2002"]


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
    assert break_lock(SqliteStorage(path), "1001") is None
    assert not path.exists()
    async with make() as lock:
        holder = break_lock(SqliteStorage(path), "1001")
        assert holder is not None
        assert holder.owner == "alice@host1"
        assert not lock.fresh()
        assert not lock.beat()
        assert break_lock(SqliteStorage(path), "1001") is None


async def test_a_lost_folder_is_not_fresh(make: Make, path: Path) -> None:
    """If the lock cannot be read, no write is sent."""
    async with make() as lock:
        shutil.rmtree(path.parent)
        assert not lock.fresh()
        assert not lock.beat()


async def test_modes(make: Make, path: Path, tmp_path: Path) -> None:
    """What a lock leaves is for this user alone, in both places."""
    state = tmp_path / "home" / ".local" / "state" / "acctcfg"
    async with make(state=[state]):
        for root in (path.parent, tmp_path / "home"):
            for file in (root, *root.rglob("*")):
                assert file.stat().st_mode & 0o777 == (0o700 if file.is_dir() else 0o600), file


async def test_two_folders_of_one_user_meet(make: Make, tmp_path: Path, clock: Clock) -> None:
    """Another folder's run waits by the state folder, if it means the same user at the same place, however spelt."""
    state = tmp_path / "state"
    elsewhere = tmp_path / "b" / "journal.sqlite"

    def other(**changes: Any) -> Lock:
        options = {"base_url": "http://LOCALHOST:8700/", "owner": "bob", "state": [state], "now": clock.now}
        return Lock(SqliteStorage(elsewhere), "1001", **(options | changes))

    async with make(base_url="http://127.0.0.1:8700", state=[state]):
        with pytest.raises(LockHeld, match="alice@host1"):
            await other().__aenter__()
        assert holders(SqliteStorage(elsewhere)) == (), "what it had got already was let go"
        async with other(base_url="http://127.0.0.1:8701"):
            pass
        async with other(state=[tmp_path / "another home"]):
            pass
    async with other():
        pass


async def test_one_folder_meets_without_a_state_folder(make: Make, tmp_path: Path) -> None:
    """Two users of one workspace, each with a home of its own, meet beside the journal."""
    async with make(state=[tmp_path / "a"]):
        with pytest.raises(LockHeld):
            await make(state=[tmp_path / "b"]).__aenter__()


async def test_a_state_folder_that_cannot_be_made_is_said(make: Make, tmp_path: Path) -> None:
    """A run goes on with the lock beside the journal, and the lock says why the other is missing."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    async with make(state=[blocked / "acctcfg"]) as lock:
        assert str(blocked) in lock.unshared
        assert lock.fresh()
        assert lock.beat()


async def test_links_that_lead_nowhere_are_named(make: Make, tmp_path: Path, path: Path) -> None:
    """A state folder of links that lead to each other ends the run, which names that folder and not the journal."""
    (tmp_path / "acctcfg").symlink_to("loop")
    (tmp_path / "loop").symlink_to("acctcfg")
    with pytest.raises(JournalError) as caught:
        await make(state=[tmp_path / "acctcfg"]).__aenter__()
    assert caught.value.message.startswith(f"{tmp_path / 'acctcfg' / 'locks'}: the lock cannot be used: ")


async def test_runs_with_other_homes_meet(make: Make, tmp_path: Path, clock: Clock) -> None:
    """One state folder in common is enough, whatever others each of them has."""
    common, mine, theirs = (tmp_path / name for name in ("common", "mine", "theirs"))
    async with make(state=[common, mine]):
        other = Lock(
            SqliteStorage(tmp_path / "b" / "journal.sqlite"), "1001", owner="bob", state=[theirs, common], now=clock.now
        )
        with pytest.raises(LockHeld, match="alice@host1"):
            await other.__aenter__()


async def test_a_full_disk_is_no_reason_to_go_on_unseen(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What passes again (a full disk, too many open files) ends the run: another folder's would not see its lock."""
    for code in (errno.ENOSPC, errno.EMFILE, errno.EIO, errno.EDQUOT):
        refusal = OSError(code, os.strerror(code))
        monkeypatch.setattr(LockFile, "_write", Mock(side_effect=refusal))
        with pytest.raises(JournalError):
            await make(state=[tmp_path / "state"]).__aenter__()


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"XDG_STATE_HOME": "/s", "HOME": "/h"}, ["/root/.local/state", "/h/.local/state", "/s"]),
        ({"XDG_STATE_HOME": "relative", "HOME": "/h"}, ["/root/.local/state", "/h/.local/state"]),
        ({"XDG_STATE_HOME": "", "HOME": "/root"}, ["/root/.local/state"]),
        ({"HOME": "relative"}, ["/root/.local/state"]),
    ],
)
def test_where_state_is_kept(environ: dict[str, str], expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """In the home on record, and where the environment says; a path that depends on the present folder is nobody's."""
    monkeypatch.setattr(acctcfg.journal.lock, "_home_on_record", lambda: "/root")
    assert [str(one.parent) for one in state_folders(environ)] == expected


def test_without_a_home_nothing_goes_to_a_shared_folder() -> None:
    """HOME unset: the home that the system has on record, or none; never /tmp."""
    assert not any(str(one).startswith("/tmp") for one in state_folders({}))


def test_no_test_reaches_a_home_of_somebody() -> None:
    """Neither here nor in a process that a test starts do locks lie in the home that the system has on record."""
    code = "import os; from acctcfg.journal.lock import state_folders; print(*state_folders(os.environ))"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    ours = " ".join(map(str, state_folders(os.environ)))
    people = [line.split(":") for line in Path("/etc/passwd").read_text(encoding="utf-8").splitlines()]
    (fields,) = [person for person in people if person[2:3] == [str(os.getuid())]]
    assert child.strip() == ours
    assert fields[5] not in ours.replace(os.environ["ACCTCFG_TESTS_HOME"], "")


HOLDS = """
import asyncio, os, sys
from pathlib import Path
from acctcfg.journal import Lock, SqliteStorage
async def main():
    async with Lock(SqliteStorage(Path(sys.argv[1])), "1001", owner="child") as lock:
        print("held", flush=True)
        while sys.stdin.readline():
            print(lock.fresh(), flush=True)
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
    (holder,) = holders(SqliteStorage(path))
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
    assert is_dead(dataclasses.replace(ours, pid=2**64))
    assert not is_dead(ELSEWHERE)
    assert not is_dead(dataclasses.replace(ELSEWHERE, machine=""))


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
async def test_a_process_that_the_system_hides_may_live(
    make: Make, child: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where /proc hides others' processes (hidepid), a live one keeps its lock, and one that has ended loses it."""

    class Hidden(type(Path())):  # type: ignore[misc]
        def read_text(self, *_: object, **__: object) -> str:
            if str(child.pid) in self.parts:
                raise FileNotFoundError
            return str(super().read_text())

    monkeypatch.setattr("acctcfg.journal.process.Path", Hidden)
    with pytest.raises(LockHeld, match="child"):
        await make(now=time.time).__aenter__()
    child.kill()
    child.wait()
    async with make(now=time.time) as lock:
        assert lock.fresh()


async def test_the_heartbeat_goes_on_while_the_loop_is_busy(path: Path) -> None:
    """A blocked event loop does not cost the lock: the heartbeat has a thread of its own."""
    beaten = threading.Event()
    times = iter(range(10_000))

    def now() -> float:
        if threading.current_thread() is not threading.main_thread():
            beaten.set()
        return START + next(times) / 1000

    async with Lock(SqliteStorage(path), "1001", owner="a", now=now, beat_s=0.005) as lock:
        (before,) = holders(SqliteStorage(path))
        for _ in range(3):
            beaten.clear()
            assert beaten.wait(PATIENCE_S), "no heartbeat while this coroutine blocks the loop"
        (after,) = holders(SqliteStorage(path))
        assert lock.fresh()
    assert after.heartbeat_at > before.heartbeat_at
    assert after.acquired_at == before.acquired_at


async def test_a_journal_that_is_held_up_holds_up_no_lock(path: Path, make: Make, journal: Journal, run: str) -> None:
    """Somebody who stands still in the middle of a commit keeps nobody from the lock, its heartbeat or its end."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        async with make() as lock:
            assert lock.beat()
            assert lock.fresh()
        assert holders(SqliteStorage(path)) == ()
    finally:
        other.execute("ROLLBACK")
        other.close()


async def test_a_stopped_process_is_taken_over_after_its_expiry(
    path: Path, make: Make, child: subprocess.Popen[str]
) -> None:
    """A holder that was stopped (SIGSTOP) blocks nobody once 60 s have passed; awake again, it sends nothing."""
    (holder,) = holders(SqliteStorage(path))
    child.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(LockHeld, match="child"):
            await make(now=lambda: holder.heartbeat_at + 59).__aenter__()
        async with make(now=lambda: holder.heartbeat_at + 60) as lock:
            assert lock.fresh()
            child.send_signal(signal.SIGCONT)
            assert child.stdin is not None
            child.stdin.write("fresh?\n")
            child.stdin.flush()
            assert child.stdout is not None
            assert child.stdout.readline() == "False\n"
            assert lock.fresh()
    finally:
        child.send_signal(signal.SIGCONT)


@settings(deadline=None, max_examples=some(40))
@given(steps=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["claim", "free", "beat"])), max_size=30))
def test_never_two_and_never_none(steps: list[tuple[int, str]]) -> None:
    """Whatever claims, refreshes and releases follow each other: at most one claim counts, and a free lock is taken."""
    with tempfile.TemporaryDirectory() as folder:
        place = LockFile(Path(folder) / "lock")
        held: dict[int, int] = {}
        for who, what in steps:
            if what == "claim":
                seen, holder = place.holder()
                owner = Holder("1001", f"token{who}", str(who), "", this_process(), START, START)
                taken = place.claim(seen + 1, owner)
                assert taken  # nobody else was at it; the lock of a living holder is only asked for by its rules
                held = {who: seen + 1}
                assert holder is None or holder.owner in "0123"
            elif what == "free" and who in held:
                place.free(held.pop(who))
            elif what == "beat":
                assert place.beat(held[who], START + 1) if who in held else not place.beat(1_000, START)
            assert len([one for one in held if place.is_held(held[one])]) == len(held)
        assert (place.holder()[1] is None) == (not held)


CLAIMS = """
import sys
from pathlib import Path
from acctcfg.journal.holder import Holder
from acctcfg.journal.lock_file import LockFile
from acctcfg.journal.process import this_process
place = LockFile(Path(sys.argv[1]))
won = 0
for number in range(1, 200):
    mine = Holder("1", sys.argv[2] + str(number), "", "", this_process(), 0.0, 0.0)
    won += place.claim(number, mine)
    place.newest()
print(won)
"""


@pytest.mark.slow
def test_of_two_at_once_one_wins(tmp_path: Path) -> None:
    """Three processes that claim the same numbers: every number is taken once at most, and the last one counts."""
    command = [sys.executable, "-c", CLAIMS, str(tmp_path / "lock")]
    children = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in "abc"]
    won = [int(child.communicate(timeout=PATIENCE_S)[0]) for child in children]
    assert sum(won) <= 199
    assert LockFile(tmp_path / "lock").newest() == (199, True)
    assert len(list((tmp_path / "lock").iterdir())) <= 3


async def test_a_failing_run_releases(make: Make, path: Path) -> None:
    """An exception inside, or a wait that is cancelled, leaves no lock behind and is not hidden."""
    with pytest.raises(ZeroDivisionError):
        async with make():
            _ = 1 / 0
    assert holders(SqliteStorage(path)) == ()

    async def cancelled(_: float) -> None:
        raise asyncio.CancelledError

    async with make():
        with pytest.raises(asyncio.CancelledError):
            await make(timeout_s=10.0, sleep=cancelled).__aenter__()
        assert len(holders(SqliteStorage(path))) == 1


async def test_lock_and_journal_share_a_file(make: Make, journal: Journal, run: str) -> None:
    """Holding a lock does not keep the journal from being written, and leaves its chain alone."""
    async with make() as lock:
        journal.note(run, "x")
        assert lock.beat()
        journal.end_run(run, "done")
    assert journal.verify() == ()


def test_holders_of_no_journal(path: Path) -> None:
    """Asking who holds locks makes no journal."""
    assert holders(SqliteStorage(path)) == ()
    assert not path.parent.exists()
