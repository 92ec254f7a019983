"""Keys of sub-accounts: made, changed whole, replaced, and never left without their secret."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from desk import Said
from gate_desk import ADA, GateDesk
from gate_keys import NO_CHANGES, PERMISSIONS, ROW, SUB, TRADING, keep, kept, keys, refused, stored, sub

from acctcfg.errors import StoreError
from acctcfg.secrets.age_file import AgeFileStore


def test_a_new_key_is_stored_before_anything_else(gate: GateDesk) -> None:
    """Its groups, addresses and name arrive; the secret that the venue showed once is in the store, and signs."""
    gate.write({"cx": {"position_mode": "long_short"}, "sub_1": sub(trading=TRADING)})
    said = gate.converge()
    (row,) = keys(gate)
    assert (row["perms"], row["ip_whitelist"]) == ({"futures": False, "wallet": True}, ["127.0.0.1"])
    secret = stored(gate)
    assert (secret["api_key"], secret["passphrase"]) == (row["key"], None)
    assert secret["secret_key"] not in said.out + said.err
    assert gate.run("secrets", "list").out.split() == ["wanted", "vault:cx/sub_1/trading"]
    assert gate.run("secrets", "check").code == 0


def test_a_stored_secret_is_checked_by_signing(gate: GateDesk) -> None:
    """`secrets check` signs as the sub-account; a secret of another key, or a dead one, is told."""
    reads = {**TRADING, "permissions": {**PERMISSIONS, "account": "read"}}
    gate.write({"sub_1": sub(trading=reads, second=reads)}).converge()
    assert gate.run("secrets", "check").code == 0
    keep(gate, stored(gate, "second"))
    said = gate.run("secrets", "check")
    assert (said.code, "wrong" in said.out, 'the key "second"' in said.out) == (1, True, True)
    gate.sandbox.control_delete("accounts/sub_1/keys/second")
    assert "refused" in gate.run("secrets", "check").out


def test_a_key_is_changed_in_place_and_whole(make_gate: Callable[..., GateDesk]) -> None:
    """A group more: the request carries name, mode, all groups and all addresses, so that the venue clears nothing."""
    gate = make_gate(
        sub_accounts={"sub_1": {"keys": [{**ROW, "ip_whitelist": ["127.0.0.1", "203.0.113.7"], "mode": 2}]}}
    )
    kept(gate)
    wanted = {**TRADING, "permissions": {**PERMISSIONS, "spot": "read"}, "ip_allowlist": ["203.0.113.7", "127.0.0.1"]}
    gate.write({"sub_1": sub(trading=wanted)})
    step = gate.steps()["sub_1.api_keys[trading]"]
    assert step["action"] == "change"
    assert step["before"]["permissions"] == ["futures:write", "wallet:read"]
    assert step["after"]["permissions"] == ["futures:write", "spot:read", "wallet:read"]
    gate.converge()
    (row,) = gate.writes("/keys/sub-key")
    assert row["method"] == "PUT"
    assert row["body"]["ip_whitelist"] == ["127.0.0.1", "203.0.113.7"]
    assert (row["body"]["name"], row["body"]["mode"], len(row["body"]["perms"])) == ("trading", 2, 3)
    (live,) = keys(gate)
    assert (live["key"], live["perms"]["spot"], live["mode"]) == ("sub-key", True, 2)


@pytest.mark.slow
def test_what_is_left_out_of_a_live_key_stays_as_it_is(make_gate: Callable[..., GateDesk]) -> None:
    """Addresses or permissions that the manifest leaves out, or sets to null, are sent back as they are; the plan shows
    the value that results. `[]` is from any address, and wants --allow-sensitive."""
    gate = make_gate(sub_accounts={"sub_1": {"keys": [{**ROW, "ip_whitelist": ["127.0.0.1"]}]}})
    kept(gate)
    before = keys(gate)[0]
    gate.write({"sub_1": sub(trading={"permissions": {"futures": "read"}, "ip_allowlist": None, "store": "vault"})})
    step = gate.steps()["sub_1.api_keys[trading]"]
    assert step["after"] == {"permissions": ["futures:read"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
    gate.converge()
    assert (keys(gate)[0]["ip_whitelist"], keys(gate)[0]["perms"]) == (["127.0.0.1"], {"futures": True})
    gate.write({"sub_1": sub(trading={"ip_allowlist": [], "store": "vault"})})
    step = gate.steps()["sub_1.api_keys[trading]"]
    assert step["after"] == {"permissions": ["futures:read"], "ip_allowlist": [], "store": "vault"}
    refused(gate.apply(), "--allow-sensitive")
    assert gate.apply("--allow-sensitive").code == 0
    assert (keys(gate)[0]["ip_whitelist"], keys(gate)[0]["key"]) == ([], before["key"])
    gate.converge()


def test_an_allow_list_that_is_emptied_is_never_cleared_unseen(make_gate: Callable[..., GateDesk]) -> None:
    """The plan shows the addresses that would go, and apply wants --allow-sensitive for it."""
    gate = make_gate(sub_accounts={"sub_1": {"keys": [{**ROW, "ip_whitelist": ["127.0.0.1"]}]}})
    kept(gate)
    gate.write({"sub_1": sub(trading={"permissions": PERMISSIONS, "ip_allowlist": [], "store": "vault"})})
    said = gate.plan()
    assert "127.0.0.1 -> from any address" in said.out
    assert "its IP allow-list is dropped" in said.out
    refused(gate.apply(), "--allow-sensitive")
    assert keys(gate)[0]["ip_whitelist"] == ["127.0.0.1"]
    assert gate.apply("--allow-sensitive").code == 0
    assert keys(gate)[0]["ip_whitelist"] == []
    gate.converge()


def test_a_wider_allow_list_is_sensitive_too(make_gate: Callable[..., GateDesk]) -> None:
    """Another address than before wants --allow-sensitive; a narrower list does not."""
    gate = make_gate(sub_accounts={"sub_1": {"keys": [{**ROW, "ip_whitelist": ["127.0.0.1", "203.0.113.7"]}]}})
    kept(gate)
    gate.write({"sub_1": sub(trading={**TRADING, "ip_allowlist": ["203.0.113.8"]})})
    refused(gate.apply(), "its IP allow-list is widened")
    gate.write({"sub_1": sub(trading=TRADING)}).converge()


def test_a_key_that_moved_since_the_plan_is_not_overwritten(make_gate: Callable[..., GateDesk]) -> None:
    """Somebody adds an address between plan and write: the whole-key write would clear it, so it is not sent."""
    gate = make_gate(sub_accounts={"sub_1": {"keys": [{**ROW, "ip_whitelist": ["127.0.0.1"]}]}})
    kept(gate)
    wanted = {**TRADING, "permissions": {"futures": "write"}}
    change = {"path": "accounts/sub_1/keys/trading", "body": {"ip_whitelist": ["127.0.0.1", "203.0.113.9"]}}
    gate.fault(match={"path": "*/keys/sub-key", "method": "GET"}, kind="hook", do=[change])
    said = gate.write({"sub_1": sub(trading=wanted)}).apply()
    assert said.code == 1
    assert "not what the plan saw any more" in said.out
    assert gate.writes() == []
    assert keys(gate)[0]["ip_whitelist"] == ["127.0.0.1", "203.0.113.9"]


def test_a_key_is_deleted_only_where_that_is_allowed(make_gate: Callable[..., GateDesk]) -> None:
    """`state: absent` deletes by the key itself; max_deletes is 0 unless set, and blocks the whole plan."""
    gate = make_gate(sub_accounts={"sub_1": {"keys": [ROW, {**ROW, "name": "other", "key": "other-key"}]}})
    gate.write({"cx": {"position_mode": "long_short"}, "sub_1": sub(trading={"state": "absent"})})
    refused(gate.apply(), "guardrails.max_deletes is 0")
    assert gate.writes() == []
    gate.write({"sub_1": sub(trading={"state": "absent"})}, guardrails={"max_deletes": 1})
    gate.converge()
    assert [row["path"].rpartition("/")[2] for row in gate.writes()] == ["sub-key"]
    assert [row["name"] for row in keys(gate)] == ["other"]


@pytest.mark.slow
def test_unknown_keys(make_gate: Callable[..., GateDesk]) -> None:
    """A key that the manifest does not name is a warning with what it may; `api_keys_exclusive` deletes it."""
    gate = make_gate(sub_accounts={"sub_1": {"keys": [{**ROW, "name": "stray", "key": "stray-key"}]}})
    gate.write({"sub_1": sub(trading=TRADING)})
    warnings = {one["address"]: one for one in gate.plan("--format", "json").json["warnings"]}
    assert warnings["sub_1.api_keys[stray]"]["code"] == "unknown_key"
    assert "futures:write, wallet:read · any address" in warnings["sub_1.api_keys[stray]"]["message"]
    gate.write({"sub_1": {**sub(trading=TRADING), "api_keys_exclusive": True}}, guardrails={"max_deletes": 1})
    gate.converge()
    assert [row["name"] for row in keys(gate)] == ["trading"]
    assert [row["method"] for row in gate.writes()] == ["POST", "DELETE"]


@pytest.mark.parametrize(
    "fields",
    [{"trading": TRADING}, {"trading": {"state": "absent"}}, {"trading": {"permissions": PERMISSIONS}}],
    ids=["stored", "absent", "without a store"],
)
def test_two_keys_of_one_name_block_that_key(make_gate: Callable[..., GateDesk], fields: dict[str, Any]) -> None:
    """A name is no identity at the venue: nothing tells which is meant, so neither is touched; other keys are."""
    twin = {**ROW, "key": "twin-key", "perms": ["spot"]}
    gate = make_gate(sub_accounts={"sub_1": {"keys": [ROW, twin]}})
    kept(gate)
    gate.write({"sub_1": sub(**fields, other=TRADING)}, guardrails={"max_deletes": 5})
    steps = gate.steps()
    assert "key_ambiguous" in gate.blocked_by("sub_1.api_keys[trading]")
    assert not steps["sub_1.api_keys[other]"]["blocked"]
    refused(gate.apply("--replace", "sub_1.api_keys[trading]"), "2 keys are called trading")
    assert gate.writes() == []
    gate.sandbox.control_delete("accounts/sub_1/keys/twin-key")


@pytest.mark.parametrize("how", ["plan", "target", "pattern"])
def test_a_key_that_only_exclusive_names_can_be_targeted(make_gate: Callable[..., GateDesk], how: str) -> None:
    """Of an entry that names no key at all: its address, a pattern and a saved plan select what the plan shows."""
    keys = [{"name": one, "key": f"key-{one}", "secret": one, "perms": ["wallet"]} for one in ("old", "older")]
    gate = make_gate(sub_accounts={"sub_1": {"keys": keys}})
    gate.write({"sub_1": {**SUB, "api_keys_exclusive": True}}, guardrails={"max_deletes": 2})
    address, file = "sub_1.api_keys[old]", str(gate.folder / "plan.json")
    wanted = {"plan": (), "target": ("--target", address), "pattern": ("--target", "sub_1.api_keys[ol?]")}[how]
    assert address in gate.steps(*wanted)
    assert gate.plan(*wanted, "--out", file).code == 0
    said = gate.apply(file)
    assert said.code == 0, said.out + said.err
    left = {key["name"] for key in gate.account("sub_1")["keys"]}
    assert left == (set() if how == "plan" else {"older"})


def test_a_key_without_permissions_is_said_to_have_none(make_gate: Callable[..., GateDesk]) -> None:
    """In a warning, in drift, in a plan that deletes it, and in one that gives it some: no blank where words belong."""
    gate = make_gate(
        sub_accounts={"sub_1": {"keys": [{"name": "bare", "key": "key-bare", "secret": "s", "perms": []}]}}
    )
    gate.write({"sub_1": sub(other={"state": "absent"})})
    assert "does not name (no permissions · any address)" in gate.plan().out
    assert "does not name (no permissions · any address" in gate.run("drift").out
    gate.write({"sub_1": {**SUB, "api_keys_exclusive": True}})
    assert "delete · no permissions · from any address" in gate.plan().out
    gate.write({"sub_1": sub(bare={"permissions": {"spot": "read"}})})
    assert "permissions none -> spot:read" in gate.plan().out


def test_exclusive_does_not_guess_between_twins(make_gate: Callable[..., GateDesk]) -> None:
    """Two stray keys of one name are blocked too: one delete could not be told from the other."""
    rows = [{**ROW, "name": "stray", "key": f"stray-{number}"} for number in (1, 2)]
    gate = make_gate(sub_accounts={"sub_1": {"keys": rows}})
    gate.write({"sub_1": {**SUB, "api_keys_exclusive": True}}, guardrails={"max_deletes": 5})
    assert set(gate.blocked_by("sub_1.api_keys[stray]")) == {"key_ambiguous"}
    refused(gate.apply(), "stray")
    assert gate.writes() == []


def test_a_key_whose_secret_nobody_has(make_gate: Callable[..., GateDesk], monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocked, with both ways out; `secrets import` proves a secret before it is kept."""
    rows = [{**ROW, "perms": ["futures", "wallet:ro", "account:ro"], "ip_whitelist": ["127.0.0.1"]}]
    gate = make_gate(sub_accounts={"sub_1": {"keys": rows}})
    wanted = {**TRADING, "permissions": {**PERMISSIONS, "account": "read"}}
    gate.write({"sub_1": sub(trading=wanted)})
    said = gate.apply()
    refused(said, "acctcfg secrets import sub_1 trading", "--replace sub_1.api_keys[trading]")

    def bring(**secret: str) -> Said:
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(secret)))
        return gate.run("secrets", "import", "sub_1", "trading")

    wrong = bring(api_key="sub-key", secret_key="not-the-secret")
    assert (wrong.code, "INVALID_SIGNATURE" in wrong.out) == (1, True)
    refused(gate.apply(), "secret_lost")
    right = bring(api_key="sub-key", secret_key="sub-secret")
    assert (right.code, "sub-secret" in right.out + right.err) == (0, False)
    assert gate.apply().last == NO_CHANGES
    assert gate.writes() == []


