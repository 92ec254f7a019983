"""Deposit addresses: created up to a count, never twice, and credited where the manifest says."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from desk import Desk
from ladder_parts import KEY, NO_CHANGES, failing, quiet, settle


def _write(desk: Desk, **deposit: Any) -> None:
    desk.write({"payee001": {"api_keys": KEY, "deposit": deposit}})


def _chains(desk: Desk) -> list[str]:
    return sorted(address["chain"] for address in desk.account("payee001")["addresses"])


def _paths(desk: Desk) -> list[str]:
    return [row["path"].rpartition("/")[2] for row in desk.writes()]


def test_count_is_a_minimum(desk: Desk) -> None:
    """Two of one chain where one exists is one more; fewer than there are is no change; none is ever deleted."""
    settle(desk, "payee001", addresses=[{"ccy": "USDT", "chain": "USDT-TRC20", "addr": "Tone"}])
    _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20", "count": 2}])
    assert set(desk.steps()) == {"payee001.deposit.addresses[USDT/USDT-TRC20/2]"}
    desk.converge()
    assert _chains(desk) == ["USDT-TRC20", "USDT-TRC20"]
    _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20"}])
    assert desk.plan().last == NO_CHANGES


def test_the_default_chain_is_the_venues_main_one(desk: Desk) -> None:
    """A currency without a chain means the one that the venue calls main, and the address of the step names it."""
    settle(desk, "payee001")
    _write(desk, addresses=[{"currency": "USDT"}])
    (step,) = desk.steps().values()
    chain = step["after"]["chain"]
    assert step["address"] == f"payee001.deposit.addresses[USDT/{chain}/1]"
    desk.converge()
    (made,) = desk.account("payee001")["addresses"]
    assert (made["ccy"], made["chain"]) == ("USDT", chain)
    assert desk.writes()[0]["body"]["chain"] == chain


def test_several_chains_of_one_currency(desk: Desk) -> None:
    """Each chain is counted by itself."""
    settle(desk, "payee001", addresses=[{"ccy": "USDT", "chain": "USDT-TRC20", "addr": "Tone"}])
    both = [{"currency": "USDT", "chain": chain} for chain in ("USDT-TRC20", "USDT-ERC20")]
    _write(desk, addresses=both)
    desk.converge()
    assert _chains(desk) == ["USDT-ERC20", "USDT-TRC20"]


@pytest.mark.parametrize(
    ("earlier", "later", "made"),
    [
        ({"currency": "BTC", "chain": "BTC-Bitcoin", "count": 2}, {"currency": "BTC", "type": "segwit"}, ["2"]),
        ({"currency": "BTC", "type": "segwit", "count": 2}, {"currency": "BTC", "chain": "BTC-Bitcoin"}, ["1"]),
    ],
)
def test_a_later_layer_decides_a_chain_that_only_one_entry_names(
    desk: Desk, earlier: dict[str, Any], later: dict[str, Any], made: list[str]
) -> None:
    """The main chain, by its name or without one, is one scope: the later layer's type and count are what is made."""
    settle(desk, "payee001")
    entry = {"api_keys": KEY, "profile": "payee", "deposit": {"addresses": [later]}}
    desk.write({"payee001": entry}, profiles={"payee": {"deposit": {"addresses": [earlier]}}})
    assert set(desk.steps()) == {"payee001.deposit.addresses[BTC/BTC-Bitcoin/1]"}
    desk.converge()
    assert [one["type"] for one in desk.account("payee001")["addresses"]] == made
    assert [row["body"]["addrType"] for row in desk.writes()] == made


