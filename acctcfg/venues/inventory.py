"""What `drift` asks of a venue besides what a plan reads: all keys that are there, and what came to its lists.

A connection that has an `inventory` can tell; of one that has none, `drift` reports what a plan would.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from acctcfg.core.address import Address
from acctcfg.venues.contract import Survey
from acctcfg.venues.existing import Existing, ListsAccounts

__all__ = ["HasInventory", "Inventory", "ListedKey", "ListedKeys"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKey:
    """An API key of the venue's list."""

    label: str
    api_key: str  # its id
    permissions: tuple[str, ...]
    ip_allowlist: tuple[str, ...]
    changed_s: float | None  # when it was made or changed last
    made_s: float | None = None  # when it was made, where the list tells that apart
    used_s: float | None = None  # when it signed last, as far as anybody here knows
    idle_s: float | None = None  # after so long without use the venue deletes it; None where it does not


@dataclass(frozen=True, slots=True)
class ListedKeys:
    """An account's keys by label. `odd`: labels of rows that could not be read, "" for one without a label.

    `most`: how many this account takes, where its list tells more than the venue's own number; 0 where it does not.
    """

    rows: tuple[ListedKey, ...] = ()
    odd: frozenset[str] = frozenset()
    most: int = 0


class Inventory(Protocol):
    """All that a connection can list beside its accounts."""

    @property
    def most_keys(self) -> int:
        """Of one account."""

    async def keys(self, account: Existing) -> ListedKeys:
        """The keys of any sub-account. Raises VenueError."""

    async def keys_of(self, survey: Survey) -> ListedKeys:
        """The same of an account that was surveyed, without new keys that a rotation put beside old ones; what the
        survey listed is not read again. Raises VenueError."""

    def listings(self, survey: Survey) -> Iterable[str]:
        """What the lists behind the leverage patterns of an account hold: "swap/BTC-USDT-SWAP", and each market by
        itself ("swap"), which tells the next run that all of it was seen."""

    def held_by(self, survey: Survey, address: Address) -> tuple[str, ...]:
        """What of it one leverage address stands for; () where no pattern decided it."""


@runtime_checkable
class HasInventory(ListsAccounts, Protocol):
    """The part of a connection that `drift` needs."""

    @property
    def inventory(self) -> Inventory:
        """See `Inventory`."""
