"""Absence is believed after a second look some seconds later: a list may be late, or lose a row once."""

from __future__ import annotations

from typing import Final

from acctcfg.wire.client import Client

__all__ = ["SECOND_LOOK_S", "some_seconds"]

SECOND_LOOK_S: Final = 3.0
"""Between two looks that prove that something is not there."""


async def some_seconds(client: Client) -> None:
    """Wait until a second look tells more than the first."""
    await client.clock.sleep(SECOND_LOOK_S / client.pacer.speed)
