"""Rotation at OKX: a key gets a new secret under its own label, and at no moment is there no working key."""

from __future__ import annotations

import json
import shutil
import time
from typing import Any

import pyrage
import pytest
from desk import Desk
from ladder_parts import stock

import acctcfg.venues.key_rotation as rotation

TRADING = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}

KEY = "mmdesk01.api_keys[trading]"
DONE = "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed."


def one_key(desk: Desk, **fields: Any) -> Desk:
    """An account with the key `trading`, which acctcfg made."""
    desk.write({"mmdesk01": {"api_keys": {"trading": {**TRADING, **fields}}}, "mmdesk02": {}}).converge()
    return desk


def live(desk: Desk) -> dict[str, str]:
    """The keys of the account at the venue: id by label."""
    return {key["label"]: key["api_key"] for key in desk.account("mmdesk01")["keys"]}


def rotate(desk: Desk, *arguments: str) -> Any:
    """`acctcfg rotate` of that key, without an overlap unless one is given."""
    overlap = () if "--overlap" in arguments else ("--overlap", "0s")
    return desk.run("rotate", "mmdesk01", "trading", "--auto-approve", *overlap, *arguments)


def test_a_key_gets_a_new_secret_under_its_own_label(desk: Desk) -> None:
    """One key is created, the old one deleted, the new one relabelled: three writes, and a plan is empty."""
    one_key(desk)
    before, old, writes = live(desk), desk.secret("mmdesk01", "trading"), len(desk.writes())
    said = rotate(desk)
    assert (said.code, said.last) == (0, DONE), said.out + said.err
    made = [row["path"].rpartition("/")[2] for row in desk.writes()[writes:]]
    assert made == ["apikey", "delete-apikey", "modify-apikey"]
    assert list(live(desk)) == ["trading"]
    assert live(desk)["trading"] == desk.secret("mmdesk01", "trading")["api_key"] != before["trading"]
    folder = desk.folder / "secrets/desk/mmdesk01"
    assert sorted(file.name for file in folder.iterdir()) == ["trading.age", "trading.dead-1.age"]
    assert desk.secret("mmdesk01", "trading.dead-1") == old
    assert desk.plan().last == "No changes. Live accounts match the manifest."
    again = desk.apply()
    assert again.last == "No changes. Live accounts match the manifest."
    assert desk.run("history").out.count("rotate") == 1


def test_nothing_is_rotated_where_the_new_key_could_not_be_proven(desk: Desk) -> None:
    """Without the store's identity no second key is made."""
    one_key(desk)
    before, writes = live(desk), len(desk.writes())
    desk.monkeypatch.delenv("ACCTCFG_AGE_KEY")
    said = rotate(desk)
    assert (said.code, live(desk), len(desk.writes())) == (1, before, writes)
    assert "could not prove the new key; nothing was written" in said.err


def test_the_new_key_has_what_the_manifest_says_or_what_the_old_one_had(desk: Desk) -> None:
    """Permissions and addresses that the manifest leaves out are those of the old key."""
    one_key(desk)
    keys = {"trading": {"store": "vault"}}
    desk.write({"mmdesk01": {"api_keys": keys}, "mmdesk02": {}})
    assert rotate(desk).code == 0
    (key,) = desk.account("mmdesk01")["keys"]
    assert (key["perm"], key["ip"]) == ("read_only,trade", ["127.0.0.1"])


def test_rotation_needs_no_old_secret(desk: Desk) -> None:
    """A key whose secret is lost is rotated all the same."""
    one_key(desk)
    (desk.folder / "secrets/desk/mmdesk01/trading.age").unlink()
    said = rotate(desk)
    assert said.code == 0, said.out + said.err
    assert live(desk) == {"trading": desk.secret("mmdesk01", "trading")["api_key"]}
    assert desk.plan().last == "No changes. Live accounts match the manifest."


def test_a_secret_that_nobody_can_open_is_rotated_away(desk: Desk) -> None:
    """After the store's identity was lost: the old file is kept aside, and each key signs with a new secret."""
    one_key(desk)
    before, other = live(desk), pyrage.x25519.Identity.generate()
    desk.identity, desk.recipient = str(other), str(other.to_public())
    desk.monkeypatch.setenv("ACCTCFG_AGE_KEY", desk.identity)
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}, "mmdesk02": {}})
    said = rotate(desk, "--allow-sensitive", "secret_stores.vault")
    assert (said.code, said.last) == (0, DONE), said.out + said.err
    assert live(desk) == {"trading": desk.secret("mmdesk01", "trading")["api_key"]} != before
    assert desk.plan().last == "No changes. Live accounts match the manifest."


