"""A list that is served once a second is asked for once by all who wait for it."""

from __future__ import annotations

import asyncio

from acctcfg.wire.shared import Shared


async def test_who_asks_before_it_leaves_shares_it():
    """Twelve who ask while the request waits get one answer; who asks after it left gets the next."""
    slot, sent = asyncio.Event(), []

    async def send(leaves):
        await slot.wait()
        leaves()
        sent.append(len(sent))
        await asyncio.sleep(0)
        return sent[-1]

    shared = Shared(send)
    waiting = [asyncio.create_task(shared.get()) for _ in range(12)]
    await asyncio.sleep(0)
    waiting[3].cancel()
    slot.set()
    while not sent:  # noqa: ASYNC110
        await asyncio.sleep(0)
    late = asyncio.create_task(shared.get())
    found = await asyncio.gather(*waiting, late, return_exceptions=True)
    assert [one for one in found if not isinstance(one, BaseException)] == [0] * 11 + [1]


async def test_a_failure_is_everybodys_and_the_next_asks_anew():
    """An error reaches all who waited, and does not stay."""
    answers = [ValueError("no"), "yes"]

    async def send(leaves):
        leaves()
        answer = answers.pop(0)
        if isinstance(answer, ValueError):
            raise answer
        return answer

    shared = Shared(send)
    failed = await asyncio.gather(shared.get(), shared.get(), return_exceptions=True)
    assert [str(one) for one in failed] == ["no", "no"]
    assert await shared.get() == "yes"
