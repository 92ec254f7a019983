"""The laws hold in any order: a state machine of edits, applies, rotations, kills, faults and other people's changes.

After each step a plan sends no write, nothing is doubled, no secret is lost, and no mode was switched over a position;
an apply that ended 0 has converged, and a second one sends nothing. At the end, with the faults gone and everything
flat, all is as it is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fleet import Fleet
from hypothesis import Phase
from hypothesis.stateful import run_state_machine_as_test
from laws_world import laws
from trial import Killer


@pytest.fixture(autouse=True)
def _killer() -> Iterator[None]:
    """One process whose forks are killed, for all histories."""
    with Killer.at_work() as Fleet.killer:
        yield


@pytest.mark.parametrize(
    ("histories", "steps"), [(2, 6), pytest.param(20, 15, marks=pytest.mark.slow)], ids=["some", "many"]
)
def test_the_laws_hold_in_any_order(histories: int, steps: int) -> None:
    """Histories of a desk at both venues, each of up to so many steps."""
    run_state_machine_as_test(Fleet, settings=laws(histories, stateful_step_count=steps, phases=[Phase.generate]))
