"""The brake: `acctcfg cap N` lowers what stands above N in every account, and raises, closes and cancels nothing."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
from cap_parts import BTC, ETH, SOL, cap, cross, held, levers
from desk import Desk
from ladder_parts import KEY, settle
from patience import PATIENCE_S

from acctcfg import load
from acctcfg.core.brake import Braked
from acctcfg.engine.cap import cap as brake
from acctcfg.engine.workspace import Workspace


@pytest.mark.slow
def test_twenty_accounts_all_free_ones_lowered_none_raised(desk: Desk) -> None:
    """Managed or not, whatever stands above goes down to the cap; what an order holds stays, and nothing goes up."""
    names = [f"customer{n:02d}" for n in range(20)]
    coins = ("BTC", "ETH", "SOL", "XRP", "DOGE")
    before = {}
    for n, name in enumerate(names):
        values = {coin: str(1 + (7 * n + 3 * at) % 20) for at, coin in enumerate(coins)}
        orders = [{"instId": f"{coins[n // 4]}-USDT-SWAP"}] if n % 4 == 0 else []
        positions = [held(f"{coin}-USDT-SWAP", str(10 * (at + 1))) for at, coin in enumerate(coins)]
        settle(desk, name, acctLv="2", leverage=cross(**values), positions=positions, orders=orders)
        before[name] = levers(desk, name)
    desk.write({name: {"api_keys": KEY} for name in names})
    said = cap(desk, "3")
    above = {}
    for n, name in enumerate(names):
        after = levers(desk, name)
        for coin, value in before[name].items():
            in_the_way = n % 4 == 0 and coin == f"{coins[n // 4]}-USDT-SWAP"
            assert after[coin] == (value if in_the_way else min(value, Decimal(3))), (name, coin)
            if in_the_way and value > 3:
                above[name] = coin
    assert said.code == (3 if above else 0), said.out + said.err
    assert above
    for name, coin in above.items():
        assert f"{name}.leverage[swap/{coin.removesuffix('-SWAP')}/cross]" in said.out
    again = cap(desk, "3")
    assert (again.code, again.out.count("BLOCKED")) == (3, len(above))
    done = [(row["account"], row["body"]["instId"]) for row in desk.writes("set-leverage") if row["effect"]]
    assert len(done) == len(set(done))


def test_the_first_line_says_what_it_does_and_the_largest_goes_first(desk: Desk) -> None:
    """It says that it raises, closes and cancels nothing; the scope with the most open is written first."""
    positions = [held(ETH, "50"), held(SOL, "900"), held(BTC, "300")]
    settle(desk, "mmdesk01", acctLv="2", leverage=cross(BTC="20", ETH="20", SOL="20"), positions=positions)
    desk.write({"mmdesk01": {"api_keys": KEY}})
    said = cap(desk, "3")
    first = said.out.splitlines()[0]
    assert first.startswith("cap 3: lowers every leverage above 3")
    assert "raises nothing, closes no position and cancels no order" in first
    assert [row["body"]["instId"] for row in desk.writes("set-leverage")] == [SOL, BTC, ETH]
    assert (said.code, said.last) == (0, "Capped: 3 lowered, 0 at or below it already, 0 blocked, 0 failed.")


@pytest.mark.parametrize(
    ("what", "row", "call"),
    [
        ("orders", {"instId": BTC}, "POST /api/v5/trade/cancel-order"),
        ("algos", {"instId": BTC, "ordType": "conditional"}, "POST /api/v5/trade/cancel-algos"),
        ("bots", {"instId": BTC}, "stop the bot"),
    ],
)
def test_an_order_in_the_way_is_named_with_the_call_that_cancels_it(
    desk: Desk, what: str, row: dict[str, Any], call: str
) -> None:
    """It holds up its own scope and no other, and stays where it is."""
    positions = [held(BTC), held(ETH)]
    settle(desk, "mmdesk01", acctLv="2", leverage=cross(BTC="20", ETH="20"), positions=positions, **{what: [row]})
    desk.write({"mmdesk01": {"api_keys": KEY}})
    said = cap(desk, "3")
    assert said.code == 3
    assert "Still above 3:" in said.out
    assert call in said.out
    assert levers(desk, "mmdesk01") == {BTC: 20, ETH: 3}
    assert len(desk.account("mmdesk01")[what]) == 1


def test_what_nothing_stands_open_under_is_looked_at_only_with_all(desk: Desk) -> None:
    """A leverage without position, order and entry is left alone; --all looks at every instrument."""
    settle(desk, "mmdesk01", acctLv="2", leverage={**cross(BTC="20", ETH="20"), f"SWAP/isolated/{SOL}": "20"})
    swap = {"market": "swap", "instrument": ETH, "margin": "cross", "value": 10}
    desk.write({"mmdesk01": {"api_keys": KEY, "account_mode": "futures", "leverage": [swap]}})
    assert cap(desk, "3").code == 0
    assert levers(desk, "mmdesk01") == {BTC: 20, ETH: 3, SOL: 20}
    said = cap(desk, "3", "--all")
    assert said.code == 0, said.out + said.err
    assert set(levers(desk, "mmdesk01").values()) == {Decimal(3)}


def test_what_is_too_much_to_list_is_named_elsewhere(desk: Desk) -> None:
    """Past fifty the brake says how many it lowered and what names each; no run leaves people without the names."""
    settle(desk, "mmdesk01", acctLv="2", leverage=cross(BTC="20"))
    desk.write({"mmdesk01": {"api_keys": KEY}})
    said = cap(desk, "3", "--all")
    assert said.code == 0, said.out + said.err
    assert set(levers(desk, "mmdesk01").values()) == {Decimal(3)}
    (number,) = re.findall(r"^(\d+) leverages were lowered, too many to list here\.", said.out, re.MULTILINE)
    assert int(number) > 50
    (run,) = re.findall(r"`acctcfg history (\S+) --full` names each\.", said.out)
    assert desk.run("history", run, "--full").out.count("leverage[") == int(number)


def test_it_touches_nothing_but_leverage_and_takes_nothing_over(desk: Desk) -> None:
    """Modes, keys and positions stay, guardrails hold nothing back, and the journal has the run with its writes."""
    positions = [held(BTC)]
    settle(desk, "mmdesk01", acctLv="2", posMode="net_mode", leverage=cross(BTC="20"), positions=positions)
    fields = {"account_mode": "multi_currency", "position_mode": "long_short", "api_keys": KEY}
    desk.write({"mmdesk01": fields}, guardrails={"max_changed_accounts": 0, "adopt": "explicit", "max_leverage": 1})
    said = cap(desk, "3")
    assert said.code == 0, said.out + said.err
    assert {row["path"].rpartition("/")[2] for row in desk.writes()} == {"set-leverage"}
    live = desk.account("mmdesk01")
    assert (live["acctLv"], live["posMode"], len(live["positions"])) == ("2", "net_mode", 1)
    (run,) = desk.run("history", "--format", "json").json
    assert run["command"] == "cap"
    shown = desk.run("history", run["id"]).out
    assert "set-leverage" in shown
    assert "20 -> 3" in shown


def test_the_next_apply_says_what_it_raises_until_it_is_told_that_the_brake_is_over(desk: Desk) -> None:
    """`cap` names what the manifest wants above it; plan and apply warn until the manifest agrees, or --after-cap."""
    settle(desk, "mmdesk01", acctLv="2", leverage=cross(BTC="10", ETH="2"))
    entries = [{"market": "swap", "instrument": one, "margin": "cross", "value": 10} for one in (BTC, ETH)]
    manifest = {"account_mode": "futures", "api_keys": KEY, "leverage": entries}
    desk.write({"mmdesk01": manifest})
    said = cap(desk, "3")
    assert "The next apply of the manifest would raise again:" in said.out
    assert "mmdesk01.leverage[swap/BTC-USDT/cross] to 10" in said.out
    warned = [one for one in desk.plan("--format", "json").json["warnings"] if one["code"] == "raises_after_cap"]
    assert [one["address"] for one in warned] == [f"mmdesk01.leverage[swap/{c}-USDT/cross]" for c in ("BTC", "ETH")]
    desk.write({"mmdesk01": {**manifest, "leverage": [{**one, "value": 3} for one in entries]}})
    assert "raises_after_cap" not in desk.plan().out
    desk.write({"mmdesk01": manifest})
    raised = desk.apply("--after-cap")
    assert raised.code == 0
    assert "raises_after_cap" not in raised.out
    desk.write({"mmdesk01": {**manifest, "leverage": [{**one, "value": 12} for one in entries]}})
    assert "raises_after_cap" not in desk.plan().out


@pytest.mark.parametrize("words", [("--target", "mmdesk01"), ("--exclude", "mmdesk02")])
def test_the_brake_is_over_only_where_somebody_said_so(desk: Desk, words: tuple[str, str]) -> None:
    """`--after-cap` of an apply narrowed to one account raises nothing in another, nor lets a later run do it."""
    for name in ("mmdesk01", "mmdesk02"):
        settle(desk, name, acctLv="2", leverage=cross(BTC="10"))
    entry = {"market": "swap", "instrument": BTC, "margin": "cross", "value": 10}
    fields = {"account_mode": "futures", "api_keys": KEY, "leverage": [entry]}
    desk.write({"mmdesk01": fields, "mmdesk02": fields})
    assert cap(desk, "3").code == 0
    assert desk.apply(*words, "--after-cap").code == 0
    assert [levers(desk, name)[BTC] for name in ("mmdesk01", "mmdesk02")] == [10, 3]
    warned = [one for one in desk.plan("--format", "json").json["warnings"] if one["code"] == "raises_after_cap"]
    assert [one["address"] for one in warned] == ["mmdesk02.leverage[swap/BTC-USDT/cross]"]
    assert desk.run("watch", "--apply", "--times", "1", "--listen", "off").code == 3
    assert levers(desk, "mmdesk02")[BTC] == 3
    assert desk.apply("--after-cap").code == 0
    assert "raises_after_cap" not in desk.plan().out


def test_what_nobody_is_asked_for_leaves_the_brake_on(desk: Desk) -> None:
    """`watch --apply` raises nothing that `cap` lowered, and says why, until somebody says that the brake is over."""
    settle(desk, "mmdesk01", acctLv="2", leverage=cross(BTC="10", ETH="2"))
    entries = [{"market": "swap", "instrument": BTC, "margin": "cross", "value": 10}]
    desk.write({"mmdesk01": {"account_mode": "futures", "api_keys": KEY, "leverage": entries}})
    assert cap(desk, "3").code == 0
    look = ("watch", "--apply", "--times", "1", "--listen", "off")
    for words in (look, (*look, "--skip-blocked")):
        said = desk.run(*words)
        assert (said.code, levers(desk, "mmdesk01")[BTC]) == (3, 3)
        assert "blocked: 1 changed" in said.out
        assert "the brake is still on: `acctcfg cap 3`" in said.err
    assert desk.apply("--after-cap").code == 0
    desk.sandbox.control_post("accounts/mmdesk01/set", leverage=cross(BTC="5"))
    assert (desk.run(*look).code, levers(desk, "mmdesk01")[BTC]) == (0, 10)


def test_a_step_that_lowers_raises_nothing_after_the_brake(desk: Desk) -> None:
    """What somebody raised meanwhile is lowered without a warning, though not as far as the cap; the rest has one,
    which says that apply does it."""
    settle(desk, "mmdesk01", acctLv="2", leverage=cross(BTC="1", ETH="2"))
    entries = [{"market": "swap", "instrument": one, "margin": "cross", "value": 3} for one in (BTC, ETH)]
    desk.write({"mmdesk01": {"account_mode": "futures", "api_keys": KEY, "leverage": entries}})
    assert cap(desk, "2").code == 0
    desk.sandbox.control_post("accounts/mmdesk01/set", leverage=cross(BTC="50"))
    warned = [one for one in desk.plan("--format", "json").json["warnings"] if one["code"] == "raises_after_cap"]
    assert [one["address"] for one in warned] == ["mmdesk01.leverage[swap/ETH-USDT/cross]"]
    assert "apply raises it above that again" in warned[0]["message"]
    assert "--after-cap says that it is meant" in warned[0]["message"]


def test_an_account_that_cannot_be_read_stops_no_other(desk: Desk) -> None:
    """A dead key, or a venue that answers nonsense for one account: the others are lowered, and it is named."""
    for name in ("mmdesk01", "mmdesk02", "mmdesk03"):
        settle(desk, name, acctLv="2", leverage=cross(BTC="20"), positions=[held(BTC)])
    desk.sandbox.control_delete("accounts/mmdesk02/keys/trading")
    desk.write({name: {"api_keys": KEY} for name in ("mmdesk01", "mmdesk02", "mmdesk03")})
    said = cap(desk, "3")
    assert said.code == 1
    assert "mmdesk02" in said.out
    assert [levers(desk, name)[BTC] for name in ("mmdesk01", "mmdesk02", "mmdesk03")] == [3, 20, 3]


@pytest.mark.parametrize("path", ["*/subaccount-info", "*/account/config"])
def test_an_account_of_which_nothing_was_read_is_not_passed_over(desk: Desk, path: str) -> None:
    """Where not even its being there can be read, the brake names it and ends 1, whatever else it lowered."""
    settle(desk, "mmdesk01", acctLv="2", leverage=cross(BTC="20"), positions=[held(BTC)])
    desk.write({"mmdesk01": {"api_keys": KEY}})
    account = "@master" if path == "*/subaccount-info" else "mmdesk01"
    desk.fault(match={"path": path, "account": account}, times=0, kind="code", code="88888", msg="out of order")
    said = cap(desk, "3")
    assert said.code == 1, said.out
    assert "? mmdesk01  " in said.out
    assert "out of order" in said.out
    assert levers(desk, "mmdesk01") == {BTC: 20}
    (found,) = cap(desk, "3", "--format", "json").json["unreadable"]
    assert (found["address"], found["code"]) == ("mmdesk01", "88888")


def test_a_target_narrows_it(desk: Desk) -> None:
    """An account, or a pattern of scopes; one that selects nothing is a slip."""
    for name in ("mmdesk01", "mmdesk02"):
        positions = [held(BTC), held(ETH)]
        settle(desk, name, acctLv="2", leverage=cross(BTC="20", ETH="20"), positions=positions)
    desk.write({name: {"api_keys": KEY} for name in ("mmdesk01", "mmdesk02")})
    said = cap(desk, "3", "--target", "mmdesk01.leverage[swap/BTC-*]")
    assert (said.code, "Only mmdesk01.leverage[swap/BTC-*] was looked at." in said.out) == (0, True)
    assert (levers(desk, "mmdesk01"), levers(desk, "mmdesk02")) == ({BTC: 3, ETH: 20}, {BTC: 20, ETH: 20})
    assert cap(desk, "3", "--target", "mmdesk09").code == 64


@pytest.mark.parametrize("n", ["0", "-1", "three", "0.001", "nan"])
def test_a_cap_that_is_no_leverage_is_wrong_usage(desk: Desk, n: str) -> None:
    """Nothing is read or written."""
    desk.write({"mmdesk01": {"api_keys": KEY}})
    assert desk.run("cap", "--auto-approve", "--", n).code == 64


def test_as_json(desk: Desk) -> None:
    """One document, with what each leverage was and is, what is still above, and what the manifest would raise."""
    positions = [held(BTC, "12000"), held(ETH)]
    orders = [{"instId": ETH}]
    settle(desk, "mmdesk01", acctLv="2", leverage=cross(BTC="20", ETH="20"), positions=positions, orders=orders)
    desk.write({"mmdesk01": {"api_keys": KEY}})
    found = cap(desk, "3", "--format", "json").json
    assert (found["cap"], found["exit_code"], found["summary"]["lowered"]) == (3, 3, 1)
    lowered, blocked = found["lowerings"]
    assert (lowered["before"], lowered["after"], lowered["notional_usd"], lowered["status"]) == (
        20,
        3,
        12000,
        "lowered",
    )
    assert blocked["in_the_way"][0]["cancel"].startswith("POST /api/v5/trade/cancel-order")
    assert found["still_above"] == ["mmdesk01.leverage[swap/ETH-USDT/cross]"]


def test_what_moved_while_the_question_stood_is_told_as_it_was(desk: Desk) -> None:
    """What somebody lowered meanwhile is neither sent nor told as lowered; what was raised is told from there."""
    both = cross(BTC="9", ETH="9")
    settle(desk, "rigid001", acctLv="2", leverage=both, positions=[held(BTC), held(ETH)])
    desk.write({"rigid001": {"api_keys": KEY}})
    asked = []

    def approve(brake: Braked) -> bool:
        asked.extend(brake.lowerings)
        desk.sandbox.control_post("accounts/rigid001/set", {"leverage": cross(BTC="2", ETH="50")})
        return True

    done = asyncio.run(brake(load(desk.folder, os.environ), Decimal(5), approve=approve))
    assert [(one.before, one.after) for one in asked] == [(9, 5), (9, 5)]
    assert done.summary == "Capped: 1 lowered, 1 at or below it already, 0 blocked, 0 failed."
    told = [(str(one.address), one.before, one.after, one.status) for one in done.lowerings]
    assert told == [("rigid001.leverage[swap/ETH-USDT/cross]", 50, 5, "lowered")]
    assert (done.exit_code, [one["body"]["instId"] for one in desk.writes()]) == (0, [ETH])
    assert levers(desk, "rigid001") == {BTC: 2, ETH: 5}
    text = desk.run("history", done.run).out
    assert "50 -> 5" in text


def test_the_history_says_how_each_brake_ended(desk: Desk) -> None:
    """What was lowered, blocked, failed and not read is on record; one that left something above is not just done."""
    both, mine = cross(BTC="20", ETH="10"), {"api_keys": KEY}
    held_open = [held(BTC, "10"), held(ETH, "5")]
    settle(desk, "rigid001", acctLv="2", leverage=both, positions=held_open, orders=[{"instId": BTC}])
    desk.write({"rigid001": mine})
    ends = [(cap(desk, "15").code, outcome_of_the_last(desk)), (cap(desk, "5").code, outcome_of_the_last(desk))]
    desk.fault(match={"path": "/api/v5/account/positions"}, kind="garbage", body="<html>", times=0)
    ends.append((cap(desk, "5").code, outcome_of_the_last(desk)))
    assert ends == [
        (3, "1 blocked"),
        (3, "1 blocked, 1 lowered"),
        (1, "1 blocked, 1 unreadable"),
    ]
    assert levers(desk, "rigid001") == {BTC: 20, ETH: 5}


def outcome_of_the_last(desk: Desk) -> str:
    """The last column of the newest run."""
    return desk.run("history", "--limit", "1").out.splitlines()[1].rpartition("  ")[2]


def test_without_a_terminal_it_wants_to_be_told(desk: Desk) -> None:
    """As apply: nobody can be asked, so nothing is read or written."""
    desk.write({"mmdesk01": {"api_keys": KEY}})
    assert desk.run("cap", "3").code == 64


@pytest.mark.slow
def test_a_slow_account_holds_up_no_other(desk: Desk) -> None:
    """The others are lowered while one still waits for an answer."""
    desk.monkeypatch.setattr("acctcfg.engine.cap.QUIET_S", 0.3)
    for name in ("mmdesk01", "mmdesk02"):
        settle(desk, name, acctLv="2", leverage=cross(BTC="20"), positions=[held(BTC)])
    desk.write({name: {"api_keys": KEY} for name in ("mmdesk01", "mmdesk02")})
    desk.fault(match={"path": "*/account/positions", "account": "mmdesk01"}, kind="delay", seconds=86_400)
    let_go = {"method": "DELETE", "path": "faults/1"}
    desk.fault(match={"path": "*/set-leverage", "account": "mmdesk02"}, kind="hook", do=[let_go])
    said = cap(desk, "3")
    assert said.code == 0, said.out + said.err
    first, last = desk.writes("set-leverage")
    assert (first["account"], last["account"]) == ("mmdesk02", "mmdesk01")


@pytest.mark.slow
def test_the_lock_holds_it_back(desk: Desk) -> None:
    """Another run at this venue user is named, and nothing is written."""
    settle(desk, "mmdesk01", acctLv="2", leverage=cross(BTC="20"), positions=[held(BTC)])
    desk.write({"mmdesk01": {"api_keys": KEY}})
    workspace = Workspace.load(desk.folder, os.environ)

    async def beside() -> Any:
        async with workspace.lock(desk.sandbox.base_url, "700000000000000001", timeout_s=0.0):
            return await asyncio.to_thread(cap_elsewhere, desk)

    ended = asyncio.run(beside())
    assert ended.returncode == 1
    assert "lock" in ended.stderr
    assert desk.writes() == []


def cap_elsewhere(desk: Desk) -> subprocess.CompletedProcess[str]:
    """The brake in a process of its own."""
    command = [sys.executable, "-m", "acctcfg", "-C", str(desk.folder), "cap", "3", "--auto-approve"]
    return subprocess.run(
        command, capture_output=True, text=True, env=dict(os.environ), timeout=PATIENCE_S, check=False
    )


def test_a_venue_without_a_brake_is_named(desk: Desk) -> None:
    """Its accounts are left alone, and nobody takes that for done."""

    class Nobody:
        """What no connection is."""

    settle(desk, "mmdesk01", acctLv="2", leverage=cross(BTC="20"), positions=[held(BTC)])
    desk.write({"mmdesk01": {"api_keys": KEY}})
    desk.monkeypatch.setattr("acctcfg.engine.cap.Brake", Nobody)
    said = cap(desk, "3")
    assert (said.code, "has no brake" in said.out) == (1, True), said.out + said.err
    assert desk.writes() == []


def test_a_key_that_takes_effect_later_is_neither_wrong_nor_lost(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The brake says that it waits for the key, as a plan does, and lowers what the others have; both exit 1."""
    settle(desk, "customer01", acctLv="2", leverage=cross(BTC="20"), positions=[held(BTC)])
    desk.sandbox.control_post("flags", key_delay_s=80_000)
    monkeypatch.setattr("acctcfg.engine.read_back.READ_BACK_S", 5.0)
    desk.write({"customer01": {"api_keys": KEY}, "customer02": {"api_keys": KEY}})
    assert "customer02.api_keys[trading]  NOT YET IN EFFECT" in desk.apply().out
    entry = {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 2}
    desk.write({"customer01": {"api_keys": KEY}, "customer02": {"api_keys": KEY, "leverage": [entry]}})
    waits = "it waits for api_keys[trading], which the venue lists and which does not sign yet"
    for said in (desk.plan(), cap(desk, "3")):
        assert (said.code, waits in said.out, "[not_yet_effective]" in said.out) == (1, True, True), said.out
    assert levers(desk, "customer01") == {BTC: 3}


