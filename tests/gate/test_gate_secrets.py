"""Gate CrossEx: stored secrets of sub-accounts, found by the journal, and checked by pattern."""

from __future__ import annotations

import csv
import io
import json
import shutil
from types import SimpleNamespace
from typing import Any

import pyrage
import pytest
from gate_desk import GateDesk

from acctcfg.core.state import KeyValue
from acctcfg.venues.gate_crossex.key_rotation import half_made
from acctcfg.venues.gate_crossex.main_user import KeyRow
from acctcfg.venues.half_made import Traces

NO_CHANGES = "No changes. Live accounts match the manifest."
KEY = {"permissions": {"futures": "write"}, "ip_allowlist": ["127.0.0.1"], "store": "vault"}
AWAY = {**KEY, "ip_allowlist": ["203.0.113.7"]}


def sub(**keys: Any) -> dict[str, Any]:
    """A sub-account with these keys."""
    return {"role": "sub_account", "api_keys": keys}


def statuses(gate: GateDesk, *patterns: str) -> dict[str, str]:
    """What `secrets check` says of each key; it ends 0."""
    said = gate.run("secrets", "check", *patterns, "--format", "json")
    assert said.code == 0, said.out + said.err
    return {f"{one['account']}/{one['label']}": one["status"] for one in said.json["keys"]}


@pytest.mark.slow
@pytest.mark.parametrize("by", ["journal", "moved"])
def test_a_renamed_connection_finds_its_secrets(gate: GateDesk, by: str) -> None:
    """By the journal, or without one by `moved`: the same key goes on, nothing is replaced, the move is told, and
    `secrets list` and `check` know the secret."""
    gate.write({"trader1": sub(bot=KEY)}).converge()
    before = [key["key"] for key in gate.account("trader1")["keys"]]
    text = json.dumps(gate.document).replace('"cx": {', '"floor": {').replace('"venue": "cx"', '"venue": "floor"')
    gate.text(text)
    if by == "moved":
        shutil.rmtree(gate.folder / ".acctcfg")
        gate.text(json.dumps({**json.loads(text), "moved": {"cx": "floor"}}))
    said = gate.plan("--detailed-exitcode")
    assert (said.code, said.last) == (0, NO_CHANGES), said.out + said.err
    assert "secret_moved" in said.out
    listed = gate.run("secrets", "list", "--format", "json").json["secrets"]
    assert [(one["path"], one["state"]) for one in listed] == [("cx/trader1/bot", "wanted")]
    assert list(statuses(gate)) == ["trader1/bot"]
    assert gate.apply().code == 0
    assert [key["key"] for key in gate.account("trader1")["keys"]] == before


@pytest.mark.slow
def test_a_store_that_was_renamed_with_the_connection_has_its_secrets(gate: GateDesk) -> None:
    """The journal has the store by its former name: the key is not lost, and nothing is replaced."""
    gate.write({"trader1": sub(bot=KEY)}).converge()
    before = [key["key"] for key in gate.account("trader1")["keys"]]
    text = json.dumps(gate.document).replace('"cx": {', '"floor": {').replace('"venue": "cx"', '"venue": "floor"')
    gate.text(text.replace('"vault"', '"safe"'))
    said = gate.plan("--detailed-exitcode")
    assert (said.code, said.last) == (0, NO_CHANGES), said.out + said.err
    assert "its secret lies at safe:cx/trader1/bot" in said.out
    listed = gate.run("secrets", "list", "--format", "json").json["secrets"]
    assert [(one["path"], one["state"]) for one in listed] == [("cx/trader1/bot", "wanted")]
    assert statuses(gate) == {"trader1/bot": "signs"}
    assert gate.apply().code == 0
    assert [key["key"] for key in gate.account("trader1")["keys"]] == before


@pytest.mark.slow
def test_a_check_takes_patterns_and_knows_other_peoples_addresses(gate: GateDesk) -> None:
    """Only what a pattern names is asked; a key bound to its customer's address is neither wrong nor lost: exit 0."""
    gate.write({"trader1": sub(bot=KEY, far=AWAY), "trader2": sub(bot=KEY), "other1": sub(bot=AWAY)}).converge()
    every = statuses(gate)
    assert sorted(every) == ["other1/bot", "trader1/bot", "trader1/far", "trader2/bot"]
    assert {name for name, status in every.items() if status == "elsewhere"} == {"other1/bot", "trader1/far"}
    assert sorted(statuses(gate, "trader*")) == ["trader1/bot", "trader1/far", "trader2/bot"]
    assert sorted(statuses(gate, "other1", "trader2")) == ["other1/bot", "trader2/bot"]
    nobody = gate.run("secrets", "check", "nobody*")
    assert nobody.code != 0
    assert "nobody*" in nobody.err


def test_a_file_to_carry_away_is_what_import_takes(gate: GateDesk) -> None:
    """The line of a venue that has no passphrases says so with a null, and is kept as it was."""
    gate.write({"trader1": sub(bot=KEY)}).converge()
    assert gate.run("secrets", "export", "--out", "all.age", "--recipient", gate.recipient).code == 0
    kept = gate.secret("trader1", "bot", venue="cx")
    shutil.rmtree(gate.folder / "secrets")
    lines = pyrage.decrypt((gate.folder / "all.age").read_bytes(), [pyrage.x25519.Identity.from_str(gate.identity)])
    gate.monkeypatch.setattr("sys.stdin", io.StringIO(lines.decode()))
    said = gate.run("secrets", "import")
    assert said.code == 0, said.out + said.err
    assert gate.secret("trader1", "bot", venue="cx") == kept


