"""What `cap` asks of a venue, besides what every connection does. One that lacks it is passed over, and named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NamedTuple, Protocol, runtime_checkable

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import AccountSpec
from acctcfg.venues.contract import Survey

__all__ = ["AT_ONCE", "Brake", "Braking", "Obstacle"]

AT_ONCE: Final = 64
"""Accounts that are read at a time: enough to keep every connection busy, few enough that none waits long for one."""


class Obstacle(NamedTuple):
    """What stands in the way of a leverage, and the venue's call that takes it away, for people to send."""

    what: str
    cancel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Braking:
    """One account before the brake: of every scope that was looked at, `survey` wants at most the cap."""

    survey: Survey
    notional: Mapping[Address, Decimal] = field(default_factory=dict)  # of the positions under a scope, in USD
    wanted: Mapping[Address, Decimal] = field(default_factory=dict)  # by the manifest, where that is above the cap


@runtime_checkable
class Brake(Protocol):
    """The part of a connection that `cap` needs."""

    async def brake(self, spec: AccountSpec, most: Decimal, focus: Focus, *, everything: bool) -> Braking:
        """Look at every leverage of one account, managed or not, that has a position, an order or an entry of the
        manifest; with `everything` at each that the account may have. Its modes, keys and settings are left alone."""

    def obstacles(self, survey: Survey, address: Address) -> tuple[Obstacle, ...]:
        """What stood in the way of one leverage when that was read last."""
