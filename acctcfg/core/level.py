"""What a leverage entry wants: a value, the venue's maximum, or nothing above a value."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Final, Literal

from acctcfg.core.state import AtMost, Live, fits
from acctcfg.core.value_text import told

__all__ = ["MAX", "Level", "level_of", "level_parts", "level_text", "wants_most"]


class _Max(Enum):
    MAX = "max"

    def __repr__(self) -> str:
        return "MAX"


MAX: Final = _Max.MAX
"""The greatest leverage that the venue takes for a scope, whatever stands open."""
Level = Decimal | AtMost | Literal[_Max.MAX]


def level_parts(level: Level) -> tuple[str, Decimal | None]:
    """The field of an entry that says it, and its number; None for `max`."""
    if isinstance(level, AtMost):
        return "at_most", level.most
    return "value", level if isinstance(level, Decimal) else None


def level_text(level: Level) -> str:
    """As people say it: "5", "at most 5", "max"."""
    return told(level.value if isinstance(level, _Max) else level)


def wants_most(level: Level, live: Live) -> bool:
    """Whether what is wanted depends on what the venue takes."""
    return isinstance(level, _Max) or (isinstance(level, AtMost) and not fits(live, level))


def level_of(level: Level, most: Decimal | None, live: Live) -> Decimal | AtMost | None:
    """What is wanted of a scope of which the venue takes `most`; None for a maximum that nobody knows."""
    if isinstance(level, _Max):
        return most
    if isinstance(level, AtMost) and most is not None and wants_most(level, live):
        return AtMost(min(level.most, most))
    return level
