"""Intents that come at once share a flush, and each keeps its own fate."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from acctcfg.engine.intents import Intents
from acctcfg.errors import JournalError


class Slow:
    """A journal whose flush is held until it is let go; it refuses what is odd."""

    def __init__(self) -> None:
        self.flushes: list[tuple[str, ...]] = []
        self.begun, self.go = threading.Event(), threading.Event()

    def intend(self, *drafts: str) -> list[str]:
        self.flushes.append(drafts)
        self.begun.set()
        self.go.wait()
        if "odd" in drafts:
            raise TypeError("it cannot be written")
        if "full" in drafts:
            raise JournalError("the disk is full")
        return [f"entry of {one}" for one in drafts]


def intents(journal: Slow, asked: list[str]) -> Intents:
    def fresh(user: str) -> bool:
        asked.append(user)
        return user != "lost"

    return Intents(journal, fresh)  # type: ignore[arg-type]


async def written(journal: Slow, some: list[tuple[str, str]], asked: list[str]) -> list[Any]:
    """The first alone, the others while its flush is under way."""
    ours = intents(journal, asked)
    first = asyncio.ensure_future(ours.write(["first"], "1"))  # type: ignore[list-item]
    await asyncio.to_thread(journal.begun.wait)
    others = [asyncio.ensure_future(ours.write([draft], user)) for draft, user in some]  # type: ignore[list-item]
    await asyncio.sleep(0)
    journal.go.set()
    return await asyncio.gather(first, *others, return_exceptions=True)


async def test_those_that_wait_share_a_flush_and_one_look_at_the_lock() -> None:
    """Ten that come while a flush is under way are written by the next, and the lock is asked once after it."""
    journal, asked = Slow(), []  # type: tuple[Slow, list[str]]
    told = await written(journal, [(str(number), "1") for number in range(10)], asked)
    assert [len(drafts) for drafts in journal.flushes] == [1, 10]
    assert [one.entries for one in told[1:]] == [[f"entry of {number}"] for number in range(10)]
    assert all(one.fresh for one in told)
    assert asked == ["1", "1"]


async def test_a_lock_that_is_lost_stops_the_writes_of_its_user_alone() -> None:
    """Two venue users share a flush; the one whose lock is gone is told so."""
    told = await written(Slow(), [("a", "lost"), ("b", "1")], [])
    assert [one.fresh for one in told] == [True, False, True]


@pytest.mark.parametrize("wrong", ["odd", "full"])
async def test_what_cannot_be_written_stops_itself_alone(wrong: str) -> None:
    """Those that shared its flush are written by themselves."""
    _, before, failed, after = await written(Slow(), [("a", "1"), (wrong, "1"), ("b", "1")], [])
    assert (before.entries, after.entries) == (["entry of a"], ["entry of b"])
    assert isinstance(failed, TypeError) if wrong == "odd" else isinstance(failed.error, JournalError)
