"""What `show --fees` asks of a venue, besides what every connection does. One that lacks it is named."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from acctcfg.core.fee_rate import FeeRate
from acctcfg.venues.contract import Survey

__all__ = ["TellsFees"]


@runtime_checkable
class TellsFees(Protocol):
    """The part of a connection that `show --fees` needs."""

    async def fees(self, survey: Survey) -> tuple[FeeRate, ...]:
        """The fee rates of one account that exists. Raises VenueError where they cannot be read."""