def test_two_entries_of_one_layer_for_one_chain(desk: Desk) -> None:
    """The main chain with and without its name, where the two disagree: both places are told, and none is made."""
    settle(desk, "payee001")
    named = {"currency": "BTC", "chain": "BTC-Bitcoin"}
    _write(desk, addresses=[named, {"currency": "BTC", "type": "segwit"}, {"currency": "USDT"}])
    plan = desk.plan("--format", "json").json
    (unread,) = plan["unreadable"]
    assert (unread["address"], unread["code"]) == ("payee001.deposit.addresses[BTC/BTC-Bitcoin]", "collision")
    assert unread["message"].count("acctcfg.yaml:") == 2
    assert [step["after"]["currency"] for step in plan["steps"]] == ["USDT"]
    assert desk.apply().code == 1
    assert desk.writes() == []
    _write(desk, addresses=[named, {"currency": "BTC"}])
    desk.converge()
    assert [row["chain"] for row in desk.account("payee001")["addresses"]] == ["BTC-Bitcoin"]


def test_segwit_is_asked_for_at_creation(desk: Desk) -> None:
    """The address type goes out with the creation; it cannot be read back, so what exists counts whatever its type."""
    settle(desk, "payee001")
    _write(desk, addresses=[{"currency": "BTC", "type": "segwit"}])
    desk.converge()
    assert desk.account("payee001")["addresses"][0]["type"] == "2"
    _write(desk, addresses=[{"currency": "BTC", "type": "regular"}])
    assert desk.plan().last == NO_CHANGES


def test_new_addresses_carry_where_they_credit(desk: Desk) -> None:
    """With no address there yet, credit_to is no write of its own: the creations carry it."""
    settle(desk, "payee001")
    _write(desk, credit_to="trading", addresses=[{"currency": "USDT"}, {"currency": "BTC"}])
    assert {step["after"]["credit_to"] for step in desk.steps().values()} == {"trading"}
    desk.converge()
    assert _paths(desk) == ["subaccount-deposit-address"] * 2
    assert desk.account("payee001")["to"] == "18"


def test_credit_to_without_an_address_in_the_manifest_matches_nothing(desk: Desk) -> None:
    """The venue shows it with addresses of a currency alone: where none is named, the plan says that nobody looked."""
    settle(desk, "payee001", addresses=[{"ccy": "BTC", "chain": "BTC-Bitcoin", "addr": "BTC"}])
    _write(desk, credit_to="trading")
    said = desk.plan("--format", "json").json
    assert said["sets_nothing"] == ["payee001.deposit.credit_to"]
    assert "no_address_named" in {one["code"] for one in said["warnings"]}
    assert desk.plan().last == "Nothing to change in what was read; 1 entries set nothing."
    _write(desk, credit_to="trading", addresses=[{"currency": "BTC"}])
    desk.converge()
    assert desk.account("payee001")["to"] == "18"


def test_credit_to_is_one_write_where_addresses_exist(desk: Desk) -> None:
    """Where addresses exist, a change of credit_to is one write for the whole account, and the way back is another."""
    rows = [
        {"ccy": ccy, "chain": chain, "addr": ccy} for ccy, chain in (("BTC", "BTC-Bitcoin"), ("USDT", "USDT-TRC20"))
    ]
    settle(desk, "payee001", to="6", addresses=rows)
    addresses = [{"currency": "USDT", "chain": "USDT-TRC20"}, {"currency": "BTC", "chain": "BTC-Bitcoin"}]
    for number, (word, code) in enumerate((("trading", "18"), ("funding", "6")), start=1):
        _write(desk, credit_to=word, addresses=addresses)
        (step,) = desk.steps().values()
        assert (step["address"], step["after"]) == ("payee001.deposit.credit_to", word)
        desk.converge()
        assert desk.account("payee001")["to"] == code
        assert len(desk.writes()) == number


def test_credit_to_of_an_address_with_a_tag(desk: Desk) -> None:
    """Where the only addresses carry a tag, credit_to can be changed all the same."""
    settle(desk, "payee001")
    _write(desk, credit_to="funding", addresses=[{"currency": "XRP"}])
    desk.converge()
    assert desk.account("payee001")["addresses"][0]["tag"]
    _write(desk, credit_to="trading", addresses=[{"currency": "XRP"}])
    desk.converge()
    assert desk.account("payee001")["to"] == "18"


