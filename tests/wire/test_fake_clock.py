"""The virtual clock that the other laws stand on."""

from __future__ import annotations

import asyncio

import pytest

from acctcfg.wire.clock import FakeClock


async def test_sleepers_wake_in_the_order_of_their_ends():
    """Several tasks sleep at once; time passes once for all of them, and nobody waits for real."""
    clock = FakeClock()
    woken = []

    async def sleeper(seconds):
        await clock.sleep(seconds)
        woken.append((seconds, clock.monotonic()))

    await asyncio.gather(*(sleeper(s) for s in (3600, 5, 60, 5)))
    assert woken == [(5, 5), (5, 5), (60, 60), (3600, 3600)]


async def test_a_cancelled_sleeper_does_not_move_time():
    """Time goes to the next end that somebody still waits for."""
    clock = FakeClock()
    gone = asyncio.create_task(clock.sleep(5))
    await asyncio.sleep(0)
    gone.cancel()
    await clock.sleep(2)
    assert clock.elapsed == 2
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_time_can_be_moved_by_hand_and_the_wall_clock_skewed():
    """A host whose clock is wrong still counts seconds rightly."""
    clock = FakeClock(start=1000.0)
    clock.skew = -300
    clock.advance(7)
    assert (clock.now(), clock.monotonic()) == (707.0, 7.0)
