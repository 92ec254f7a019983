"""API keys, rung by rung: made, changed in place, replaced, deleted; and what no manifest may do to them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from ladder_parts import KEY, NO_CHANGES, TRADING, failing, own_secret, quiet, settle, signed, stock

from acctcfg.errors import StoreError
from acctcfg.journal import Lock
from acctcfg.secrets.age_file import AgeFileStore

ADDRESS = "trader01.api_keys[trading]"


def _live(desk: Desk, name: str = "trader01") -> dict[str, tuple[str, list[str]]]:
    return {key["label"]: (key["perm"], key["ip"]) for key in desk.account(name)["keys"]}


def _secrets(desk: Desk, name: str = "trader01") -> list[str]:
    return sorted(file.name for file in (desk.folder / "secrets" / "desk" / name).iterdir())


def _signs(desk: Desk, secret: dict[str, str]) -> bool:
    return bool(signed(desk, "GET", "/api/v5/account/config", secret=secret)["code"] == "0")


def test_a_new_key_is_stored_and_signs(desk: Desk) -> None:
    """A key of an account that exists is made with the wanted permissions and addresses; its secret is in the store, in
    a file that only its owner reads, and signs; a reading key beside it too."""
    settle(desk, "trader01", labels=(), acctLv="3")
    reader = {"permissions": ["read"], "ip_allowlist": ["127.0.0.1", "203.0.113.7"], "store": "vault"}
    desk.write({"trader01": {"api_keys": {"trading": TRADING, "reading": reader}}})
    assert desk.converge().last == "Applied: 2 created, 0 changed, 0 deleted, 0 blocked, 0 failed."
    assert _live(desk) == {
        "trading": ("read_only,trade", ["127.0.0.1"]),
        "reading": ("read_only", ["127.0.0.1", "203.0.113.7"]),
    }
    for label in ("trading", "reading"):
        file = desk.folder / "secrets" / "desk" / "trader01" / f"{label}.age"
        assert file.stat().st_mode & 0o777 == 0o600
        assert _signs(desk, desk.secret("trader01", label))


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        ({"permissions": ["read", "trade", "withdraw"]}, {"perm"}),
        ({"ip_allowlist": ["127.0.0.1", "203.0.113.9"]}, {"ip"}),
        ({"permissions": ["withdraw", "trade"], "ip_allowlist": ["203.0.113.9", "127.0.0.1"]}, {"perm", "ip"}),
    ],
)
def test_permissions_and_addresses_change_in_place(desk: Desk, change: dict[str, Any], sent: set[str]) -> None:
    """A key that exists is changed, never made anew: one write that carries only what differs; its secret goes on
    signing."""
    settle(desk, "trader01")
    key = {**TRADING, **change}
    desk.write({"trader01": {"api_keys": {"trading": key}}}, guardrails={"deny_permissions": []})
    (step,) = desk.steps().values()
    assert (step["action"], step["calls"]) == ("change", ["POST /api/v5/broker/dma/subaccount/modify-apikey"])
    said = desk.apply("--allow-sensitive")
    assert said.code == 0, said.out + said.err
    (write,) = desk.writes()
    assert {name for name in ("perm", "ip", "label") if name in write["body"]} == sent
    assert _live(desk)["trading"] == (
        "read_only,trade,withdraw" if "permissions" in change else "read_only,trade",
        sorted(key["ip_allowlist"]),
    ) or set(_live(desk)["trading"][1]) == set(key["ip_allowlist"])
    assert desk.plan().last == NO_CHANGES
    assert _signs(desk, own_secret("trader01"))


def test_sensitive_changes_want_to_be_allowed(desk: Desk) -> None:
    """A withdraw permission gained, or an allow-list widened or dropped, is a warning in the plan and blocked in apply
    until --allow-sensitive; narrowing is not sensitive."""
    labels = ("trading", "widened", "dropped", "gained", "narrowed")
    settle(desk, "trader01", labels=labels)
    desk.sandbox.control_post("accounts/trader01/keys/narrowed", ip="127.0.0.1,203.0.113.9")
    keys = {label: dict(TRADING) for label in labels}
    keys["widened"]["ip_allowlist"] = ["127.0.0.1", "203.0.113.9"]
    keys["dropped"]["ip_allowlist"] = []
    keys["gained"]["permissions"] = ["read", "trade", "withdraw"]
    access = {"key": "trading"}
    desk.write({"trader01": {"api_keys": keys, "access": access}}, guardrails={"deny_permissions": []})
    warned = [one["address"] for one in desk.plan("--format", "json").json["warnings"] if one["code"] == "sensitive"]
    sensitive = [f"trader01.api_keys[{label}]" for label in ("dropped", "gained", "widened")]
    assert warned == sensitive
    said = quiet(desk)
    assert "guardrail:allow_sensitive" in said.out or "--allow-sensitive" in said.out
    assert said.last == "Applied: 0 created, 0 changed, 0 deleted, 3 blocked, 0 failed, 1 not started."
    assert desk.apply("--allow-sensitive").code == 0
    assert _live(desk)["dropped"] == ("read_only,trade", [])
    assert _live(desk)["narrowed"] == ("read_only,trade", ["127.0.0.1"])
    assert desk.plan().last == NO_CHANGES


def test_a_new_key_with_withdraw_is_sensitive_and_denied_by_default(desk: Desk) -> None:
    """`withdraw` is denied unless the manifest says otherwise, and sensitive even then."""
    settle(desk, "trader01")
    keys = {**KEY, "payout": {**TRADING, "permissions": ["withdraw"]}}
    desk.write({"trader01": {"api_keys": keys}})
    assert "guardrail:deny_permissions" in failing(desk.steps()["trader01.api_keys[payout]"])
    quiet(desk, "--allow-sensitive")
    desk.write({"trader01": {"api_keys": keys}}, guardrails={"deny_permissions": []})
    quiet(desk)
    codes = {one["code"] for one in desk.plan("--format", "json").json["warnings"]}
    assert "withdraw_not_given" in codes  # since 2025 the venue gives it to no key of a sub-account
    assert desk.apply("--allow-sensitive").code == 0
    assert _live(desk)["payout"][0] == "read_only,withdraw"
    assert "withdraw_not_given" not in desk.plan().out


def test_a_denied_permission_that_is_kept_names_its_way_out(desk: Desk) -> None:
    """An old key has `withdraw`, and only its allow-list is to get tighter: blocked, and the block says that its
    `permissions` are to be named without; then both land in one change."""
    settle(desk, "trader01")
    desk.sandbox.control_post("accounts/trader01/keys/trading", perm="read_only,withdraw", ip="")
    key = {"ip_allowlist": ["127.0.0.1"], "store": "vault"}
    desk.write({"trader01": {"api_keys": {"trading": key}}})
    assert "name its `permissions` without" in failing(desk.steps()[ADDRESS])["guardrail:deny_permissions"]
    quiet(desk)
    desk.write({"trader01": {"api_keys": {"trading": {**key, "permissions": ["read"]}}}}).converge()
    assert _live(desk)["trading"] == ("read_only", ["127.0.0.1"])


def test_a_key_goes_only_when_deletes_are_allowed(desk: Desk) -> None:
    """`state: absent` deletes a key and wants max_deletes; the other keys stay."""
    settle(desk, "trader01", labels=("trading", "old"))
    accounts = {"trader01": {"api_keys": {**KEY, "old": {"state": "absent"}}}}
    desk.write(accounts)
    step = desk.steps()["trader01.api_keys[old]"]
    assert (step["action"], step["after"]) == ("delete", None)
    assert "guardrail:max_deletes" in quiet(desk).out + desk.plan("--format", "json").out
    desk.write(accounts, guardrails={"max_deletes": 1})
    assert desk.converge().last == "Applied: 0 created, 0 changed, 1 deleted, 0 blocked, 0 failed."
    assert set(_live(desk)) == {"trading"}


def test_exclusive_deletes_what_the_manifest_does_not_name(desk: Desk) -> None:
    """With api_keys_exclusive a key that nobody named is deleted; without it, it is left alone."""
    settle(desk, "trader01")
    secret = {"api_key": "stranger-key", "secret_key": "stranger-secret", "passphrase": "Test-passphrase-3"}
    desk.sandbox.control_post("accounts/trader01/keys", label="stranger", **secret)
    desk.write({"trader01": {"api_keys": KEY}})
    assert desk.plan().last == NO_CHANGES
    desk.write({"trader01": {"api_keys": KEY, "api_keys_exclusive": True}}, guardrails={"max_deletes": 1})
    assert desk.steps()["trader01.api_keys[stranger]"]["action"] == "delete"
    desk.converge()
    assert set(_live(desk)) == {"trading"}


def test_exclusive_never_deletes_the_key_that_signs(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `access` takes credentials from elsewhere, that key is none of the manifest's labels: exclusive would
    delete it, and acctcfg with it would lock itself out. It is blocked by `access_key_kept`."""
    settle(desk, "trader01", labels=("ops", "other"), stored=False)
    for name, value in own_secret("trader01", "ops").items():
        monkeypatch.setenv(f"OPS_{name.upper()}", value)
    access = {"credentials": {"env": "OPS"}}
    desk.write({"trader01": {"access": access, "api_keys_exclusive": True}}, guardrails={"max_deletes": 2})
    steps = desk.steps()
    assert "access_key_kept" in failing(steps["trader01.api_keys[ops]"])
    assert failing(steps["trader01.api_keys[other]"]) == {}
    quiet(desk)


