"""A plan in parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from acctcfg.core.address import Address
from acctcfg.core.diff import Change
from acctcfg.core.plan import Step
from acctcfg.core.state import ABSENT
from acctcfg.workers.parts import LEAST, cut, in_parts


def steps_of(name: str, count: int, waits_for: str | None) -> list[Step]:
    """So many steps of an account, the first of which waits for another account."""
    changes = [Change(Address(name, f"settings.s{number}"), "change", ABSENT, "on") for number in range(count)]
    before = () if waits_for is None else (Address(waits_for),)
    return [Step(change, "desk", waits_for=before if not number else ()) for number, change in enumerate(changes)]


@st.composite
def accounts(draw: st.DrawFn) -> list[list[Step]]:
    """Accounts with some steps each, of which some wait for others."""
    names = [f"a{number}" for number in range(draw(st.integers(1, 40)))]
    others = st.none() | st.sampled_from(names)
    return [steps_of(name, draw(st.integers(1, 4)), draw(others)) for name in names]


@given(accounts())
def test_every_account_is_in_one_part_with_what_it_waits_for(every: list[list[Step]]) -> None:
    """None twice, none left out, and no step waits for another part."""
    parts = in_parts(every)
    where = {steps[0].address.account: number for number, part in enumerate(parts) for steps in part}
    assert sum(map(len, parts)) == len(every) == len(where)
    for step in (step for steps in every for step in steps):
        assert {where[one.account] for one in step.waits_for} <= {where[step.address.account]}


@given(st.lists(st.integers(1, 4), min_size=1, max_size=1500))
def test_parts_get_smaller(weights: list[int]) -> None:
    """Nothing is left out; none is much more than an eighth of what was left, and none is tiny where there are more."""
    parts = [weights[some] for some in cut(weights, len(weights))]
    assert [one for part in parts for one in part] == weights
    least = sum(weights) / len(weights) * max(LEAST, len(weights) // 100)
    for number, part in enumerate(parts):
        left = sum(map(sum, parts[number:]))
        assert sum(part) <= max(1.5 * least, left / 8) + 2
        assert sum(part) >= least - 2 or len(parts) == 1 or left == sum(part) >= least / 2 - 2


def test_a_large_fleet_is_cut_into_few_parts() -> None:
    """So that what each of them costs does not count."""
    assert [len(list(cut([1] * count, count))) for count in (1, 10, 100, 2_000, 100_000)] == [1, 2, 15, 27, 27]
