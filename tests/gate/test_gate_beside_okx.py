"""One workspace, two venues: an OKX broker and a CrossEx account share a profile, and neither spoils the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gate_desk import ADA, GateDesk

KEY = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}
SWAP = {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 7}
PROFILES = {"hedged": {"position_mode": "long_short"}}
ACCOUNTS: dict[str, Any] = {
    "mmdesk01": {
        "venue": "desk",
        "profile": "hedged",
        "api_keys": KEY,
        "account_mode": "multi_currency",
        "leverage": [SWAP],
    },
    "cx": {"profile": "hedged", "leverage": [{"symbol": ADA, "value": 5}]},
    "sub_1": {"role": "sub_account", "label": "Desk one"},
}


@pytest.fixture
def both(make_gate: Callable[..., GateDesk]) -> GateDesk:
    """A workspace with a connection of each type."""
    return make_gate(okx=True, speed=40).write(ACCOUNTS, profiles=PROFILES)


def okx_stands(desk: GateDesk) -> None:
    """The OKX account is as ACCOUNTS wants it."""
    live = desk.account("mmdesk01")
    assert (live["acctLv"], live["posMode"], set(live["leverage"].values())) == ("3", "long_short_mode", {"7"})


def gate_stands(desk: GateDesk) -> None:
    """So is the CrossEx account."""
    live = desk.crossex()
    assert (live["position_mode"]["CROSSEX"], live["leverage"]) == ("DUAL", {ADA: "5"})
    assert desk.account("cx:sub_1")["remark"] == "Desk one"


def test_one_apply_converges_both(both: GateDesk) -> None:
    """One plan with a part for each venue, one apply, and a second plan that is empty; the profile's one word becomes
    each venue's own."""
    text = both.plan().out
    assert "cx · gate_crossex · sandbox" in text
    assert "desk · okx_dma_broker · demo" in text
    assert both.converge().last == "Applied: 3 created, 5 changed, 0 deleted, 0 blocked, 0 failed."
    okx_stands(both)
    gate_stands(both)
    assert both.too_many == 0


def test_a_profile_that_one_venue_does_not_know(both: GateDesk) -> None:
    """A field that only the other type has is an error that names the profile's line and the venue's."""
    profiles = {"hedged": {"position_mode": "long_short", "deposit": {"credit_to": "trading"}}}
    err = both.write(ACCOUNTS, profiles=profiles).refused()
    assert "venue type gate_crossex" in err
    assert "has no `deposit`" in err
    assert "okx_dma_broker" not in err


DOWN: dict[str, dict[str, Any]] = {
    "gate": {"match": {"path": "/api/v4/*"}, "kind": "status", "status": 503, "times": 0},
    "okx": {"match": {"path": "/api/v5/*"}, "kind": "status", "status": 503, "times": 0},
}


@pytest.mark.parametrize("which", DOWN)
def test_a_venue_that_is_down_leaves_the_others_plan(both: GateDesk, which: str) -> None:
    """Its accounts are unreadable, the other's are planned; apply writes nothing, and with --skip-blocked the other's
    are done: exit 1 every time."""
    both.fault(**DOWN[which])
    mine, healthy = (({"cx", "sub_1"}, {"mmdesk01"}), ({"mmdesk01"}, {"cx", "sub_1"}))[which == "okx"]
    plan = both.plan("--format", "json")
    assert plan.code == 1
    assert {one["address"] for one in plan.json["unreadable"]} == mine
    assert {step["address"].partition(".")[0] for step in plan.json["steps"]} == healthy
    assert (both.apply().code, both.writes()) == (1, [])
    said = both.apply("--skip-blocked")
    assert said.code == 1
    assert said.last.endswith("0 blocked, 0 failed.")
    (okx_stands if which == "gate" else gate_stands)(both)
    both.sandbox.control_delete("faults/all")
    both.converge()
    okx_stands(both)
    gate_stands(both)