def test_a_customers_secret_is_kept_by_what_the_venue_lists(
    make_gate: Callable[..., GateDesk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bound to its customer's address, it cannot be tried from here: kept for the id that the venue lists under that
    name, and said to be untried; the key stays as it is."""
    gate = make_gate(sub_accounts={"sub_1": {"keys": [{**ROW, "ip_whitelist": ["203.0.113.7"]}]}})
    gate.write({"sub_1": sub(trading={"ip_allowlist": ["203.0.113.7"], "store": "vault"})})
    refused(gate.apply(), "secret_lost")
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps({"api_key": "sub-key", "secret_key": "sub-secret"})))
    said = gate.run("secrets", "import", "sub_1", "trading")
    assert (said.code, "not tried: bound to other addresses" in said.out) == (0, True), said.out + said.err
    assert stored(gate)["api_key"] == "sub-key"
    assert gate.apply().last == NO_CHANGES
    assert gate.writes() == []


@pytest.mark.slow
def test_a_key_is_replaced_on_demand(make_gate: Callable[..., GateDesk]) -> None:
    """`--replace` deletes the old key and makes a new one of the same name, whose secret is stored; it counts as a
    delete."""
    gate = make_gate(sub_accounts={"sub_1": {"keys": [ROW]}})
    gate.write({"sub_1": sub(trading={**TRADING, "ip_allowlist": []})})
    refused(gate.apply("--replace", "sub_1.api_keys[trading]"), "guardrail:max_deletes")
    gate.write({"sub_1": sub(trading={**TRADING, "ip_allowlist": []})}, guardrails={"max_deletes": 1})
    said = gate.apply("--replace", "sub_1.api_keys[trading]")
    assert (said.code, said.last) == (0, "Applied: 1 created, 0 changed, 1 deleted, 0 blocked, 0 failed.")
    (row,) = keys(gate)
    assert row["key"] == stored(gate)["api_key"] != "sub-key"
    assert [one["method"] for one in gate.writes()] == ["DELETE", "POST"]
    gate.converge()


def test_a_frozen_key_is_told(make_gate: Callable[..., GateDesk]) -> None:
    """A key that is anything but normal does not work: a warning, whatever else the plan has to say."""
    gate = make_gate(sub_accounts={"sub_1": {"keys": [{**ROW, "state": 3, "ip_whitelist": ["127.0.0.1"]}]}})
    kept(gate)
    plan = gate.write({"sub_1": sub(trading=TRADING)}).plan("--format", "json").json
    assert "key_not_usable" in [one["code"] for one in plan["warnings"]]


@pytest.mark.parametrize(
    ("guardrails", "fields", "check"),
    [
        ({"require_ip_allowlist": True}, {"permissions": {"futures": "write"}}, "require_ip_allowlist"),
        ({"deny_permissions": ["trade"]}, {"permissions": {"futures": "write"}}, "deny_permissions"),
        ({"deny_permissions": ["futures:write"]}, {"permissions": {"futures": "write"}}, "deny_permissions"),
        ({"max_changed_accounts": 0}, {"permissions": {"futures": "read"}}, "max_changed_accounts"),
    ],
)
def test_guardrails_know_permission_groups(
    gate: GateDesk, guardrails: dict[str, Any], fields: dict[str, Any], check: str
) -> None:
    """Write access to a group is what trade is elsewhere; read access is not."""
    gate.write({"sub_1": sub(trading={**fields, "store": "vault"})}, guardrails=guardrails)
    assert set(gate.blocked_by("sub_1.api_keys[trading]")) == {f"guardrail:{check}"}
    refused(gate.apply(), f"guardrail:{check}")
    assert gate.writes() == []
    if check != "max_changed_accounts":
        gate.write(
            {"sub_1": sub(trading={"permissions": {"futures": "read"}, "store": "vault"})}, guardrails=guardrails
        )
        gate.converge()


def test_a_store_that_cannot_be_written_stops_before_the_key(gate: GateDesk) -> None:
    """The secret would be lost: nothing at all is written, neither the account nor the key."""
    (gate.folder / "secrets").write_text("a file in the way", encoding="utf-8")
    said = gate.write({"sub_1": sub(trading=TRADING)}).apply()
    assert said.code == 1
    assert gate.writes() == []


def test_a_key_whose_secret_cannot_be_stored_is_deleted_at_once(
    gate: GateDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fills up between create and store: the new key is deleted while its id is known, and the step has failed
    with what to do; once the store works, an apply makes the key."""

    def full(*_: Any) -> None:
        raise StoreError("no space left")

    gate.write({"sub_1": sub(trading=TRADING)})
    with monkeypatch.context() as patch:
        patch.setattr(AgeFileStore, "put", full)
        said = gate.apply()
    assert (said.code, said.last) == (1, "Applied: 1 created, 0 changed, 0 deleted, 0 blocked, 1 failed.")
    assert "the new key was deleted again" in said.out
    assert keys(gate) == []
    assert [row["method"] for row in gate.writes() if "/keys" in row["path"]] == ["POST", "DELETE"]
    gate.converge()
    assert stored(gate)["api_key"] == keys(gate)[0]["key"]


def test_whoever_may_only_write_to_the_store_can_make_keys(gate: GateDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the store's identity a key is made and its secret sealed; a plan compares it by its id, and says so."""
    monkeypatch.delenv("ACCTCFG_AGE_KEY")
    said = gate.write({"sub_1": sub(trading=TRADING)}).apply()
    assert (said.code, said.last) == (0, "Applied: 2 created, 0 changed, 0 deleted, 0 blocked, 0 failed.")
    assert stored(gate)["api_key"] == keys(gate)[0]["key"]
    plan = gate.plan("--format", "json")
    assert (plan.code, plan.json["steps"], plan.json["unreadable"]) == (0, [], [])
    assert [(one["address"], one["code"]) for one in plan.json["warnings"]] == [
        ("secret_stores.vault", "secret_not_opened")
    ]


def test_a_live_key_is_not_deleted_for_a_place_that_nobody_can_clear(
    gate: GateDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--replace` where the store does not tell what lies at the key's place: the new secret could not go there, so the
    present key stays; once it tells, the key is replaced."""

    def shut(*_: Any) -> bool:
        raise StoreError("nobody can tell what is there")

    gate.sandbox.control_post("accounts/sub_1", {"keys": [ROW]})
    gate.write({"sub_1": sub(trading={**TRADING, "ip_allowlist": []})}, guardrails={"max_deletes": 1})
    with monkeypatch.context() as patch:
        patch.setattr(AgeFileStore, "holds", shut)
        said = gate.apply("--replace", "sub_1.api_keys[trading]")
    assert (said.code, "nobody can tell what is there" in said.out) == (1, True), said.out + said.err
    assert ([one["key"] for one in keys(gate)], gate.writes()) == (["sub-key"], [])
    assert gate.apply("--replace", "sub_1.api_keys[trading]").code == 0
    assert stored(gate)["api_key"] == keys(gate)[0]["key"] != "sub-key"


@pytest.mark.slow
def test_a_key_needs_a_store(gate: GateDesk) -> None:
    """A new key without a `store` is blocked; one that exists may do without, and is changed in place."""
    gate.write({"sub_1": sub(trading={"permissions": PERMISSIONS})})
    assert set(gate.blocked_by("sub_1.api_keys[trading]")) == {"store_required"}
    gate.sandbox.control_post("accounts/sub_1", {"keys": [ROW]})
    gate.write({"sub_1": sub(trading={"permissions": {"futures": "read"}})}).converge()
    assert keys(gate)[0]["perms"] == {"futures": True}


def test_the_sixth_key_is_the_venues_to_refuse(make_gate: Callable[..., GateDesk]) -> None:
    """The documents say 20 keys and 5: the venue judges, the refusal is a failure with its words, no secret is kept."""
    rows = [{**ROW, "name": f"k{number}", "key": f"key-{number}"} for number in range(5)]
    gate = make_gate(sub_accounts={"sub_1": {"keys": rows}})
    said = gate.write({"sub_1": sub(trading=TRADING)}).apply()
    assert (said.code, said.last) == (1, "Applied: 0 created, 0 changed, 0 deleted, 0 blocked, 1 failed.")
    assert "INVALID_PARAM_VALUE" in said.out
    assert not (gate.folder / "secrets" / "cx" / "sub_1" / "trading.age").exists()


def test_no_secret_is_ever_said(gate: GateDesk) -> None:
    """Neither the venue's credentials nor a new secret reach any output, the journal's export or a plan."""
    gate.write({"cx": {"leverage": [{"symbol": ADA, "value": 5}]}, "sub_1": sub(trading=TRADING)})
    texts = []
    for arguments in (
        ("-v", "plan"),
        ("-v", "apply", "--auto-approve"),
        ("plan", "--format", "json"),
        ("show",),
        ("output",),
    ):
        said = gate.run(*arguments)
        texts += [said.out, said.err]
    texts.append(gate.run("history", "--format", "json").out)
    texts += [file.read_bytes().decode("latin-1") for file in (gate.folder / ".acctcfg").iterdir() if file.is_file()]
    for secret in ("test-gate-secret", stored(gate)["secret_key"]):
        assert not any(secret in text for text in texts)
