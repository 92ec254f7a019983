"""The brake is told to stop while it waits for what is read."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from acctcfg.engine.cap import _Brake
from acctcfg.engine.progress import SILENT


class Reading:
    """A brake as far as it reads: accounts of which nothing is to be lowered."""

    def __init__(self) -> None:
        self.progress, self.pending = SILENT, 0

    def _noted(self, group: list[Any]) -> list[Any]:
        return group


@pytest.mark.parametrize("later", range(8))
def test_an_interrupt_that_comes_with_an_account_ends_the_brake(later: int) -> None:
    """However close to each other the two come: no account is lowered after it."""

    async def run() -> None:
        reading: list[asyncio.Future[Any]] = [asyncio.get_running_loop().create_future() for _ in range(3)]

        async def lower() -> None:
            async for _ in _Brake._groups(cast(_Brake, Reading()), reading):
                pytest.fail("what was read is lowered")

        lowering = asyncio.ensure_future(lower())
        reading[0].set_result(None)
        for _ in range(8):
            await asyncio.sleep(0)
        reading[1].set_result(None)
        for _ in range(later):
            await asyncio.sleep(0)
        lowering.cancel()
        reading[2].set_result(None)
        with pytest.raises(asyncio.CancelledError):
            await lowering

    asyncio.run(run())