def test_a_key_that_signs_for_settings_is_rotated_and_they_go_on(desk: Desk) -> None:
    """The new key signs for the account from then on; no limit on deletes holds it up."""
    fields = {"api_keys": {"trading": TRADING}, "position_mode": "long_short", "account_mode": "multi_currency"}
    desk.write({"mmdesk01": fields}, guardrails={"max_deletes": 0}).converge()
    said = rotate(desk)
    assert said.code == 0, said.out + said.err
    desk.write({"mmdesk01": {**fields, "position_mode": "net"}}).converge()
    assert desk.account("mmdesk01")["posMode"] == "net_mode"


def test_an_import_in_an_overlap_takes_no_secret_for_the_old_keys(desk: Desk) -> None:
    """The stored secret is the new key's, as this journal alone knows: the workspace written has an empty plan."""
    one_key(desk)
    assert rotate(desk, "--overlap", "24h").code == 0
    said = desk.run("import", "mmdesk01", "--store", "vault", "--out", str(desk.folder / "out"))
    assert said.code == 0, said.out + said.err
    assert "a rotation of it is not over" in (desk.folder / "out" / "accounts" / "desk.yaml").read_text()
    desk.folder /= "out"
    assert desk.plan().last == "No changes. Live accounts match the manifest."


def test_an_import_in_an_overlap_without_the_journal(desk: Desk) -> None:
    """A colleague's clone knows of no rotation: it takes both keys as they are, with no secret, and plans nothing."""
    one_key(desk)
    assert rotate(desk, "--overlap", "24h").code == 0
    shutil.rmtree(desk.folder / ".acctcfg")
    shutil.rmtree(desk.folder / ".state")
    said = desk.run("import", "mmdesk01", "--store", "vault", "--out", str(desk.folder / "out"))
    assert said.code == 0, said.out + said.err
    desk.folder /= "out"
    assert desk.plan().last == "No changes. Live accounts match the manifest."


@pytest.mark.slow
def test_an_overlap_leaves_the_old_key_until_a_later_apply(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Meanwhile both keys work, the stored secret is the new one's, and a plan has no step and says until when."""
    one_key(desk)
    before = live(desk)["trading"]
    assert rotate(desk, "--overlap", "24h").code == 0
    keys = live(desk)
    new = desk.secret("mmdesk01", "trading")["api_key"]
    assert keys.pop("trading") == before
    assert list(keys.values()) == [new]
    plan = desk.plan("--format", "json").json
    assert plan["steps"] == []
    assert [one["code"] for one in plan["warnings"]] == ["rotating"]
    assert desk.apply().last == "No changes. Live accounts match the manifest."
    assert len(live(desk)) == 2
    assert desk.run("secrets", "check").code == 0
    later = 25 * 3600
    now = rotation.AccountNotes.now
    monkeypatch.setattr(rotation.AccountNotes, "now", lambda self: now(self) + later)
    said = desk.apply()
    assert said.code == 0, said.out + said.err
    assert live(desk) == {"trading": new}
    assert desk.plan().last == "No changes. Live accounts match the manifest."


@pytest.mark.parametrize("permissions", [["read"], ["read", "trade"]])
def test_an_overlap_of_a_key_that_works_elsewhere_ends_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, permissions: list[str]
) -> None:
    """A key bound to its user's address cannot be tried from here: the venue's list stands for its word, so rotate is
    done, plan has no step in the overlap, and the first apply after it deletes the old key."""
    one_key(desk, permissions=permissions, ip_allowlist=["203.0.113.7"])
    before = live(desk)["trading"]
    said = rotate(desk, "--overlap", "24h")
    assert (said.code, said.last) == (0, DONE), said.out + said.err
    new = desk.secret("mmdesk01", "trading")["api_key"]
    assert set(live(desk).values()) == {before, new}
    plan = desk.plan("--format", "json").json
    assert (plan["steps"], [one["code"] for one in plan["warnings"]]) == ([], ["rotating"])
    assert desk.apply().last == "No changes. Live accounts match the manifest."
    assert set(live(desk).values()) == {before, new}
    now = rotation.AccountNotes.now
    monkeypatch.setattr(rotation.AccountNotes, "now", lambda self: now(self) + 25 * 3600)
    said = desk.apply()
    assert said.code == 0, said.out + said.err
    assert live(desk) == {"trading": new}
    assert desk.plan().last == "No changes. Live accounts match the manifest."


