"""Parts of an account that each have a position mode of their own, such as the exchanges behind one: venues may share
them, in place of one mode for the whole account."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from acctcfg.core.rules import VenueRules

__all__ = ["POSITION_PARTS", "PositionParts", "ShowsParts", "live_parts", "parts_of"]

POSITION_PARTS: Final = "position_mode"
"""Its name among the shared resources of a venue type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionParts:
    """The parts that a venue type has."""

    names: tuple[str, ...] = ()
    others: str = ""  # a pattern of names that this version does not know; the venue judges them

    def has(self, name: str) -> bool:
        """Whether a part may be called so."""
        return name in self.names or bool(self.others and re.fullmatch(self.others, name))


def parts_of(rules: VenueRules) -> PositionParts:
    """Those of a venue type; none of a type that has one mode for the whole account."""
    found = rules.resources.get(POSITION_PARTS)
    return found if isinstance(found, PositionParts) else PositionParts()


@runtime_checkable
class ShowsParts(Protocol):
    """The part of a connection that an import asks for parts that this version does not know."""

    async def position_parts(self) -> Iterable[str]:
        """The parts that the venue's own lists show; none where those cannot be read."""


async def live_parts(rules: VenueRules, connection: object) -> tuple[str, ...]:
    """The known parts of a venue type, and those that the venue shows besides and a manifest can name."""
    parts = parts_of(rules)
    shown = await connection.position_parts() if isinstance(connection, ShowsParts) else ()
    return tuple(dict.fromkeys((*parts.names, *filter(parts.has, sorted(shown)))))
