"""`acctcfg drift` at Gate CrossEx: its keys, its sub-accounts, its symbols; and both venues in one look."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from gate_desk import ADA, GateDesk

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "drift.schema.json").read_text(encoding="utf-8"))
NOW, DAY_S = int(time.time()), 86_400
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


@pytest.mark.parametrize("changed", ["updated_at", "update_at"])
def test_a_key_is_as_old_as_its_secret(gate: GateDesk, changed: str) -> None:
    """A change of its name or lists makes no new secret: `rotate_after` counts from when the venue made the key."""
    gate.sandbox.control_post("accounts/cx:sub_1", keys=[row("a")])
    key = {"permissions": {"futures": "write"}, "rotate_after": "90d"}
    gate.write({"sub_1": {"role": "sub_account", "api_keys": {"a": key}}})
    assert not found(drift(gate, code=0))
    listed = {"perms": [{"name": "futures", "read_only": False}], "ip_whitelist": [], "name": "a", "key": "key-a"}
    old = json.dumps([{**listed, "state": 1, "mode": 1, "created_at": NOW - 91 * DAY_S, changed: NOW}])
    gate.fault(match={"path": "*/keys", "method": "GET"}, times=0, kind="garbage", body=old)
    assert found(drift(gate, code=2)) == {("rotation_due", "sub_1.api_keys[a]")}


@pytest.mark.parametrize(("count", "most"), [(4, 0), (5, 5), (6, 0), (17, 0), (18, 20)])
def test_an_account_with_more_keys_than_five_takes_twenty(gate: GateDesk, count: int, most: int) -> None:
    """The venue's documents name both numbers: which it is, the account's own list tells. Near it, it is said."""
    keys = [row(f"k{number}") for number in range(count)]
    gate.sandbox.control_post("accounts/cx:sub_1", keys=keys)
    gate.write({"sub_1": {"role": "sub_account"}})
    said = [one["message"] for one in drift(gate, code=2)["findings"] if one["code"] == "key_limit"]
    assert said == ([f"it has {count} API keys, and the venue allows {most}"] if most else [])


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


PARTS = {
    "account_mode": "isolated_exchange",
    "position_mode": {"okx": "long_short"},
    "leverage": [{"symbol": ADA, "value": 4}],
}


@pytest.mark.slow
def test_a_fields_name_is_all_its_keys(make_gate: Callable[..., GateDesk]) -> None:
    """A look and a plan at `cx.leverage` or `cx.position_mode` have every key of it, as `show` and the brake have."""
    gate = make_gate(account_mode="ISOLATED_EXCHANGE")
    gate.write({"cx": PARTS})
    for field, key in (("leverage", f"futures/{ADA}"), ("position_mode", "okx")):
        changes = drift(gate, "--target", f"cx.{field}", code=2)["changes"]
        assert [one["address"] for one in changes] == [f"cx.{field}[{key}]"]
        assert set(gate.steps("--target", f"cx.{field}")) == {f"cx.{field}[{key}]"}
    assert gate.run("watch", "--times", "1", "--listen", "off", "--target", "cx.leverage").code == 2
    assert gate.apply("--target", "cx.leverage").code == 0
    assert gate.crossex()["leverage"] == {ADA: "4"}
    assert not drift(gate, "--target", "cx.leverage", code=0)["changes"]
    assert len(gate.run("history", "--target", "cx.leverage", "--format", "json").json) == 1
    assert gate.run("history", "--target", "cx.position_mode", "--format", "json").json == []


@pytest.mark.parametrize("command", ["drift", "watch --times 1 --listen off", "plan"])
@pytest.mark.parametrize("target", ["cx.leverage[futures/OKX_FUTURE_ADA_USD]", "cx.position_mode[kraken]"])
def test_a_look_at_nothing_is_no_look(make_gate: Callable[..., GateDesk], command: str, target: str) -> None:
    """An address that there is not is wrong usage, never "no drift"; beside an entry that set nothing it may be its."""
    gate = make_gate(account_mode="ISOLATED_EXCHANGE")
    gate.write({"cx": PARTS})
    said = gate.run(*command.split(), "--target", target)
    assert (said.code, said.out) == (64, ""), said.out
    assert f"--target {target} selects nothing" in said.err
    suspended = "OKX_FUTURE_GONE_USDT"
    gate.sandbox.control_post("gate_crossex/symbols", {"symbol": suspended, "leverage_max": "50", "state": "suspend"})
    gate.write({"cx": {**PARTS, "leverage": [{"symbol": suspended, "value": 4}]}})
    assert gate.run(*command.split(), "--target", f"cx.leverage[futures/{suspended}]").code == 0


def test_a_key_that_nobody_named_has_an_address_of_its_own(gate: GateDesk) -> None:
    """What a look names can be looked at alone, in an account that manages no key, too; with `--skip keys` it is not
    looked at, and that is said."""
    gate.sandbox.control_post("accounts/cx:sub_1", keys=[row("a"), row("b")])
    gate.write({"sub_1": {"role": "sub_account"}})
    assert found(drift(gate, "--target", "sub_1.api_keys[a]", code=2)) == {("unknown_key", "sub_1.api_keys[a]")}
    assert len(found(drift(gate, "--target", "*.api_keys", code=2))) == 2
    assert not found(drift(gate, "--target", "sub_1.api_keys[c]", code=0))
    assert gate.run("drift", "--target", "sub_1.api_keys[a]", "--skip", "keys").code == 64


def test_a_leverage_that_matches_is_no_drift_behind_a_mode_that_somebody_changed(gate: GateDesk) -> None:
    """A limit that holds, and a value that is right, are not counted with the position mode before them."""
    limit = {"symbol": "BINANCE_FUTURE_BTC_USDT", "at_most": 7}
    gate.write({"desk": {"position_mode": "net", "leverage": [{"symbol": ADA, "value": 4}, limit]}})
    assert gate.apply().code == 0
    gate.set(position_mode="DUAL")
    assert [one["address"] for one in drift(gate, code=2)["changes"]] == ["desk.position_mode"]
