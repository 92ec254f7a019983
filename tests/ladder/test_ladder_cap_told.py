"""What the brake could not lower, or not look at: named once, in its own terms, and nothing else with it."""

from __future__ import annotations

import json

import pyrage
import pytest
from cap_parts import BTC, ETH, SOL, cap, cross, held, levers
from desk import Desk, Said
from ladder_parts import KEY, LEVEL, own_secret, settle, signed

PAIR = "BTC-USDT"
GONE = SOL
ISOLATED = [held(one, mgnMode="isolated") for one in (BTC, ETH)]


@pytest.mark.sample(2)
@pytest.mark.parametrize("mode", ["multi_currency", "portfolio"])
@pytest.mark.parametrize("lever", ["8", "2", ""])
def test_a_position_without_a_leverage_to_set_is_told_unless_it_stands_below(desk: Desk, mode: str, lever: str) -> None:
    """Isolated margin that outlived its withdrawal is named with where it stands, beside others that are lowered."""
    desk.sandbox.control_post("flags", isolated_in_advanced_modes="all" if lever else "contracts")
    contract = held(BTC, mgnMode="isolated")
    pair = held(PAIR, "1", instType="MARGIN", mgnMode="isolated", posCcy="BTC")
    values = {f"MARGIN/isolated/{PAIR}": lever or "8", f"SWAP/isolated/{BTC}": "20"}
    settle(desk, "customer01", acctLv=LEVEL[mode], posMode="net_mode", leverage=values, positions=[pair, contract])
    desk.write({"customer01": {"api_keys": KEY}})
    said = cap(desk, "3")
    stands = f", and stands at {lever}" if lever else ""
    why = f"it has no leverage to set in {mode} mode{stands}: it was not looked at"
    told = f"  ? customer01.leverage[margin/{PAIR}/isolated]  {why}  [no_scope]"
    assert (said.code, told in said.out.splitlines()) == ((0, False) if lever == "2" else (1, True)), said.out
    assert said.out.count(f"[margin/{PAIR}/isolated]") == (0 if lever == "2" else 1), said.out
    assert said.last == "Capped: 1 lowered, 0 at or below it already, 0 blocked, 0 failed."
    assert levers(desk, "customer01") == {PAIR: int(lever or "8"), BTC: 3}


def test_what_the_venue_fixes_in_portfolio_mode_is_not_told(desk: Desk) -> None:
    """A cross contract has no leverage there, and its position says none: nothing of it stands above."""
    settle(desk, "customer01", acctLv="4", posMode="net_mode", positions=[held(BTC)], leverage=cross(BTC="20"))
    desk.write({"customer01": {"api_keys": KEY}})
    said = cap(desk, "3")
    assert (said.code, "?" in said.out, desk.writes()) == (0, False, []), said.out


def delist(desk: Desk) -> None:
    """Take a contract off the venue's list right before the first request for leverage."""
    gone = {"method": "DELETE", "path": f"instruments/{GONE}"}
    desk.fault(match={"path": "*/account/leverage-info"}, kind="hook", do=[gone])


def test_a_contract_that_goes_between_two_reads_spoils_its_own_scope_only(desk: Desk) -> None:
    """The brake lowers the others that were asked for with it, and names the one that is gone."""
    held_open, high = [held(BTC), held(ETH)], cross(BTC="50", ETH="50")
    settle(desk, "customer01", acctLv="3", posMode="net_mode", leverage=high, positions=held_open)
    entry = {"market": "swap", "family": "*-USDT", "margin": "cross", "at_most": 10}
    desk.write({"customer01": {"api_keys": KEY, "account_mode": "multi_currency", "leverage": [entry]}})
    delist(desk)
    said = cap(desk, "3")
    assert said.code == 1
    assert [line.split()[1] for line in said.out.splitlines() if line.startswith("  ? ")] == [
        "customer01.leverage[swap/SOL-USDT/cross]"
    ]
    assert {name: levers(desk, "customer01")[name] for name in (BTC, ETH)} == {BTC: 3, ETH: 3}


