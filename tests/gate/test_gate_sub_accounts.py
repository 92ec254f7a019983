"""Sub-accounts and their keys: made, locked, changed whole, and never left without their secret."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable
from typing import Any

import pyrage
import pytest
from desk import Said
from gate_desk import ADA, GateDesk

from acctcfg.errors import StoreError
from acctcfg.secrets.age_file import AgeFileStore

SUB = {"role": "sub_account"}
PERMISSIONS = {"futures": "write", "wallet": "read"}
TRADING = {"permissions": PERMISSIONS, "ip_allowlist": ["127.0.0.1"], "store": "vault"}
ROW = {"name": "trading", "key": "sub-key", "secret": "sub-secret", "perms": ["futures", "wallet:ro"]}
NO_CHANGES = "No changes. Live accounts match the manifest."


def sub(**keys: Any) -> dict[str, Any]:
    """A sub-account with these keys."""
    return {**SUB, "api_keys": keys}


def stored(gate: GateDesk, label: str = "trading", account: str = "sub_1") -> dict[str, str]:
    """A stored secret, decrypted."""
    sealed = (gate.folder / "secrets" / "cx" / account / f"{label}.age").read_bytes()
    return dict(json.loads(pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(gate.identity)])))


def keep(gate: GateDesk, secret: dict[str, str], label: str = "trading") -> None:
    """Put a secret into the store as an earlier run would have."""
    file = gate.folder / "secrets" / "cx" / "sub_1" / f"{label}.age"
    file.parent.mkdir(parents=True, exist_ok=True)
    recipient = pyrage.x25519.Recipient.from_str(gate.recipient)
    file.write_bytes(pyrage.encrypt(json.dumps(secret).encode(), [recipient], armored=True))
    file.chmod(0o600)


def kept(gate: GateDesk) -> None:
    """The secret of ROW is in the store."""
    keep(gate, {"api_key": str(ROW["key"]), "secret_key": str(ROW["secret"])})


def keys(gate: GateDesk, account: str = "sub_1") -> list[dict[str, Any]]:
    """Its keys as the venue has them."""
    return list(gate.account(account)["keys"])


def refused(said: Said, *words: str) -> None:
    """Blocked, with these words in what it says."""
    assert said.code == 3, said.out + said.err
    for word in words:
        assert word in said.out


# -- the sub-account -------------------------------------------------------------------------------------------------


def test_it_is_created_with_its_name_and_remark(gate: GateDesk) -> None:
    """Login name and remark as the manifest says; the key and the name at the venue may differ; no password is sent."""
    gate.write({"sub_1": {**SUB, "label": "Desk one"}, "second": {**SUB, "name": "sub_2"}})
    assert "+ sub_1" in gate.plan().out
    assert gate.converge().last == "Applied: 2 created, 0 changed, 0 deleted, 0 blocked, 0 failed."
    assert (gate.account("sub_1")["remark"], gate.account("sub_2")["state"]) == ("Desk one", 1)
    bodies = [row["body"] for row in gate.writes("/sub_accounts")]
    assert sorted(bodies, key=str) == [{"login_name": "sub_1", "remark": "Desk one"}, {"login_name": "sub_2"}]
    found = gate.run("output").json
    assert found["second"]["uid"] == gate.account("sub_2")["uid"]


def test_an_empty_remark_is_one(gate: GateDesk) -> None:
    """A label may be empty: it is not sent, and the plan after it is empty."""
    gate.write({"sub_1": {**SUB, "label": ""}})
    gate.converge()
    assert [row["body"] for row in gate.writes("/sub_accounts")] == [{"login_name": "sub_1"}]
    assert gate.plan("--format", "json").json["warnings"] == []


def test_lock_and_unlock(gate: GateDesk) -> None:
    """`state` locks and unlocks; left out it is not touched, and a lock that nobody asked for is a warning."""
    for state, venue in (("locked", 2), ("present", 1), ("locked", 2)):
        gate.write({"sub_1": {**SUB, "state": state}}).converge()
        assert gate.account("sub_1")["state"] == venue
    assert [row["path"].rpartition("/")[2] for row in gate.writes()] == ["sub_accounts", "lock", "unlock", "lock"]
    plan = gate.write({"sub_1": SUB}).plan("--format", "json").json
    assert plan["steps"] == []
    assert [(one["address"], one["code"]) for one in plan["warnings"]] == [("sub_1", "account_locked")]


def test_a_locked_account_has_its_keys_changed_in_between(make_gate: Callable[..., GateDesk]) -> None:
    """Unlocked first, locked last: key changes stand where the venue takes them."""
    gate = make_gate(sub_accounts={"sub_1": {"state": 2, "keys": [ROW]}})
    kept(gate)
    wider = {**TRADING, "permissions": {"futures": "write"}}
    gate.write(
        {"sub_1": {**sub(trading=wider), "state": "present"}, "sub_2": {**sub(trading=TRADING), "state": "locked"}}
    )
    gate.converge()
    order = {}
    for row in gate.writes():
        uid, _, rest = row["path"].partition("/sub_accounts/")[2].partition("/")
        order.setdefault(uid, []).append(rest.partition("/")[0])
    assert sorted(order.values()) == [[""], ["keys", "lock"], ["unlock", "keys"]]


def test_a_new_account_is_locked_once_it_has_its_keys(gate: GateDesk) -> None:
    """Locked without them it could get none: where a key's creation failed it is not, and the next apply ends it."""
    gate.write({"sub_1": {**sub(trading=TRADING), "state": "locked"}})
    gate.fault(match={"path": "*/keys", "method": "POST"}, kind="code", code="FORBIDDEN", times=1)
    said = gate.apply("--format", "json")
    ends = {row["address"]: row["status"] for row in said.json["results"]}
    assert (said.code, ends) == (
        1,
        {"sub_1": "done", "sub_1.api_keys[trading]": "failed", "sub_1.state": "not_started"},
    )
    assert gate.account("sub_1")["state"] == 1
    gate.converge()
    assert (gate.account("sub_1")["state"], len(keys(gate))) == (2, 1)


