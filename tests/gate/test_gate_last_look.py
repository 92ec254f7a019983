"""Gate CrossEx: what is made is looked for again right before, and a list that is late doubles nothing."""

from __future__ import annotations

import asyncio
import io
import json
import os
from typing import Any

import pytest
from gate_desk import ADA, GateDesk

import acctcfg

TRADING = {"permissions": {"futures": "write", "wallet": "read"}, "ip_allowlist": ["127.0.0.1"], "store": "vault"}
WANTED = {"sub_1": {"role": "sub_account", "api_keys": {"trading": TRADING}}}


def apply_and(gate: GateDesk, then: Any) -> dict[str, tuple[str, str]]:
    """Status and code of each step; `then` runs while the question stands."""

    async def work() -> Any:
        def approve(_: object) -> bool:
            then()
            return True

        return await acctcfg.apply(acctcfg.load(gate.folder, os.environ), approve=approve)

    outcome = asyncio.run(work())
    return {str(one.step.address): (one.status, one.code) for one in outcome.results}


def test_a_list_of_keys_that_loses_one_makes_no_second(gate: GateDesk) -> None:
    """Names are free text, so the venue would make it: the second look finds it, and nothing is sent."""
    gate.write(WANTED)
    assert gate.apply().code == 0
    for _ in range(2):
        gate.fault(match={"path": "*/keys", "method": "GET"}, kind="garbage", body="[]", times=1)
        gate.apply()
    assert len(gate.account("sub_1")["keys"]) == 1


def test_a_list_of_sub_accounts_that_loses_one_hides_nothing(gate: GateDesk) -> None:
    """One that the journal has is read by its id where a list lacks it: it is neither planned anew nor not named."""
    gate.write(WANTED)
    assert gate.apply().code == 0
    before = len(gate.writes())
    for reads in (1, 2):
        gate.fault(match={"path": "*/sub_accounts", "method": "GET"}, kind="lose_row", row="sub_1", times=reads)
        said = gate.apply()
        assert (said.code, said.last) == (0, "No changes. Live accounts match the manifest."), said.out
        gate.sandbox.control_delete("faults/all")
    gate.fault(match={"path": "*/sub_accounts", "method": "GET"}, kind="lose_row", row="sub_1", times=0)
    gate.write({"other": {"role": "sub_account"}})
    warnings = gate.plan("--format", "json").json["warnings"]
    assert [(one["address"], one["code"]) for one in warnings] == [("sub_1", "no_longer_managed")]
    assert len(gate.writes()) == before


def test_a_second_key_of_the_name_is_told_by_the_apply_that_made_one(gate: GateDesk) -> None:
    """A person's key made in the very moment: the outcome names two keys of one name, and none is deleted."""
    gate.write({"sub_1": {"role": "sub_account"}})
    assert gate.apply().code == 0
    row = {"name": "trading", "key": "key-of-a-person", "secret": "secret-of-a-person", "perms": ["futures"]}
    made = {"method": "POST", "path": "accounts/cx:sub_1/keys", "body": row}
    gate.fault(match={"path": "*/keys", "method": "POST"}, kind="hook", do=[made])
    said = gate.write(WANTED).apply()
    assert (said.code, "2 keys have this name" in said.out) == (1, True), said.out
    assert len(gate.account("sub_1")["keys"]) == 2


def test_a_key_made_while_the_question_stands_is_left_alone(gate: GateDesk) -> None:
    """A person's key of that name: the step fails, nothing is made or deleted."""
    gate.write({"sub_1": {"role": "sub_account"}})
    assert gate.apply().code == 0
    gate.write(WANTED)
    before = len(gate.writes())
    row = {"name": "trading", "key": "key-of-a-person", "secret": "secret-of-a-person", "perms": ["futures"]}
    found = apply_and(gate, lambda: gate.sandbox.control_post("accounts/sub_1/set", {"keys": [row]}))
    assert found["sub_1.api_keys[trading]"] == ("failed", "stale")
    assert len(gate.writes()) == before
    assert len(gate.account("sub_1")["keys"]) == 1


def test_a_sub_account_made_while_the_question_stands_is_not_taken_over(gate: GateDesk) -> None:
    """It is there by now and not this run's: a plan says whose it is."""
    gate.write(WANTED)
    found = apply_and(gate, lambda: gate.sandbox.control_post("accounts/cx:sub_1", {}))
    assert found["sub_1"] == ("failed", "stale")
    assert found["sub_1.api_keys[trading]"][0] == "not_started"
    assert gate.writes() == []
    warnings = gate.plan("--format", "json").json["warnings"]
    assert ("sub_1", "adopted") in {(one["address"], one["code"]) for one in warnings}


@pytest.mark.slow
def test_a_replacement_whose_delete_was_lost_is_not_the_old_key(gate: GateDesk) -> None:
    """A key of the same value stands there still: that is the old one, and it is replaced."""
    gate.write(WANTED, guardrails={"max_deletes": 2})
    assert gate.apply().code == 0
    (old,) = [key["key"] for key in gate.account("sub_1")["keys"]]
    gate.fault(match={"path": "*/keys/*", "method": "DELETE"}, kind="reset_before")
    said = gate.apply("--replace", "sub_1.api_keys[trading]")
    assert said.code == 0, said.out + said.err
    (new,) = [key["key"] for key in gate.account("sub_1")["keys"]]
    assert new != old


