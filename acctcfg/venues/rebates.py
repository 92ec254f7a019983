"""What `broker rebate` asks of a venue, besides what every connection does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

__all__ = ["Rebate", "TellsRebates"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebate:
    """Whether a broker is paid for what a user's key trades."""

    paid: bool
    told: str  # in words, with the venue's number


@runtime_checkable
class TellsRebates(Protocol):
    """The part of a connection that `broker rebate` needs."""

    async def rebate(self, api_key: str, kind: str) -> Rebate:
        """Of one user's key. `kind`: api or oauth, where the broker is both; else "". Raises VenueError."""
