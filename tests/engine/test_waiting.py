"""The wait for a flat account, by a clock that does not wait: when it looks, what ends it, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from acctcfg.core.address import Address
from acctcfg.core.diff import Change
from acctcfg.core.plan import Plan, Precheck, Step, Unread
from acctcfg.core.vocabulary import PositionMode
from acctcfg.engine.plan import Planned
from acctcfg.engine.waiting import Patience
from acctcfg.errors import Unreachable
from acctcfg.venues.pushes import Push
from acctcfg.wire.clock import FakeClock

MODE, OTHER = Address("desk01", "position_mode"), Address("desk02", "position_mode")
OPEN, FLAT = Precheck("no_open_positions", "fail", "BTC 3"), Precheck("no_open_positions", "pass")


class Venue:
    """A venue whose accounts become flat at a moment each; it keeps the times of all looks."""

    def __init__(self, clock: FakeClock, **flat_at: float) -> None:
        self.clock, self.flat_at, self.looks = clock, flat_at, list[tuple[float, str]]()
        self.spec = SimpleNamespace(key="venue")

    async def prechecks(self, survey: Any, changes: Sequence[Change]) -> dict[Address, tuple[Precheck, ...]]:
        """The present answer."""
        key = survey.spec.key
        self.looks.append((round(self.clock.monotonic(), 2), key))
        return {one.address: (self.answer(key),) for one in changes}

    def answer(self, key: str) -> Precheck:
        """Open until its moment."""
        return FLAT if self.clock.monotonic() >= self.flat_at[key] else OPEN


class Pushing(Venue):
    """One that tells of the moment, and of others."""

    also: Sequence[float] = ()
    closed = False

    async def pushes(self, surveys: Sequence[Any]) -> AsyncGenerator[Push, None]:
        """At the moment of the first account."""
        try:
            for moment in sorted([*self.also, self.flat_at["desk01"]]):
                await self.clock.sleep(moment - self.clock.monotonic())
                yield Push("desk01")
            await self.clock.sleep(10_000)
        finally:
            self.closed = True


class Told:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.standing_now: dict[str, str] = {}

    def phase(self, text: str, total: int | None) -> None: ...
    def advance(self, n: int = 1, text: str = "") -> None: ...

    def log(self, text: str) -> None:
        self.lines.append(text)

    alert = log

    def standing(self, text: str, things: Any) -> None:
        self.standing_now = dict(things)


def planned(venue: Venue, *steps: Step, unread: Sequence[Unread] = (), speed: float = 1.0) -> Planned:
    """A plan of these steps, with what the wait needs of its session."""
    rules = SimpleNamespace(clearing=frozenset(), prechecks={})
    link: Any = SimpleNamespace(connection=venue, speed=speed, venue=SimpleNamespace(rules=rules), worded=tuple)
    surveys: Any = {key: SimpleNamespace(spec=SimpleNamespace(key=key, venue="venue")) for key in ("desk01", "desk02")}
    session: Any = SimpleNamespace(clock=venue.clock, links={"venue": link})
    return Planned(Plan(steps=steps, unreadable=tuple(unread)), surveys, session)


def step(address: Address = MODE, *checks: Precheck) -> Step:
    """A blocked step."""
    change = Change(address, action="change", before=PositionMode.NET, after=PositionMode.LONG_SHORT)
    return Step(change, "venue", checks or (OPEN,))


def wait(made: Planned, seconds: float = 600.0, told: Told | None = None) -> tuple[bool, float]:
    """Whether it is worth to plan again, and after how long."""
    waiting = Patience(seconds).waiting(made, told or Told(), skip_blocked=False)
    assert waiting is not None
    clock: Any = made.session.clock  # type: ignore[union-attr]
    return asyncio.run(waiting.until_clear()), round(clock.monotonic(), 2)


def test_without_pushes_it_looks_every_five_seconds() -> None:
    """By time, for as long as something is open, and not once more."""
    venue = Venue(FakeClock(), desk01=12.0)
    clear, after = wait(planned(venue, step()))
    assert (clear, len(venue.looks)) == (True, 3)
    assert 12 < after < 17


def test_a_push_brings_the_look_at_once() -> None:
    """A moment after the push, not with the next look by time; its connection is closed at the end."""
    venue = Pushing(FakeClock(), desk01=2.0)
    assert wait(planned(venue, step())) == (True, 2.05)
    assert venue.closed


def test_many_pushes_are_few_looks() -> None:
    """An account in which something moves all the time is looked at twice a second at most."""
    venue = Pushing(FakeClock(), desk01=10.0)
    venue.also = [at / 100 for at in range(1000)]
    clear, after = wait(planned(venue, step()))
    assert clear
    assert after < 10.6
    assert len(venue.looks) <= 21


def test_time_is_up_to_the_second() -> None:
    """The end comes when it was said, whatever is being read; what is told last stands in the plan."""
    venue = Venue(FakeClock(), desk01=10_000.0)
    assert wait(planned(venue, step()), 62.0) == (False, 62.0)


def test_speed_divides_looks_and_not_the_wait() -> None:
    """Against a sandbox that runs fifty times as fast, looks come fifty times as often; a minute is a minute."""
    venue = Venue(FakeClock(), desk01=10_000.0)
    assert wait(planned(venue, step(), speed=50.0), 6.0) == (False, 6.0)
    assert len(venue.looks) > 40


def test_all_accounts_at_once() -> None:
    """What is flat is looked at again while others are not: only when all are at once it is over."""

    class Flapping(Venue):
        def answer(self, key: str) -> Precheck:
            now = self.clock.monotonic()
            return FLAT if (key == "desk01" and now < 20) or now > 60 or (key == "desk02" and now > 40) else OPEN

    venue = Flapping(FakeClock())
    clear, after = wait(planned(venue, step(), step(OTHER)))
    assert clear
    assert after > 60


def test_what_cannot_be_read_is_no_end() -> None:
    """A venue that does not answer for a while is asked again, and said so."""

    class Failing(Venue):
        def answer(self, key: str) -> Precheck:
            if self.clock.monotonic() < 30:
                raise Unreachable("no answer")
            return super().answer(key)

    told = Told()
    clear, after = wait(planned(Failing(FakeClock(), desk01=0.0), step()), told=told)
    assert (clear, after > 30) == (True, True)
    assert told.lines[0] == "desk01: no answer"


def test_a_reason_that_no_waiting_cures_ends_it() -> None:
    """It is planned again at once, which says what the reason is."""

    class Worse(Venue):
        def answer(self, key: str) -> Precheck:
            return Precheck("leverage_limit", "fail", "9 is above 5") if self.clock.monotonic() > 10 else OPEN

    clear, after = wait(planned(Worse(FakeClock()), step()))
    assert (clear, after < 17) == (True, True)


def test_pushes_that_break_leave_looks_by_time() -> None:
    """Whatever is wrong with a venue's telling, the wait goes on."""

    class Broken(Venue):
        async def pushes(self, surveys: Sequence[Any]) -> AsyncGenerator[Push, None]:
            yield Push("desk01", lost="the socket refuses its key")
            raise ZeroDivisionError

    told = Told()
    clear, _ = wait(planned(Broken(FakeClock(), desk01=12.0), step()), told=told)
    assert clear
    assert told.lines == [
        "desk01: the socket refuses its key; it is looked at every 5 s",
        "venue: no pushes (ZeroDivisionError)",
    ]


