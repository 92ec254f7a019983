"""Keys by their ids: what the rows of a list say, leave out, or say of others."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from gate_desk import GateDesk
from gate_keys import NO_CHANGES, PERMISSIONS, ROW, SUB, TRADING, keys, stored, sub

STRANGE = {"name": "stranger", "key": "strange", "ip_whitelist": [], "state": 1, "mode": 1}


def listed(gate: GateDesk, *rows: dict[str, Any]) -> None:
    """Let every list of keys show these."""
    match = {"path": "*/keys", "method": "GET"}
    uid = int(gate.account("sub_1")["uid"])
    gate.fault(match=match, times=0, kind="garbage", body=json.dumps([{"user_id": uid, **row} for row in rows]))


@pytest.mark.parametrize(
    "odd",
    [{"perms": [{"name": "staking", "read_only": False}]}, {"perms": [{"read_only": True}]}, {"perms": "all"}, {}],
    ids=["a new group", "a group without a name", "no list", "no permissions"],
)
def test_a_strangers_row_spoils_nothing_else(make_gate: Callable[..., GateDesk], odd: dict[str, Any]) -> None:
    """A key that the manifest does not name, with a word that is new to us or an odd row: a new key is planned."""
    gate = make_gate(sub_accounts={"sub_1": {}})
    gate.write({"sub_1": sub(trading=TRADING)})
    listed(gate, {**STRANGE, **odd})
    document = gate.plan("--format", "json").json
    assert document["unreadable"] == []
    assert [(step["address"], step["action"]) for step in document["steps"]] == [("sub_1.api_keys[trading]", "create")]


WHOLE = {
    "name": "trading",
    "key": "sub-key",
    "perms": [{"name": "futures", "read_only": False}, {"name": "wallet", "read_only": True}],
    "ip_whitelist": ["127.0.0.1"],
    "state": 1,
    "mode": 1,
}


def test_a_key_that_is_listed_twice_is_one(make_gate: Callable[..., GateDesk]) -> None:
    """Of two like rows one counts, and nobody is told to delete one of two keys; of two that differ neither does."""
    gate = make_gate(sub_accounts={"sub_1": {"keys": [ROW]}})
    gate.write({"sub_1": sub(trading={})})
    listed(gate, WHOLE, {**WHOLE, "last_access": 1})
    assert (gate.plan().last, gate.plan().code) == ("No changes. Live accounts match the manifest.", 0)
    gate.sandbox.control_delete("faults/all")
    listed(gate, WHOLE, {**WHOLE, "ip_whitelist": []})
    document = gate.plan("--format", "json").json
    assert [(one["address"], one["code"]) for one in document["unreadable"]] == [("sub_1.api_keys[trading]", "shape")]
    assert document["steps"] == []


@pytest.mark.parametrize("odd", [None, "x", {}, {"perms": []}], ids=json.dumps)
def test_a_row_that_is_no_key_spoils_no_key(make_gate: Callable[..., GateDesk], odd: Any) -> None:
    """What the list has is as it is; what it lacks may be that row, and is never made."""
    gate = make_gate(sub_accounts={"sub_1": {"keys": [ROW]}})
    gate.write({"sub_1": sub(trading={}, other=TRADING)})
    gate.fault(match={"path": "*/keys", "method": "GET"}, times=0, kind="garbage", body=json.dumps([WHOLE, odd]))
    document = gate.plan("--format", "json").json
    assert [(one["address"], one["code"]) for one in document["unreadable"]] == [("sub_1.api_keys[other]", "shape")]
    assert document["steps"] == []


def test_an_account_that_is_listed_twice_is_one(make_gate: Callable[..., GateDesk]) -> None:
    """Two like rows name one sub-account: it is planned."""
    gate = make_gate(sub_accounts={"sub_1": {}})
    gate.write({"sub_1": {"role": "sub_account", "state": "locked"}})
    uid = int(gate.account("sub_1")["uid"])
    row = {"login_name": "sub_1", "user_id": uid, "state": 1, "remark": "", "create_time": 1}
    gate.fault(match={"path": "*/sub_accounts"}, times=0, kind="garbage", body=json.dumps([row, row]))
    assert set(gate.steps()) == {"sub_1.state"}


@pytest.mark.parametrize("mode", [2, "2"])
def test_a_keys_mode_is_sent_back_however_it_is_written(make_gate: Callable[..., GateDesk], mode: Any) -> None:
    """As a number, or as text: a change replaces the whole key."""
    gate = make_gate(sub_accounts={"sub_1": {"keys": [{**ROW, "mode": 2}]}})
    gate.write({"sub_1": sub(trading={"permissions": {"futures": "read"}})})
    uid = str(gate.account("sub_1")["uid"])
    said = json.dumps({**WHOLE, "user_id": uid, "ip_whitelist": [], "mode": mode})
    gate.fault(match={"path": "*/keys/sub-key", "method": "GET"}, kind="garbage", body=said)
    assert gate.apply().code == 0
    assert gate.writes("/keys/sub-key")[0]["body"]["mode"] == 2
    assert keys(gate)[0]["perms"] == {"futures": True}


HALF_SAID: list[dict[str, Any]] = [
    *({"name": None}, {"perms": None}, {"ip_whitelist": None}, {"ip_whitelist": "127.0.0.1"}),
    *({"perms": [{"name": "futures"}]}, {"perms": [{"name": "futures", "read_only": "true"}]}),
    {"ip_whitelist": ["127.0.0.1", None]},
]


@pytest.mark.parametrize("odd", HALF_SAID, ids=repr)
@pytest.mark.parametrize("left_out", [True, False])
def test_what_a_keys_row_does_not_say_is_not_known(
    make_gate: Callable[..., GateDesk], odd: dict[str, Any], left_out: bool
) -> None:
    """Never no key, no permission or any address: the key is unreadable, and neither changed nor made a second time."""
    gate = make_gate(sub_accounts={"sub_1": {"keys": [ROW]}})
    row = {name: value for name, value in {**WHOLE, **odd}.items() if not (left_out and value is None)}
    before = keys(gate)
    for wanted in (TRADING, {"ip_allowlist": []}, {"permissions": PERMISSIONS}, {"state": "absent"}):
        gate.sandbox.control_delete("faults/all")
        listed(gate, row)
        gate.write({"sub_1": sub(trading=wanted)}, guardrails={"max_deletes": 1})
        document = gate.plan("--format", "json").json
        unread = [(one["address"], one["code"]) for one in document["unreadable"]]
        assert (unread, document["steps"]) == ([("sub_1.api_keys[trading]", "shape")], []), wanted
        assert gate.apply().code == 1
    assert (gate.writes(), keys(gate)) == ([], before)


def test_what_is_frozen_or_locked_is_shown_and_does_not_pass_a_check(gate: GateDesk) -> None:
    """`show` tells of the key and of the account, and a check says why the key does not sign: not that it will."""
    gate.write({"sub_1": sub(trading=TRADING), "sub_2": sub(trading=TRADING)})
    assert gate.apply().code == 0
    gate.sandbox.control_post("accounts/cx:sub_1/keys/trading", {"state": 2})
    gate.sandbox.control_post("accounts/cx:sub_2/set", {"state": 2})
    shown = gate.run("show").out
    assert "the venue has frozen or locked this key" in shown
    assert "it is locked at the venue" in shown
    said = gate.run("secrets", "check", "sub_1", "--format", "json")
    (key,) = said.json["keys"]
    assert (said.code, key["status"]) == (1, "refused"), said.out
    assert "frozen or locked this key" in key["message"]


@pytest.mark.parametrize("state", [3, None, "..."])
def test_a_state_that_is_not_known_is_told(make_gate: Callable[..., GateDesk], state: Any) -> None:
    """Whether an account is locked that nobody manages so: an unknown word, and none, are said."""
    gate = make_gate(sub_accounts={"sub_1": {}})
    row = {"user_id": int(gate.account("sub_1")["uid"]), "login_name": "sub_1", "state": state}
    row = {name: value for name, value in row.items() if value != "..."}
    body = json.dumps([row])
    gate.fault(match={"path": "*/api/v4/sub_accounts", "method": "GET"}, times=0, kind="garbage", body=body)
    gate.write({"sub_1": SUB})
    assert "whether it is locked cannot be told" in gate.plan().out


def test_a_keys_row_without_its_state_is_told(make_gate: Callable[..., GateDesk]) -> None:
    """Whether it works is not known then; the rest of the row is."""
    gate = make_gate(sub_accounts={"sub_1": {"keys": [ROW]}})
    gate.write({"sub_1": sub(trading={"permissions": PERMISSIONS})})
    listed(gate, {name: value for name, value in WHOLE.items() if name != "state"})
    said = gate.plan()
    assert said.last == NO_CHANGES
    assert "the venue does not say whether this key works" in said.out


NAMELESS = [{"user_id": 9, "state": 1}, {"login_name": None, "user_id": 9}, "x", None]


@pytest.mark.parametrize("odd", [*NAMELESS, {"login_name": "stranger", "state": 1}], ids=repr)
def test_a_strangers_row_of_the_list_of_accounts_spoils_nothing_else(
    make_gate: Callable[..., GateDesk], odd: Any
) -> None:
    """Who is listed is read; who is not found may be the row without a name, and is not made."""
    gate = make_gate(sub_accounts={"sub_1": {}, "sub_2": {}})
    rows = [{"user_id": int(gate.account(n)["uid"]), "login_name": n, "state": 1} for n in ("sub_1", "sub_2")]
    body = json.dumps([rows[0], odd, rows[1]])
    gate.fault(match={"path": "*/api/v4/sub_accounts", "method": "GET"}, times=0, kind="garbage", body=body)
    gate.write({"sub_1": SUB, "sub_2": SUB, "sub_3": SUB, "stranger": {**SUB, "name": "stranger"}})
    document = gate.plan("--format", "json").json
    unread = {one["address"]: one["code"] for one in document["unreadable"]}
    if odd in NAMELESS:
        assert (unread, document["steps"]) == ({"sub_3": "shape", "stranger": "shape"}, [])
        assert gate.apply().code == 1
        assert gate.writes() == []
    else:
        assert (unread, [one["address"] for one in document["steps"]]) == ({"stranger": "no_uid"}, ["sub_3"])
    gate.write({"sub_1": SUB, "sub_2": SUB})
    assert gate.plan().last == NO_CHANGES
    drift = gate.run("drift", "--format", "json")
    said = {one["address"] for one in [*drift.json["unreadable"], *drift.json["findings"]]}
    assert said == ({"venues.cx"} if odd in NAMELESS else {"stranger"})
    said_import = gate.run("import", "--all", "--out", "all")
    assert said_import.code == 1
    assert ("stranger: not imported" in said_import.err) != ("a row that cannot be read" in said_import.err)


def test_a_new_group_of_a_managed_key_is_never_dropped_unseen(make_gate: Callable[..., GateDesk]) -> None:
    """Its permissions are unreadable; where the manifest leaves them out they are kept."""
    gate = make_gate(sub_accounts={"sub_1": {"keys": [ROW]}})
    row = {**STRANGE, "name": "trading", "key": "sub-key", "perms": [{"name": "staking", "read_only": True}]}
    gate.write({"sub_1": sub(trading={"permissions": PERMISSIONS})})
    listed(gate, row)
    document = gate.plan("--format", "json").json
    assert [one["address"] for one in document["unreadable"]] == ["sub_1.api_keys[trading]"]
    assert document["steps"] == []
    gate.write({"sub_1": sub(trading={"ip_allowlist": ["127.0.0.1"]})})
    assert gate.steps()["sub_1.api_keys[trading]"]["after"]["permissions"] == ["staking:read"]


@pytest.mark.slow
def test_a_secret_is_found_where_the_journal_has_it(gate: GateDesk) -> None:
    """The account gets another key in the manifest: the same API key, no replacement, and the move is told."""
    gate.write({"sub_1": sub(trading=TRADING)})
    gate.converge()
    before = keys(gate)
    gate.write({"alpha": {**sub(trading=TRADING), "name": "sub_1"}})
    said = gate.plan("--detailed-exitcode")
    assert (said.code, said.last, "secret_moved" in said.out) == (0, NO_CHANGES, True), said.out
    assert gate.run("secrets", "check").code == 0
    assert "wanted" in gate.run("secrets", "list").out
    assert gate.apply().code == 0
    assert keys(gate) == before


@pytest.mark.slow
def test_accounts_that_swap_their_names_keep_each_its_own_key(gate: GateDesk) -> None:
    """Each secret is found by the journal; none is overwritten, moved aside, or called lost."""
    gate.write({name: sub(trading=TRADING) for name in ("sub_1", "sub_2")})
    gate.converge()
    before = {name: keys(gate, name) for name in ("sub_1", "sub_2")}
    gate.write({"sub_1": {**sub(trading=TRADING), "name": "sub_2"}, "sub_2": {**sub(trading=TRADING), "name": "sub_1"}})
    said = gate.plan("--detailed-exitcode")
    assert (said.code, said.last) == (0, NO_CHANGES), said.out
    assert said.out.count("another key's secret lies there") == 2
    assert gate.run("show").out.count("secret_moved") == 2
    checked = gate.run("secrets", "check", "--format", "json")
    assert [one["status"] for one in checked.json["keys"]] == ["signs", "signs"], checked.out
    replaced = gate.apply("--replace", "sub_1.api_keys[trading]", "--skip-blocked")
    assert replaced.code == 3
    assert "holds the secret of a key of the account with the uid" in replaced.out
    assert {name: keys(gate, name) for name in before} == before


@pytest.mark.parametrize("label", ["REQUEST_EXPIRED", "READ_ONLY", "MISSING_REQUIRED_HEADER", "TOO_MANY_REQUESTS"])
def test_a_refusal_that_says_nothing_of_a_key_is_no_proof_of_its_death(gate: GateDesk, label: str) -> None:
    """The stored secret is of a key with another name by now, which the list loses. Where the venue does not say that
    it knows no such key: no key is made, and nothing is moved aside."""
    gate.write({"sub_1": sub(trading=TRADING)}).converge()
    gate.sandbox.control_post("accounts/sub_1/keys/trading", name="renamed")
    gate.fault(match={"path": "*/account/detail"}, kind="label", label=label, times=0)
    gate.fault(match={"path": "*/sub_accounts/*/keys", "method": "GET"}, kind="lose_row", row="renamed", times=0)
    before = len(gate.writes())
    said = gate.apply()
    assert (said.code in (1, 3), len(gate.writes())) == (True, before), said.out + said.err
    assert [file.name for file in (gate.folder / "secrets/cx/sub_1").iterdir()] == ["trading.age"]


@pytest.mark.parametrize("journal", ["kept", "lost"])
def test_a_new_account_under_an_old_name_takes_nobodys_place(gate: GateDesk, journal: str) -> None:
    """The renamed account's secret lies where the new one's would go: it signs, so no key is made for that place."""
    gate.write({"sub_1": sub(trading=TRADING)}).converge()
    if journal == "lost":
        shutil.rmtree(gate.folder / ".acctcfg")
    gate.write({"alpha": {**sub(), "name": "sub_1"}, "sub_1": {**sub(trading=TRADING), "name": "sub_9"}})
    assert "holds the secret" in gate.blocked_by("sub_1.api_keys[trading]")["secret_mismatch"]
    assert gate.apply().code == 3
    assert [file.name for file in (gate.folder / "secrets/cx/sub_1").iterdir()] == ["trading.age"]


@pytest.mark.parametrize("alive", ["", "account", "key"])
def test_the_key_of_an_account_that_is_gone_gives_way_to_a_new_one(gate: GateDesk, alive: str) -> None:
    """Its stored secret is moved aside where the venue twice knows neither that account nor the key; an account that
    shows at the second look, or a key that is refused for anything else, keeps its place, and nothing is written."""
    gate.write({"sub_1": sub(trading=TRADING)}).converge()
    old, uid = stored(gate), gate.account("sub_1")["uid"]
    if alive == "account":
        gate.write({"sub_1": {**sub(trading=TRADING), "name": "sub_9"}})
        gate.fault(match={"path": "*/account/detail", "account": "sub_1"}, kind="label", label="INVALID_KEY", times=0)
        gate.fault(match={"path": f"*/sub_accounts/{uid}"}, kind="label", label="NOT_FOUND", times=1)
    else:
        gate.sandbox.control_delete("accounts/sub_1")
    if alive == "key":
        gate.fault(match={"path": "*/account/detail", "account": ""}, kind="label", label="REQUEST_EXPIRED", times=0)
    before = len(gate.writes())
    said = gate.apply()
    if alive:
        assert (said.code, len(gate.writes())) == (3, before), said.out + said.err
        assert f"holds the secret of a key of the account with the uid {uid}" in said.out
        assert stored(gate) == old
        return
    assert (said.code, stored(gate, "trading.dead-1")) == (0, old), said.out + said.err
    assert stored(gate)["api_key"] == keys(gate)[0]["key"] != old["api_key"]
    assert gate.plan().last == NO_CHANGES


def test_a_key_that_works_elsewhere_is_no_wrong_key(gate: GateDesk) -> None:
    """`secrets check`: bound to its user's address is a state of its own, and exit 0."""
    gate.write({"sub_1": sub(trading={**TRADING, "ip_allowlist": ["203.0.113.7"]})})
    gate.converge()
    said = gate.run("secrets", "check")
    assert (said.code, "elsewhere" in said.out) == (0, True), said.out


