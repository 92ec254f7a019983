"""What one process tells the next about the limits that it used."""

from __future__ import annotations

import pytest

from acctcfg.wire.clock import FakeClock
from acctcfg.wire.endpoint import Call, Endpoint, Rate
from acctcfg.wire.limits import BucketKey
from acctcfg.wire.pace import Pacer

LIST = Endpoint("GET", "/list", Rate(1, 1.0), "read")


async def _ask(pacer: Pacer, owner: str) -> float:
    async with pacer.slot(BucketKey.of(Call(LIST), user=owner, host="h"), LIST.rate) as slot:
        slot.sending()
        slot.answered()
    return pacer.clock.monotonic()


async def test_a_new_process_waits_for_the_window_that_the_last_one_filled() -> None:
    """Two commands in a row count as one client, though the second does not know its user at first."""
    clock = FakeClock()
    first = Pacer(clock)
    await _ask(first, "key 1")
    first.one_owner("key 1", "42")
    second = Pacer(clock)
    second.restore(first.recent(), lambda text: LIST.rate if text == LIST.text else None)
    assert await _ask(second, "key 1") >= 1.0
    second.one_owner("key 1", "42")
    assert await _ask(second, "42") >= 2.0


async def test_what_left_its_window_is_forgotten() -> None:
    """Nothing older than its window is handed on."""
    clock = FakeClock()
    pacer = Pacer(clock)
    await _ask(pacer, "42")
    clock.advance(1.1)
    assert pacer.recent() == {}


async def test_limits_that_hold_nothing_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accounts that are asked once cost no memory for ever; a limit whose window is not over is kept."""
    monkeypatch.setattr("acctcfg.wire.pace.KEPT_BUCKETS", 4)
    clock = FakeClock()
    pacer = Pacer(clock)
    for account in range(100):
        await _ask(pacer, f"account {account}")
        clock.advance(0.5)
    assert len(pacer._buckets) < 10
    begun = clock.monotonic()
    assert await _ask(pacer, "account 99") >= begun + 0.5
