"""When an apply may run: weekly or dated windows, each allowed or denied, each with a time zone.

A moment is open where no window denies it, and, if any window allows, where one does. Where a clock change makes a
time of day happen twice or never, what is allowed is the shorter reading and what is denied the longer one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from acctcfg.core.codes import WINDOWS
from acctcfg.core.desired import Window
from acctcfg.core.plan import Plan, Precheck
from acctcfg.errors import Blocked

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = ["WindowClosed", "closing", "hold", "is_open", "next_opening", "why_closed"]

AHEAD_D = 400  # how far ahead an opening is looked for
_DAY_MINUTES = 1440

Span = tuple[datetime, datetime]


class WindowClosed(Blocked):
    """A write that would leave after the last window has closed: the plan took longer than it was estimated to."""


def is_open(windows: Sequence[Window], at: datetime) -> bool:
    """Whether an apply may run at a moment."""
    return _is_open(windows, _spans(windows, at, 2), at)


def next_opening(windows: Sequence[Window], at: datetime) -> datetime | None:
    """The moment itself if it is open, else the next open one; None if there is none within a year."""
    return _first(windows, at, opens=True)


def closing(windows: Sequence[Window], at: datetime) -> datetime | None:
    """The first moment from then on that is closed; None if there is none within a year."""
    return _first(windows, at, opens=False)


def why_closed(windows: Sequence[Window], at: datetime, seconds: float) -> str:
    """Why an apply of that length may not begin at that moment, or ""."""
    if not windows:
        return ""
    if not is_open(windows, at):
        opening = next_opening(windows, at)
        when = _said(windows, opening) if opening else f"not within {AHEAD_D} days"
        return f"closed by guardrails.windows; the next window opens: {when}"
    end = closing(windows, at)
    if end is None or at + timedelta(seconds=seconds) <= end:
        return ""
    left = (end - at).total_seconds()
    return f"it takes at least {seconds:.0f} s, and guardrails.windows closes in {left:.0f} s, {_said(windows, end)}"


def hold(plan: Plan, windows: Sequence[Window], at: datetime) -> Plan:
    """The plan, with every step blocked if it may not begin at that moment."""
    why = why_closed(windows, at, plan.estimate.seconds)
    return plan.with_steps(one.with_prechecks(Precheck(WINDOWS, "fail", why)) for one in plan.steps) if why else plan


def _said(windows: Sequence[Window], at: datetime) -> str:
    zone = windows[0].zone
    return f"{at.astimezone(_named(zone)):%a %Y-%m-%d %H:%M} {zone}"


def _first(windows: Sequence[Window], at: datetime, *, opens: bool) -> datetime | None:
    """The first open (or closed) moment from `at` on. It changes only where a span begins or ends."""
    for days in (10, AHEAD_D):  # most are near, and a year of a week's windows takes a while
        spans = _spans(windows, at, days)
        edges = sorted({one for _, span in spans for one in span if one > at})
        for edge in (at, *(one for one in edges if one <= at + timedelta(days=days - 2))):
            if _is_open(windows, spans, edge) is opens:
                return edge
    return None


def _is_open(windows: Sequence[Window], spans: Sequence[tuple[bool, Span]], at: datetime) -> bool:
    inside = {allows for allows, (begin, end) in spans if begin <= at < end}
    return False not in inside and (True in inside or not any(one.allows for one in windows))


def _spans(windows: Sequence[Window], at: datetime, days: int) -> list[tuple[bool, Span]]:
    """The spans that the windows cover, starting two days before a moment."""
    return [(window.allows, span) for window in windows for span in _of(window, at, days)]


def _of(window: Window, at: datetime, days: int) -> Iterator[Span]:
    if window.first:
        yield _span(window, date.fromisoformat(window.first), 0, date.fromisoformat(window.last), _DAY_MINUTES)
        return
    begun = at.astimezone(_named(window.zone)).date() - timedelta(days=2)
    for number in range(days + 3):
        day = begun + timedelta(days=number)
        if day.weekday() in window.days:
            over = day + timedelta(days=window.ends <= window.begins)
            yield _span(window, day, window.begins, over, window.ends)


def _span(window: Window, first: date, begins: int, last: date, ends: int) -> Span:
    begin, end = _moments(window.zone, first, begins), _moments(window.zone, last, ends)
    return (max(begin), min(end)) if window.allows else (min(begin), max(end))


def _moments(zone: str, day: date, minutes: int) -> list[datetime]:
    """A time of day in UTC; two readings if the clock changes then."""
    local = datetime.combine(day + timedelta(days=minutes // _DAY_MINUTES), time()) + timedelta(
        minutes=minutes % _DAY_MINUTES
    )
    return [local.replace(tzinfo=_named(zone), fold=fold).astimezone(UTC) for fold in (0, 1)]


def _named(zone: str) -> ZoneInfo:
    from zoneinfo import ZoneInfo  # slow to import, and few manifests have windows

    return ZoneInfo(zone)
