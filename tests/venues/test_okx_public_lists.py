"""Public lists are read once for all who ask; one that could not be read is asked for anew."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from acctcfg.errors import Unreachable
from acctcfg.venues.okx.public_lists import PublicLists
from acctcfg.venues.okx.tiers import Tier
from acctcfg.wire.exchange import Reply

TIERS = (Tier(Decimal(100), Decimal(20)),)


class Public:
    """Fails as often as it is told, then answers; `go` holds its answers back."""

    def __init__(self, failures: int) -> None:
        self.failures, self.reads, self.go = failures, 0, asyncio.Event()

    async def read(self, call, signer=None, user="", *, settle=None):
        self.reads += 1
        await self.go.wait()
        if self.reads <= self.failures:
            raise Unreachable("down")
        return Reply(data=[{"maxSz": "100", "maxLever": "20"}], sent_at=0.0, received_at=0.0, status=200)


async def test_tiers_that_could_not_be_read_are_asked_for_anew():
    """Who asked is told why, and the next one asks the venue; what was answered is not asked for again."""
    client = Public(failures=1)
    client.go.set()
    lists = PublicLists(client)
    with pytest.raises(Unreachable):
        await lists.tiers("SWAP", "cross", family="BTC-USDT")
    assert [await lists.tiers("SWAP", "cross", family="BTC-USDT") for _ in range(3)] == [TIERS] * 3
    assert client.reads == 2


async def test_who_gives_up_takes_the_answer_from_nobody():
    """A waiter that is cancelled leaves the request to the others, and to those that expect it only."""
    client = Public(failures=0)
    lists = PublicLists(client)
    lists.expect_tiers("SWAP", "cross", family="BTC-USDT")
    first, second = (asyncio.ensure_future(lists.tiers("SWAP", "cross", family="BTC-USDT")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    client.go.set()
    assert await second == TIERS
    assert client.reads == 1