def test_an_account_that_is_there_is_locked_whatever_becomes_of_its_keys(make_gate: Callable[..., GateDesk]) -> None:
    """Its lock is what somebody waits for: a key that could not be changed holds it up no longer than that takes."""
    gate = make_gate(sub_accounts={"sub_1": {"keys": [ROW]}})
    kept(gate)
    gate.fault(match={"path": "*/keys/*", "method": "PUT"}, kind="code", code="FORBIDDEN", times=1)
    wider = {**TRADING, "permissions": {"futures": "write"}}
    gate.write({"sub_1": {**sub(trading=wider), "state": "locked"}})
    assert gate.apply().last == "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 1 failed."
    assert gate.account("sub_1")["state"] == 2


def test_keys_of_an_account_that_stays_locked_are_blocked(make_gate: Callable[..., GateDesk]) -> None:
    """The plan says so before the venue does, whether the manifest wants it locked or says nothing."""
    gate = make_gate(sub_accounts={"sub_1": {"state": 2}})
    for fields in ({"state": "locked"}, {}):
        gate.write({"sub_1": {**sub(trading=TRADING), **fields}})
        assert set(gate.blocked_by("sub_1.api_keys[trading]")) == {"account_unlocked"}
        refused(gate.apply(), "unlock it first")
    assert gate.writes() == []


def test_what_cannot_be_changed_is_a_warning(make_gate: Callable[..., GateDesk]) -> None:
    """A remark that differs is told and not written; an account that acctcfg did not make is taken over, and told."""
    gate = make_gate(sub_accounts={"sub_1": {"remark": "Old", "keys": [ROW]}})
    gate.write({"sub_1": {**SUB, "label": "New"}})
    warnings = {one["code"]: one["message"] for one in gate.plan("--format", "json").json["warnings"]}
    assert '"Old", not "New"' in warnings["label_differs"]
    assert gate.account("sub_1")["uid"] in warnings["adopted"]
    assert "API key" not in warnings["adopted"]  # for its number alone the list is not read
    gate.write({"sub_1": sub(trading=TRADING)})
    warnings = {one["code"]: one["message"] for one in gate.plan("--format", "json").json["warnings"]}
    assert "1 API key" in warnings["adopted"]
    gate.write({"sub_1": {**SUB, "label": "New"}})
    assert gate.apply().last == NO_CHANGES
    gate.write({"sub_1": {**SUB, "label": "Old"}}, guardrails={"adopt": "explicit"})
    assert gate.plan("--format", "json").json["warnings"] == []  # the apply took it over


def test_explicit_adoption(make_gate: Callable[..., GateDesk]) -> None:
    """Under `adopt: explicit` an account that nobody named is not touched; its uid, or `adopt: true`, names it."""
    gate = make_gate(sub_accounts={"sub_1": {"uid": "4711"}})
    held = {"guardrails": {"adopt": "explicit"}}
    gate.write({"sub_1": {**SUB, "state": "locked"}}, **held)
    assert set(gate.blocked_by("sub_1.state")) == {"adopt_explicit"}
    refused(gate.apply(), "4711")
    gate.write({"sub_1": {**SUB, "state": "locked", "uid": "4712"}}, **held)
    assert set(gate.blocked_by("sub_1.state")) == {"uid_mismatch"}
    gate.write({"sub_1": {**SUB, "state": "locked", "uid": "4711"}}, **held).converge()


