"""Sub-accounts: parents and children, deletes, taking over, and the main account."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk
from ladder_parts import KEY, NO_CHANGES, TRADING, failing, own_secret, quiet, settle, signed, stock

from acctcfg.engine.workspace import Workspace

GONE = {"state": "absent"}


def _warnings(desk: Desk) -> dict[str, str]:
    return {one["code"]: one["message"] for one in desk.plan("--format", "json").json["warnings"]}


def _names(desk: Desk) -> set[str]:
    return set(desk.sandbox.control_get("state")["tenants"]["desk"]["sub_accounts"])


def test_a_child_is_made_after_its_parent_and_goes_before_it(desk: Desk) -> None:
    """Second-level accounts are created after, and deleted before, the first level, whatever their names; the plan says
    what waits for what."""
    children = {name: {"parent": "parent01", "api_keys": KEY} for name in ("achild01", "zchild01")}
    desk.write({"parent01": {"api_keys": KEY}, **children})
    assert desk.steps()["achild01"]["depends_on"] == ["parent01"]
    desk.converge()
    assert desk.writes("create-subaccount")[0]["body"]["subAcct"] == "parent01"
    assert desk.account("achild01")["mainAcct"] == "parent01"
    accounts = {
        "parent01": GONE,
        "achild01": {**GONE, "parent": "parent01"},
        "zchild01": {**GONE, "parent": "parent01"},
    }
    desk.write(accounts, guardrails={"max_deletes": 3})
    assert set(desk.steps()["parent01"]["depends_on"]) == {"achild01", "zchild01"}
    assert list(desk.steps())[-1] == "parent01"
    assert desk.converge().last == "Applied: 0 created, 0 changed, 3 deleted, 0 blocked, 0 failed."
    assert [row["body"]["subAcct"] for row in desk.writes("delete-subaccount")][-1] == "parent01"
    assert _names(desk) == set()


def test_a_parent_with_children_left_is_not_deleted(desk: Desk) -> None:
    """A first-level account whose second level stays is blocked by `no_second_level`, which names it."""
    settle(desk, "parent01")
    settle(desk, "child001", mainAcct="parent01")
    desk.write({"parent01": {**GONE, "api_keys": KEY}}, guardrails={"max_deletes": 1})
    assert failing(desk.steps()["parent01"])["no_second_level"] == "child001"
    quiet(desk)


@pytest.mark.parametrize("reading", ["mainAcct", "firstLvSubAcct"])
@pytest.mark.parametrize("arguments", [(), ("--target", "child001")], ids=["all", "targeted"])
def test_a_parent_that_is_second_level_at_the_venue_blocks_what_is_to_be_under_it(
    desk: Desk, reading: str, arguments: tuple[str, ...]
) -> None:
    """There is no third level: the plan says whom the parent is under, and nothing is sent for the account."""
    desk.sandbox.control_post("flags", subaccount_parent=reading)
    settle(desk, "upper001")
    settle(desk, "parent01", mainAcct="upper001")
    desk.write({"parent01": {}, "child001": {"parent": "parent01", "api_keys": KEY}, "other001": {}})
    found = failing(desk.steps(*arguments)["child001"])
    assert found == {
        "first_level_parent": "parent01 is under upper001 at the venue, and there is no third level; correct `parent`"
    }
    assert desk.apply("--skip-blocked", *arguments).code == 3
    made = [row["body"]["subAcct"] for row in desk.writes("create-subaccount")]
    assert made == ([] if arguments else ["other001"])
    assert "child001" not in _names(desk)


@pytest.mark.parametrize("wallet", ["trading", "funding"])
def test_an_account_that_holds_funds_is_not_deleted(desk: Desk, wallet: str) -> None:
    """A balance in either wallet blocks the delete (`empty`), named with its currency; once it is gone, so is the
    account, with its keys, in one write."""
    settle(desk, "leaver01", labels=("trading", "second"))
    desk.sandbox.control_post("accounts/leaver01/balances", {wallet: {"USDT": "12.5"}})
    desk.write({"leaver01": {**GONE, "api_keys": KEY}}, guardrails={"max_deletes": 1})
    assert failing(desk.steps()["leaver01"])["empty"] == f"12.5 USDT ({wallet})"
    quiet(desk)
    desk.sandbox.control_post("accounts/leaver01/balances", {wallet: {"USDT": "0"}})
    assert desk.apply().code == 0
    assert [row["path"].rpartition("/")[2] for row in desk.writes()] == ["delete-subaccount"]
    assert signed(desk, "GET", "/api/v5/account/config", secret=own_secret("leaver01"))["code"] != "0"
    assert desk.plan().last == NO_CHANGES


NAMES = {"deposits": "no_funds_incoming", "withdrawals": "no_funds_outgoing"}


@pytest.mark.parametrize(
    ("what", "state", "over"),
    [("deposits", "1", "2"), ("withdrawals", "4", "-2"), ("withdrawals", "77", "2")],
)
def test_an_account_with_money_on_its_way_is_not_deleted(desk: Desk, what: str, state: str, over: str) -> None:
    """A deposit or withdrawal that is not over blocks the delete, by the broker's list; a new state is not over."""
    settle(desk, "leaver01")
    desk.open("leaver01", what, ccy="USDT", amt="7", state=state, ts="1700000000000")
    desk.open("leaver01", what, ccy="BTC", amt="1", state=over, ts="1700000000001")
    desk.write({"leaver01": {**GONE, "api_keys": KEY}}, guardrails={"max_deletes": 1})
    assert failing(desk.steps()["leaver01"]) == {NAMES[what]: f"7 USDT (state {state})"}
    assert desk.apply().code == 3
    quiet(desk)


