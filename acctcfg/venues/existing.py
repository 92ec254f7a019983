"""What `import` and `drift` ask of a venue, besides what every connection does: all that is there, named or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from acctcfg.core.address import Address
from acctcfg.core.leverage_lines import ScopeName
from acctcfg.venues.contract import Survey

__all__ = ["Existing", "ExistingAccounts", "ListsAccounts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """One sub-account of the venue's list."""

    name: str
    uid: str  # "": the row does not say
    label: str = ""
    state: str = "present"  # our word; "" where the venue's is none that we know
    created_s: float | None = None  # Unix seconds; None where the venue does not say
    above: str = ""  # the venue's name of the account that it stands under


@dataclass(frozen=True, slots=True)
class ExistingAccounts:
    """A venue's list of sub-accounts. `odd`: how many of its rows say nothing of whose they are."""

    rows: tuple[Existing, ...] = ()
    odd: int = 0

    @property
    def unread(self) -> str:
        """What of it could not be read; "" where nothing is left out."""
        if not self.odd:
            return ""
        rows = "a row" if self.odd == 1 else f"{self.odd} rows"
        return f"the venue's list of sub-accounts has {rows} that cannot be read"


@runtime_checkable
class ListsAccounts(Protocol):
    """The part of a connection that `import` needs."""

    async def existing(self) -> ExistingAccounts:
        """Every sub-account that the venue lists, by name; none where the credentials may not list them. Raises
        VenueError."""

    async def keyed_settings(self, survey: Survey) -> Sequence[tuple[str, str]]:
        """Field and key of each setting by currency, family or symbol that holds something of its own in a surveyed
        account. Raises VenueError."""

    def scope_name(self, survey: Survey, address: Address) -> ScopeName:
        """What a leverage address of the survey is kept by, as a manifest's entry names it."""