def test_a_new_address_does_not_move_where_the_others_credit(desk: Desk) -> None:
    """Where the manifest does not say credit_to, a creation carries the present value: it does not move."""
    settle(desk, "payee001", to="18", addresses=[{"ccy": "USDT", "chain": "USDT-TRC20", "addr": "Tone"}])
    _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20", "count": 2}])
    desk.converge()
    assert desk.account("payee001")["to"] == "18"


ONE = "payee001.deposit.addresses[USDT/USDT-TRC20/2]"


@pytest.mark.parametrize(
    "narrowed", [("--target", ONE), ("--exclude", "payee001.deposit.credit_to")], ids=lambda a: a[0]
)
@pytest.mark.parametrize("saved", [False, True])
def test_a_new_address_moves_nothing_that_was_left_out(desk: Desk, narrowed: tuple[str, str], saved: bool) -> None:
    """Where the run is narrowed to addresses, a creation carries the present credit_to, which the whole plan moves."""
    settle(desk, "payee001", to="6", addresses=[{"ccy": "USDT", "chain": "USDT-TRC20", "addr": "Tone"}])
    _write(desk, credit_to="trading", addresses=[{"currency": "USDT", "chain": "USDT-TRC20", "count": 2}])
    (step,) = desk.plan("--format", "json", *narrowed).json["steps"]
    assert (step["address"], step["after"]["credit_to"]) == (ONE, "funding")
    if saved:
        assert desk.plan("--out", "plan.json", *narrowed).code == 0
    assert desk.apply(*(["plan.json"] if saved else narrowed)).code == 0
    assert len(desk.account("payee001")["addresses"]) == 2
    assert desk.account("payee001")["to"] == "6"
    assert set(desk.steps()) == {"payee001.deposit.credit_to"}
    desk.converge()
    assert desk.account("payee001")["to"] == "18"


def test_a_new_currency_does_not_move_where_the_others_credit(desk: Desk) -> None:
    """The same where the addresses that exist are of another currency of the manifest."""
    settle(desk, "payee001", to="18", addresses=[{"ccy": "USDT", "chain": "USDT-TRC20", "addr": "Tone"}])
    _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20"}, {"currency": "BTC"}])
    desk.converge()
    assert desk.account("payee001")["to"] == "18"


def test_a_currency_of_an_earlier_manifest_tells_where_the_others_credit(desk: Desk) -> None:
    """The same where only the journal knows of the other currency, which the manifest leaves out: its list is read."""
    settle(desk, "payee001")
    _write(desk, credit_to="trading", addresses=[{"currency": "USDT"}])
    desk.converge()
    _write(desk, addresses=[{"currency": "BTC"}])
    (step,) = desk.steps().values()
    assert step["after"]["credit_to"] == "trading"
    desk.converge()
    assert desk.account("payee001")["to"] == "18"


def test_a_list_that_would_tell_and_cannot_be_read_stops_the_creation(desk: Desk) -> None:
    """What another currency's list would say is never guessed: no address is made until it can be read."""
    settle(desk, "payee001")
    _write(desk, credit_to="trading", addresses=[{"currency": "USDT"}])
    desk.converge()
    _write(desk, addresses=[{"currency": "BTC"}])
    lists = {"path": "*/subaccount-deposit-address", "method": "GET"}
    desk.fault(match=lists, after=1, times=0, kind="code", code="50030")  # BTC's list is read, and USDT's is not
    said = desk.apply()
    assert said.code == 1, said
    assert "? payee001.deposit" in said.out
    assert "50030" in said.out
    assert [one["ccy"] for one in desk.account("payee001")["addresses"]] == ["USDT"]
    assert desk.account("payee001")["to"] == "18"


