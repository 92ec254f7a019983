"""Position tiers: the bigger a position, the less leverage it may have. Source: OKX v5, "Get position tiers"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from acctcfg.errors import Garbled
from acctcfg.venues.okx.instruments import positive
from acctcfg.venues.okx.row_fields import demand

__all__ = ["Tier", "most_at", "most_of", "tiers_of"]


class Tier(NamedTuple):
    """One row: positions of up to `max_size` contracts take at most `max_leverage`."""

    max_size: Decimal
    max_leverage: Decimal


def tiers_of(rows: Iterable[Mapping[str, object]]) -> tuple[Tier, ...]:
    """A family's tiers, the smallest first. A row without its numbers is no answer."""
    found = []
    for row in rows:
        demand("a position tier", row, "maxSz", "maxLever")
        max_size, max_leverage = positive(row["maxSz"]), positive(row["maxLever"])
        if max_size is None or max_leverage is None:
            raise Garbled("a position tier without its numbers", code="no_number")
        found.append(Tier(max_size, max_leverage))
    if not found:
        raise Garbled("no position tiers", code="no_list")
    return tuple(sorted(found))


def most_of(tiers: Sequence[Tier]) -> Decimal:
    """The greatest leverage of all: that of the smallest positions."""
    return max(tier.max_leverage for tier in tiers)


def most_at(tiers: Sequence[Tier], size: Decimal) -> Decimal:
    """The greatest leverage at that size; beyond the last tier, what the last one takes."""
    return next((tier.max_leverage for tier in tiers if size <= tier.max_size), tiers[-1].max_leverage)