def test_a_plan_asks_again_for_the_others(desk: Desk) -> None:
    """It plans them, and what is gone is all that could not be read; of seven names three more halvings find it."""
    settle(desk, "customer01", acctLv="3", posMode="net_mode", leverage=cross(BTC="50", ETH="50"))
    entry = {"market": "swap", "family": "*-USDT", "margin": "cross", "at_most": 10}
    desk.write({"customer01": {"api_keys": KEY, "account_mode": "multi_currency", "leverage": [entry]}})
    delist(desk)
    found = desk.plan("--format", "json").json
    assert [(one["address"], one["code"]) for one in found["unreadable"]] == [
        ("customer01.leverage[swap/SOL-USDT/cross]", "51001")
    ]
    assert [step["address"] for step in found["steps"]] == [
        f"customer01.leverage[swap/{coin}-USDT/cross]" for coin in ("BTC", "ETH")
    ]
    counted = desk.sandbox.control_get("requests")["by_path"]
    assert sum(count for path, count in counted.items() if path.endswith("account/leverage-info")) <= 7


def questions(said: Said) -> list[str]:
    """The lines of what could not be read."""
    return [line for line in said.out.splitlines() if line.startswith("  ? ")]


@pytest.mark.parametrize("lever", ["50", "2"])
def test_a_contract_off_the_list_is_told_once_and_no_line_is_to_blame(desk: Desk, lever: str) -> None:
    """No manifest names it: what is said of it is where its position stands, where that is above the cap."""
    settle(desk, "customer01", acctLv="2", leverage=cross(BTC="20", SOL=lever), positions=[held(BTC), held(GONE)])
    desk.fault(match={"path": "*/instruments"}, kind="lose_row", row=GONE, times=0)
    desk.write({"customer01": {"api_keys": KEY}})
    said = cap(desk, "3")
    address = f"customer01.leverage[swap/{GONE}/cross]"
    why = f"it is not on the account's list, and stands at {lever}: it was not looked at  [instrument_not_live]"
    assert questions(said) == ([f"  ? {address}  {why}"] if lever == "50" else []), said.out
    assert (said.code, levers(desk, "customer01")[BTC]) == (1 if lever == "50" else 0, 3)


def test_an_unknown_position_mode_is_no_fault_of_a_line(desk: Desk) -> None:
    """Isolated contracts that no manifest names wait for it, as is said once; a cross one is lowered."""
    settle(desk, "customer01", acctLv="2", leverage=cross(BTC="20"), positions=[held(BTC), *ISOLATED])
    answer = signed(desk, "GET", "/api/v5/account/config", secret=own_secret("customer01"))
    answer["data"][0]["posMode"] = "new_mode"
    config = {"path": "*/account/config", "account": "customer01"}
    desk.fault(match=config, times=0, kind="garbage", body=json.dumps(answer))
    desk.write({"customer01": {"api_keys": KEY}})
    said = cap(desk, "3")
    (line,) = questions(said)
    assert line.startswith("  ? customer01.leverage  isolated leverage of contracts is kept per side under long_short")
    assert (said.code, levers(desk, "customer01")) == (1, {BTC: 3})


@pytest.mark.parametrize("field", ["mgnMode", "instType"])
def test_a_position_that_does_not_say_its_scope_is_told(desk: Desk, field: str) -> None:
    """A word that is new to us, or none: it was not looked at, and the others are lowered. --all covers it."""
    settle(desk, "customer01", acctLv="2", leverage=cross(BTC="20", ETH="20"), positions=[held(BTC), held(ETH)])
    answer = signed(desk, "GET", "/api/v5/account/positions", secret=own_secret("customer01"))
    (odd,) = (row for row in answer["data"] if row["instId"] == ETH)
    odd[field] = "new"
    where = {"path": "*/account/positions", "account": "customer01"}
    desk.fault(match=where, times=0, kind="garbage", body=json.dumps(answer))
    desk.write({"customer01": {"api_keys": KEY}})
    said = cap(desk, "3")
    (line,) = questions(said)
    assert line.startswith(f"  ? customer01.leverage  the venue does not say what these are of: {ETH} 1"), said.out
    assert (said.code, levers(desk, "customer01")) == (1, {BTC: 3, ETH: 20})
    said = cap(desk, "3", "--all")
    assert levers(desk, "customer01")[ETH] == 3, said.out


