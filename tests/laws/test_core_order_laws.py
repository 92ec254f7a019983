"""Laws of order: the venue's rows hold, whatever there is to do, and nothing else decides."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws_world import laws

from acctcfg.core.address import Address
from acctcfg.core.diff import Change
from acctcfg.core.order import Ordered, order
from acctcfg.core.state import ABSENT
from acctcfg.errors import AcctcfgError
from acctcfg.venues.okx.sequence import BROKERS_ORDER as ORDER

MODES = ["spot", "futures", "multi_currency", "portfolio"]


def change(field: str, key: str, action: str, before: object, after: object, known: bool) -> Change:
    """One change of the account mmdesk01."""
    return Change(
        Address("mmdesk01", field, key),
        action,
        before if known else None,  # type: ignore[arg-type]
        None if action == "delete" else after,  # type: ignore[arg-type]
        before_known=known,
    )


@st.composite
def change_sets(draw: st.DrawFn) -> list[Change]:
    """Any set of changes of one account, as a plan may hold it."""
    found = []
    if draw(st.booleans()):
        action = draw(st.sampled_from(["create", "delete"]))
        found.append(change("", "", action, None, "account", True))
    if draw(st.booleans()):
        before, after = draw(st.permutations(MODES))[:2]
        found.append(change("account_mode", "", "change", before, after, draw(st.booleans())))
    if draw(st.booleans()):
        before, after = draw(st.permutations(["net", "long_short"]))
        found.append(change("position_mode", "", "change", before, after, draw(st.booleans())))
    for label in draw(st.lists(st.sampled_from("abc"), unique=True)):
        action = draw(st.sampled_from(["create", "change", "replace", "delete"]))
        found.append(change("api_keys", label, action, ABSENT, "key", True))
    for scope in draw(st.lists(st.sampled_from("xyz"), unique=True)):
        found.append(change("leverage", scope, "change", None, 5, draw(st.booleans())))
    for field, key in (("deposit.credit_to", ""), ("deposit.addresses", "USDT/1")):
        if draw(st.booleans()):
            found.append(change(field, key, "create", None, "funding", True))
    draw(st.randoms(use_true_random=False)).shuffle(found)
    return found


def index(ordered: list[Ordered], *kinds: str) -> list[int]:
    """Where the changes of these kinds stand."""
    return [at for at, one in enumerate(ordered) if one.change.kind in kinds]


def before(ordered: list[Ordered], left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Whether all of the left stand before all of the right."""
    return max(index(ordered, *left), default=-1) < min(index(ordered, *right), default=10**6)


@laws(400)
@given(change_sets())
def test_the_order_of_an_accounts_writes(changes: list[Change]) -> None:
    """Account, key, account mode, position mode, leverage; deletes last, keys before their account; values decide."""
    ordered = order(changes, ORDER)
    assert sorted(one.change.address for one in ordered) == sorted(one.address for one in changes)
    others = ("api_keys", "account_mode", "position_mode", "leverage", "deposit.credit_to", "deposit.addresses")
    assert before(ordered, ("account",), (*others, "-api_keys", "-account"))
    assert before(ordered, ("api_keys",), ("account_mode", "position_mode", "leverage"))
    assert before(ordered, ("account_mode", "position_mode"), ("leverage",))
    assert before(ordered, others, ("-api_keys", "-account"))
    assert before(ordered, ("-api_keys",), ("-account",))
    modes = {one.kind: one for one in changes if one.kind in ("account_mode", "position_mode")}
    if len(modes) == 2:
        mode, position = modes["account_mode"], modes["position_mode"]
        leaves_spot = not mode.before_known or mode.before == "spot"
        into_portfolio = mode.after == "portfolio" and position.after == "net"
        position_first = not leaves_spot and (mode.after == "spot" or into_portfolio)
        assert before(ordered, ("position_mode",), ("account_mode",)) is position_first


@laws(200)
@given(change_sets(), st.randoms(use_true_random=False))
def test_order_is_a_function_of_the_set(changes: list[Change], luck: random.Random) -> None:
    """The same changes in any order give the same sequence."""
    again = list(changes)
    luck.shuffle(again)
    assert order(again, ORDER) == order(changes, ORDER)


@laws(300)
@given(change_sets())
def test_what_a_change_waits_for_stands_before_it(changes: list[Change]) -> None:
    """Dependencies and waits name changes of the plan that come earlier; a dependency's dependencies are included."""
    seen: dict[Address, Ordered] = {}
    for one in order(changes, ORDER):
        for address in (*one.depends_on, *one.waits_for):
            assert address in seen
        for address in one.depends_on:
            assert set(seen[address].depends_on) <= set(one.depends_on)
        assert not set(one.depends_on) & set(one.waits_for)
        seen[one.change.address] = one


@laws(100)
@given(change_sets())
def test_leverage_stands_together(changes: list[Change]) -> None:
    """The leverage of one account is consecutive, so that one gate and one read-back serve all of it."""
    assert all(later == earlier + 1 for earlier, later in pairwise(index(order(changes, ORDER), "leverage")))


def test_rows_that_contradict_each_other_are_named() -> None:
    """A cycle ends in an error that names what waits for what, never in a loop or a silent order."""
    rows = (("account_mode", "position_mode"), ("position_mode", "leverage"), ("leverage", "account_mode"))
    some = [
        change("account_mode", "", "change", "spot", "futures", True),
        change("position_mode", "", "change", "net", "long_short", True),
        change("leverage", "x", "change", None, 5, True),
    ]
    with pytest.raises(AcctcfgError, match="account_mode, leverage, position_mode"):
        order(some, rows)