@pytest.mark.slow
def test_store_may_be_left_out_for_a_key_that_exists_only(desk: Desk) -> None:
    """A key without `store` is managed (its addresses are changed) where it exists, and blocked where it does not."""
    settle(desk, "trader01", labels=("trading", "foreign"))
    bare = {"permissions": ["read", "trade"], "ip_allowlist": ["203.0.113.7"]}
    desk.sandbox.control_post("accounts/trader01/keys/foreign", ip="203.0.113.7,203.0.113.8")
    desk.write({"trader01": {"api_keys": {**KEY, "foreign": bare}}})
    desk.converge()
    assert _live(desk)["foreign"][1] == ["203.0.113.7"]
    desk.write({"trader01": {"api_keys": {**KEY, "foreign": bare, "missing": bare}}})
    assert "store_required" in failing(desk.steps()["trader01.api_keys[missing]"])
    quiet(desk)


def test_a_lost_secret_of_a_store_that_is_only_read_is_set_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither an import nor --replace could store it: the plan names the variables, and what they hold signs."""
    settle(desk, "trader01", stored=False)
    desk.write({"trader01": {"api_keys": {"trading": {**KEY["trading"], "store": "envs"}}}})
    desk.document["secret_stores"]["envs"] = {"type": "env", "prefix": "SEC"}
    desk.text(json.dumps(desk.document))
    why = failing(desk.steps()[ADDRESS])["secret_lost"]
    assert "SEC_VENUE_ACCOUNT_LABEL_..." in why
    assert "secrets import" not in why
    assert "--replace" not in why
    for name, value in own_secret("trader01").items():
        monkeypatch.setenv(f"SEC_DESK_TRADER01_TRADING_{name.upper()}", value)
    assert desk.plan().last == NO_CHANGES


def test_a_lost_secret_blocks_until_it_is_replaced(desk: Desk) -> None:
    """A key whose secret nobody has is blocked (`secret_lost`), and its fields cannot be read; `--replace` replaces it
    if max_deletes allows, and everything behind it is done in the same apply."""
    settle(desk, "trader01", stored=False, acctLv="3")
    accounts = {"trader01": {"api_keys": KEY, "position_mode": "long_short"}}
    desk.write(accounts)
    step = desk.steps()[ADDRESS]
    assert step["action"] == "replace"
    assert "--replace" in failing(step)["secret_lost"]
    quiet(desk)
    assert "max_deletes" in quiet(desk, "--replace", ADDRESS).out
    desk.write(accounts, guardrails={"max_deletes": 1})
    quiet(desk)
    said = desk.apply("--replace", ADDRESS)
    assert (said.code, said.last) == (0, "Applied: 1 created, 1 changed, 1 deleted, 0 blocked, 0 failed.")
    assert _signs(desk, desk.secret("trader01", "trading"))
    assert desk.account("trader01")["posMode"] == "long_short_mode"
    assert len(desk.account("trader01")["keys"]) == 1
    assert desk.plan().last == NO_CHANGES


@pytest.mark.slow
def test_a_lost_secret_holds_up_its_own_account_alone(desk: Desk) -> None:
    """A replacement that nobody allowed yet does not count towards max_deletes: the other accounts can be done."""
    settle(desk, "trader01", stored=False)
    settle(desk, "trader02", acctLv="3")
    desk.write({"trader01": {"api_keys": KEY}, "trader02": {"api_keys": KEY, "position_mode": "long_short"}})
    assert set(failing(desk.steps()[ADDRESS])) == {"secret_lost"}
    quiet(desk)
    said = desk.apply("--skip-blocked")
    assert (said.code, said.last) == (3, "Applied: 0 created, 1 changed, 0 deleted, 1 blocked, 0 failed.")
    assert desk.account("trader02")["posMode"] == "long_short_mode"
    assert "max_deletes" in quiet(desk, "--skip-blocked", "--replace", ADDRESS).out


@pytest.mark.parametrize("left", [False, True], ids=["deleted again", "left behind"])
def test_a_secret_that_cannot_be_stored(desk: Desk, monkeypatch: pytest.MonkeyPatch, left: bool) -> None:
    """The new key is deleted at once; where not even that succeeds, the message says so, and the next apply replaces
    the key without asking for leave."""
    settle(desk, "trader01", labels=(), stored=False)
    desk.write({"trader01": {"api_keys": {"trading": {**TRADING, "ip_allowlist": []}}}})
    if left:
        desk.fault(match={"path": "*/delete-apikey"}, kind="status", times=0)
    with monkeypatch.context() as spoilt:
        spoilt.setattr(AgeFileStore, "put", _disk_full)
        said = desk.apply()
    assert said.code == 1
    assert "its secret could not be stored (no space left)" in said.out
    assert ("the new key could not be deleted again" in said.out) is left
    assert len(desk.account("trader01")["keys"]) == left
    assert "ip" not in desk.writes("/subaccount/apikey")[0]["body"]
    desk.sandbox.control_delete("faults/all")
    desk.converge()
    assert _signs(desk, desk.secret("trader01", "trading"))
    assert len(desk.account("trader01")["keys"]) == 1


@pytest.mark.slow
@pytest.mark.parametrize("trouble", ["lock", "refused", "lost answer"])
def test_a_stored_secret_stays_until_the_new_key_exists(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    """What a run takes for a dead key's secret may by now be a live one's, stored by the run that took its lock over:
    nothing is moved aside before the venue has made the new key."""
    settle(desk, "trader01", labels=())
    stock(desk, "trader01", own_secret("trader01"))
    desk.write({"trader01": {"api_keys": KEY}})
    if trouble == "refused":
        desk.fault(match={"path": "*/subaccount/apikey", "method": "POST"}, kind="code", code="59501")
    if trouble == "lost answer":
        desk.fault(match={"path": "*/subaccount/apikey", "method": "POST"}, kind="reset_after")
    with monkeypatch.context() as spoilt:
        if trouble == "lock":
            spoilt.setattr(Lock, "fresh", lambda _: False)
        said = desk.apply()
    if trouble == "lost answer":
        assert (said.code, len(desk.account("trader01")["keys"])) == (0, 1), said.out
    else:
        assert said.code == (1 if trouble == "lock" else 3)
        assert _secrets(desk) == ["trading.age"]
        desk.converge()
    assert _secrets(desk) == ["trading.age", "trading.dead-1.age"]
    assert desk.secret("trader01", "trading.dead-1") == own_secret("trader01")
    assert _signs(desk, desk.secret("trader01", "trading"))


def _disk_full(*_: object) -> None:
    raise StoreError("no space left")


def test_a_lost_secret_that_was_found_again_needs_no_replacement(desk: Desk) -> None:
    """Once its secret is in the store, the key is as it should be."""
    settle(desk, "trader01", stored=False)
    desk.write({"trader01": {"api_keys": KEY}})
    assert desk.steps()[ADDRESS]["blocked"]
    stock(desk, "trader01", own_secret("trader01"))
    assert desk.plan().last == NO_CHANGES


def test_replacing_a_key_that_works_goes_on_with_the_new_one(desk: Desk) -> None:
    """`--replace` of the very key that signs: what comes after it in the account is signed with the new key."""
    settle(desk, "trader01", acctLv="3")
    before = own_secret("trader01")
    desk.write({"trader01": {"api_keys": KEY, "position_mode": "long_short"}}, guardrails={"max_deletes": 1})
    said = desk.apply("--replace", ADDRESS)
    assert said.code == 0, said.out + said.err
    assert desk.secret("trader01", "trading")["api_key"] != before["api_key"]
    assert desk.secret("trader01", "trading.dead-1") == before
    assert desk.account("trader01")["posMode"] == "long_short_mode"
    assert desk.plan().last == NO_CHANGES


@pytest.mark.parametrize(
    "address",
    ["trader01", "trader01.account_mode", "trader01.api_keys[other]", "trader01.api_keys[o*]", "bogus", ""],
)
def test_only_a_key_of_the_manifest_is_replaced(desk: Desk, address: str) -> None:
    """`--replace` of anything else is wrong usage, said before anything is read: it is never taken and ignored."""
    desk.write({"trader01": {"account_mode": "futures", "api_keys": KEY}})
    said = desk.apply("--replace", address)
    assert (said.code, said.out) == (64, "")
    assert f"--replace {address}: the manifest has no such API key" in said.err
    assert desk.sandbox.control_get("requests")["by_path"] == {}


@pytest.mark.slow
def test_a_stale_secret_is_moved_aside(desk: Desk) -> None:
    """A stored secret whose key the venue does not know is kept as LABEL.dead-1, never overwritten."""
    settle(desk, "trader01")
    old = desk.secret("trader01", "trading")
    desk.sandbox.control_delete("accounts/trader01/keys/trading")
    desk.write({"trader01": {"api_keys": KEY}})
    assert desk.steps()[ADDRESS]["action"] == "create"
    desk.converge()
    assert _secrets(desk) == ["trading.age", "trading.dead-1.age"]
    assert desk.secret("trader01", "trading.dead-1") == old
    assert desk.secret("trader01", "trading")["api_key"] != old["api_key"]
    desk.sandbox.control_delete("accounts/trader01/keys/trading")
    desk.converge()
    assert _secrets(desk) == ["trading.age", "trading.dead-1.age", "trading.dead-2.age"]


def test_the_secret_of_a_key_that_was_renamed_is_not_moved_aside(desk: Desk) -> None:
    """A stored secret that signs is no dead one: where its key bears another label by now, a new key of the old label
    is blocked (`secret_mismatch`) and names the key that the secret belongs to."""
    settle(desk, "trader01")
    desk.sandbox.control_post("accounts/trader01/keys/trading", label="renamed")
    desk.write({"trader01": {"api_keys": KEY}})
    assert "renamed" in failing(desk.steps()[ADDRESS])["secret_mismatch"]
    quiet(desk)
    assert _secrets(desk) == ["trading.age"]
    assert desk.secret("trader01", "trading") == own_secret("trader01")


@pytest.mark.parametrize("code", ["50011", "50102", "50035", "99999", "50113", "50119"])
def test_a_refusal_that_says_nothing_of_a_key_is_no_proof_of_its_death(desk: Desk, code: str) -> None:
    """The stored secret is of a key with another label by now. Whatever the venue answers to it while it lists the key,
    or where the answer is a limit, a clock, or nothing that is known: no key is made, and nothing is moved aside."""
    settle(desk, "trader01")
    desk.sandbox.control_post("accounts/trader01/keys/trading", label="renamed")
    desk.write({"trader01": {"api_keys": KEY}})
    desk.fault(match={"path": "*/account/config", "account": "trader01"}, kind="code", code=code, times=0)
    if code[:3] != "501" or code == "50102":
        desk.fault(match={"path": "*/subaccount/apikey", "method": "GET"}, kind="lose_row", row="renamed", times=0)
    before = len(desk.writes())
    said = desk.apply()
    assert (said.code in (1, 3), len(desk.writes())) == (True, before), said.out + said.err
    assert _secrets(desk) == ["trading.age"]
    assert desk.secret("trader01", "trading") == own_secret("trader01")


@pytest.mark.slow
def test_reading_and_writing_may_be_signed_by_two_keys(desk: Desk) -> None:
    """access {read, write}: a new account is set up with both, neither may be deleted, and later changes still land."""
    keys = {"reading": {**TRADING, "permissions": ["read"]}, "trading": TRADING}
    access = {"read": {"key": "reading"}, "write": {"key": "trading"}}
    fields = {"access": access, "account_mode": "futures"}
    desk.write({"trader01": {"api_keys": keys, **fields, "position_mode": "long_short"}})
    desk.converge()
    desk.write({"trader01": {"api_keys": keys, **fields, "position_mode": "net"}})
    desk.converge()
    open_ = {label: {**key, "ip_allowlist": []} for label, key in keys.items()}
    desk.write({"trader01": {"api_keys": open_, **fields, "position_mode": "net"}})
    steps = desk.steps()
    assert {address for address, step in steps.items() if "access_key_kept" in failing(step)} == {
        "trader01.api_keys[reading]",
        "trader01.api_keys[trading]",
    }


def test_a_key_that_only_reads_is_enough_to_look(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """access {read} alone: equal values need no more, a difference is shown and blocked (`no_credentials`)."""
    settle(desk, "trader01", labels=("looking",), stored=False, acctLv="3")
    for part, value in own_secret("trader01", "looking").items():
        monkeypatch.setenv(f"LOOK_{part.upper()}", value)
    entry = {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 5}
    fields = {"access": {"read": {"credentials": {"env": "LOOK"}}}, "leverage": [entry]}
    desk.write({"trader01": {**fields, "position_mode": "net"}})
    assert desk.plan().last == NO_CHANGES
    desk.write({"trader01": {**fields, "position_mode": "long_short", "account_mode": "futures"}})
    steps = desk.steps()
    assert {address for address, step in steps.items() if "no_credentials" in failing(step)} == {
        "trader01.position_mode",
        "trader01.leverage[swap/BTC-USDT/cross]",
    }
    assert not steps["trader01.account_mode"]["blocked"]  # the broker switches it
    quiet(desk)


@pytest.mark.parametrize("away", ["reading", "trading"])
@pytest.mark.parametrize("there", [False, True], ids=["new", "there"])
def test_each_of_two_access_keys_keeps_an_address_of_ours(desk: Desk, away: str, there: bool) -> None:
    """access {read, write}: the one of the two that could not be used from here is blocked (`access_ip`)."""
    if there:
        settle(desk, "trader01", labels=("reading", "trading"), acctLv="2")
    keys = {
        label: {**TRADING, "ip_allowlist": ["203.0.113.7"]} if label == away else TRADING
        for label in ("reading", "trading")
    }
    access = {"read": {"key": "reading"}, "write": {"key": "trading"}}
    desk.write({"trader01": {"api_keys": keys, "access": access, "position_mode": "long_short"}})
    blocked = {address for address, step in desk.steps().items() if "access_ip" in failing(step)}
    assert blocked == {f"trader01.api_keys[{away}]"}
    quiet(desk)


def test_a_secret_of_another_account_is_not_used(desk: Desk) -> None:
    """A secret stored under the wrong account's name sets up nobody: the account is unreadable (access_wrong_account),
    exit 1, nothing written, and "No changes" is not printed."""
    for name in ("trader01", "trader02"):
        settle(desk, name, acctLv="3")
    stock(desk, "trader01", own_secret("trader02"))
    desk.write({"trader01": {"api_keys": KEY, "position_mode": "long_short"}})
    document = desk.plan("--format", "json").json
    assert {one["code"] for one in document["unreadable"]} == {"access_wrong_account"}
    assert document["steps"] == []
    said = desk.apply()
    assert (said.code, NO_CHANGES in said.out, desk.writes()) == (1, False, [])
    assert desk.account("trader02")["posMode"] == "net_mode"


def test_the_access_keys_addresses_keep_one_of_ours(desk: Desk) -> None:
    """An allow-list of the access key without any `egress` address is blocked (`access_ip`), for a new key too; another
    key may have any list."""
    settle(desk, "trader01", labels=("trading", "zebra"))
    away = {**TRADING, "ip_allowlist": ["203.0.113.7"]}
    accounts = {"trader01": {"api_keys": {"trading": away, "zebra": away}}, "trader02": {"api_keys": {"trading": away}}}
    desk.write({name: {**fields, "position_mode": "long_short"} for name, fields in accounts.items()})
    steps = desk.steps()
    assert "access_ip" in failing(steps[ADDRESS])
    assert "access_ip" in failing(steps["trader02.api_keys[trading]"])
    assert failing(steps["trader01.api_keys[zebra]"]) == {}
    quiet(desk, "--allow-sensitive")


@pytest.mark.parametrize("change", [{"ip_allowlist": []}, {"permissions": ["read"]}, {"state": "absent"}])
def test_the_access_key_is_never_unbound_narrowed_or_deleted(desk: Desk, change: dict[str, Any]) -> None:
    """The key that signs keeps its address, its permission to trade and its life: blocked by `access_key_kept`."""
    settle(desk, "trader01", acctLv="3")
    accounts: dict[str, Any] = {"trader01": {"api_keys": KEY, "access": {"key": "trading"}}}
    desk.write(accounts)
    assert desk.apply().code == 0  # the journal knows now which key signs
    key = {"state": "absent"} if "state" in change else {**TRADING, **change}
    fields = {"api_keys": {"trading": key}, "position_mode": "long_short"}
    if "state" not in change:
        fields["access"] = {"key": "trading"}
    desk.write({"trader01": fields}, guardrails={"max_deletes": 9})
    said = desk.plan("--format", "json")
    assert said.out, said.err
    steps = {step["address"]: step for step in said.json["steps"]}
    assert "access_key_kept" in failing(steps[ADDRESS])
    quiet(desk, "--allow-sensitive")


def test_an_access_key_that_is_refused_for_its_address_is_repaired_by_the_broker(desk: Desk) -> None:
    """A key bound to other addresses (50110) gets ours through the broker, and what needs it is done after that."""
    settle(desk, "trader01", acctLv="3")
    desk.sandbox.control_post("accounts/trader01/keys/trading", ip="203.0.113.7")
    desk.write({"trader01": {"api_keys": KEY, "position_mode": "long_short"}})
    steps = desk.steps()
    assert steps[ADDRESS]["action"] == "change"
    assert steps["trader01.position_mode"]["before_known"] is False
    assert {check["status"] for check in steps["trader01.position_mode"]["prechecks"]} == {"deferred"}
    said = desk.apply("--allow-sensitive")
    assert (said.code, said.last) == (0, "Applied: 0 created, 2 changed, 0 deleted, 0 blocked, 0 failed.")
    assert desk.plan().last == NO_CHANGES


def test_no_secret_shows_anywhere(desk: Desk, tmp_path: Path) -> None:
    """Neither output nor any file of the workspace but the sealed ones holds a secret or a passphrase."""
    desk.write({"trader01": {"api_keys": KEY}})
    said = desk.run("-v", "apply", "--auto-approve")
    made = desk.secret("trader01", "trading")
    texts = [said.out, said.err, json.dumps(desk.plan("--format", "json").json)]
    texts += [file.read_bytes().decode("latin-1") for file in tmp_path.rglob("*") if file.is_file()]
    for text in texts:
        assert made["secret_key"] not in text
        assert made["passphrase"] not in text


@pytest.mark.parametrize("command", ["plan", "drift", "apply"])
def test_credentials_that_are_not_there_are_one_accounts_matter(desk: Desk, command: str) -> None:
    """The variable of one account is not set: that account could not be read, and the others are planned and done."""
    settle(desk, "trader01", acctLv="3")
    settle(desk, "trader02", acctLv="3")
    entry = {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 7}
    bare = {"access": {"credentials": {"env": "NOT_SET"}}, "leverage": [entry]}
    desk.write({"trader01": {"api_keys": KEY, "leverage": [entry]}, "trader02": bare})
    said = desk.run(command, *(["--auto-approve", "--skip-blocked"] if command == "apply" else []))
    assert said.code == 1, said.out + said.err
    assert "? trader02  the environment lacks NOT_SET_API_KEY, NOT_SET_SECRET_KEY, NOT_SET_PASSPHRASE" in said.out
    assert "-> 7" in said.out
    assert bool(desk.writes()) == (command == "apply")