def test_an_overlap_is_told_where_the_new_secret_is_shut(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the store's identity the ids of journal and list tell that both keys are there: a plan has no step."""
    one_key(desk)
    assert rotate(desk, "--overlap", "24h").code == 0
    keys = live(desk)
    monkeypatch.delenv("ACCTCFG_AGE_KEY")
    plan = desk.plan("--format", "json").json
    assert (plan["steps"], plan["unreadable"]) == ([], [])
    assert "rotating" in [one["code"] for one in plan["warnings"]]
    assert desk.apply().code == 0
    assert live(desk) == keys


def test_an_overlap_takes_no_wrong_secret_for_the_new_keys(desk: Desk) -> None:
    """The new key's id with a secret that does not sign: that is said, and neither key is touched."""
    one_key(desk)
    assert rotate(desk, "--overlap", "24h").code == 0
    keys = live(desk)
    stock(desk, "mmdesk01", {**desk.secret("mmdesk01", "trading"), "secret_key": "of-nobody"})
    assert [one["code"] for one in desk.plan("--format", "json").json["unreadable"]] == ["50113"]
    assert desk.apply().code == 1
    assert live(desk) == keys


@pytest.mark.slow
def test_rotate_ends_an_overlap(desk: Desk) -> None:
    """A second rotate makes no third key: it deletes the old one now."""
    one_key(desk)
    assert rotate(desk, "--overlap", "24h").code == 0
    new = desk.secret("mmdesk01", "trading")["api_key"]
    assert rotate(desk).code == 0
    assert live(desk) == {"trading": new}


def test_the_end_of_a_rotation_sets_what_the_manifest_says_by_now(desk: Desk) -> None:
    """An address that was added in the overlap is the new key's once that is over, by the call that gives it its
    label; without --allow-sensitive nothing is sent."""
    one_key(desk)
    assert rotate(desk, "--overlap", "24h").code == 0
    both, writes = sorted(live(desk)), len(desk.writes())
    widened = {**TRADING, "ip_allowlist": ["127.0.0.1", "203.0.113.7"]}
    desk.write({"mmdesk01": {"api_keys": {"trading": widened}}, "mmdesk02": {}})
    assert (rotate(desk).code, sorted(live(desk)), len(desk.writes())) == (3, both, writes)
    said = rotate(desk, "--allow-sensitive")
    assert (said.code, said.last) == (0, DONE), said.out + said.err
    (key,) = desk.account("mmdesk01")["keys"]
    assert (key["label"], key["ip"]) == ("trading", ["127.0.0.1", "203.0.113.7"])
    assert [row["path"].rpartition("/")[2] for row in desk.writes()[writes:]] == ["delete-apikey", "modify-apikey"]
    assert desk.plan().last == "No changes. Live accounts match the manifest."


def test_the_end_of_a_rotation_does_not_narrow_the_key_that_signs(desk: Desk) -> None:
    """A permission that was taken away in the overlap, and that acctcfg signs with, blocks the end before a write."""
    fields = {"settings": {"greeks": "PA"}}
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}, **fields}}).converge()
    assert rotate(desk, "--overlap", "24h").code == 0
    both = sorted(live(desk))
    desk.write({"mmdesk01": {"api_keys": {"trading": {**TRADING, "permissions": ["read"]}}, **fields}})
    desk.monkeypatch.setattr(rotation.AccountNotes, "now", lambda self, now=rotation.AccountNotes.now: now(self) + 9e4)
    said = desk.apply()
    assert (said.code, sorted(live(desk))) == (3, both), said.out + said.err
    assert "acctcfg signs with this key: it does not lose trade" in said.out


@pytest.mark.slow
def test_patterns_name_many_keys_and_the_question_their_number(desk: Desk) -> None:
    """Every key that both patterns match is rotated, and no other."""
    accounts = {f"mmdesk0{n}": {"api_keys": {"trading": TRADING, "reading": TRADING}} for n in (1, 2)}
    desk.write(accounts).converge()
    before = {name: desk.secret(name, "reading") for name in accounts}
    said = desk.run("rotate", "mmdesk*", "tr*", "--auto-approve", "--overlap", "0s", "--format", "json")
    assert said.code == 0, said.err
    assert [one["address"] for one in said.json["results"]] == [f"{name}.api_keys[trading]" for name in accounts]
    assert {name: desk.secret(name, "reading") for name in accounts} == before
    assert desk.plan().last == "No changes. Live accounts match the manifest."


