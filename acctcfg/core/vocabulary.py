"""Words that mean the same at every venue, and the two-way tables that lead from a venue's words to them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from acctcfg.core.quoting import quoted
from acctcfg.errors import Garbled

__all__ = ["MarginMode", "Market", "PositionMode", "Side", "Words"]

W = TypeVar("W", bound=str)


class PositionMode(StrEnum):
    """One position a contract, or a long and a short one side by side."""

    NET = "net"
    LONG_SHORT = "long_short"


class MarginMode(StrEnum):
    """What backs a position: the whole account, or only what was set aside for it."""

    CROSS = "cross"
    ISOLATED = "isolated"


class Market(StrEnum):
    """The kinds of product that leverage is set for."""

    MARGIN = "margin"
    FUTURES = "futures"
    SWAP = "swap"


class Side(StrEnum):
    """The two positions of one contract under `PositionMode.LONG_SHORT`."""

    LONG = "long"
    SHORT = "short"


class Words(Generic[W]):
    """A two-way table between our words and a venue's. An unknown word is an error that quotes it, never a guess."""

    def __init__(self, what: str, table: Mapping[W, str]) -> None:
        self._what = what
        self._out = dict(table)
        self._in = {theirs: ours for ours, theirs in table.items()}
        if len(self._in) != len(self._out):
            raise ValueError(f"{what}: two words of ours map to one of the venue's")

    def core(self, theirs: object) -> W:
        """Our word for the venue's. Raises `Garbled` on one that the venue's documents do not know."""
        try:
            return self._in[theirs]  # type: ignore[index]
        except (KeyError, TypeError):
            known = ", ".join(self._in)
            raise Garbled(
                f"the venue answered the {self._what} {quoted(theirs)}, which is none of: {known}",
                hint="nothing was derived from it; acctcfg may be older than the venue's interface",
                code="unknown_word",
            ) from None

    def venue(self, ours: W) -> str:
        """The venue's word for ours."""
        return self._out[ours]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._out)
