"""How far the work has come, in words: under the bar of a terminal, or in a line of a log."""

from __future__ import annotations

from collections.abc import Iterator

from acctcfg.core.events import SoFar, Traffic

__all__ = ["one_line", "under_the_bar"]

SOON_S = 2.0
"""What is over sooner is not worth a word."""


def under_the_bar(so_far: SoFar) -> list[str]:
    """How much longer it takes, and a line for each connection."""
    return [f"  {line}" for line in (*_left(so_far), *_venues(so_far))]


def one_line(so_far: SoFar) -> str:
    """`reading accounts: 120 of 300, about 3 min left; desk: 1240 requests, 180 wait for GET /path (2 min)`"""
    counted = [] if so_far.total is None else [f"{so_far.done} of {so_far.total}"]
    first = ", ".join([*counted, *_left(so_far)])
    return "; ".join([f"{so_far.phase}: {first}" if first else so_far.phase, *_venues(so_far)])


def _left(so_far: SoFar) -> Iterator[str]:
    """An estimate where enough is done to make one, else what the venue's limits allow at best."""
    if so_far.left_s is not None and so_far.left_s >= SOON_S:
        yield f"about {_lasting(so_far.left_s)} left"
    elif so_far.at_least_s >= SOON_S:
        yield f"at least {_lasting(so_far.at_least_s)} left"


def _venues(so_far: SoFar) -> Iterator[str]:
    for venue, traffic in sorted(so_far.traffic.items()):
        if traffic.requests:
            yield f"{venue}: {', '.join([_requests(traffic), *_line(traffic)])}"


def _requests(traffic: Traffic) -> str:
    return f"{traffic.requests} request{'s' * (traffic.requests != 1)}"


def _line(traffic: Traffic) -> Iterator[str]:
    if traffic.waiting and traffic.left_s >= SOON_S:
        wait = "waits" if traffic.waiting == 1 else "wait"
        yield f"{traffic.waiting} {wait} for {traffic.endpoint} ({_lasting(traffic.left_s)})"


def _lasting(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
