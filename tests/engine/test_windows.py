"""Windows: a deny wins, the next opening is open and the minute before it is not, and clocks that change are met."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctcfg.core.desired import Window
from acctcfg.engine.windows import closing, is_open, next_opening, why_closed

BERLIN = "Europe/Berlin"
ZONES = st.sampled_from(["UTC", BERLIN, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(
    lambda at: at.replace(second=0, microsecond=0, tzinfo=UTC)
)
WEEKLY = st.builds(
    Window,
    allows=st.booleans(),
    zone=ZONES,
    days=st.sets(st.integers(0, 6), min_size=1).map(sorted).map(tuple),
    begins=st.sampled_from([0, 150, 480, 1320]),
    ends=st.sampled_from([180, 1080, 1440]),
)
DATES = st.builds(
    lambda allows, zone, day, length: Window(
        allows=allows,
        zone=zone,
        first=day.date().isoformat(),
        last=(day + timedelta(days=length)).date().isoformat(),
    ),
    st.booleans(),
    ZONES,
    MOMENTS,
    st.integers(0, 9),
)
SOME = st.lists(WEEKLY | DATES, max_size=4).map(tuple)


@pytest.mark.slow
@settings(max_examples=60)
@given(SOME, MOMENTS)
def test_a_deny_wins_and_allows_add_up(some: tuple[Window, ...], at: datetime) -> None:
    """Open is where none denies, and one allows if any does."""
    denied = any(not is_open([one], at) for one in some if not one.allows)
    allows = [is_open([one], at) for one in some if one.allows]
    assert is_open(some, at) is (not denied and (any(allows) or not allows))


@pytest.mark.slow
@settings(max_examples=60)
@given(SOME, MOMENTS)
def test_the_next_opening_is_the_first(some: tuple[Window, ...], at: datetime) -> None:
    """It is open, and the minute before is not; and what is open stays so until it closes."""
    opening = next_opening(some, at)
    if opening is None:
        assert not is_open(some, at)
        return
    assert is_open(some, opening)
    assert opening == at or not is_open(some, opening - timedelta(minutes=1))
    end = closing(some, opening)
    if end is not None:
        assert not is_open(some, end)
        assert is_open(some, end - timedelta(minutes=1))


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-12-23T12:00", "2026-12-23T12:00"),
        ("2026-12-23T17:00", "2026-12-28T07:00"),  # 18:00 in Berlin; then the freeze, then a Sunday
        ("2026-03-27T18:00", "2026-03-30T06:00"),  # over the change to summer time
        ("2026-10-23T18:00", "2026-10-26T07:00"),  # and back
    ],
)
def test_office_hours_with_a_freeze(at: str, opens: str) -> None:
    """Monday to Friday, 8 to 18 in Berlin, but not over Christmas."""
    office = Window(allows=True, zone=BERLIN, days=(0, 1, 2, 3, 4), begins=480, ends=1080)
    freeze = Window(allows=False, zone=BERLIN, first="2026-12-24", last="2026-12-27")
    assert next_opening((office, freeze), _utc(at)) == _utc(opens)


@pytest.mark.parametrize(("allows", "begin", "end"), [(True, "01:30", "01:30"), (False, "00:30", "02:00")])
def test_an_hour_that_comes_twice(allows: bool, begin: str, end: str) -> None:
    """02:30 to 03:00 on the night back to winter time: allowed from the second 02:30, denied from the first on."""
    night = Window(allows=allows, zone=BERLIN, days=(6,), begins=150, ends=180)
    first = _utc(f"2026-10-25T{begin}")
    assert is_open((night,), first) is allows
    assert is_open((night,), first - timedelta(minutes=1)) is not allows
    if not allows:
        assert is_open((night,), _utc(f"2026-10-25T{end}"))


def test_the_estimate_must_fit() -> None:
    """Also where a deny comes up before the window's own end."""
    day = Window(allows=True, zone="UTC", days=tuple(range(7)), begins=480, ends=1080)
    freeze = Window(allows=False, zone="UTC", days=(0,), begins=540, ends=600)
    at = _utc("2026-11-30T08:30")
    assert why_closed((day, freeze), at, 1800) == ""
    assert why_closed((day, freeze), at, 1801).startswith(
        "it takes at least 1801 s, and guardrails.windows closes in 1800"
    )
    assert "the next window opens: Mon 2026-11-30 10:00 UTC" in why_closed((day, freeze), _utc("2026-11-30T09:30"), 1)
    assert why_closed((), at, 1e9) == ""
