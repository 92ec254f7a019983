"""How long is waited for what a look is to show. Absence is believed after a second look some seconds later: a list may
be late, or lose a row once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from acctcfg.wire.client import Client

__all__ = ["READ_BACK_S", "SECOND_LOOK_S", "in_two_looks", "some_seconds"]

T = TypeVar("T")

READ_BACK_S: Final = 30.0
"""So long at most a write is read back until it shows."""
SECOND_LOOK_S: Final = 3.0
"""Between two looks that prove that something is not there."""


async def some_seconds(client: Client) -> None:
    """Wait until a second look tells more than the first."""
    await client.clock.sleep(SECOND_LOOK_S / client.pacer.speed)


async def in_two_looks(client: Client, look: Callable[[bool], Awaitable[T | None]]) -> T | None:
    """What `look` finds; None where it finds nothing some seconds later, either. It is told whether it looks again."""
    found = await look(False)
    if found is None:
        await some_seconds(client)
        found = await look(True)
    return found
