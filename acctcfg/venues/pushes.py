"""What `apply --wait-flat` asks of a venue, besides what every connection does. One that lacks it is read by time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from acctcfg.venues.contract import Survey

__all__ = ["Push", "Pushes"]


class Push(NamedTuple):
    """Something may have moved in an account, so it is worth a look; nothing is decided by it."""

    account: str  # the manifest's key
    lost: str = ""  # why the venue will tell no more of it, where it said so


@runtime_checkable
class Pushes(Protocol):
    """The part of a connection that tells when something moves, where the venue pushes it."""

    def pushes(self, surveys: Sequence[Survey]) -> AsyncGenerator[Push, None]:
        """Tell of these accounts until it is closed. What was missed, before it began or while a connection was down,
        is told as one more push; connections that end are made anew. From then on, prechecks of these accounts may take
        a list that was empty a moment ago to be so still: they are asked in full before anything is written."""