@pytest.mark.parametrize("read", ["after it is sent", 1, 2, 3])
def test_a_delete_is_believed_after_a_second_look(gate: GateDesk, read: int | str) -> None:
    """A list without the key right after a delete that never happened, or any time before it, proves nothing."""
    gate.write(WANTED)
    assert gate.apply().code == 0
    gone = {"role": "sub_account", "api_keys": {"trading": {"state": "absent"}}}
    gate.write({"sub_1": gone}, guardrails={"max_deletes": 1})
    lost = {"match": {"path": "*/keys", "method": "GET"}, "kind": "lose_row", "row": "trading"}
    if isinstance(read, str):
        lays = {"method": "POST", "path": "faults", "body": lost}
        gate.fault(match={"path": "*/keys/*", "method": "DELETE"}, kind="hook", do=[lays])
        gate.fault(match={"path": "*/keys/*", "method": "DELETE"}, kind="reset_before")
    else:
        gate.fault(**lost, after=read)
    said = gate.apply()
    assert gate.account("sub_1")["keys"] == [], said.out + said.err
    assert (said.code, gate.plan().last) == (0, "No changes. Live accounts match the manifest.")


@pytest.mark.parametrize("command", ["plan", "drift", "apply"])
@pytest.mark.parametrize("wanted", [{"state": "absent"}, {"permissions": {"futures": "write"}}], ids=["to go", "there"])
def test_a_persons_key_that_the_list_loses_once(gate: GateDesk, command: str, wanted: dict[str, Any]) -> None:
    """One that is to go is deleted, never taken for gone; one without a `store` is not told as missing."""
    web = {"name": "web", "key": "web-key-1", "secret": "web-secret", "perms": ["futures"]}
    gate.write({"sub_1": {"role": "sub_account"}})
    assert gate.apply().code == 0
    gate.sandbox.control_post("accounts/cx:sub_1/keys", web)
    gate.write({"sub_1": {"role": "sub_account", "api_keys": {"web": wanted}}}, guardrails={"max_deletes": 1})
    gate.fault(match={"path": "*/keys", "method": "GET"}, kind="lose_row", row="web", times=1)
    more = {"plan": ["--detailed-exitcode"], "apply": ["--auto-approve"]}
    said = gate.run(command, *more.get(command, []))
    goes = "state" in wanted
    assert (said.code, "api_keys[web]" in said.out) == (2 if goes and command != "apply" else 0, goes), said.out
    assert len(gate.account("sub_1")["keys"]) == (0 if goes and command == "apply" else 1)


@pytest.mark.parametrize("command", ["plan", "rotate"])
def test_a_brought_key_that_the_list_loses_once_is_asked_for_by_its_id(gate: GateDesk, command: str) -> None:
    """Its secret is stored: it is there, and it is rotated."""
    web = {"name": "web", "key": "web-key-1", "secret": "web-secret", "perms": ["futures"]}
    gate.write({"sub_1": {"role": "sub_account"}})
    assert gate.apply().code == 0
    gate.sandbox.control_post("accounts/cx:sub_1/keys", {**web, "ip_whitelist": ["203.0.113.7"]})
    key = {"permissions": {"futures": "write"}, "ip_allowlist": ["203.0.113.7"], "store": "vault"}
    gate.write({"sub_1": {"role": "sub_account", "api_keys": {"web": key}}})
    secret = {"api_key": web["key"], "secret_key": web["secret"]}
    gate.monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(secret)))
    assert gate.run("secrets", "import", "sub_1", "web").code == 0
    gate.fault(match={"path": "*/keys", "method": "GET"}, kind="lose_row", row="web", times=1)
    said = gate.run(command, *(["sub_1", "web", "--auto-approve"] if command == "rotate" else []))
    assert (said.code, "BLOCKED" in said.out, "+ api_keys" in said.out) == (0, False, False), said.out + said.err
    assert (gate.account("sub_1")["keys"][0]["key"] == web["key"]) == (command == "plan")


@pytest.mark.parametrize("address", ["127.0.0.1", "203.0.113.7"], ids=["signs", "works elsewhere"])
def test_a_check_of_a_key_that_the_list_loses_once(gate: GateDesk, address: str) -> None:
    """It is looked for once more: neither wrong nor refused, and the check ends 0."""
    gate.write({"sub_1": {"role": "sub_account", "api_keys": {"trading": {**TRADING, "ip_allowlist": [address]}}}})
    assert gate.apply().code == 0
    gate.fault(match={"path": "*/keys", "method": "GET"}, kind="lose_row", row="trading", times=1)
    said = gate.run("secrets", "check", "--format", "json")
    state = "signs" if address == "127.0.0.1" else "elsewhere"
    assert (said.code, [one["status"] for one in said.json["keys"]]) == (0, [state]), said.out + said.err