@pytest.mark.parametrize(
    ("checks", "unread", "named"),
    [
        ([Precheck("guardrail:max_leverage", "fail")], [], "desk01.position_mode: guardrail: max_leverage"),
        ([OPEN, Precheck("leverage_limit", "fail")], [], "desk01.position_mode: within the leverage limit"),
        ([Precheck("no_pending_orders", "fail", lasting=True)], [], "position_mode: no pending orders"),
        ([OPEN], [Unread("desk02", "50119", "no such key")], "desk02: could not be read"),
    ],
)
def test_what_waiting_cannot_cure_is_said_at_once(checks: Any, unread: Any, named: str) -> None:
    """No wait, with the reason; --skip-blocked waits for the accounts that it may free."""
    told = Told()
    made = planned(Venue(FakeClock()), step(MODE, *checks), step(OTHER), unread=unread)
    assert Patience(600).waiting(made, told, skip_blocked=False) is None
    assert told.lines[0].startswith("not waited: ")
    assert named in told.lines[0]
    assert Patience(600).waiting(made, told, skip_blocked=True) is not None or unread
    assert Patience(0).waiting(made, told, skip_blocked=False) is None


def test_the_time_is_one_for_all_waits() -> None:
    """What is opened again right after is waited for with the time that is left, and then no more."""
    venue, told = Venue(FakeClock(), desk01=100.0), Told()
    made, patience = planned(venue, step()), Patience(60.0)
    first = patience.waiting(made, told, skip_blocked=False)
    venue.clock.advance(50)
    again = patience.waiting(made, told, skip_blocked=False)
    assert first is not None
    assert again is not None
    assert asyncio.run(again.until_clear()) is False
    assert venue.clock.monotonic() == 60
    assert patience.waiting(made, told, skip_blocked=False) is None
    outcome = again.given_up()
    assert (outcome.exit_code, outcome.counts["blocked"]) == (3, 1)
    assert told.standing_now == {"desk01.position_mode: no open positions": "BTC 3"}
