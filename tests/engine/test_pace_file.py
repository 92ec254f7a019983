"""What one command leaves to the next of a venue's limits."""

from __future__ import annotations

from pathlib import Path

from acctcfg.engine.pace_file import PaceFile
from acctcfg.wire.clock import FakeClock, SystemClock
from acctcfg.wire.endpoint import Rate
from acctcfg.wire.limits import BucketKey
from acctcfg.wire.pace import Pacer

RATE = Rate(5, per_s=60)


async def _used(pacer: Pacer, key: BucketKey) -> None:
    async with pacer.slot(key, RATE) as slot:
        slot.sending()
        slot.answered()


async def test_two_that_end_at_once_leave_what_both_used(tmp_path: Path) -> None:
    """The second keeps what the first has kept meanwhile, of the same limit and of others."""
    mine, yours = (BucketKey("user", owner, "GET /api/v5/list", ()) for owner in ("7000", "7001"))
    file = PaceFile({"HOME": str(tmp_path)}, "http://127.0.0.1:1")
    one, other, next_one = Pacer(SystemClock()), Pacer(SystemClock()), Pacer(SystemClock())
    await _used(one, mine)
    await _used(other, mine)
    await _used(other, yours)
    file.keep(one, lambda _: RATE)
    file.keep(other, lambda _: RATE)
    file.restore(next_one, lambda _: RATE)
    assert {key: len(times) for key, times in next_one.recent().items()} == {mine: 2, yours: 1}


async def test_a_longer_window_is_kept_for_who_has_it(tmp_path: Path) -> None:
    """A workspace that was granted 1 per 60 s waits for it, though another one with 5 per 2 s kept the file since."""
    file, clock = PaceFile({"HOME": str(tmp_path)}, "http://127.0.0.1:1"), FakeClock()
    documented, key = Rate(5, per_s=2), BucketKey("user", "7000", "POST /a", ())
    granted = {key.endpoint: Rate(1, per_s=60)}

    def opened(limits: dict[str, Rate]) -> Pacer:
        pacer = Pacer(clock)
        pacer.limits = limits
        file.restore(pacer, lambda _: documented)
        return pacer

    strict = opened(granted)
    async with strict.slot(key, documented) as slot:
        slot.sending()
        slot.answered()
    file.keep(strict, lambda _: documented)
    await clock.sleep(10)
    file.keep(opened({}), lambda _: documented)
    assert opened(granted).wait_s(key, documented) > 45
    await clock.sleep(111)
    file.keep(opened({}), lambda _: documented)
    assert "7000" not in next((tmp_path / ".cache" / "acctcfg").iterdir()).read_text(), "what is spent is forgotten"
