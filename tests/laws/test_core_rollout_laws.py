"""Laws of waves: everything once, in an order that is nobody's choice, and no larger start after an interruption."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from core_values import steps
from hypothesis import given
from hypothesis import strategies as st
from laws_world import laws

from acctcfg.core.desired import Share, Wave
from acctcfg.core.plan import Step
from acctcfg.core.rollout import in_waves, staged

SHARES = st.lists(st.integers(1, 99), unique=True, max_size=3).map(sorted)
NUMBERS = st.lists(st.integers(1, 9), unique=True, max_size=2).map(sorted)
ROLLOUTS = st.builds(
    lambda numbers, shares: (
        *(Wave(accounts=one) for one in numbers),
        *(Wave(accounts=Share(Decimal(one)), then_wait_s=60) for one in (*shares, 100)),
    ),
    NUMBERS,
    SHARES,
)
NAMES = st.lists(st.integers(0, 500).map("a{}".format), unique=True, max_size=40)


@laws(300)
@given(NAMES, ROLLOUTS)
def test_every_account_is_in_one_wave(names: list[str], rollout: tuple[Wave, ...]) -> None:
    """None twice, none left, no wave empty, and nothing waits after the last one."""
    waves = in_waves(names, rollout)
    assert [one for wave in waves for one in wave.accounts] == names
    assert all(wave.accounts for wave in waves)
    assert not waves or waves[-1].then_wait_s == 0


@pytest.mark.slow
@laws(300)
@given(NAMES, ROLLOUTS, st.data())
def test_a_resumed_rollout_starts_no_larger(names: list[str], rollout: tuple[Wave, ...], data: st.DataObject) -> None:
    """Whatever is done by then, the first wave of the rest is never larger than the first of all."""
    done = data.draw(st.sets(st.sampled_from(names))) if names else set()
    rest = [one for one in names if one not in done]
    if rest:
        assert len(in_waves(rest, rollout)[0].accounts) <= len(in_waves(names, rollout)[0].accounts)


@pytest.mark.slow
@laws(200)
@given(st.lists(steps, max_size=6, unique_by=lambda step: step.address), ROLLOUTS, st.randoms())
def test_order_is_that_of_the_names_alone(some: list[Step], rollout: tuple[Wave, ...], random: Random) -> None:
    """Steps in another order are the same waves; what is held back takes no place; what depends comes no earlier."""
    order = [(step.address, step.depends_on) for step in some]
    waves = staged(order, rollout, ())
    shuffled = list(order)
    random.shuffle(shuffled)
    assert staged(shuffled, rollout, ()) == waves
    left = staged(order, rollout, {"mmdesk01"})
    assert "mmdesk01" not in {one for wave in left for one in wave.accounts}
    assert staged(order, (), ()) == ()
    number = {account: at for at, wave in enumerate(waves) for account in wave.accounts}
    ones = {step.address.account for step in some}
    needs = {(s.address.account, d.account) for s in some for d in s.depends_on if d.account in ones}
    for account, other in needs:
        if (other, account) not in needs and len(ones) == 2:
            assert number[other] <= number[account]
