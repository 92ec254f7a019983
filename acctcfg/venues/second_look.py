"""How long is waited for what a look is to show. Absence is believed after a second look some seconds later: a list may
be late, or lose a row once."""

from __future__ import annotations

from typing import Final

from acctcfg.wire.client import Client

__all__ = ["READ_BACK_S", "SECOND_LOOK_S", "some_seconds"]

READ_BACK_S: Final = 30.0
"""So long at most a write is read back until it shows."""
SECOND_LOOK_S: Final = 3.0
"""Between two looks that prove that something is not there."""


async def some_seconds(client: Client) -> None:
    """Wait until a second look tells more than the first."""
    await client.clock.sleep(SECOND_LOOK_S / client.pacer.speed)
