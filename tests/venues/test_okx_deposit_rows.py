"""Numbers of deposit addresses never change, tags are found wherever they stand, and a chain that is closed is said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctcfg.core.remembered import Lasting
from acctcfg.core.state import Unreadable
from acctcfg.venues.okx.deposit_rows import facts_of, near_chain, numbered, recalled, use_of
from acctcfg.venues.okx.listed import Chain, DepositAddress
from acctcfg.venues.okx.row_fields import boolean, tag_of

TRC, ERC = "USDT-TRC20", "USDT-ERC20"


def row(address: str, chain: str = TRC, **fields: Any) -> DepositAddress:
    return DepositAddress.of({"chain": chain, "addr": address, "to": "6", **fields}, "USDT")


def made(address: str, **facts: Any) -> dict[str, Any]:
    return {"currency": "USDT", "chain": TRC, "address": address, "tag": "", **facts}


def numbers(listed: list[str], created: list[dict[str, Any]] | None = None) -> dict[int, str]:
    """Numbers and addresses of a list that is written newest first."""
    found = numbered([row(one) for one in listed], created or [], "USDT", TRC)
    return {number: one.address for number, one in found.rows.items()}


# -- numbers -----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 5))
def test_without_a_record_the_list_tells_the_age(count: int) -> None:
    """Newest first: the last of the list is number 1, and a new one takes the next number."""
    listed = [f"T{n}" for n in range(count, 0, -1)]
    assert numbers(listed) == {n: f"T{n}" for n in range(1, count + 1)}
    assert numbers(["Tnew", *listed]) == {**numbers(listed), count + 1: "Tnew"}


@given(st.integers(0, 3), st.integers(1, 4), st.data())
def test_a_number_that_was_given_stays(strangers: int, ours: int, data: st.DataObject) -> None:
    """Whatever row a late list leaves out, in whatever order it stands, our address is there under its number."""
    before = [f"S{n}" for n in range(1, strangers + 1)]
    created = [made(f"T{n}", number=n, before=n - 1) for n in range(strangers + 1, strangers + ours + 1)]
    given_ = {one["number"]: one["address"] for one in created}
    listed = data.draw(st.permutations([*before, *given_.values()]))
    listed = listed[: data.draw(st.integers(0, len(listed)))]
    assert given_.items() <= numbers(listed, created).items()
    found = numbered([row(one) for one in listed], created, "USDT", TRC)
    assert len(found.rows) + len(found.missing) >= strangers + ours  # what was there is never counted as absent


@given(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2), st.data())
def test_what_was_seen_is_what_a_new_look_finds(strangers: int, ours: int, later: int, data: st.DataObject) -> None:
    """An address that an earlier run saw has the number in the record that a new look gives it, whatever was added
    since and in whatever order the list stands now; one that the list leaves out is missing, never absent."""
    before = [f"S{n}" for n in range(1, strangers + 1)]
    created = [made(f"T{n}", number=n, before=n - 1) for n in range(strangers + 1, strangers + ours + 1)]
    listed = [*reversed([*before, *(one["address"] for one in created)])]
    first = numbered([row(one) for one in listed], created, "USDT", TRC).rows
    known = [Lasting(facts=facts_of(one, number), since="2026-11-29T10:00:00.000Z") for number, one in first.items()]
    seen = [one.facts for one in known]
    recalled_ = numbered(recalled(known, "USDT"), created, "USDT", TRC, seen).rows
    now = data.draw(st.permutations([*listed, *(f"N{n}" for n in range(later))]))
    anew = numbered([row(one) for one in now], created, "USDT", TRC, seen)
    addresses = {number: one.address for number, one in anew.rows.items()}
    assert {number: one.address for number, one in recalled_.items()} == {n: addresses[n] for n in first}
    assert len(anew.rows) == len(now)
    assert not anew.missing
    lost = data.draw(st.sets(st.sampled_from(listed))) if listed else set()
    left = numbered([row(one) for one in now if one not in lost], created, "USDT", TRC, seen)
    for number, one in first.items():
        still = left.rows.get(number)
        assert (still is not None and still.address == one.address) or (still is None and number in left.missing)


def test_a_step_that_failed_leaves_its_number_free() -> None:
    """Of two that were made at once the first failed: its number is absent, not lost."""
    found = numbered([row("T2")], [made("T2", number=2, before=0)], "USDT", TRC)
    assert (sorted(found.rows), found.missing) == ([2], frozenset())


@given(st.integers(0, 3), st.permutations([1, 2, 3, 4, 5]), st.integers(1, 4), st.booleans(), st.data())
def test_a_number_that_nobody_had_is_absent(
    strangers: int, order: list[int], ours: int, older: bool, data: st.DataObject
) -> None:
    """Whatever the order in which ours are made, and however the record counts what was there: with all of them
    listed none is missing; of those that nobody has on record, as many are missing as the list leaves out."""
    others = [f"S{n}" for n in range(strangers)]
    taken = [n for n in order if n > strangers][:ours]
    counts = [{"before": strangers + at} if older else {"others": strangers} for at in range(len(taken))]
    created = [made(f"T{n}", number=n, **counts[at]) for at, n in enumerate(taken)]
    listed = data.draw(st.permutations([*others, *(one["address"] for one in created)]))
    found = numbered([row(one) for one in listed], created, "USDT", TRC)
    assert sorted(found.rows) == sorted({*range(1, strangers + 1), *taken})
    assert not found.missing
    lost = data.draw(st.sets(st.sampled_from(others))) if others else set()
    left = numbered([row(one) for one in listed if one not in lost], created, "USDT", TRC)
    assert len(left.missing) == (len(lost) if taken else 0)
    assert left.missing <= set(range(1, strangers + 1))


def test_a_record_without_numbers_orders_all_the_same() -> None:
    """Records of earlier versions tell the order of creations; one that the list lacks comes last."""
    created = [made("T1"), made("T2"), made("T3")]
    assert numbers(["T1", "S", "T2"], created) == {1: "T1", 2: "S", 3: "T2", 4: "T3"}


def test_chains_count_by_themselves() -> None:
    """Addresses of another chain, or another currency, have numbers of their own."""
    found = numbered([row("T2"), row("0x1", ERC), row("T1")], [made("L1", currency="LTC")], "USDT", TRC)
    assert [one.address for one in found.rows.values()] == ["T1", "T2"]


def test_addresses_that_differ_by_their_tag_are_two() -> None:
    """Currencies with a tag share one address: the tag tells ours from others."""
    listed = [row("r1", tag="2"), row("r1", tag="1")]
    found = numbered(listed, [made("r1", tag="2", number=2, before=1)], "USDT", TRC)
    assert {number: one.tag for number, one in found.rows.items()} == {1: "1", 2: "2"}


@pytest.mark.parametrize("seen", [[], [made("r1", tag="1", number=1)]])
def test_a_tag_that_the_answer_left_out_is_told_by_the_list(seen: list[dict[str, Any]]) -> None:
    """The listed address is the one that was answered, under its number, before a run saw it and after."""
    found = numbered([row("r1", tag="1")], [made("r1", number=1, before=0)], "USDT", TRC, seen)
    assert [(number, one.tag, one.listed) for number, one in found.rows.items()] == [(1, "1", True)]
    assert not found.missing


def test_a_tag_that_the_list_leaves_out_is_told_by_the_answer() -> None:
    """It is one address, with the tag that is known of it."""
    found = numbered([row("r1")], [made("r1", tag="1", number=1, before=0)], "USDT", TRC)
    assert [(number, one.tag, one.listed) for number, one in found.rows.items()] == [(1, "1", True)]


def test_an_answer_without_a_tag_is_none_of_those_that_were_there() -> None:
    """What stood beside it when it was made is not its own row; while the list is late, it counts as there."""
    answered = made("r1", number=2, before=1, beside=["7"])
    late = numbered([row("r1", tag="7")], [answered], "USDT", TRC).rows
    assert [(number, one.tag, one.listed) for number, one in late.items()] == [(1, "7", True), (2, "", False)]
    both = numbered([row("r1", tag="7"), row("r1", tag="8")], [answered], "USDT", TRC).rows
    assert {number: one.tag for number, one in both.items()} == {1: "7", 2: "8"}


@given(st.integers(1, 4), st.data())
def test_no_row_is_two_addresses(count: int, data: st.DataObject) -> None:
    """Whatever tags the answers, the list and what earlier runs saw leave out: each row has one number, each answer is
    there, and a tag that is known of an address in two places is one address."""
    dropped = st.sampled_from(["answer", "list", "neither", "both"])
    lots = {str(n): data.draw(dropped) for n in range(1, count + 1)}
    created = [
        made("r1", number=int(tag), before=0, tag="" if lot in ("answer", "both") else tag) for tag, lot in lots.items()
    ]
    listed = [row("r1", tag="" if lot in ("list", "both") else tag) for tag, lot in reversed(lots.items())]
    found = numbered(listed, created, "USDT", TRC)
    assert sorted(found.rows) == list(range(1, count + 1))
    assert all(one.listed for one in found.rows.values())
    tags = [one.tag for one in found.rows.values() if one.tag]
    assert len(tags) == len(set(tags))
    shown = [facts_of(one, number) for number, one in found.rows.items() if one.tag]
    again = numbered(listed, created, "USDT", TRC, shown)
    assert (again.rows, again.missing) == (found.rows, found.missing)


# -- tags --------------------------------------------------------------------------------------------------------------

PLACES: list[Any] = [
    {"tag": "123"},
    {"memo": "123"},
    {"pmtId": "123"},
    {"comment": "123"},
    {"addrEx": {"comment": "123"}},
    {"addrEx": {"tag": 123}},
    {"addrEx": {"new": {"name": ["123"]}}},
    {"addrEx": "123"},
    {"tag": "", "memo": None, "addrEx": {"comment": " 123 "}},
    {"tag": "123", "memo": "123"},
]


@pytest.mark.parametrize("fields", PLACES)
def test_a_tag_is_read_wherever_it_stands(fields: Any) -> None:
    """Every documented place, an object with whatever name in it, and text or number alike."""
    assert row("EQ", **fields).tag == "123"


@pytest.mark.parametrize("fields", [{}, {"tag": ""}, {"memo": None}, {"addrEx": {}}, {"addrEx": {"comment": ""}}])
def test_no_tag_is_no_tag(fields: Any) -> None:
    """Empty places are none."""
    assert tag_of(fields) == ""


def test_two_different_tags_are_both_named() -> None:
    """Which of them counts is not ours to choose."""
    assert tag_of({"memo": "1", "addrEx": {"comment": "2"}}) == "memo 1, comment 2"


@pytest.mark.parametrize(
    ("needs", "tag", "payable"),
    [(True, "1", True), (True, "", False), (False, "", True), (None, "", False), (None, "1", True)],
)
def test_an_address_without_its_tag_is_not_payable(needs: bool | None, tag: str, payable: bool) -> None:
    """Where the chain needs a tag, or the venue does not say, an address without one is never shown as payable."""
    chains = [Chain(name=TRC, main=True, takes_deposits=True, needs_tag=needs)]
    use = use_of(row("EQ", tag=tag), chains)
    assert (use.unpayable == "") is payable
    assert "EQ" not in use.unpayable


def test_a_chain_that_is_gone() -> None:
    """It is closed; without a tag the address is payable only where no chain of the currency needs one."""
    other = Chain(name=ERC, main=True, takes_deposits=True, needs_tag=False)
    assert use_of(row("T1"), [other]) == ("closed", "")
    assert use_of(row("T1"), []).unpayable
    assert use_of(row("T1", tag="1"), []) == ("closed", "")
    closed = Chain(name=TRC, main=True, takes_deposits=False, needs_tag=False)
    assert use_of(row("T1"), [closed]).state == "closed"
    silent = Chain(name=TRC, main=True, takes_deposits=None, needs_tag=False)
    assert use_of(row("T1"), [silent]).state == "unknown"


# -- words -------------------------------------------------------------------------------------------------------------


def test_an_unknown_word_spoils_its_own_field() -> None:
    """An address that credits something new is there all the same."""
    odd = row("T1", to="99")
    assert (odd.address, odd.chain) == ("T1", TRC)
    assert isinstance(odd.credit_to, Unreadable)


@pytest.mark.parametrize(
    ("value", "meant"),
    [(True, True), ("true", True), ("FALSE", False), (False, False), ("", None), (None, None), (1, None)],
)
def test_a_yes_or_no_may_be_text(value: object, meant: bool | None) -> None:
    """Some samples show text; what is neither is not known."""
    assert boolean(value) is meant


def test_advice_is_a_chain_of_the_same_currency() -> None:
    """Near names, whatever their case; none where nothing is near."""
    chains = [Chain(name=name, main=False, takes_deposits=True, needs_tag=False) for name in (TRC, ERC, "USDT-X Layer")]
    assert near_chain("USDT-TRC2O", chains) == TRC
    assert near_chain("usdt-x layer", chains) == "USDT-X Layer"
    assert near_chain("BTC", chains) == ""