def test_movements_that_the_venue_does_not_list_are_not_taken_for_none(desk: Desk) -> None:
    """Where the lists are not open to this broker the delete waits, and the message says whom to ask."""
    settle(desk, "leaver01")
    desk.sandbox.control_post("flags", dma_endpoints="public")
    desk.write({"leaver01": {**GONE, "api_keys": KEY}}, guardrails={"max_deletes": 1})
    plan = desk.plan("--format", "json").json
    checks = {one["name"]: one["status"] for one in plan["steps"][0]["prechecks"]}
    assert (checks["no_funds_incoming"], checks["no_funds_outgoing"]) == ("unknown", "unknown")
    assert ["ask your broker manager" in one["message"] for one in plan["warnings"]].count(True) == 1
    assert desk.apply().code == 3
    quiet(desk)


def test_a_delete_that_no_key_can_check_is_left_to_the_venue(desk: Desk) -> None:
    """Without a key of the account its emptiness is a `venue` precheck; the venue's refusal counts as blocked."""
    settle(desk, "leaver01", stored=False)
    desk.write({"leaver01": GONE}, guardrails={"max_deletes": 1})
    checks = {check["name"]: check["status"] for check in desk.steps()["leaver01"]["prechecks"]}
    assert checks["empty"] == "venue"
    desk.sandbox.control_post("accounts/leaver01/balances", {"funding": {"USDT": "1"}})
    said = desk.apply()
    assert (said.code, said.last) == (3, "Applied: 0 created, 0 changed, 0 deleted, 1 blocked, 0 failed.")
    assert _names(desk) == {"leaver01"}


@pytest.mark.parametrize("permissions", [["read", "trade"], ["read"]], ids=",".join)
def test_a_delete_is_checked_with_a_key_that_never_signed(desk: Desk, permissions: list[str]) -> None:
    """A key that acctcfg made and stored reads whether the account is empty, though no run had to sign with it and the
    manifest no longer names it."""
    desk.write({"leaver01": {"api_keys": {"trading": {**TRADING, "permissions": permissions}}}})
    desk.converge()
    desk.sandbox.control_post("accounts/leaver01/balances", {"funding": {"USDT": "5"}})
    desk.write({"leaver01": GONE}, guardrails={"max_deletes": 1})
    assert failing(desk.steps()["leaver01"])["empty"] == "5 USDT (funding)"
    assert desk.apply().code == 3
    assert desk.writes("delete-subaccount") == []
    desk.sandbox.control_post("accounts/leaver01/balances", {"funding": {"USDT": "0"}})
    checks = {check["name"]: check["status"] for check in desk.steps()["leaver01"]["prechecks"]}
    assert checks["empty"] == "pass"
    desk.converge()
    assert _names(desk) == set()


