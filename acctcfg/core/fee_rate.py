"""What trading costs in an account: one rate, as a venue reports it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

__all__ = ["FeeRate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRate:
    """Rates as parts of one: -0.0008 is paid, 0.00005 is received. None where the venue names none."""

    of: str  # "swap, group 1"
    maker: Decimal | None
    taker: Decimal | None
    level: str = ""  # the venue's word for the user's fee tier
