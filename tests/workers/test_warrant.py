"""Writing in the name of another process's lock."""

from __future__ import annotations

import time
from pathlib import Path

from acctcfg.journal import Lock, SqliteStorage, Warrant, is_left
from acctcfg.journal.process import Process

USER, URL = "7000", "http://127.0.0.1:1"
DEAD = Process("elsewhere", "another machine", 1, "")


def storage(folder: Path) -> SqliteStorage:
    return SqliteStorage(folder / "journal.sqlite", create=True)


async def test_it_holds_as_long_as_the_lock_is_kept(tmp_path: Path) -> None:
    """Not once that is released, and never again when another has it: its claim has another number."""
    async with Lock(storage(tmp_path), USER, base_url=URL, owner="alice") as lock:
        warrant = Warrant(storage(tmp_path), USER, base_url=URL, number=lock.number)
        assert warrant.fresh()
    assert not warrant.fresh()
    async with Lock(storage(tmp_path), USER, base_url=URL, owner="bob"):
        assert not warrant.fresh()


async def test_it_ends_when_the_holder_is_silent(tmp_path: Path) -> None:
    """After 45 s, while others have to wait for 60: whatever was just sent arrives before they begin."""
    async with Lock(storage(tmp_path), USER, base_url=URL, owner="alice") as lock:
        for seconds, holds in ((40, True), (50, False)):
            later = Warrant(
                storage(tmp_path), USER, base_url=URL, number=lock.number, now=lambda s=seconds: time.time() + s
            )
            assert later.fresh() is holds


async def test_a_lock_is_left_when_its_holder_is_gone(tmp_path: Path) -> None:
    """Neither one that was released, nor one that somebody holds."""
    assert not is_left(storage(tmp_path), USER, base_url=URL)
    silent = Lock(
        storage(tmp_path), USER, base_url=URL, owner="alice", process=DEAD, now=lambda: time.time() - 70, beat_s=60
    )
    async with silent:
        assert is_left(storage(tmp_path), USER, base_url=URL)
    async with Lock(storage(tmp_path), USER, base_url=URL, owner="alice"):
        assert not is_left(storage(tmp_path), USER, base_url=URL)