@pytest.mark.parametrize("how", ["refused", "another account's"])
def test_a_recorded_key_is_proven_before_a_delete_is_checked_with_it(desk: Desk, how: str) -> None:
    """One that the venue no longer takes leaves the question to the venue; one of another account reads nothing."""
    desk.write({"leaver01": {"api_keys": KEY}})
    desk.converge()
    settle(desk, "stayer01")
    desk.sandbox.control_post("accounts/stayer01/balances", {"funding": {"USDT": "5"}})
    if how == "refused":
        desk.sandbox.control_delete("accounts/leaver01/keys/trading")
    else:
        stock(desk, "leaver01", own_secret("stayer01"))
    desk.write({"leaver01": GONE}, guardrails={"max_deletes": 1})
    plan = desk.plan("--format", "json").json
    checks = {one["name"]: one["status"] for step in plan["steps"] for one in step["prechecks"]}
    assert checks.get("empty") == ("venue" if how == "refused" else None)
    assert [one["code"] for one in plan["unreadable"]] == ([] if how == "refused" else ["access_wrong_account"])


def test_deletes_want_to_be_allowed(desk: Desk) -> None:
    """max_deletes is 0 unless set, and a breach blocks the whole plan, --skip-blocked or not."""
    settle(desk, "leaver01")
    settle(desk, "leaver02")
    accounts = {"leaver01": GONE, "leaver02": GONE, "newone01": {"label": "x1"}}
    for limit in ({}, {"guardrails": {"max_deletes": 1}}):
        desk.write(accounts, **limit)
        assert "guardrail:max_deletes" in failing(desk.steps()["newone01"])
        quiet(desk)
        quiet(desk, "--skip-blocked")
    assert _names(desk) == {"leaver01", "leaver02"}
    desk.write(accounts, guardrails={"max_deletes": 2})
    desk.converge()


def test_a_protected_account_stays(desk: Desk) -> None:
    """`protect: true` with `state: absent` deletes nothing."""
    settle(desk, "leaver01")
    desk.write({"leaver01": {**GONE, "protect": True}}, guardrails={"max_deletes": 1})
    said = desk.plan("--format", "json")
    if said.code == 0:
        (step,) = said.json["steps"]
        assert "protected" in failing(step)
        quiet(desk)
    else:  # refused before anything is read
        assert "protect" in said.err
        assert desk.apply().code == 1
    assert desk.writes() == []


def test_an_absent_account_that_is_absent_needs_nothing(desk: Desk) -> None:
    """`state: absent` for what is not there is no change."""
    desk.write({"leaver01": GONE})
    assert desk.plan().last == NO_CHANGES
    assert desk.apply().code == 0
    assert desk.writes() == []


@pytest.mark.slow
def test_taking_over_is_said_once(desk: Desk) -> None:
    """An account that acctcfg did not make is taken over with a warning that shows its uid, its day of creation and,
    where they were listed anyway, its number of keys; after an apply it is known, and the warning is gone. One that
    acctcfg made is never `adopted`."""
    settle(desk, "oldone01", labels=("trading", "second"))
    wanted = {"oldone01": {"api_keys": KEY, "account_mode": "futures"}, "newone01": {"label": "x1"}}
    message = _warnings(desk.write(wanted))["adopted"]
    assert desk.account("oldone01")["uid"] in message
    assert "API key" not in message  # the key that signs is read by itself
    wanted["oldone01"]["api_keys_exclusive"] = True
    assert "2 API keys" in _warnings(desk.write(wanted))["adopted"]
    wanted["oldone01"]["api_keys_exclusive"] = False
    desk.write(wanted)
    desk.converge()
    assert "adopted" not in _warnings(desk)


@pytest.mark.parametrize("readable", [True, False], ids=["own key", "no key"])
def test_a_delete_says_whose_account_it_takes_over(desk: Desk, readable: bool) -> None:
    """An account that acctcfg did not make is deleted with the same warning, its uid shown; one of ours without."""
    settle(desk, "oldone01", stored=readable)
    uid = desk.account("oldone01")["uid"]
    desk.write({"ourown01": {"label": "x1"}}).converge()
    desk.write({"oldone01": GONE, "ourown01": GONE}, guardrails={"max_deletes": 2})
    told = [one for one in desk.plan("--format", "json").json["warnings"] if one["code"] == "adopted"]
    assert [one["address"] for one in told] == ["oldone01"]
    assert uid in told[0]["message"]
    assert {one["action"] for one in desk.steps().values()} == {"delete"}


