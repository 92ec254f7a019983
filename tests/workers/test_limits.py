"""Limits that several processes use together, on a real server."""

from __future__ import annotations

import asyncio
import time

from patience import LONG_S, PATIENCE_S
from postgres import Postgres

from acctcfg.core.journal_url import JournalUrl
from acctcfg.wire.limits import BucketKey
from acctcfg.workers.limits import SharedLimits

KEY = BucketKey("user", "7000", "GET /api/v5/list", ())
COUNT, WINDOW_S = 4, 0.2


async def _use(limits: SharedLimits, sent: list[float], requests: int) -> None:
    shared = limits.of("http://127.0.0.1:1", "7000")

    async def request() -> None:
        place = await shared.enter(KEY, COUNT, WINDOW_S)
        sent.append(time.monotonic())
        await asyncio.sleep(0.01)
        place.answered()

    await asyncio.gather(*(request() for _ in range(requests)))


async def test_no_window_holds_more_than_the_limit(postgres: Postgres) -> None:
    """Of two that use it at once, together; and both come to their end."""
    url, sent = JournalUrl.of(postgres.database()), list[float]()
    async with SharedLimits(url, {}) as one, SharedLimits(url, {}) as other:
        await asyncio.gather(_use(one, sent, 6), _use(other, sent, 6))
    sent.sort()
    assert len(sent) == 12
    assert all(later - earlier >= WINDOW_S for earlier, later in zip(sent, sent[COUNT:], strict=False))


async def test_what_was_not_sent_does_not_count(postgres: Postgres) -> None:
    """A place that was given back, or whose waiter has gone, is free at once."""
    url = JournalUrl.of(postgres.database())
    async with SharedLimits(url, {}) as limits:
        shared = limits.of("http://127.0.0.1:1", "7000")
        places = [await shared.enter(KEY, COUNT, LONG_S) for _ in range(COUNT)]
        waiting = asyncio.ensure_future(shared.enter(KEY, COUNT, LONG_S))
        await asyncio.sleep(0.05)
        waiting.cancel()
        for place in places:
            place.gave_back()
        again = []
        for _ in range(COUNT):
            async with asyncio.timeout(PATIENCE_S):
                again.append(await shared.enter(KEY, COUNT, LONG_S))
        assert len(again) == COUNT


def test_an_accounts_own_limits_are_not_shared() -> None:
    """Shards share no account: only what is counted by the connection's user, or by the address, is."""
    shared = SharedLimits(JournalUrl.of("postgresql:///none"), {}).of("http://127.0.0.1:1", "7000")
    assert shared.covers(KEY)
    assert shared.covers(KEY._replace(scope="ip", owner="127.0.0.1"))
    assert not shared.covers(KEY._replace(owner="7000/7001"))


async def test_what_opens_a_connection_counts_with_it(postgres: Postgres) -> None:
    """Before it is known whose credentials they are: with the user that they are expected to be of, else with all who
    have the same credentials."""
    url, alias = JournalUrl.of(postgres.database()), KEY._replace(owner="key of somebody")
    async with SharedLimits(url, {}) as one, SharedLimits(url, {}) as other:
        for expected, opened in (("7000", KEY), ("", alias)):
            opening = one.of("http://127.0.0.1:1", expected, opening=True)
            assert opening.covers(alias)
            for _ in range(COUNT):
                (await opening.enter(alias, COUNT, LONG_S)).answered()
            later = other.of("http://127.0.0.1:1", expected, opening=not expected)
            waiting = asyncio.ensure_future(later.enter(opened, COUNT, LONG_S))
            await asyncio.sleep(0.2)
            assert not waiting.done()
            waiting.cancel()
