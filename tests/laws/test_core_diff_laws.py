"""Laws of the difference: it leads from what is to what is wanted, and mistakes no silence for an absence."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from core_values import addresses, lives, wanteds
from hypothesis import given
from hypothesis import strategies as st
from laws_world import laws

from acctcfg.core.address import Address
from acctcfg.core.diff import diff
from acctcfg.core.state import ABSENT, After, KeyValue, Live, Lost, Unreadable, Wanted

BOTH = st.dictionaries(addresses, st.tuples(wanteds, lives), max_size=8)


def sides(both: Mapping[Address, tuple[Wanted, Live]]) -> tuple[dict[Address, Wanted], dict[Address, Live]]:
    """What is wanted and what is, apart."""
    return {a: wanted for a, (wanted, _) in both.items()}, {a: live for a, (_, live) in both.items()}


@laws(300)
@given(BOTH)
def test_the_changes_lead_from_live_to_desired(both: dict[Address, tuple[Wanted, Live]]) -> None:
    """Carrying the changes out leaves every address that could be read as it is wanted, and another diff is empty."""
    desired, live = sides(both)
    changes, unread = diff(desired, live)
    after = dict(live)
    for change in changes:
        after[change.address] = ABSENT if change.after is None else change.after
    for address, wanted in desired.items():
        assert after[address] == wanted or isinstance(live[address], Unreadable)
    again, still = diff(desired, after)
    assert (again, still) == ([], unread)


@laws(300)
@given(BOTH)
def test_each_address_is_changed_or_unread_or_right(both: dict[Address, tuple[Wanted, Live]]) -> None:
    """Nothing for equal values, one change otherwise; what could not be read is never a change, and never silent."""
    desired, live = sides(both)
    changes, unread = diff(desired, live)
    by_address = {change.address: change for change in changes}
    assert len(by_address) == len(changes)
    for address, wanted in desired.items():
        found, change = live[address], by_address.get(address)
        assert (address in {a for a, _ in unread}) is isinstance(found, Unreadable)
        if found == wanted or isinstance(found, Unreadable):
            assert change is None
        elif isinstance(found, After):
            assert change is not None
            assert (change.before, change.before_known, change.after_step) == (None, False, found.what)
        elif change is not None:
            expected = "delete" if wanted is ABSENT else "create" if found is ABSENT else "change"
            expected = "replace" if isinstance(found, Lost) and wanted is not ABSENT else expected
            assert (change.action, change.before_known) == (expected, True)


@laws(100)
@given(BOTH, st.randoms(use_true_random=False))
def test_a_replacement_is_of_a_key_that_exists(both: dict[Address, tuple[Wanted, Live]], luck: object) -> None:
    """What is to be replaced is, where it exists and is wanted; all other changes stay as they were."""
    desired, live = sides(both)
    named = set(sorted(desired)[::2])
    plain = {change.address: change for change in diff(desired, live)[0]}
    replacing = {change.address: change for change in diff(desired, live, replace=named)[0]}
    for address, wanted in desired.items():
        if address in named and isinstance(live[address], KeyValue) and wanted is not ABSENT:
            assert replacing[address].action == "replace"
        else:
            assert replacing.get(address) == plain.get(address)


@laws(50)
@given(addresses, wanteds)
def test_an_address_that_nobody_read_is_a_mistake(address: Address, wanted: Wanted) -> None:
    """A value that is missing from what was read is no absence: it is refused."""
    with pytest.raises(KeyError):
        diff({address: wanted}, {})