def test_where_nothing_shows_how_deposits_are_credited_the_plan_warns(desk: Desk) -> None:
    """An account that exists may have addresses of currencies that the manifest does not name: a new one may move them.
    A new account has none, and neither has one whose manifest says `credit_to`."""
    settle(desk, "payee001", to="18", addresses=[{"ccy": "USDT", "chain": "USDT-TRC20", "addr": "Tone"}])
    _write(desk, addresses=[{"currency": "BTC"}])
    [told] = [one for one in desk.plan("--format", "json").json["warnings"] if one["code"] == "credit_not_seen"]
    assert told["address"] == "payee001.deposit.credit_to"
    assert "the venue may credit those of every other currency there as well" in told["message"]
    _write(desk, credit_to="trading", addresses=[{"currency": "BTC"}])
    assert "credit_not_seen" not in desk.plan().out
    desk.converge()
    assert desk.account("payee001")["to"] == "18"
    desk.write({"payee009": {"deposit": {"addresses": [{"currency": "BTC"}]}}})
    assert "credit_not_seen" not in desk.plan().out


def test_the_twenty_first_address_is_blocked(desk: Desk) -> None:
    """Twenty of a currency is the limit over all its chains: the plan counts them, and nothing is sent."""
    rows = [{"ccy": "USDT", "chain": "USDT-ERC20", "addr": f"0x{number}"} for number in range(20)]
    settle(desk, "payee001", addresses=rows)
    _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20"}])
    (step,) = desk.steps().values()
    assert "would have 21 addresses of USDT, and the venue takes at most 20" in failing(step)["address_limit"]
    said = quiet(desk)
    assert (said.code, said.last) == (3, "Applied: 0 created, 0 changed, 0 deleted, 1 blocked, 0 failed.")


def test_addresses_up_to_the_limit_are_not_blocked(desk: Desk) -> None:
    """Of two where one more fits the second is blocked, and none of another currency; the first alone converges."""
    rows = [{"ccy": "USDT", "chain": "USDT-ERC20", "addr": f"0x{number}"} for number in range(19)]
    settle(desk, "payee001", addresses=rows)
    _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20", "count": 2}, {"currency": "BTC"}])
    blocked = {address for address, step in desk.steps().items() if failing(step)}
    assert blocked == {"payee001.deposit.addresses[USDT/USDT-TRC20/2]"}
    quiet(desk)
    _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20"}, {"currency": "BTC"}])
    desk.converge()
    assert len(desk.account("payee001")["addresses"]) == 21


def test_a_limit_that_only_the_venue_knows_blocks(desk: Desk) -> None:
    """Its refusal for the number of addresses (58300) counts as blocked, whatever the plan counted."""
    settle(desk, "payee001")
    desk.fault(match={"path": "*/subaccount-deposit-address", "method": "POST"}, times=0, kind="code", code="58300")
    _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20"}])
    said = desk.apply()
    assert (said.code, said.last) == (3, "Applied: 0 created, 0 changed, 0 deleted, 1 blocked, 0 failed.")


def test_addresses_need_no_key(desk: Desk) -> None:
    """Deposit addresses are the broker's: an account without any key gets them, new or old."""
    settle(desk, "payee001", labels=())
    accounts = {name: {"deposit": {"addresses": [{"currency": "BTC"}]}} for name in ("payee001", "payee002")}
    desk.write(accounts)
    assert not any(failing(step) for step in desk.steps().values())
    desk.converge()
    assert [desk.account(name)["keys"] for name in accounts] == [[], []]


