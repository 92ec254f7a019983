"""Snapshots of a CrossEx account and its sub-accounts."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
from gate_desk import ADA, KEY, GateDesk

MAIN = {"account_mode": "cross_exchange", "position_mode": "net", "leverage": [{"symbol": ADA, "value": 5}]}
SUB = {"role": "sub_account", "label": "customer one"}


def test_a_branch_is_planned_from_a_snapshot(gate: GateDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mode, a leverage and one more sub-account: the same steps as from the venue, and no socket."""
    gate.write({"cx": MAIN, "cust01": SUB}).converge()
    assert gate.run("snapshot", "--out", "live.json").code == 0
    assert gate.run("snapshot", "--out", "blurred.json", "--blur").code == 0
    changed = MAIN | {"position_mode": "long_short", "leverage": [{"symbol": "*", "value": 3}]}
    gate.write({"cx": changed, "cust01": SUB, "cust02": SUB | {"label": "customer two"}})
    live = gate.steps()

    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for name in gate.credentials():
        monkeypatch.delenv(name, raising=False)
    assert gate.steps("--live", "live.json") == live
    assert list(gate.steps("--live", "blurred.json")) == list(live)


def test_what_was_not_answered_is_told_once_by_name(gate: GateDesk) -> None:
    """Positions that the plan itself does not need: one line, and exit status 1."""
    gate.write({"cx": {"position_mode": "net"}}).converge()
    gate.fault(match={"path": "*/crossex/positions"}, kind="garbage", times=0)
    said = gate.run("snapshot", "--out", "live.json")
    assert said.code == 1
    [line] = [one for one in said.err.splitlines() if one.startswith("?")]
    assert line.startswith("? cx: GET /api/v4/crossex/positions: ")


@pytest.mark.parametrize("body", ["", "<html>no such page</html>", '{"label": "NOT_FOUND", "message": "no such page"}'])
def test_a_list_that_the_venue_does_not_serve_is_an_answer(make_gate: Callable[..., GateDesk], body: str) -> None:
    """Of a venue of the first contract, which has no stocks: nothing is missing, and a branch is planned as from it."""
    gate = make_gate(top={"gate_crossex": {"flags": {"profile": "seed"}}})
    gate.write({"cx": MAIN}).converge()
    for path in ("*/security_positions", "*/margin_mode"):
        gate.fault(match={"path": path}, kind="status", status=404, body=body, times=0)
    said = gate.run("snapshot", "--out", "live.json")
    assert (said.code, said.err) == (0, "")
    modes = {"okx": "long_short"}
    gate.write({"cx": MAIN | {"account_mode": "isolated_exchange", "position_mode": modes}})
    live = gate.steps()
    checks = {one["name"]: one["status"] for one in live["cx.account_mode"]["prechecks"]}
    assert (checks["no_security_positions"], live["cx.account_mode"]["blocked"]) == ("venue", False)
    assert gate.steps("--live", "live.json") == live


def test_a_key_that_may_not_list_sub_accounts_is_enough_for_the_main_one(make_gate: Callable[..., GateDesk]) -> None:
    """With the permission crossx alone: nothing is missing, a branch is planned as from the venue, and one that adds a
    sub-account has the refusal."""
    gate = make_gate(keys=[{**KEY, "perms": ["crossx"]}])
    gate.write({"cx": MAIN}).converge()
    said = gate.run("snapshot", "--out", "live.json")
    assert (said.code, said.err) == (0, "")
    gate.write({"cx": MAIN | {"position_mode": "long_short"}})
    live = gate.steps()
    assert "cx.position_mode" in live
    assert gate.steps("--live", "live.json") == live
    gate.write({"cx": MAIN, "cust01": SUB})
    said = gate.plan("--live", "live.json", "--format", "json")
    assert (said.code, [(one["address"], one["code"]) for one in said.json["unreadable"]]) == (
        1,
        [("cust01", "FORBIDDEN")],
    )


def test_blur_hides_the_accounts_of_strangers_too(make_gate: Callable[..., GateDesk]) -> None:
    """Uids and e-mail addresses of sub-accounts that the manifest does not name; a label of the manifest stays."""
    strangers = {
        "other01": {"remark": "o", "uid": "33333333", "email": "customer@example.com"},
        "other02": {"remark": "write to desk@example.com", "uid": "33333334"},
    }
    gate = make_gate(sub_accounts=strangers)
    gate.write({"cx": MAIN, "cust01": SUB | {"label": "mine@example.com"}}).converge()
    assert gate.run("snapshot", "--out", "live.json", "--blur").code == 0
    text = (gate.folder / "live.json").read_text()
    gone = ["33333333", "33333334", "customer@example.com", "desk@example.com", gate.crossex()["uid"]]
    assert not [one for one in gone if one in text]
    assert "mine@example.com" in text
    assert gate.steps("--live", "live.json") == {}
