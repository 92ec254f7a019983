"""What the `broker` commands ask of a venue, besides what every connection does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol, runtime_checkable

from acctcfg.core.secret import Secret

__all__ = ["MOST_DAYS", "GivesFiles", "Rebate", "RebateFile", "TellsRebates"]

MOST_DAYS: Final = 180
"""Of a file, its first day and its last included: the strict reading, since a range that is refused costs an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebate:
    """Whether a broker is paid for what a user's key trades."""

    paid: bool
    told: str  # in words, with the venue's number


@runtime_checkable
class TellsRebates(Protocol):
    """The part of a connection that `broker rebate` needs."""

    async def rebate(self, api_key: str, kind: str) -> Rebate:
        """Of one user's key, also that the venue did not tell. `kind`: api or oauth, where the broker is both; else "".
        Raises VenueError where it is of the connection, so that no other key would be answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RebateFile:
    """A file that somebody asked for. Whoever has its link has the file, so the link is a secret."""

    link: Secret | None  # None while the venue is making the file
    good_for: str  # "2 h": how long a link works; each look gives another one


@runtime_checkable
class GivesFiles(Protocol):
    """The part of a connection that `broker rebate-files` needs. `kind` as above; days are whole, in UTC."""

    async def rebate_file(self, first: date, last: date, kind: str) -> RebateFile | None:
        """The file of these days; None where nobody has asked for it. Raises VenueError."""

    async def ask_rebate_file(self, first: date, last: date, kind: str) -> None:
        """Ask for it: a write that is sent once. Raises OutcomeUnknown where no answer tells what became of it."""