BREAKS = {
    "gate": {
        "match": {"path": "*/crossex/accounts", "method": "PUT"},
        "kind": "label",
        "label": "TRADE_UNSUPPORTED_OPERATION",
    },
    "okx": {"match": {"path": "*/set-subaccount-level"}, "kind": "code", "code": "51000"},
}


@pytest.mark.slow
@pytest.mark.parametrize("which", BREAKS)
def test_a_write_that_fails_at_one_venue(both: GateDesk, which: str) -> None:
    """It stops what depends on it; the other venue is finished, nothing of it is unreadable: exit 1."""
    both.fault(**BREAKS[which])
    result = both.apply("--format", "json").json
    assert (result["exit_code"], result["unreadable"]) == (1, [])
    status = {row["address"]: row["status"] for row in result["results"]}
    failed = "cx.position_mode" if which == "gate" else "mmdesk01.account_mode"
    assert status[failed] == "failed"
    healthy = {address for address in status if address.startswith("mmdesk01") == (which == "gate")}
    assert {status[address] for address in healthy} == {"done"}
    (okx_stands if which == "gate" else gate_stands)(both)
    both.converge()


def test_wrong_credentials_of_one_venue(both: GateDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other is planned and shown; the message names the connection."""
    monkeypatch.setenv("GATE_SECRET_KEY", "of-another-key")
    plan = both.plan("--format", "json")
    assert plan.code == 1
    assert {step["address"].partition(".")[0] for step in plan.json["steps"]} == {"mmdesk01"}
    messages = {one["address"]: one["message"] for one in plan.json["unreadable"]}
    assert set(messages) == {"cx", "sub_1"}
    assert all("venues.cx" in message and "INVALID_SIGNATURE" in message for message in messages.values())


def test_a_missing_variable_names_it(both: GateDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gate has no passphrase: what is missing is the secret alone."""
    monkeypatch.delenv("GATE_SECRET_KEY")
    said = both.plan()
    assert said.code == 1
    assert "GATE_SECRET_KEY" in said.err
    assert "PASSPHRASE" not in said.err


def test_a_target_reads_one_venue_only(both: GateDesk) -> None:
    """`--target` on one venue's account sends the other no request."""
    steps = both.steps("--target", "cx.leverage[*]", "--target", "cx.position_mode")
    assert set(steps) == {"cx.position_mode", f"cx.leverage[futures/{ADA}]"}
    assert not any("/api/v5/" in path for path in both.sandbox.control_get("requests")["by_path"])
    assert set(both.steps("--target", "mmdesk01")) == {step for step in both.steps() if step.startswith("mmdesk01")}


def test_a_target_behind_the_account_mode(both: GateDesk) -> None:
    """A position mode or leverage alone is blocked where the account mode would have to go first, and names it."""
    accounts = {
        "cx": {
            "account_mode": "isolated_exchange",
            "position_mode": {"okx": "net"},
            "leverage": [{"symbol": ADA, "value": 5}],
        }
    }
    both.write(accounts)
    for target in ("cx.position_mode[okx]", f"cx.leverage[futures/{ADA}]"):
        (step,) = both.steps("--target", target).values()
        (check,) = [one for one in step["prechecks"] if one["status"] == "fail"]
        assert (check["name"], "cx.account_mode" in check["detail"]) == ("target_dependency", True)
    steps = both.steps("--target", "cx.position_mode[okx]", "--target", "cx.account_mode")
    assert not any(step["blocked"] for step in steps.values())


@pytest.mark.slow
def test_a_saved_plan_holds_both(both: GateDesk) -> None:
    """A saved plan is applied where nothing moved, and once more it is done already."""
    file = both.folder / "plan.json"
    both.plan("--out", str(file))
    assert both.apply(str(file)).code == 0
    okx_stands(both)
    gate_stands(both)
    assert both.apply(str(file)).last == "No changes. Live accounts match the manifest."


@pytest.mark.slow
def test_a_saved_plan_whose_look_at_everything_else_fails(both: GateDesk) -> None:
    """Its steps are right by now, and nothing is sent; that the rest could not be read is said, with the reason."""
    file = both.folder / "plan.json"
    both.plan("--out", str(file))
    assert both.apply(str(file)).code == 0
    both.sandbox.control_post("forget")
    assert both.apply(str(file)).code == 0
    asked = both.sandbox.control_get("requests")["by_path"]["GET /api/v4/crossex/accounts"]
    both.fault(match={"path": "*/crossex/accounts"}, kind="status", status=503, times=0, after=asked - 1)
    before = both.writes()
    said = both.apply(str(file))
    assert (said.code, said.last) == (0, "Applied: 0 created, 0 changed, 0 deleted, 0 blocked, 0 failed.")
    note = next(line for line in said.out.splitlines() if line.startswith("note: the steps of this plan are done; "))
    assert "2 could not be read. cx: " in note
    assert "503" in note
    assert both.writes() == before


@pytest.mark.slow
def test_a_saved_plan_that_is_stale(both: GateDesk) -> None:
    """A CrossEx value that moved since makes the whole plan stale: exit 1, the address, and nothing written."""
    both.write({**ACCOUNTS, "cx": {"leverage": [{"symbol": ADA, "value": 5}]}}, profiles=PROFILES)
    file = both.folder / "plan.json"
    both.plan("--out", str(file))
    both.set(leverage={ADA: "9"})
    said = both.apply(str(file))
    assert (said.code, both.writes()) == (1, [])
    assert f"cx.leverage[futures/{ADA}] is 9 now; the plan was made for 3" in said.err
    both.set(leverage={ADA: "5"})
    assert both.apply(str(file)).code == 0  # it is right by now: nothing to do at CrossEx, the rest is done


@pytest.mark.slow
def test_show_output_and_history(both: GateDesk) -> None:
    """Live values, ids and past runs of both venues, in the words of the manifest."""
    both.converge()
    shown = both.run("show").out
    for line in ("cx · cx · uid", "position_mode", f"leverage[futures/{ADA}]", "mmdesk01 · desk · uid", "long_short"):
        assert line in shown
    assert both.run("show", f"cx.leverage[futures/{ADA}]").out.split()[-1] == "5"
    found = both.run("output").json
    assert found["cx"]["uid"] == both.crossex()["uid"]
    assert set(found) == {"cx", "sub_1", "mmdesk01"}
    run = both.run("history").out.splitlines()[-1].split()[0]  # the first
    told = both.run("history", run).out
    assert "PUT /api/v4/crossex/accounts" in told
    assert "set-subaccount-level" in told


@pytest.mark.slow
def test_what_only_a_warning_needs_fails_alone(both: GateDesk) -> None:
    """Accounts that the manifest no longer names cannot be looked for at one venue: that is said (exit 1), and the plan
    of everything else stands."""
    both.converge()
    fewer = {key: {**fields, "position_mode": "net"} for key, fields in ACCOUNTS.items() if key != "sub_1"}
    both.write(fewer, profiles=PROFILES)
    both.fault(match={"path": "*/sub_accounts", "method": "GET"}, times=0, kind="status", status=503)
    plan = both.plan("--format", "json")
    assert plan.code == 1
    assert {"cx.position_mode", "mmdesk01.position_mode"} < {step["address"] for step in plan.json["steps"]}
    assert [one["address"] for one in plan.json["unreadable"]] == ["venues.cx"]
    assert "no longer names" in plan.json["unreadable"][0]["message"]


@pytest.mark.slow
def test_a_venue_that_fails_while_accounts_are_read(both: GateDesk) -> None:
    """Maintenance that begins after the first answer is that venue's alone."""
    maintenance = {"kind": "code", "code": "50001", "times": 0, "after": 1}
    both.converge()
    both.sandbox.control_post("forget")
    both.fault(match={"path": "/api/v5/*"}, **maintenance)
    plan = both.plan("--format", "json")
    assert plan.code == 1
    assert {one["address"] for one in plan.json["unreadable"]} >= {"mmdesk01"}
    assert not any(one["address"].startswith(("cx", "sub_1")) for one in plan.json["unreadable"])