# -- numbers -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_address_keeps_its_number_in_every_format(desk: Desk) -> None:
    """What was handed out as number 1 is number 1 when there are more, whoever made them, in csv, JSON and env."""
    settle(desk, "payee001", addresses=[{"ccy": "USDT", "chain": "USDT-TRC20", "addr": "Tone"}])
    for count in (1, 2, 3):
        _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20", "count": count}])
        assert desk.apply().code == 0
        deposits = desk.run("output").json["payee001"]["deposits"]
        made = [row["addr"] for row in desk.account("payee001")["addresses"]]
        assert [(row["number"], row["address"]) for row in deposits] == list(enumerate(made, 1))
        assert deposits == desk.run("show", "--format", "json").json[0]["deposits"]
        lines = desk.run("output", "--format", "env").out.splitlines()
        assert lines[1:] == [f"PAYEE001_DEPOSIT_USDT_USDT_TRC20_{n}={one}" for n, one in enumerate(made, 1)]
        rows = csv.DictReader(io.StringIO(desk.run("output", "--format", "csv").out))
        assert [(row["number"], row["address"]) for row in rows] == [(str(n), one) for n, one in enumerate(made, 1)]


@pytest.mark.parametrize("first", [(3,), (2, 3), (3, 2)], ids=str)
@pytest.mark.parametrize("strangers", [0, 1])
def test_addresses_may_be_made_in_any_order(desk: Desk, first: tuple[int, ...], strangers: int) -> None:
    """`--target` of a higher number takes nothing from the lower ones: they are absent, the whole plan makes them, and
    every address keeps the number that it was made under."""
    there = [{"ccy": "USDT", "chain": "USDT-TRC20", "addr": f"Tone{n}"} for n in range(strangers)]
    settle(desk, "payee001", addresses=there)
    _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20", "count": 4}])
    given = {}
    for number in first:
        assert desk.apply("--target", f"payee001.deposit.addresses[USDT/USDT-TRC20/{number}]").code == 0
        given[number] = desk.account("payee001")["addresses"][-1]["addr"]
    steps = {int(address.rpartition("/")[2].rstrip("]")) for address in desk.steps()}
    assert steps == {1, 2, 3, 4} - set(first) - set(range(1, strangers + 1))
    desk.converge()
    assert len(desk.account("payee001")["addresses"]) == 4
    numbers = {row["number"]: row["address"] for row in desk.run("output").json["payee001"]["deposits"]}
    assert (sorted(numbers), numbers | given) == ([1, 2, 3, 4], numbers)


def test_a_refused_address_is_made_by_the_next_apply(desk: Desk) -> None:
    """The first of three is refused and the others are made: the number that is left is absent, never "not listed"."""
    settle(desk, "payee001")
    _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20", "count": 3}])
    refusal = {"match": {"path": "*/subaccount-deposit-address", "method": "POST"}, "kind": "code", "code": "58301"}
    desk.sandbox.control_post("faults", refusal)
    assert desk.apply().code == 1
    assert len(desk.account("payee001")["addresses"]) == 2
    desk.converge()
    assert len(desk.account("payee001")["addresses"]) == 3


@pytest.mark.parametrize("lost", [0, 1])
def test_a_list_that_is_late_makes_no_address(desk: Desk, lost: int) -> None:
    """What a creation answered is there, also where every list leaves it out: no address is made again, and it keeps
    its number."""
    settle(desk, "payee001")
    _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20", "count": 2}])
    desk.converge()
    made = [row["addr"] for row in desk.account("payee001")["addresses"]]
    left = [{"ccy": "USDT", "chain": "USDT-TRC20", "addr": made[1 - lost], "to": "6"}]
    _answer(desk, "*/subaccount-deposit-address", left)
    assert desk.apply().last == NO_CHANGES
    assert [row["address"] for row in desk.run("output").json["payee001"]["deposits"]] == made
    assert len(desk.writes()) == 2


