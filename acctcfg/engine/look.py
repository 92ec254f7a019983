"""One look for drift: its connections, the time at each, and the findings so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from acctcfg.core.address import Address, Focus
from acctcfg.core.drift import Finding, KeyTimes
from acctcfg.core.json_types import JsonObject
from acctcfg.core.plan import Unread
from acctcfg.engine.session import Link, Session
from acctcfg.engine.unforeseen import spoiled
from acctcfg.errors import VenueError
from acctcfg.venues.inventory import HasInventory, Inventory

__all__ = ["Look", "inventory_of"]


@dataclass(slots=True, kw_only=True)
class Look:
    """State that the parts of a look share."""

    session: Session
    focus: Focus
    keys: bool  # whether keys are looked at beside those that changed
    now: float | None  # Unix seconds; None for each venue's own time
    findings: list[Finding] = field(default_factory=list)
    times: list[KeyTimes] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    listed: list[str] = field(default_factory=list)  # accounts whose list of keys was read

    def links(self) -> Iterator[tuple[str, Link]]:
        """The connections that answer."""
        return ((key, link) for key, link in self.session.links.items() if key not in self.session.failed)

    def time_at(self, link: Link) -> float:
        """What time it is, in Unix seconds."""
        return link.client.clock.now() + link.client.offset_s if self.now is None else self.now

    def find(self, code: str, address: Address | str, venue: str, message: str, details: JsonObject) -> None:
        """Add a finding."""
        found = Finding(code=code, address=str(address), venue=venue, message=message, details=details)
        self.findings.append(found)

    def cannot_read(self, address: str, link: Link, error: Exception) -> None:
        """Note something that could not be read; it is never taken for missing."""
        if isinstance(error, VenueError):
            self.unread.append(Unread(address, error.code or "unreadable", error.told))
        else:
            self.unread.append(spoiled(address, error, link.connection.spec))


def inventory_of(link: Link) -> Inventory | None:
    """What a connection can list; None where its venue package does not say."""
    return link.connection.inventory if isinstance(link.connection, HasInventory) else None