@pytest.mark.parametrize("address", ["127.0.0.1", "203.0.113.7"], ids=["signs", "works elsewhere"])
def test_a_check_of_a_key_whose_account_the_list_loses_once(gate: GateDesk, address: str) -> None:
    """The sub-account is looked for once more: its key is neither wrong nor refused, and the check ends 0."""
    gate.write({"sub_1": {"role": "sub_account", "api_keys": {"trading": {**TRADING, "ip_allowlist": [address]}}}})
    assert gate.apply().code == 0
    gate.fault(match={"path": "*/sub_accounts", "method": "GET"}, kind="lose_row", row="sub_1", times=1)
    said = gate.run("secrets", "check", "--format", "json")
    state = "signs" if address == "127.0.0.1" else "elsewhere"
    assert (said.code, [one["status"] for one in said.json["keys"]]) == (0, [state]), said.out + said.err


def test_an_import_of_an_account_that_the_list_loses_once(gate: GateDesk) -> None:
    """A sub-account that the journal knows is looked for once more: `import --all` writes it."""
    gate.write({"sub_1": {"role": "sub_account"}, "sub_2": {"role": "sub_account"}}).converge()
    gate.fault(match={"path": "*/sub_accounts", "method": "GET"}, kind="lose_row", row="sub_1", times=1)
    said = gate.run("import", "--all", "--out", str(gate.folder / "whole"))
    assert said.code == 0, said.out + said.err
    written = "".join(file.read_text(encoding="utf-8") for file in (gate.folder / "whole").rglob("*.yaml"))
    assert ("sub_1" in written, "sub_2" in written) == (True, True), written


@pytest.mark.parametrize("way", [{"kind": "lose_row", "row": ADA}, {"kind": "garbage", "body": "[]"}])
@pytest.mark.parametrize("entry", [{"symbol": ADA}, {"symbol": "*_FUTURE_ADA_USDT"}], ids=["a name", "a pattern"])
@pytest.mark.parametrize("command", ["plan", "drift", "cap"])
def test_a_list_of_symbols_that_loses_one_hides_no_leverage(
    make_gate: Any, command: str, entry: dict[str, str], way: dict[str, str]
) -> None:
    """What an earlier run knows is looked for once more: drift is found, and lowered."""
    gate: GateDesk = make_gate(leverage={ADA: "10"})
    gate.write({"cx": {"leverage": [{**entry, "value": 3}]}})
    assert gate.apply().code == 0
    gate.set(leverage={ADA: "9"})
    gate.fault(match={"path": "*/rule/symbols", "method": "GET"}, times=1, **way)
    if command == "cap":
        said = gate.run("cap", "5", "--auto-approve")
        assert (said.code, gate.crossex()["leverage"][ADA]) == (0, "5"), said.out
    else:
        said = gate.run(command, *(["--detailed-exitcode"] if command == "plan" else []))
        assert (said.code, "9 -> 3" in said.out) == (2, True), said.out


def test_a_symbol_that_is_gone_is_not_waited_for_again_and_again(make_gate: Any) -> None:
    """Once an apply did not find it twice, one look is enough: the list is read once."""
    gate: GateDesk = make_gate(leverage={ADA: "10"})
    gate.write({"cx": {"leverage": [{"symbol": "*_FUTURE_ADA_USDT", "value": 3}]}})
    assert gate.apply().code == 0
    gate.sandbox.control_delete(f"gate_crossex/symbols/{ADA}")
    reads = []
    for _ in range(2):
        before = gate.sandbox.control_get("requests")["by_path"]["GET /api/v4/crossex/rule/symbols"]
        assert gate.apply().code == 0
        reads.append(gate.sandbox.control_get("requests")["by_path"]["GET /api/v4/crossex/rule/symbols"] - before)
    assert reads == [2, 1]


@pytest.mark.parametrize("named", [True, False])
def test_a_delete_that_the_venue_only_said_is_not_believed(gate: GateDesk, named: bool) -> None:
    """Answered with success, not done, and the list loses the key once: it is not counted as deleted."""
    gate.write(WANTED)
    assert gate.apply().code == 0
    web = {"name": "web", "key": "web-key-1", "secret": "web-secret", "perms": ["futures"]}
    gate.sandbox.control_post("accounts/cx:sub_1/keys", web)
    keys = {"trading": TRADING, **({"web": {"state": "absent"}} if named else {})}
    sub = {"role": "sub_account", "api_keys": keys, **({} if named else {"api_keys_exclusive": True})}
    gate.write({"sub_1": sub}, guardrails={"max_deletes": 1})
    lost = {"match": {"path": "*/keys", "method": "GET"}, "kind": "lose_row", "row": "web", "times": 1}
    lays = {"method": "POST", "path": "faults", "body": lost}
    gate.fault(match={"path": "*/keys/*", "method": "DELETE"}, kind="ok_but_nothing", times=1)
    gate.fault(match={"path": "*/keys/*", "method": "DELETE"}, kind="hook", do=[lays])
    said = gate.apply()
    assert (said.code, ", 0 deleted, " in said.last) == (1, True), said.out + said.err
    assert list(gate.steps()) == ["sub_1.api_keys[web]"]