# -- chains ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "key", "said"),
    [
        ({"chain": "USDT-TRC2O"}, "USDT/USDT-TRC2O/1", "USDT-TRC2O is not a chain of USDT (did you mean USDT-TRC20?)"),
        ({"chain": "USDT-trc20"}, "USDT/USDT-trc20/1", "(did you mean USDT-TRC20?)"),
        ({"currency": "NOPE", "chain": "NOPE-Nowhere"}, "NOPE/NOPE-Nowhere/1", "the venue has no such currency"),
        ({"currency": "NOPE"}, "NOPE", "the venue has no such currency"),
    ],
)
def test_a_chain_that_the_venue_does_not_have(desk: Desk, entry: dict[str, str], key: str, said: str) -> None:
    """The plan finds it, at its address, with advice among that currency's chains; the other accounts go on."""
    settle(desk, "payee001")
    fields = {"api_keys": KEY, "deposit": {"addresses": [{"currency": "USDT", **entry}]}}
    desk.write({"payee001": fields, "payee002": {"deposit": {"addresses": [{"currency": "BTC"}]}}})
    plan = desk.plan("--format", "json").json
    (unread,) = plan["unreadable"]
    assert unread["address"] == f"payee001.deposit.addresses[{key}]"
    assert said in unread["message"]
    assert unread["message"].startswith("acctcfg.yaml:")
    assert desk.apply().code == 1
    assert desk.writes() == []
    assert desk.apply("--skip-blocked").code == 1
    assert len(desk.account("payee002")["addresses"]) == 1
    assert desk.account("payee001")["addresses"] == []


@pytest.mark.parametrize(("can_deposit", "status"), [(False, "fail"), (None, "unknown"), ("maybe", "unknown")])
def test_a_chain_that_takes_no_deposits(desk: Desk, can_deposit: object, status: str) -> None:
    """Or may take none: a new address on it is blocked with the reason and nothing is sent; an old one is shown with
    that word, never as open."""
    settle(desk, "payee001", addresses=[{"ccy": "USDT", "chain": "USDT-TRC20", "addr": "Tone"}])
    chains = [{"ccy": "USDT", "chain": "USDT-TRC20", "canDep": can_deposit, "needTag": False, "mainNet": True}]
    _answer(desk, "*/asset/currencies", chains)
    _write(desk, addresses=[{"currency": "USDT", "count": 2}])
    (step,) = desk.steps().values()
    assert [(c["name"], c["status"]) for c in step["prechecks"]] == [("chain_open", status)]
    quiet(desk)
    closed = status == "fail"
    (shown,) = desk.run("output").json["payee001"]["deposits"]
    assert shown["state"] == ("closed" if closed else "unknown")
    for said in (desk.run("output", "--format", "env"), desk.run("output", "--format", "csv"), desk.run("show")):
        assert ("closed" in said.out) is closed
        assert ("chain_closed" in said.out + said.err) is closed
        assert ("chain_unknown" in said.out + said.err) is not closed
        assert closed or "unknown" in said.out


# -- odd rows ----------------------------------------------------------------------------------------------------------

GOOD = {"ccy": "USDT", "chain": "USDT-TRC20", "addr": "Tone", "to": "6"}


@pytest.mark.parametrize("without", ["chain", "addr"])
def test_an_odd_row_spoils_its_own_only(desk: Desk, without: str) -> None:
    """A good address is there and shown, with a warning of the odd one; what the odd one may be is not made."""
    settle(desk, "payee001")
    odd = {name: value for name, value in {**GOOD, "addr": "Tother"}.items() if name != without}
    _answer(desk, "*/subaccount-deposit-address", [odd, GOOD])
    _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20"}])
    said = desk.plan()
    assert (said.code, said.last) == (0, NO_CHANGES)
    assert "odd_row" in said.out
    shown = desk.run("output")
    assert [row["address"] for row in shown.json["payee001"]["deposits"]] == ["Tone"]
    assert (shown.code, "odd_row" in shown.err) == (0, True)
    _write(desk, credit_to="funding", addresses=[{"currency": "USDT", "chain": "USDT-TRC20", "count": 2}])
    (unread,) = desk.plan("--format", "json").json["unreadable"]
    assert (unread["address"], unread["code"]) == ("payee001.deposit.addresses[USDT/USDT-TRC20/2]", "no_field")
    assert desk.apply().code == desk.apply("--skip-blocked").code == 1
    assert desk.writes() == []