@pytest.mark.slow
def test_a_blocked_apply_takes_nothing_over(desk: Desk) -> None:
    """Where an apply is blocked and writes nothing, the account is still not taken over: the warning stays."""
    settle(desk, "oldone01", acctLv="3")
    desk.open("oldone01", "orders", instId="BTC-USDT-SWAP")
    desk.write({"oldone01": {"api_keys": KEY, "position_mode": "long_short"}})
    assert "adopted" in _warnings(desk)
    quiet(desk)
    assert "adopted" in _warnings(desk)


@pytest.mark.slow
def test_explicit_adoption_wants_the_uid_or_a_word(desk: Desk) -> None:
    """Under `adopt: explicit` an account that acctcfg did not make is blocked, after a refused apply just as before it,
    until its entry has its uid, or `adopt: true`."""
    rails = {"guardrails": {"adopt": "explicit"}}
    for name in ("oldone01", "oldone02"):
        settle(desk, name)
        desk.write({name: {"api_keys": KEY, "account_mode": "futures"}}, **rails)
        for _ in range(2):
            assert "adopt_explicit" in failing(desk.steps()[f"{name}.account_mode"])
            quiet(desk)
    desk.write({"oldone01": {"account_mode": "spot"}}, **rails)  # nothing to do there: not taken over by that
    assert desk.apply().code == 0
    desk.write({"oldone01": {"api_keys": KEY, "account_mode": "futures"}}, **rails)
    quiet(desk)
    uid = desk.account("oldone01")["uid"]
    desk.write(
        {
            "oldone01": {"api_keys": KEY, "account_mode": "futures", "uid": uid},
            "oldone02": {"api_keys": KEY, "account_mode": "futures", "adopt": True},
            "newone01": {"label": "x1"},
        },
        **rails,
    )
    desk.converge()
    desk.write({"oldone01": {"api_keys": KEY, "account_mode": "spot"}}, **rails)
    desk.converge()  # known from here on


@pytest.mark.slow
def test_the_last_account_of_a_venue_that_leaves_is_named_too(desk: Desk) -> None:
    """A venue without an account is opened where the journal knows accounts of ours, and else left alone."""
    desk.write({})
    desk.sandbox.control_post("forget")
    assert desk.plan().code == 0
    assert desk.sandbox.control_get("requests")["by_path"] == {}
    desk.write({"leaver01": {"api_keys": KEY}})
    desk.converge()
    desk.write({})
    assert "trading" in _warnings(desk)["no_longer_managed"]
    said = desk.apply()
    assert (said.code, "leaver01" in said.out) == (0, True)


@pytest.mark.slow
def test_an_account_that_left_the_manifest_is_named_with_its_keys(desk: Desk) -> None:
    """Leaving an account out deletes nothing: a warning `no_longer_managed` lists the keys that the journal knows."""
    desk.write({"leaver01": {"api_keys": KEY}, "stayer01": {"label": "x1"}})
    desk.converge()
    writes = len(desk.writes())
    desk.write({"stayer01": {"label": "x1"}})
    assert "trading" in _warnings(desk)["no_longer_managed"]
    assert desk.apply().code == 0
    assert len(desk.writes()) == writes
    desk.write({"leaver01": {**GONE, "api_keys": KEY}, "stayer01": {"label": "x1"}}, guardrails={"max_deletes": 1})
    assert desk.apply().code == 0
    desk.write({"stayer01": {"label": "x1"}})
    assert _warnings(desk) == {}


def test_what_cannot_be_changed_is_a_warning(desk: Desk) -> None:
    """A label or a parent that differs is a warning, not a step: the venue sets them at creation only."""
    settle(desk, "parent01")
    settle(desk, "oldone01", label="Other")
    desk.write({"parent01": {}, "oldone01": {"label": "Wanted", "parent": "parent01"}})
    warned = _warnings(desk)
    assert {"label_differs", "parent_differs"} <= set(warned)
    assert desk.steps() == {}
    assert desk.plan().last == NO_CHANGES


def test_a_parent_that_the_manifest_leaves_out_is_not_managed(desk: Desk) -> None:
    """An account of the second level whose entry names no parent is as it should be; its key list is not read."""
    settle(desk, "parent01")
    settle(desk, "child001", mainAcct="parent01")
    desk.write({"child001": {}})
    assert set(_warnings(desk)) == {"adopted"}


