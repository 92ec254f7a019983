"""The venue types that are installed, found by their entry points: acctcfg's own and other packages'."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from acctcfg.core.rules import VenueRules

if TYPE_CHECKING:
    from acctcfg.venues.contract import Venue

__all__ = ["rules", "venue"]

GROUP = "acctcfg.venues"


@cache
def rules() -> Mapping[str, VenueRules]:
    """The manifest's rules of every installed venue type, by type."""
    return {name: venue(name).rules for name in sorted(entry_points(group=GROUP).names)}


@cache
def venue(type_: str) -> Venue:
    """The venue type of that name. KeyError where none is installed."""
    (entry,) = entry_points(group=GROUP, name=type_) or (None,)
    if entry is None:
        raise KeyError(type_)
    found: Venue = entry.load()
    return found