def test_the_key_behind_the_connection_is_never_touched(gate: GateDesk) -> None:
    """A list that shows the very key that signs, under whatever name: nothing deletes it."""
    gate.write({"sub_1": {**sub(trading=TRADING)}})
    gate.converge()
    row = {**STRANGE, "key": "test-gate-key", "perms": []}
    gate.write({"sub_1": {**sub(trading=TRADING), "api_keys_exclusive": True}}, guardrails={"max_deletes": 9})
    live = keys(gate)[0]
    perms = [{"name": name, "read_only": read_only} for name, read_only in live["perms"].items()]
    mine = {**STRANGE, "name": "trading", "key": live["key"], "perms": perms, "ip_whitelist": live["ip_whitelist"]}
    listed(gate, mine, row)
    before = len(gate.writes())
    said = gate.apply()
    assert said.code != 0
    assert len(gate.writes()) == before
    assert "signs with this very key" in said.out


@pytest.mark.slow
def test_a_list_that_loses_a_key_makes_no_second_one(gate: GateDesk) -> None:
    """What a create answered is there, whatever the list of the day shows: it is read by its id."""
    gate.write({"sub_1": sub(trading=TRADING)})
    gate.converge()
    before = keys(gate)
    listed(gate)
    assert gate.plan().last == NO_CHANGES
    assert gate.apply().code == 0
    assert keys(gate) == before
    gate.sandbox.control_delete("faults/all")
    gate.converge()
