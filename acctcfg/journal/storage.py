"""Where the rows of a journal and its locks are kept: few verbs, so that a file or a server can stand behind them.

    Journal, Lock    what is written down, and who may write      (this package's users)
    Storage          rows that are only ever added; locks by name  (this module)
    SqliteStorage    a file beside the manifest, and files for the locks
    PostgresStorage  tables of a server, for a team

A storage computes no meaning: rows come in as drafts, and go out as they were chained.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from acctcfg.errors import JournalError
from acctcfg.journal.chain import Draft, Row
from acctcfg.journal.holder import Holder

__all__ = ["NAMED", "LockPlace", "Storage", "View", "Which", "demand_known", "in_words"]

NAMED = 500
"""So many accounts a question may name: a statement takes only so many values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """The rows that fit every condition that is set, in their order; all rows where none is."""

    kinds: tuple[str, ...] = ()
    venue_user: str | None = None
    account: str | None = None
    accounts: tuple[str, ...] = ()  # of one of these, at most NAMED
    address: str | None = None
    run_begins: str = ""  # with these characters
    run_with_answers: str = ""  # of this run, and of any run about one of its intents
    unresolved: bool = False  # intents whose outcome nobody knows
    first: int = 0  # from this number on
    last: int = 0  # only so many, the newest first


class View(Protocol):
    """One look at all rows, though others write meanwhile."""

    @property
    def last_given(self) -> int:
        """The highest number that a row was ever given."""

    def rows(self, first: int) -> Iterable[Row]:
        """The rows from number `first` on, in their order."""


class LockPlace(Protocol):
    """Where one lock is kept: numbered claims, of which the highest counts.

    OSError or JournalError where it cannot be reached.
    """

    @property
    def where(self) -> str:
        """Where the lock is kept, for messages: a path or a url without credentials."""

    def holder(self) -> tuple[int, Holder | None]:
        """The highest number, and who holds it."""

    def freed(self, number: int) -> Holder | None:
        """Who let it go under this number, the highest; None where that is not kept."""

    def claim(self, number: int, holder: Holder) -> bool:
        """Take it under this number, one above the highest. False if somebody else was first."""

    def is_held(self, number: int) -> bool:
        """Whether this claim still is the one that counts."""

    def beat(self, number: int, now: float) -> bool:
        """Refresh the claim; False if it no longer counts."""

    def free(self, number: int, holder: Holder | None = None) -> None:
        """Let go. The number stays, so that none is ever given twice. `holder`: what the claim says from now on."""


class Storage(Protocol):
    """The rows and the locks of one journal. JournalError for what cannot be read or written.

    Calls come one at a time, from any thread; other processes may be at it too.
    """

    @property
    def place(self) -> str:
        """Where the journal is kept, for messages: a path or a url without credentials."""

    @property
    def remedy(self) -> str:
        """What to do about rows that were altered, as hints say it."""

    def exists(self) -> bool:
        """Whether there is a journal; an absent one reads as an empty one."""

    def rows(self, which: Which) -> list[Row]:
        """The rows that match all that `which` names, in their order."""

    def append(self, drafts: Sequence[Draft], at: str) -> list[Row]:
        """Chain these to what is there, all or none; flushed to disk when it returns."""

    def view(self) -> AbstractContextManager[View | None]:
        """All rows, as they are at this moment; None where there is no journal."""

    def damage(self) -> Sequence[str]:
        """What is wrong with the storage itself, a sentence each."""

    def may_be_mixed(self) -> bool:
        """Whether what lies there may be of two times, as after a careless restore: the chain then tells."""

    def close(self) -> None:
        """Let go of what is open; rows that were added stay where other programs find them."""

    def lock(self, name: str) -> LockPlace:
        """The place of the lock of that name, whether anybody holds it or not."""

    def locks(self) -> Iterable[LockPlace]:
        """The places of all locks that were ever held."""


def demand_known(version: int, newest: int, place: str) -> None:
    """JournalError for a journal of a format that this version has never heard of."""
    if version > newest:
        raise JournalError(
            f"{place}: the journal was written by a newer acctcfg (format {version}; this one knows {newest})",
            hint="upgrade acctcfg",
        )


@contextmanager
def in_words(place: str, what: str = "journal") -> Iterator[None]:
    """Turn what the system says about a place, and what is kept there, into a JournalError."""
    try:
        yield
    except OSError as exc:
        raise JournalError(
            f"{place}: the {what} cannot be used: {exc.strerror}",
            hint="make the file and its folder writable for this user, and check the free space",
        ) from exc
