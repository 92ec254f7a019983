"""Sub-accounts: made, named, locked and unlocked, and taken over."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from gate_desk import GateDesk
from gate_keys import NO_CHANGES, ROW, SUB, TRADING, kept, keys, refused, sub


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
