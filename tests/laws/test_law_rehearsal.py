"""A rehearsal ends as the real apply does, over generated manifests and live states."""

from __future__ import annotations

import pytest
from hypothesis import given
from laws_world import World, at_desk, desks, worlds
from rehearsing import compare


@pytest.mark.slow
@desks(10)
@given(worlds())
def test_a_rehearsal_ends_as_the_apply_does(world: World) -> None:
    """Open positions and orders, lost secrets, keys bound elsewhere, deletes: what stops one stops the other."""
    with at_desk(world) as (desk, _):
        compare(desk)
