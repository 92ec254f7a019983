"""What a venue said to a value: where it refuses one, one write tells, and the others of that value are not tried."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import NamedTuple

from acctcfg.core.state import Wanted, written
from acctcfg.core.value_text import told

__all__ = ["Asked", "Values"]


class Asked(NamedTuple):
    """One value of one kind of field at one connection."""

    venue: str
    word: str  # what may be written at once: "leverage"
    value: Wanted | None


class Values:
    """For one walk over a plan, all accounts.

    `in_order`: the writes of an account leave in the order of its steps, and no account waits for what another one's
    write tells.
    """

    def __init__(self, *, in_order: bool = False) -> None:
        self.in_order = in_order
        self.refused: dict[Asked, str] = {}
        self._taken: set[Asked] = set()
        self._asking: dict[Asked, asyncio.Lock] = {}

    @asynccontextmanager
    async def first(self, asked: Asked) -> AsyncIterator[None]:
        """Around the first write of a value. One that venues commonly refuse is tried by one account alone."""
        value = written(asked.value)
        odd = isinstance(value, Decimal) and value != value.to_integral_value()
        if not odd or self.known(asked):
            yield
            return
        async with self._asking.setdefault(asked, asyncio.Lock()):
            yield

    def known(self, asked: Asked) -> bool:
        """Whether the venue took it once, or refused it: nobody has to go first."""
        return self.in_order or asked in self._taken or asked in self.refused

    def took(self, asked: Asked) -> None:
        """Note that the venue accepted this value."""
        self._taken.add(asked)

    def not_tried(self, asked: Asked) -> str:
        """Why a value that the venue refused elsewhere is not sent."""
        return f"not tried: the venue refuses {told(asked.value)}, {self.refused[asked]}"