def test_where_deposits_go_is_not_known_from_odd_rows_alone(desk: Desk) -> None:
    """No creation of another currency moves it: it is unreadable, and nothing is sent."""
    settle(desk, "payee001", to="18")
    odd = json.dumps({"code": "0", "msg": "", "data": [{"ccy": "USDT", "addr": "Tone", "to": "18"}]})
    desk.fault(match={"path": "*/subaccount-deposit-address", "method": "GET"}, times=0, kind="garbage", body=odd)
    _write(desk, addresses=[{"currency": "USDT"}])
    unread = desk.plan("--format", "json").json["unreadable"]
    assert "payee001.deposit.credit_to" in {one["address"] for one in unread}
    assert desk.apply("--skip-blocked").code == 1
    assert desk.writes() == []


def test_a_row_that_is_listed_twice_is_one_address(desk: Desk) -> None:
    """It has one number, and of two that are wanted the second is planned."""
    settle(desk, "payee001")
    _answer(desk, "*/subaccount-deposit-address", [GOOD, GOOD])
    _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20", "count": 2}])
    assert set(desk.steps()) == {"payee001.deposit.addresses[USDT/USDT-TRC20/2]"}
    assert [row["number"] for row in desk.run("output").json["payee001"]["deposits"]] == [1]


# -- tags --------------------------------------------------------------------------------------------------------------

TAGGED = {"ccy": "XRP", "chain": "XRP-Ripple", "addr": "rExample", "to": "6"}


@pytest.mark.parametrize(
    "place", [{"tag": "77"}, {"memo": "77"}, {"pmtId": "77"}, {"comment": "77"}, {"addrEx": {"x": "77"}}]
)
def test_a_tag_is_handed_out_with_its_address(desk: Desk, place: dict[str, Any]) -> None:
    """Wherever the venue writes it."""
    settle(desk, "payee001")
    _answer(desk, "*/subaccount-deposit-address", [{**TAGGED, **place}])
    _write(desk, addresses=[{"currency": "XRP"}])
    assert desk.plan().last == NO_CHANGES
    assert desk.run("output").json["payee001"]["deposits"][0]["tag"] == "77"


@pytest.mark.parametrize("managed", [True, False])
def test_an_address_without_its_tag_is_never_payable(desk: Desk, managed: bool) -> None:
    """Where the currency needs one and none could be read: unreadable, exit 1, in no output, and no second one made."""
    settle(desk, "payee001")
    rows = [TAGGED] if managed else [TAGGED, {**TAGGED, "tag": "1"}]
    _answer(desk, "*/subaccount-deposit-address", rows)
    _write(desk, addresses=[{"currency": "XRP"}])
    for command in (["plan"], ["apply", "--auto-approve"], ["show"], *(["output", "--format", f] for f in FORMATS)):
        said = desk.run(*command)
        assert said.code == 1, command
        assert "needs a tag" in said.out + said.err
        assert "rExample" not in said.out + said.err or not managed
    assert [row["tag"] for row in desk.run("output").json["payee001"]["deposits"]] == ([] if managed else ["1"])
    assert desk.writes() == []


# -- frozen accounts ---------------------------------------------------------------------------------------------------

FROZEN = {"enable": False, "addresses": [{"ccy": "USDT", "chain": "USDT-TRC20", "addr": "Tone"}], "acctLv": "2"}


@pytest.mark.parametrize(
    ("functions", "frozen"), [(["trading"], True), ([], True), (["deposit", "flexible_loan"], False)]
)
def test_settings_are_frozen_with_trading(desk: Desk, functions: list[str], frozen: bool) -> None:
    """No setting is written while trading is frozen: each is blocked before the venue would refuse it."""
    settle(desk, "payee001", **{**FROZEN, "acctLv": "3"}, frozenFunc=functions)
    settings = {"greeks": "BS", "auto_loan": True, "fee_type": "quote", "collateral": {"disabled": ["DOGE"]}}
    desk.write({"payee001": {"api_keys": KEY, "settings": settings}})
    steps = desk.steps()
    assert len(steps) == len(settings)
    assert {"not_frozen" in failing(step) for step in steps.values()} == {frozen}
    before = len(desk.writes())
    said = desk.apply()
    assert (said.code, len(desk.writes()) - before) == ((3, 0) if frozen else (0, 4)), said.out + said.err


