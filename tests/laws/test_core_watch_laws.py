"""Watching, as laws: how long a pause is, what a look comes to, and what counts as contested."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctcfg.core.drift import Drift
from acctcfg.core.outcome import Outcome
from acctcfg.core.plan import Plan, Scope, Unread
from acctcfg.core.watched import LONGEST_S, RESULTS, Tally, Trouble, Watched, contested_of, pause_of

INTERVALS = st.floats(1, 86_400)
ADDRESS = "desk01.position_mode"
UNREAD = Unread("desk01", "venue", "down")


@given(INTERVALS, st.integers(0, 10_000), st.floats(0, 0.9), st.floats(0, 1))
def test_no_pause_is_longer_than_an_hour_or_the_interval(interval, failures, jitter, chance):
    """Nor shorter than the interval, but for the jitter; further failures never make it shorter."""
    longest = max(interval, LONGEST_S)
    pause = pause_of(interval, failures, jitter, chance)
    assert interval * (1 - jitter) * 0.999 <= pause <= longest * (1 + jitter) * 1.001
    assert pause <= pause_of(interval, failures + 1, jitter, chance)
    assert pause_of(interval, 0, 0.0, chance) == pause_of(interval, 1, jitter, 0.5) == interval


@given(st.lists(st.sampled_from(["net", "long_short", "blocked", "other"]), max_size=12))
def test_a_value_is_contested_that_the_last_runs_set_again_and_again(runs):
    """Runs that did not touch it say nothing; the row ends where another value was set."""
    steps = {
        "net": [{"address": ADDRESS, "status": "done", "after": "net"}],
        "long_short": [{"address": ADDRESS, "status": "done", "after": "long_short"}],
        "blocked": [{"address": ADDRESS, "status": "blocked", "after": "net"}],
        "other": [{"address": "desk02.position_mode", "status": "done", "after": "net"}],
    }
    sets = [run for run in runs if run in ("net", "long_short")]
    times = sets.index("long_short") if "long_short" in sets else len(sets)
    expected = {ADDRESS: times} if times >= 3 else {}
    assert contested_of({ADDRESS: "net"}, [steps[run] for run in runs]) == expected


def drift(*, unreadable=()) -> Drift:
    return Drift(plan=Plan(steps=(), scope=Scope(whole=True), unreadable=tuple(unreadable)))


@pytest.mark.parametrize(
    ("fields", "result"),
    [
        ({"drift": drift()}, "no_drift"),
        ({"drift": drift(), "outcome": Outcome(plan=drift().plan)}, "applied"),
        ({"drift": drift(unreadable=[UNREAD])}, "unreadable"),
        ({"drift": drift(), "outcome": Outcome(plan=drift(unreadable=[UNREAD]).plan)}, "unreadable"),
        ({"drift": drift(), "trouble": Trouble("lock_held", "somebody else")}, "failed"),
        ({"drift": drift(), "trouble": Trouble("blocked", "not signed")}, "blocked"),
        ({"drift": drift(), "outcome": Outcome(plan=drift().plan, declined=True)}, "failed"),
        ({"drift": drift(), "outcome": Outcome(plan=drift().plan, interrupted=True)}, "interrupted"),
        ({}, "failed"),
    ],
)
def test_what_a_look_comes_to(fields, result):
    """One word, with its exit status; only failures are counted in a row."""
    watched, tally = Watched(number=1, at=0.0, **fields), Tally(in_a_row=4)
    assert (watched.result, watched.exit_code) == (result, RESULTS[result])
    tally.count(watched)
    assert (tally.looks, tally.in_a_row) == ({result: 1}, 5 if result == "failed" else 0)
