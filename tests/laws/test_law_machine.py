"""The laws hold in any order: edits, applies, rotations, kills, faults and other people's changes at both venues.

After each step a plan sends no write, nothing is doubled, no secret is lost, and no mode was switched over a position;
an apply that ended 0 has converged, and a second one sends nothing. At the end, with the faults gone and everything
flat, all is as it is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fleet import BESIDE, FAULTS, HERE, MAIN, SUB, Fleet
from hypothesis import Phase
from hypothesis.stateful import run_state_machine_as_test
from laws_world import laws
from trial import Killer

ONE = "mmdesk01"
STORY: tuple[Callable[[Fleet], None], ...] = (
    lambda fleet: fleet.begin(HERE),
    lambda fleet: fleet.trade(ONE, opened=True),
    lambda fleet: fleet.edit_okx(ONE, "multi_currency", 7, BESIDE, second=True, deposit=True),
    lambda fleet: fleet.edit_main("long_short", 4),
    lambda fleet: fleet.apply(("--skip-blocked",)),
    lambda fleet: fleet.killed_rotation((SUB, "bot"), 14),
    lambda fleet: fleet.trade(ONE, opened=False),
    lambda fleet: [fleet.fault(one) for one in FAULTS] and fleet.killed_apply(40),
    lambda fleet: fleet.lose_a_secret((SUB, "second")),
    lambda fleet: fleet.somebody_sets_leverage(MAIN, "7"),
    lambda fleet: fleet.killed_rotation((ONE, "bot"), 20),
)


@pytest.fixture(autouse=True)
def _killer() -> Iterator[None]:
    """One process whose forks are killed, for all histories."""
    with Killer.at_work() as Fleet.killer:
        yield


@pytest.mark.slow
def test_the_laws_hold_in_one_history_with_everything() -> None:
    """One of each kind of step."""
    fleet = Fleet()
    try:
        for step in STORY:
            step(fleet)
            fleet.demand()
    finally:
        fleet.teardown()


@pytest.mark.slow
def test_the_laws_hold_in_any_order() -> None:
    """Some histories, each of a dozen steps and more."""
    run_state_machine_as_test(Fleet, settings=laws(20, stateful_step_count=15, phases=[Phase.generate]))
