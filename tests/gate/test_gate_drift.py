"""`acctcfg drift` at Gate CrossEx: its keys, its sub-accounts, its symbols; and both venues in one look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
from gate_desk import ADA, GateDesk

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "drift.schema.json").read_text(encoding="utf-8"))
PATTERN = {"symbol": "OKX_FUTURE_*", "value": 4}


def drift(gate: GateDesk, *arguments: str, code: int) -> dict[str, Any]:
    """The document of one look, which wrote nothing."""
    before = len(gate.writes())
    said = gate.run("drift", "--format", "json", *arguments)
    assert said.code == code, said.out + said.err
    assert len(gate.writes()) == before
    jsonschema.validate(said.json, SCHEMA)
    return dict(said.json)


def row(name: str, **more: Any) -> dict[str, Any]:
    """A key of a sub-account."""
    return {"name": name, "key": f"key-{name}", "secret": f"secret-{name}", "perms": ["futures"], **more}


def found(document: dict[str, Any]) -> set[tuple[str, str]]:
    """Code and address of each finding."""
    return {(one["code"], one["address"]) for one in document["findings"]}


def test_keys_and_sub_accounts(gate: GateDesk) -> None:
    """Keys that nobody named, one that is frozen, nearly as many as it takes; and a sub-account that nobody named."""
    gate.sandbox.control_post("accounts/cx:sub_1", keys=[row("a"), row("b", state=2), *map(row, "cde")])
    gate.sandbox.control_post("accounts/cx:sub_2", {})
    gate.write({"sub_1": {"role": "sub_account"}, "main": {"account_mode": "cross_exchange"}})
    document = drift(gate, code=2)
    keys = {("unknown_key", f"sub_1.api_keys[{name}]") for name in "abcde"}
    assert found(document) == {*keys, ("key_limit", "sub_1"), ("unmanaged_account", "sub_2")}
    assert "key-a" not in json.dumps(document)
    only = {("unmanaged_account", "sub_2")}
    assert found(drift(gate, "--skip", "keys", code=2)) == only
    assert found(drift(gate, "--exclude", "sub_1", code=2)) == only
    assert found(drift(gate, "--target", "sub_1", code=2)) == found(document) - only
    assert found(drift(gate, "--exclude", "sub_1", "--exclude", "main", code=2)) == only
    assert not found(drift(gate, "--exclude", "sub_1", "--exclude", "venues.cx", code=0))


def test_values_and_new_listings(gate: GateDesk) -> None:
    """After an apply there is no drift; a changed leverage is shown, a symbol that came since is marked."""
    gate.write({"main": {"leverage": [PATTERN]}})
    assert gate.apply().code == 0
    assert gate.run("drift").last == "No drift. Live accounts match the manifest."
    gate.set(leverage={ADA: "7"})
    gate.sandbox.control_post("gate_crossex/symbols", {"symbol": "OKX_FUTURE_NEWC_USDT", "leverage_max": "50"})
    document = drift(gate, code=2)
    new = "main.leverage[futures/OKX_FUTURE_NEWC_USDT]"
    assert {one["address"] for one in document["changes"]} == {f"main.leverage[futures/{ADA}]", new}
    assert found(document) == {("new_listing", new)}


def test_two_venues_in_one_look(make_gate: Any) -> None:
    """Each with its own findings; where one does not answer, the other is still told, and the exit status is 1."""
    both: GateDesk = make_gate(okx=True)
    both.sandbox.control_post("accounts/cx:sub_1", {})
    both.sandbox.control_post("accounts/desk:okxsub01", {})
    both.write({"main": {"account_mode": "cross_exchange"}, "mmdesk01": {"venue": "desk"}})
    document = drift(both, code=2)
    assert {(one["venue"], one["code"]) for one in document["findings"]} == {
        ("cx", "unmanaged_account"),
        ("desk", "unmanaged_account"),
    }
    assert [one["address"] for one in document["changes"]] == ["mmdesk01"]
    both.monkeypatch.setenv("GATE_SECRET_KEY", "wrong-secret")
    document = drift(both, code=1)
    assert [one["address"] for one in document["unreadable"]] == ["main"]
    assert {one["venue"] for one in document["findings"]} == {"desk"}