@pytest.mark.parametrize(
    ("functions", "blocked"),
    [
        (["trading"], {"position_mode", "leverage"}),
        (["deposit"], {"deposit.addresses"}),
        (["trading", "deposit"], {"position_mode", "leverage", "deposit.addresses"}),
        (["withdrawal", "a_word_of_2027"], set()),
        ([], {"position_mode", "leverage", "deposit.addresses"}),
    ],
)
def test_what_is_frozen_is_said_and_left_alone(desk: Desk, functions: list[str], blocked: set[str]) -> None:
    """A warning names the functions; what is frozen is blocked with a precheck of its own, and an address of a frozen
    deposit is never shown without that word."""
    settle(desk, "payee001", **FROZEN, frozenFunc=functions)
    leverage = [{"market": "swap", "instrument": "BTC-USDT-SWAP", "margin": "cross", "value": 7}]
    deposit = {"addresses": [{"currency": "USDT", "chain": "USDT-TRC20", "count": 2}]}
    desk.write({"payee001": {"api_keys": KEY, "position_mode": "long_short", "leverage": leverage, "deposit": deposit}})
    plan = desk.plan("--format", "json").json
    (warning,) = [one for one in plan["warnings"] if one["code"] == "account_frozen"]
    assert warning["address"] == "payee001"
    assert all(one in warning["message"] for one in functions)
    steps = {step["address"].split(".", 1)[1].partition("[")[0]: step for step in plan["steps"]}
    assert {field for field, step in steps.items() if "not_frozen" in failing(step)} == blocked
    for command in (["show"], *(["output", "--format", form] for form in FORMATS)):
        said = desk.run(*command)
        assert "account_frozen" in said.out + said.err
        assert ("frozen" in said.out.replace("account_frozen", "").replace("has frozen", "")) is (
            "deposit.addresses" in blocked
        )


def test_a_suspended_account_takes_no_new_key(desk: Desk) -> None:
    """Frozen without a list of functions is suspended: a new key is blocked with that reason, and no write is tried."""
    settle(desk, "payee001", enable=False)
    desk.write({"payee001": {"api_keys": {**KEY, "more": {"permissions": ["read"], "store": "vault"}}}})
    assert "takes no new key" in failing(desk.steps()["payee001.api_keys[more]"])["not_frozen"]
    quiet(desk)


@pytest.mark.parametrize("deed", [("apply", "--replace", "mmdesk01.api_keys[trading]"), ("rotate", "mmdesk01", "*")])
def test_a_suspended_account_keeps_the_keys_that_it_has(desk: Desk, deed: tuple[str, ...]) -> None:
    """No new key would come in the place of the present one, or beside it: nothing is deleted, and nothing is tried."""
    desk.write({"mmdesk01": {"api_keys": KEY}}, guardrails={"max_deletes": 1}).converge()
    desk.sandbox.control_post("accounts/mmdesk01/set", enable=False)
    before, writes = desk.account("mmdesk01")["keys"], len(desk.writes())
    said = desk.run(*deed, "--auto-approve")
    assert (said.code, "has suspended mmdesk01: it takes no new key" in said.out) == (3, True), said.out + said.err
    assert (desk.account("mmdesk01")["keys"], len(desk.writes())) == (before, writes)


FORMATS = ("json", "csv", "env")


def _answer(desk: Desk, path: str, rows: list[dict[str, Any]]) -> None:
    """Let the venue answer these rows to every read of a path."""
    body = json.dumps({"code": "0", "msg": "", "data": rows})
    desk.fault(match={"path": path, "method": "GET"}, times=0, kind="garbage", body=body)