def test_a_stored_secret_that_could_not_be_tried_keeps_its_place(gate: GateDesk) -> None:
    """In an overlap the old key signs, too. That the venue does not answer for the stored one is no proof of its death:
    it is not moved aside, and the message says why."""
    gate.write({"trader1": sub(bot=KEY)}).converge()
    old = gate.secret("trader1", "bot", venue="cx")
    assert gate.run("rotate", "trader1", "bot", "--overlap", "24h", "--auto-approve").code == 0
    new = gate.secret("trader1", "bot", venue="cx")
    gate.fault(match={"path": "*/sub_accounts/*/keys"}, after=1, times=0, kind="html")
    gate.monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(old)))
    said = gate.run("secrets", "import", "trader1", "bot")
    assert said.code == 1, said.out + said.err
    assert "the store holds another secret, and whether it still signs is not known" in said.out
    assert gate.secret("trader1", "bot", venue="cx") == new
    gate.sandbox.control_delete("faults/all")
    assert statuses(gate) == {"trader1/bot": "signs"}


def test_an_environment_holds_two_variables_a_key(gate: GateDesk) -> None:
    """The venue has no passphrases, so none is wanted: the key signs, and nothing is to be changed."""
    gate.write({"trader1": sub(bot=KEY)}).converge()
    kept = gate.secret("trader1", "bot", venue="cx")
    for part in ("api_key", "secret_key"):
        gate.monkeypatch.setenv(f"CI_CX_TRADER1_BOT_{part.upper()}", kept[part])
    gate.write({"trader1": sub(bot={**KEY, "store": "ci"})}, secret_stores={"ci": {"type": "env"}})
    said = gate.plan("--detailed-exitcode")
    assert (said.code, said.last) == (0, NO_CHANGES), said.out + said.err
    assert statuses(gate) == {"trader1/bot": "signs"}


def test_output_says_the_same_in_every_format(gate: GateDesk) -> None:
    """Each account's uid, under its own name, as text, JSON, CSV and for a shell; in the same order."""
    gate.write({"trader1": sub(bot=KEY), "trader2": sub()}).converge()
    uids = {name: str(gate.account(name)["uid"]) for name in ("trader1", "trader2")}
    listed = gate.run("output", "--format", "json").json
    assert [(name, one["uid"]) for name, one in listed.items()] == list(uids.items())
    rows = list(csv.DictReader(io.StringIO(gate.run("output", "--format", "csv").out)))
    assert {row["account"]: row["uid"] for row in rows} == uids
    shell = gate.run("output", "--format", "env").out
    assert [line.replace("'", "") for line in shell.splitlines()] == [f"{k.upper()}_UID={v}" for k, v in uids.items()]
    assert all(uid in gate.run("output").out for uid in uids.values())


def test_a_key_of_an_account_that_is_to_be_locked_is_as_it_should_be(gate: GateDesk) -> None:
    """It signs nothing, which is what the manifest wants: a state of its own, exit 0; of a key that the venue does not
    list nothing is said for that."""
    gate.write({"trader1": {**sub(bot=KEY), "state": "locked"}}).converge()
    assert statuses(gate) == {"trader1/bot": "locked"}
    assert "its account is locked, as the manifest wants it" in gate.run("secrets", "check").out
    gate.fault(match={"path": "*/keys", "method": "GET"}, times=0, kind="garbage", body="[]")
    said = gate.run("secrets", "check")
    assert (said.code, "as the manifest wants it" in said.out) == (1, False), said.out


@pytest.mark.parametrize(
    ("state", "advice"),
    [({"state": "present"}, "(the next apply unlocks it)"), ({}, "(write `state: locked` if it is to stay so")],
    ids=["wanted present", "not said"],
)
@pytest.mark.parametrize("label", ["ACCOUNT_LOCKED", "INVALID_KEY"])
def test_a_key_of_an_account_that_is_locked_and_should_not_be_is_not(
    gate: GateDesk, state: dict[str, Any], advice: str, label: str
) -> None:
    """Exit 1, with the way out, whichever way the venue refuses it."""
    gate.write({"trader1": {**sub(bot=KEY), "state": "locked"}}).converge()
    gate.fault(match={"path": "*/account/detail", "method": "GET"}, times=0, kind="label", label=label)
    gate.write({"trader1": {**sub(bot=KEY), **state}})
    said = gate.run("secrets", "check", "--format", "json")
    assert (said.code, [one["status"] for one in said.json["keys"]]) == (1, ["refused"])
    assert advice in said.json["keys"][0]["message"]


class _Unknown:
    """A journal that knows of no key."""

    def kept(self, _: str) -> bool:
        return False

    def creating(self, *_: str) -> None:
        return None

    def created(self, *_: str) -> tuple[()]:
        return ()

    stored_keys = created

    def stored_key(self, _: str) -> None:
        return None


@pytest.mark.parametrize(("made", "changed", "ours"), [(1001, 1001, True), (400, 1001, False), (1001, 2000, False)])
def test_a_key_is_ours_by_both_of_its_times(made: int, changed: int, ours: bool) -> None:
    """Made while the venue took our request, and not changed since: an older key that got its name and lists in that
    moment is somebody else's, and is never taken for what is left of a creation of ours."""
    memory: Any = _Unknown()
    traces = Traces(memory=memory, name="sub_1", uid="7", window_s=61.0)
    traces.begin("trading", KeyValue(("futures:write",), (), None), 1000.0)
    perms = [{"name": "futures", "read_only": False}]
    row = {"name": "trading", "key": "key-1", "perms": perms, "ip_whitelist": [], "created_at": made}
    account: Any = SimpleNamespace(traces=traces)
    assert half_made(account, KeyRow.of({**row, "updated_at": changed})) is ours
