"""How long is waited for what a look is to show."""

from __future__ import annotations

from typing import Final

from acctcfg.venues.second_look import READ_BACK_S, SECOND_LOOK_S

__all__ = ["LATE_S", "READ_BACK_S", "SECOND_LOOK_S"]

LATE_S: Final = 300.0
"""What a create was answered with and no read showed within `READ_BACK_S` is not made again before this has passed. How
late a list can be no venue says; Gate says this of changes."""
