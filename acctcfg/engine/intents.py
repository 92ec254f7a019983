"""Intents on their way to the journal: those that come while a flush is under way share the next one.

One thread writes them down, so that a disk or a server that is silent holds up writes alone, and not the answers to
others; it is woken once for all that wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acctcfg.errors import JournalError

if TYPE_CHECKING:
    from acctcfg.journal import Intent, Journal
    from acctcfg.journal.chain import Draft

__all__ = ["Intents", "Recorded"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of the intents of one request. `fresh`: whether the lock was still ours once they were on disk."""

    entries: Sequence[Intent] = ()
    fresh: bool = False
    error: JournalError | None = None


@dataclass(slots=True, eq=False)
class _Waiting:
    """The intents of one request of a venue user."""

    drafts: Sequence[Draft]
    user: str
    recorded: asyncio.Future[Recorded]


class Intents:
    """Writes down intents. `fresh` says whether the lock of a venue user is ours: it is asked last of all, for writing
    may have taken its time."""

    def __init__(self, journal: Journal, fresh: Callable[[str], bool]) -> None:
        self._journal, self._fresh = journal, fresh
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, drafts: Sequence[Draft], user: str) -> Recorded:
        """Wait until these are on disk, or cannot be."""
        one = _Waiting(drafts, user, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        return await one.recorded

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                told = await asyncio.to_thread(self._write, batch)
            except asyncio.CancelledError:
                for one in (*batch, *self._waiting):
                    one.recorded.cancel()
                raise
            except Exception as error:
                told = [error] * len(batch)
            for one, recorded in zip(batch, told, strict=True):
                _tell(one, recorded)

    def _write(self, batch: Sequence[_Waiting]) -> list[Recorded | Exception]:
        try:
            entries = iter(self._journal.intend(*(draft for one in batch for draft in one.drafts)))
        except Exception as error:
            if len(batch) > 1:  # each for itself: what is wrong may be one of them
                return [told for one in batch for told in self._write([one])]
            return [Recorded(error=error) if isinstance(error, JournalError) else error]
        fresh = {user: self._fresh(user) for user in {one.user for one in batch}}
        return [Recorded([next(entries) for _ in one.drafts], fresh[one.user]) for one in batch]


def _tell(one: _Waiting, told: Recorded | Exception) -> None:
    """What became of it, if that is still waited for."""
    if one.recorded.done():
        return
    if isinstance(told, Recorded):
        one.recorded.set_result(told)
    else:
        one.recorded.set_exception(told)