def test_a_new_account_cannot_have_a_uid_already(desk: Desk) -> None:
    """An entry with a `uid` is about an account that exists: where it does not, nothing is created in its place."""
    desk.write({"newone01": {"uid": "700000000000000099", "api_keys": KEY}})
    steps = desk.steps()
    assert all("leave `uid` out" in failing(step)["uid_mismatch"] for step in steps.values())
    assert set(steps) == {"newone01", "newone01.api_keys[trading]"}
    quiet(desk)
    desk.write({"newone01": {"api_keys": KEY}})
    desk.converge()


def test_a_uid_that_differs_blocks_the_account(desk: Desk) -> None:
    """An entry with a uid that is not the live one is blocked whole; the next account is not."""
    settle(desk, "oldone01", acctLv="3")
    fields: dict[str, Any] = {"account_mode": "futures", "position_mode": "long_short"}
    fields["deposit"] = {"addresses": [{"currency": "USDT"}]}
    desk.write({"oldone01": {"uid": "42", "api_keys": KEY, **fields}, "newone01": {"label": "x1"}})
    steps = desk.steps()
    mine = [step for address, step in steps.items() if address.startswith("oldone01")]
    assert len(mine) == 3
    assert all("uid_mismatch" in failing(step) for step in mine)
    quiet(desk)
    assert desk.apply("--skip-blocked").code == 3
    assert _names(desk) == {"oldone01", "newone01"}
    assert desk.account("oldone01")["acctLv"] == "3"


def test_the_main_account_is_configured_with_the_venues_own_credentials(desk: Desk) -> None:
    """role main: modes and leverage of the user behind the credentials, with its own calls; nothing is created."""
    entry = {"market": "swap", "instrument": "BTC-USDT-SWAP", "margin": "cross", "value": 4}
    fields = {"account_mode": "multi_currency", "position_mode": "long_short", "leverage": [entry]}
    desk.write({"master": {"role": "main", **fields}})
    desk.converge()
    assert [row["path"].rpartition("/")[2] for row in desk.writes()] == [
        "set-account-level",
        "set-position-mode",
        "set-leverage",
    ]
    live = desk.account("@master")
    assert (live["acctLv"], live["posMode"]) == ("3", "long_short_mode")