def test_long_labels_that_begin_alike_are_rotated_in_one_second(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each new key gets a temporary label of its own, though what that has of the key's own label is the same."""
    labels = [f"{'market' * 7}{end}" for end in "ab"]
    desk.write({"mmdesk01": {"api_keys": dict.fromkeys(labels, TRADING)}}).converge()
    now = time.time()
    monkeypatch.setattr(rotation.AccountNotes, "now", lambda _: now)
    said = desk.run("rotate", "mmdesk01", "*", "--overlap", "24h", "--auto-approve")
    assert said.code == 0, said.out + said.err
    keys = desk.account("mmdesk01")["keys"]
    assert len({key["label"] for key in keys}) == len(keys) == 4
    made = {desk.secret("mmdesk01", label)["api_key"] for label in labels}
    assert made == {key["api_key"] for key in keys if key["label"] not in labels}


def test_what_cannot_be_rotated_is_said_before_a_write(desk: Desk) -> None:
    """No such key in the manifest, none at the venue, none that may be added: nothing is written."""
    one_key(desk)
    writes = len(desk.writes())
    assert rotate(desk, "--overlap", "soon").code == 64
    assert desk.run("rotate", "mmdesk01", "tradin", "--auto-approve").code == 64
    assert desk.run("rotate", "mmdesk01", "trading").code == 64
    desk.sandbox.control_delete("accounts/mmdesk01/keys/trading")
    said = rotate(desk)
    assert said.code == 3
    assert "the venue has no such key: apply creates it" in said.out
    assert len(desk.writes()) == writes


@pytest.mark.slow
def test_the_limit_of_keys_is_seen_before_a_write(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rotation needs room for one more key."""
    one_key(desk)
    monkeypatch.setattr("acctcfg.venues.okx.api_keys.MOST_KEYS", 1)
    writes = len(desk.writes())
    said = rotate(desk)
    assert said.code == 3
    assert "mmdesk01 would have 2 keys, and the venue takes at most 1" in said.out
    assert len(desk.writes()) == writes


def test_a_guardrail_holds_for_the_new_key(desk: Desk) -> None:
    """A key that may not be as it is gets no second one."""
    one_key(desk, ip_allowlist=[])
    desk.write(desk.document["accounts"], guardrails={"require_ip_allowlist": True})
    assert rotate(desk).code == 3


BREACHES: dict[str, dict[str, Any]] = {
    "key_without_address": {"rule_sets": ["basic"]},
    "require_ip_allowlist": {"require_ip_allowlist": True},
    "deny_permissions": {"deny_permissions": ["trade"]},
}


@pytest.mark.slow
@pytest.mark.parametrize("rule", BREACHES)
@pytest.mark.parametrize("how", ["apply", "rotate"])
def test_a_rule_that_came_later_does_not_block_the_end_of_a_rotation(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, rule: str, how: str
) -> None:
    """The new key is there already, so the old one is deleted and nothing else of the account is held back; a rule of
    a set warns, as of any key that is there. A further rotation of it is blocked."""
    one_key(desk, ip_allowlist=[])
    assert rotate(desk, "--overlap", "24h").code == 0
    keys = {"trading": {**TRADING, "ip_allowlist": []}}
    desk.write({"mmdesk01": {"api_keys": keys, "settings": {"greeks": "BS"}}}, guardrails=BREACHES[rule])
    if how == "apply":
        now = rotation.AccountNotes.now
        monkeypatch.setattr(rotation.AccountNotes, "now", lambda self: now(self) + 25 * 3600)
        warned = [one["code"] for one in desk.plan("--format", "json").json["warnings"] if one["address"] == KEY]
        assert warned == (["guardrail"] if rule == "key_without_address" else [])
    said = desk.apply() if how == "apply" else rotate(desk)
    assert said.code == 0, said.out + said.err
    assert live(desk) == {"trading": desk.secret("mmdesk01", "trading")["api_key"]}
    assert desk.apply().code == 0
    assert desk.account("mmdesk01")["greeksType"] == "BS"
    assert rotate(desk).code == 3


@pytest.mark.slow
def test_a_new_key_that_does_not_sign_in_time_leaves_the_old_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither failed nor lost: the old secret stays in its place, and the next apply goes on."""
    one_key(desk)
    old = desk.secret("mmdesk01", "trading")
    monkeypatch.setattr(rotation, "PROOF_S", 5.0)
    desk.sandbox.control_post("flags", key_delay_s=60)
    said = rotate(desk)
    assert said.code == 1
    assert f"{KEY}  NOT YET IN EFFECT" in said.out
    assert "does not sign yet; the old one stays until it does" in said.out
    assert desk.secret("mmdesk01", "trading") == old
    monkeypatch.setattr(rotation, "PROOF_S", 120.0)
    said = desk.apply()
    assert said.code == 0, said.out + said.err
    assert live(desk) == {"trading": desk.secret("mmdesk01", "trading")["api_key"]}
    assert json.dumps(old) != json.dumps(desk.secret("mmdesk01", "trading"))
