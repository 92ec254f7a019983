"""The venue types that are installed, found by their entry points: acctcfg's own and other packages'."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Final

from acctcfg.core.rules import VenueRules

if TYPE_CHECKING:
    from acctcfg.venues.contract import Venue

__all__ = ["rules", "venue"]

GROUP = "acctcfg.venues"


OWN: Final[Mapping[str, str]] = {
    "gate_crossex": "acctcfg.venues.gate_crossex:GATE_CROSSEX",
    "okx": "acctcfg.venues.okx:OKX",
    "okx_dma_broker": "acctcfg.venues.okx:OKX_DMA_BROKER",
}
"""Acctcfg's own, as pyproject.toml has them: an editable install keeps the entry points of the day it was made."""


def own(type_: str) -> tuple[EntryPoint, ...]:
    """The entry point of a type of acctcfg's own; () for another."""
    return (EntryPoint(type_, OWN[type_], GROUP),) if type_ in OWN else ()


def _entries() -> dict[str, EntryPoint]:
    every = (*(one for name in OWN for one in own(name)), *entry_points(group=GROUP))
    return {entry.name: entry for entry in every}


@cache
def rules() -> Mapping[str, VenueRules]:
    """The manifest's rules of every installed venue type, by type."""
    return {name: venue(name).rules for name in sorted(_entries())}


@cache
def venue(type_: str) -> Venue:
    """The venue type of that name. KeyError where none is installed."""
    found: Venue = _entries()[type_].load()
    return found