def test_accounts_of_a_list_that_cannot_be_read_are_told(desk: Desk) -> None:
    """Nobody knows whether they are there, so each is named, with exit 1. One that is not on the list is silent."""
    settle(desk, "customer01", acctLv="2", leverage=cross(BTC="20"), positions=[held(BTC)])
    desk.write({"customer01": {"api_keys": KEY}, "customer02": {"api_keys": KEY}})
    desk.fault(match={"path": "*/subaccount-info"}, times=0, kind="html")
    said = cap(desk, "3")
    assert [line.split()[1] for line in questions(said)] == ["customer01", "customer02"], said.out
    assert (said.code, levers(desk, "customer01")) == (1, {BTC: 20})
    desk.sandbox.control_delete("faults/all")
    said = cap(desk, "3")
    assert (said.code, questions(said), levers(desk, "customer01")) == (0, [], {BTC: 3}), said.out


def test_a_cap_that_the_venue_refuses_is_told_in_the_terms_of_a_cap(desk: Desk) -> None:
    """Below the venue's minimum, or above what a position of that size takes: the way out is another leverage, and no
    field of a manifest that has none."""
    settle(desk, "customer01", acctLv="2", posMode="net_mode", leverage=cross(BTC="20"), positions=[held(BTC)])
    desk.write({"customer01": {"api_keys": KEY}})
    said = cap(desk, "0.5")
    assert (said.code, "59105" in said.out, "ask for a higher leverage" in said.out) == (1, True, True), said.out
    desk.fault(match={"path": "*/set-leverage"}, kind="code", code="59102", times=1)
    said = cap(desk, "3")
    assert (said.code, "59102" in said.out, "ask for a lower leverage" in said.out) == (1, True, True), said.out
    assert "`value`" not in said.out


def test_nothing_is_told_to_be_cancelled_where_nothing_can_be(desk: Desk) -> None:
    """The secret of the key that writes cannot be opened here: no order is looked for, but what is missing is told,
    and no later plan says that the brake lowered the account."""
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    settle(desk, "customer01", acctLv="2", posMode="net_mode", leverage=cross(BTC="20"), labels=("trading", "writes"))
    sides = {"read": {"key": "trading"}, "write": {"key": "writes"}}
    entry = {"market": "swap", "instrument": BTC, "margin": "cross", "value": 30}
    keys = {"trading": KEY["trading"], "writes": {**KEY["trading"], "store": "other"}}
    other = {"type": "age_file", "path": "other/", "recipients": [recipient], "identity": {"env": "NO"}}
    stores = {**desk.write({}).document["secret_stores"], "other": other}
    (desk.folder / "other/desk/customer01").mkdir(parents=True)
    (desk.folder / "secrets/desk/customer01/writes.age").rename(desk.folder / "other/desk/customer01/writes.age")
    desk.write({"customer01": {"api_keys": keys, "access": sides, "leverage": [entry]}}, secret_stores=stores)
    said = cap(desk, "3")
    assert (said.code, levers(desk, "customer01")) == (3, {BTC: 20}), said.out + said.err
    assert "the variable NO is not set" in said.out
    assert "next: clear what is in the way, then" in said.err
    warned = [one for one in desk.plan("--format", "json").json["warnings"] if one["code"] == "raises_after_cap"]
    assert "braked this account" in warned[0]["message"]