@pytest.mark.parametrize("lever", ["NaN", "1_0", "-10", "", "٣"])
def test_what_could_not_be_read_is_not_counted_as_below(desk: Desk, lever: str) -> None:
    """An answer without a number says nothing of its scope: it is named, and in none of the counts."""
    settle(desk, "mmdesk01", acctLv="2", leverage=cross(BTC="20"), positions=[held(BTC)])
    settle(desk, "mmdesk02", acctLv="2", leverage=cross(BTC="2"), positions=[held(BTC)])
    desk.write({name: {"api_keys": KEY} for name in ("mmdesk01", "mmdesk02")})
    row = {"instId": BTC, "mgnMode": "cross", "posSide": "net", "lever": lever}
    body = json.dumps({"code": "0", "msg": "", "data": [row]})
    desk.fault(match={"path": "*/leverage-info", "account": "mmdesk01"}, times=0, kind="garbage", body=body)
    said = cap(desk, "3")
    assert (said.code, said.last) == (1, "Capped: 0 lowered, 1 at or below it already, 0 blocked, 0 failed.")
    assert "? mmdesk01.leverage[swap/BTC-USDT/cross]" in said.out


@pytest.mark.parametrize("arguments", [(), ("--all",)])
@pytest.mark.parametrize("lever", ["15", "2"])
def test_a_contract_that_takes_no_leverage_now_is_told(desk: Desk, lever: str, arguments: tuple[str, ...]) -> None:
    """With a position that stands above the cap, or may: it is named, and the exit status is 1."""
    settle(desk, "customer01", acctLv="2", leverage=cross(BTC=lever), positions=[held(BTC)])
    desk.sandbox.control_post("instruments", {"instType": "SWAP", "instId": BTC, "state": "suspend"})
    desk.write({"customer01": {"api_keys": KEY}})
    said = cap(desk, "3", *arguments)
    told = f"customer01.leverage[swap/{BTC}/cross]  it takes no leverage at present (suspend), and stands at 15"
    assert (said.code, told in said.out) == ((1, True) if lever == "15" else (0, False)), said.out
    assert levers(desk, "customer01")[BTC] == Decimal(lever)
