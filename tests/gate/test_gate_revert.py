"""Back to the state before a run, at Gate: modes, leverage by symbol, keys by groups, and whether it is locked."""

from __future__ import annotations

from typing import Any

import pytest
from gate_desk import ADA, BTC, MARGIN_ADA, GateDesk

SUB = {"role": "sub_account"}
TRADING = {"permissions": {"futures": "write"}, "ip_allowlist": ["127.0.0.1"], "store": "vault"}


def applied(gate: GateDesk, accounts: dict[str, Any], *arguments: str) -> str:
    """Apply a manifest; gives the run."""
    said = gate.write(accounts).apply("--format", "json", *arguments)
    assert said.code == 0, said.out + said.err
    return str(said.json["run"])


def undone(gate: GateDesk, run: str, *arguments: str) -> dict[str, str]:
    """Undo it; what was left, and why."""
    plan = gate.run("revert", run, "--out", "back.json", "--format", "json").json
    said = gate.apply("back.json", *arguments)
    assert said.code == 0, said.out + said.err
    return {one["address"]: one["message"] for one in plan["warnings"] if one["code"] == "not_undone"}


@pytest.mark.slow
def test_the_main_account_comes_back(gate: GateDesk) -> None:
    """Position mode of the account and leverage of contracts and margin; the account mode, and what it hid is named."""
    symbols = [{"symbol": symbol, "value": 2} for symbol in (ADA, BTC, MARGIN_ADA)]
    applied(gate, {"cx": {"position_mode": "net", "leverage": symbols}})
    before = gate.crossex()
    more = [{**one, "value": 3} for one in symbols]
    run = applied(gate, {"cx": {"leverage": more}})
    assert undone(gate, run) == {}
    assert gate.crossex() == before
    run = applied(gate, {"cx": {"position_mode": "long_short"}})
    assert undone(gate, run) == {}
    assert gate.crossex() == before
    fields = {"account_mode": "isolated_exchange", "position_mode": {"okx": "long_short"}}
    run = applied(gate, {"cx": fields})
    assert set(undone(gate, run)) == {"cx.position_mode", "cx.position_mode[okx]"}
    assert gate.crossex()["account_mode"] == before["account_mode"]


def test_the_mode_of_the_whole_account_that_a_switch_moved_is_named(gate: GateDesk) -> None:
    """A switch to isolated_exchange puts it back to net; modes of single exchanges do not say what it was."""
    applied(gate, {"cx": {"position_mode": "long_short"}})
    fields = {"account_mode": "isolated_exchange", "position_mode": {"okx": "long_short"}}
    run = applied(gate, {"cx": fields})
    assert "may have moved it" in undone(gate, run)["cx.position_mode"]
    assert gate.crossex()["account_mode"] == "CROSS_EXCHANGE"


def test_each_exchange_has_its_mode_back(gate: GateDesk) -> None:
    """In isolated_exchange a position mode is undone for its exchange alone."""
    applied(gate, {"cx": {"account_mode": "isolated_exchange", "position_mode": {"okx": "net", "gate": "net"}}})
    before = gate.crossex()["position_mode"]
    run = applied(gate, {"cx": {"position_mode": {"okx": "long_short", "gate": "net"}}})
    assert undone(gate, run) == {}
    assert gate.crossex()["position_mode"] == before


def test_modes_of_exchanges_do_not_stand_in_the_way_once_there_is_one_for_all(gate: GateDesk) -> None:
    """Where somebody switched to cross_exchange since, they are named as not undone; the leverage comes back."""
    symbols = [{"symbol": BTC, "value": 2}]
    applied(gate, {"cx": {"account_mode": "isolated_exchange", "leverage": symbols}})
    changed = {"position_mode": {"okx": "long_short", "gate": "net"}, "leverage": [{**symbols[0], "value": 3}]}
    run = applied(gate, {"cx": changed})
    gate.set(account_mode="CROSS_EXCHANGE")
    left = undone(gate, run)
    assert set(left) == {"cx.position_mode[okx]"}
    assert "the whole account has one" in left["cx.position_mode[okx]"]
    assert gate.crossex()["leverage"][BTC] == "2"


@pytest.mark.slow
def test_a_sub_account_comes_back(gate: GateDesk) -> None:
    """A key's groups and addresses, and whether the account is locked; what was made stays, and is named."""
    wide = {**TRADING, "permissions": {"futures": "write", "wallet": "read"}}
    run = applied(gate, {"sub_1": {**SUB, "state": "present", "api_keys": {"trading": TRADING}}})
    found = undone(gate, run)
    assert set(found) == {"sub_1"}
    assert "no call that deletes a sub-account" in found["sub_1"]
    before = gate.account("sub_1")
    run = applied(gate, {"sub_1": {**SUB, "state": "locked", "api_keys": {"trading": wide}}})
    assert gate.account("sub_1")["state"] != before["state"]
    assert undone(gate, run) == {}
    after = gate.account("sub_1")
    assert (after["state"], after["keys"][0]["perms"]) == (before["state"], before["keys"][0]["perms"])