def test_the_main_account_is_read_again_once_the_lock_is_held(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another apply changed while this one waited for the lock is seen: nothing is planned on older reads."""
    desk.sandbox.control_post("accounts/@master/set", acctLv="3", posMode="net_mode")
    desk.write({"master": {"role": "main", "position_mode": "net"}})
    before = Workspace.lock

    def late(self: Workspace, *arguments: Any, **named: Any) -> Any:
        desk.sandbox.control_post("accounts/@master/set", posMode="long_short_mode")
        return before(self, *arguments, **named)

    monkeypatch.setattr(Workspace, "lock", late)
    assert desk.apply().last == "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed."
    assert desk.account("@master")["posMode"] == "net_mode"


def test_the_main_accounts_mode_must_have_been_activated(desk: Desk) -> None:
    """A mode of the main account that no human activated (51070) is blocked by `mode_activated`."""
    desk.sandbox.control_post("accounts/@master/set", activated_modes=["1", "2"])
    desk.write({"master": {"role": "main", "account_mode": "portfolio"}})
    assert "mode_activated" in failing(desk.steps()["master.account_mode"])
    quiet(desk)


def test_an_account_is_created_as_the_manifest_says(desk: Desk) -> None:
    """Name, label and registration address are sent at creation; an entry may name it otherwise."""
    desk.write({"entry01": {"name": "VenueName1", "label": "Label1", "client_ip": "203.0.113.5", "api_keys": KEY}})
    desk.converge()
    body = desk.writes("create-subaccount")[0]["body"]
    assert body == {"subAcct": "VenueName1", "label": "Label1", "clientIP": "203.0.113.5"}
    assert desk.secret("entry01", "trading")["api_key"]


@pytest.mark.parametrize("label", ["", "  "], ids=repr)
def test_an_empty_label_is_one(desk: Desk, label: str) -> None:
    """A broker's label may be empty: over a profile's it wins, nothing is sent for it, and another live one differs."""
    profile = {"profiles": {"named": {"label": "Desk1"}}}
    desk.write({"entry01": {"profile": "named", "label": label}, "entry02": {"profile": "named"}}, **profile)
    desk.converge()
    bodies = {row["body"]["subAcct"]: row["body"].get("label") for row in desk.writes("create-subaccount")}
    assert bodies == {"entry01": None, "entry02": "Desk1"}
    assert "label_differs" not in _warnings(desk)
    desk.write({"entry02": {"label": label}})
    assert _warnings(desk)["label_differs"] == 'its label is "Desk1", not ""; the venue sets it at creation only'


@pytest.mark.parametrize("fields", [{"uid": "42"}, {}], ids=["another uid", "not ours"])
def test_somebody_elses_account_is_not_deleted(desk: Desk, fields: dict[str, Any]) -> None:
    """Neither an account with another uid than the entry's, nor under `adopt: explicit` one that was not taken over."""
    settle(desk, "leaver01")
    rails = {"max_deletes": 1, "adopt": "explicit"}
    desk.write({"leaver01": {**GONE, "api_keys": KEY, **fields}}, guardrails=rails)
    assert set(failing(desk.steps()["leaver01"])) & {"uid_mismatch", "adopt_explicit"}
    quiet(desk)
    assert _names(desk) == {"leaver01"}


def test_an_account_that_is_made_again_gets_new_keys(desk: Desk) -> None:
    """Deleted and created again, the account has a new key, and the dead secret is kept beside the new one."""
    desk.write({"phoenix1": {"api_keys": KEY}}, guardrails={"max_deletes": 1})
    desk.converge()
    old = desk.secret("phoenix1", "trading")
    desk.write({"phoenix1": {**GONE, "api_keys": KEY}}, guardrails={"max_deletes": 1})
    desk.converge()
    desk.write({"phoenix1": {"api_keys": KEY}})
    desk.converge()
    assert desk.secret("phoenix1", "trading") != old
    assert desk.secret("phoenix1", "trading.dead-1") == old


def test_an_account_that_cannot_be_read_holds_the_others_back(desk: Desk) -> None:
    """With one account unreadable an apply writes nothing and ends 1; --skip-blocked does the others, and ends 1."""
    for name in ("reader01", "reader02"):
        settle(desk, name, acctLv="3")
    fields = {"api_keys": KEY, "position_mode": "long_short"}
    desk.write({"reader01": fields, "reader02": fields})
    desk.fault(match={"path": "*/account/config", "account": "reader01"}, times=0, kind="code", code="50030")
    document = desk.plan("--format", "json").json
    assert {(one["address"].partition(".")[0], one["code"]) for one in document["unreadable"]} == {
        ("reader01", "50030")
    }
    said = desk.apply()
    assert (said.code, desk.writes()) == (1, [])
    assert "reader02.position_mode  not started: nothing is written while something is blocked" in said.out
    assert "apply writes nothing while 2 could not be read; --skip-blocked leaves out its account." in said.out
    said = desk.apply("--skip-blocked")
    assert "\n2 could not be read; --skip-blocked leaves out its account.\n" in said.out
    assert (said.code, said.last) == (1, "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed.")
    assert desk.account("reader02")["posMode"] == "long_short_mode"
    said = desk.apply()
    assert (said.code, NO_CHANGES in said.out) == (1, False)


@pytest.mark.parametrize("adopt", ["allow", "explicit"])
def test_an_account_that_somebody_else_made_first_is_not_ours(desk: Desk, adopt: str) -> None:
    """A name that is taken between plan and write: the creation failed, nothing is done to that account, and the next
    plan takes it over as any other's, or asks."""
    desk.write({"newone01": {"api_keys": KEY, "account_mode": "futures"}}, guardrails={"adopt": adopt})
    desk.fault(
        match={"path": "*/create-subaccount"},
        kind="hook",
        do=[{"path": "accounts/newone01", "body": {"label": "theirs"}}],
    )
    said = desk.apply()
    assert (said.code, said.last) == (
        1,
        "Applied: 0 created, 0 changed, 0 deleted, 0 blocked, 1 failed, 2 not started.",
    )
    assert "59601" in said.out
    assert [row["code"] for row in desk.writes()] == ["59601"]
    plan = desk.plan("--format", "json").json
    taken = ["adopt_explicit"] if adopt == "explicit" else ["key_calls_unseen", "adopted"]  # which goes on to its key
    assert [one["code"] for one in plan["warnings"]] == taken
    assert all(step["blocked"] is (adopt == "explicit") for step in plan["steps"])
