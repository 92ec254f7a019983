"""A part of a run that another process began: it holds the locks and asked the user, this one does the work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acctcfg.core.outcome import Outcome
from acctcfg.engine.attempt import GOOD
from acctcfg.engine.workspace import Locks
from acctcfg.errors import JournalError

if TYPE_CHECKING:
    from acctcfg.core.json_types import JsonObject
    from acctcfg.journal import Intent, Journal

__all__ = ["PART", "PART_ENDED", "Part", "lock_of_part", "part_of_lock", "unresolved"]

PART = "part"
"""The kind of the journal's note that gives a part of a plan to whoever takes it."""
PART_ENDED = "part_ended"
"""The kind of the note that tells how a part ended; without it, it is still to be carried out."""
_PART_OF = " part "  # between the venue user and the number


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part: its number in the run, and what lets this process write."""

    run: str
    number: int
    accounts: frozenset[str]  # by their names at the venue
    locks: Locks
    stays: Callable[[], bool]  # whether it is to be carried out to its end by this process, or by another
    listed: Mapping[str, JsonObject] = field(default_factory=dict)  # what its accounts need not be asked for again

    def ended(self, journal: Journal, outcome: Outcome, steps: Iterable[JsonObject], *, left: bool = False) -> None:
        """Write down how its steps ended, and then that it ended. One that goes to another process has not ended.

        `left`: this process cannot sign any more, so that another carries out what is not done.

        JournalError where another process has it already.
        """
        if self.locks.part is not None and not self.locks.part.fresh():
            raise JournalError("another process has this part of the run: nothing of it was put on record")
        if left:
            journal.steps(self.run, [one for one in steps if one["status"] in GOOD])
            return
        if outcome.interrupted and not self.stays():
            journal.steps(self.run, [one for one in steps if one["status"] != "not_started"])
            return
        journal.steps(self.run, steps)
        unread = [{"address": one.address, "code": one.code, "message": one.message} for one in outcome.plan.unreadable]
        notes = list(outcome.notes)
        end: JsonObject = {"number": self.number, "unreadable": list(unread), "notes": notes, "error": ""}
        journal.note_part(self.run, PART_ENDED, {**end, "unrecorded": outcome.unrecorded})


def lock_of_part(user: str, number: int) -> str:
    """The name under which the lock of a part is kept: as a venue user has one, who has the part has this."""
    return f"{user}{_PART_OF}{number}"


def part_of_lock(name: str) -> int | None:
    """The number of the part whose lock is kept under this name; None for that of a whole venue user."""
    _, part, number = name.rpartition(_PART_OF)
    return int(number) if part and number.isdecimal() else None


def unresolved(journal: Journal, user: str, part: Part | None) -> Sequence[Intent]:
    """The writes of this venue user of which nobody knows what became; of a part, those to its own accounts."""
    every = journal.unresolved(user)
    return every if part is None else [one for one in every if one.account in part.accounts]