def test_leaving_an_account_out_deletes_nothing(gate: GateDesk) -> None:
    """One that acctcfg made and the manifest no longer names is a warning with the keys that the journal knows; nothing
    is done to it, and its live keys are not read."""
    gate.write({"sub_1": sub(trading=TRADING), "sub_2": SUB}).converge()
    gate.fault(match={"path": "*/keys"}, kind="garbage", times=0)
    plan = gate.write({"sub_2": SUB}).plan("--format", "json").json
    (warning,) = plan["warnings"]
    assert (warning["address"], warning["code"]) == ("sub_1", "no_longer_managed")
    assert "trading" in warning["message"]
    assert gate.apply().last == NO_CHANGES


@pytest.mark.slow
def test_the_last_account_that_leaves_is_named_too(make_gate: Callable[..., GateDesk]) -> None:
    """A manifest without an account at the venue still tells of those that the journal knows there."""
    gate = make_gate(okx=True)
    gate.write({"sub_1": sub(trading=TRADING)}).converge()
    venues = {"venues": gate.connections()}
    for rest in ({}, {"mmdesk01": {"venue": "desk"}}):
        plan = gate.write(rest, **venues).plan("--format", "json").json
        (warning,) = plan["warnings"]
        assert (warning["address"], warning["code"]) == ("sub_1", "no_longer_managed")
        assert "trading" in warning["message"]
    assert gate.apply().code == 0
    assert gate.account("cx:sub_1")["keys"]


@pytest.mark.slow
def test_a_main_user_without_crossex_has_sub_accounts(make_gate: Callable[..., GateDesk]) -> None:
    """Where CrossEx was never opened the main account alone is unreadable; its sub-accounts are managed."""
    gate = make_gate(opened=False)
    gate.write({"sub_1": sub(trading=TRADING)}).converge()
    gate.write({"cx": {"position_mode": "net"}, "sub_1": {**SUB, "state": "locked"}})
    plan = gate.plan("--format", "json")
    assert plan.code == 1
    assert [step["address"] for step in plan.json["steps"]] == ["sub_1.state"]
    (unread,) = plan.json["unreadable"]
    assert (unread["address"], unread["code"]) == ("cx", "USER_NOT_EXIST")
    assert "no CrossEx account" in unread["message"]
    assert "open CrossEx on the venue's web page" in unread["message"]


def test_a_key_without_crossex(make_gate: Callable[..., GateDesk]) -> None:
    """A key that may not read the CrossEx account: unreadable, with the permission that it lacks as the way out."""
    gate = make_gate(keys=[{"name": "main", "key": "test-gate-key", "secret": "test-gate-secret", "perms": ["spot"]}])
    said = gate.write({"cx": {"position_mode": "net"}}).plan()
    assert said.code == 1
    assert "cx  GET /api/v4/crossex/accounts was refused: FORBIDDEN" in said.out
    assert "give the key the permission" in said.out
    gate.fault(match={"path": "*/account/detail"}, times=0, kind="label", label="FORBIDDEN")
    said = gate.plan()
    assert (said.code, "venues.cx: GET /api/v4/crossex/accounts was refused: FORBIDDEN" in said.err) == (1, True)


def test_a_key_that_may_not_list_sub_accounts(make_gate: Callable[..., GateDesk]) -> None:
    """Its sub-accounts are unreadable, never absent: nothing is created, exit 1, and the main account is planned."""
    gate = make_gate(keys=[{"name": "main", "key": "test-gate-key", "secret": "test-gate-secret", "perms": ["crossx"]}])
    gate.write({"cx": {"position_mode": "long_short"}, "sub_1": SUB})
    plan = gate.plan("--format", "json")
    assert plan.code == 1
    assert [step["address"] for step in plan.json["steps"]] == ["cx.position_mode"]
    assert [(one["address"], one["code"]) for one in plan.json["unreadable"]] == [("sub_1", "FORBIDDEN")]
    assert gate.apply().code == 1
    assert gate.writes() == []


@pytest.mark.slow
def test_hundreds_stay_within_the_limits(gate: GateDesk) -> None:
    """A broker's first day: every account, key and lock in one apply, the slowest call named, and no answer that they
    are too many."""
    states = ("present", "locked")
    gate.write({f"sub_{n:03}": {**sub(trading=TRADING), "state": states[n % 2]} for n in range(90)})
    assert "sub_accounts of cx, 80 per 10 s" in gate.plan("--format", "json").json["estimate"]["bottleneck"]
    assert gate.apply().last == "Applied: 180 created, 45 changed, 0 deleted, 0 blocked, 0 failed."
    assert gate.plan().last == NO_CHANGES
    assert gate.too_many == 0


# -- keys ------------------------------------------------------------------------------------------------------------


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


# -- keys by their ids -----------------------------------------------------------------------------------------------

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
