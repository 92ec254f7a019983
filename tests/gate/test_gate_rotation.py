"""Rotation at Gate: names are free text, so a key goes by its id, and takes effect minutes later."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest
from gate_desk import BOT, GateDesk

import acctcfg.venues.key_rotation as rotation
from acctcfg.journal import Journal

ROTATE = ("rotate", "trader1", "bot", "--overlap", "0s")


def live(desk: GateDesk) -> dict[str, str]:
    """The keys at the venue: name by id."""
    return {key["key"]: key["name"] for key in desk.account("trader1")["keys"]}


def stored(desk: GateDesk) -> str:
    """The id of the key whose secret lies in the key's place."""
    import pyrage

    sealed = (desk.folder / "secrets/cx/trader1/bot.age").read_bytes()
    opened = pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(desk.identity)])
    return str(json.loads(opened)["api_key"])


def test_a_key_gets_a_new_secret_under_its_own_name(trader: GateDesk) -> None:
    """One key is made, the old one deleted, the new one renamed with all that it has; a plan is empty."""
    (before,) = live(trader)
    said = trader.run(*ROTATE, "--auto-approve")
    assert said.code == 0, said.out + said.err
    assert live(trader) == {stored(trader): "bot"}
    assert before not in live(trader)
    (key,) = trader.account("trader1")["keys"]
    assert (key["perms"], key["ip_whitelist"]) == ({"futures": False}, ["127.0.0.1"])
    assert trader.plan().last == "No changes. Live accounts match the manifest."


@pytest.mark.parametrize("command", [ROTATE, ("apply", "--replace", "trader1.api_keys[bot]")])
def test_a_new_key_has_the_mode_of_the_one_that_it_takes_the_place_of(
    make_gate: Callable[..., GateDesk], command: tuple[str, ...]
) -> None:
    """No manifest says it, and a key for portfolio accounts, rotated or replaced, stays one."""
    old = {"name": "bot", "key": "old-key", "secret": "old-secret", "perms": ["futures"], "mode": 2}
    gate = make_gate(sub_accounts={"trader1": {"keys": [{**old, "ip_whitelist": BOT["ip_allowlist"]}]}})
    gate.write({"trader1": {"role": "sub_account", "api_keys": {"bot": BOT}}}, guardrails={"max_deletes": 1})
    said = gate.run(*command, "--auto-approve")
    assert said.code == 0, said.out + said.err
    (key,) = gate.account("trader1")["keys"]
    assert (key["key"], key["name"], key["mode"]) == (stored(gate), "bot", 2)
    assert gate.plan().last == "No changes. Live accounts match the manifest."


def test_an_overlap_is_ended_by_a_later_apply(trader: GateDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until then both keys work and a plan has no step."""
    assert trader.run(*ROTATE[:3], "--overlap", "24h", "--auto-approve").code == 0
    assert len(live(trader)) == 2
    assert trader.plan("--format", "json").json["steps"] == []
    now = rotation.AccountNotes.now
    monkeypatch.setattr(rotation.AccountNotes, "now", lambda self: now(self) + 25 * 3600)
    said = trader.apply()
    assert said.code == 0, said.out + said.err
    assert live(trader) == {stored(trader): "bot"}
    assert trader.plan().last == "No changes. Live accounts match the manifest."


def test_a_new_key_that_does_not_sign_yet_has_failed_at_no_run(
    trader: GateDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The venue takes minutes: the run that made it and the next one both say so, in the same words; both keys are
    there, and the one after that ends the rotation."""
    monkeypatch.setattr(rotation, "PROOF_S", 1.0)
    trader.fault(match={"path": "*/account/detail"}, times=0, kind="label", label="INVALID_KEY")
    (before,) = live(trader)
    for command in (ROTATE, ("apply",)):
        said = trader.run(*command, "--auto-approve")
        assert (said.code, said.last.endswith("0 blocked, 0 failed.")) == (1, True), said.out
        assert "trader1.api_keys[bot]  NOT YET IN EFFECT" in said.out
        assert "FAILED" not in said.out
        assert (len(live(trader)), stored(trader)) == (2, before)
    (made,) = set(live(trader)) - {before}
    trader.sandbox.control_delete("faults/all")
    assert trader.apply().code == 0
    assert live(trader) == {made: "bot"}


def test_the_end_of_a_rotation_sets_what_the_manifest_says_by_now(trader: GateDesk) -> None:
    """A group and an address that were added in the overlap are the new key's once that is over."""
    assert trader.run(*ROTATE[:3], "--overlap", "24h", "--auto-approve").code == 0
    wider = {"permissions": {"futures": "write", "spot": "read"}, "ip_allowlist": ["127.0.0.1", "203.0.113.7"]}
    trader.write({"trader1": {"role": "sub_account", "api_keys": {"bot": {**BOT, **wider}}}})
    said = trader.run(*ROTATE, "--auto-approve", "--allow-sensitive")
    assert said.code == 0, said.out + said.err
    (key,) = trader.account("trader1")["keys"]
    assert (key["name"], key["perms"]) == ("bot", {"futures": False, "spot": True})
    assert key["ip_whitelist"] == ["127.0.0.1", "203.0.113.7"]
    assert trader.plan().last == "No changes. Live accounts match the manifest."


def test_a_rule_that_came_later_does_not_block_the_end_of_a_rotation(
    gate: GateDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new key without addresses is there already: the old one is deleted, and the plan warns of the other."""
    account = {"role": "sub_account", "api_keys": {"bot": {**BOT, "ip_allowlist": []}}}
    gate.write({"trader1": account}).converge()
    assert gate.run(*ROTATE[:3], "--overlap", "24h", "--auto-approve").code == 0
    gate.write({"trader1": account}, guardrails={"rule_sets": ["basic"], "require_ip_allowlist": True})
    now = rotation.AccountNotes.now
    monkeypatch.setattr(rotation.AccountNotes, "now", lambda self: now(self) + 25 * 3600)
    said = gate.apply()
    assert (said.code, "key_without_address" in said.out) == (0, True), said.out + said.err
    assert live(gate) == {stored(gate): "bot"}
    assert gate.run(*ROTATE, "--auto-approve").code == 3


@pytest.mark.slow
def test_an_overlap_that_ends_behind_the_window_is_ended_later(
    trader: GateDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No write leaves after a window that closed in the wait: both keys are there, and the next apply ends it."""
    before, closed = len(trader.writes()), {False: "", True: "closed now"}
    with monkeypatch.context() as patch:
        patch.setattr("acctcfg.engine.carry_out.why_closed", lambda *_: closed[len(trader.writes()) > before])
        said = trader.run(*ROTATE[:3], "--overlap", "1s", "--auto-approve")
    assert (said.code, len(trader.writes()), len(live(trader))) == (3, before + 1, 2), said.out + said.err
    assert "closed now; its former key stays beside the new one" in said.out
    assert trader.apply().code == 0
    assert live(trader) == {stored(trader): "bot"}


@pytest.mark.slow
@pytest.mark.parametrize("journal", [True, False])
def test_an_import_in_an_overlap_takes_no_secret_for_the_old_keys(trader: GateDesk, journal: bool) -> None:
    """With the journal that knows of the rotation, and without: the workspace written has an empty plan."""
    assert trader.run(*ROTATE[:3], "--overlap", "24h", "--auto-approve").code == 0
    if not journal:
        shutil.rmtree(trader.folder / ".acctcfg")
        shutil.rmtree(trader.folder / ".state")
    said = trader.run("import", "--all", "--store", "vault", "--out", str(trader.folder / "out"))
    assert said.code == 0, said.out + said.err
    trader.folder /= "out"
    plan = trader.plan()
    assert plan.last == "No changes. Live accounts match the manifest.", plan.out


@pytest.mark.parametrize("method", ["DELETE", "PUT"])
def test_a_rotation_is_over_when_the_list_shows_it(trader: GateDesk, method: str) -> None:
    """A delete or a new name that was answered with success and never happened: the next apply does it, by the ids."""
    (before,) = live(trader)
    trader.fault(match={"path": "*/sub_accounts/*/keys/*", "method": method}, kind="ok_but_nothing")
    assert trader.run(*ROTATE, "--auto-approve").code == 1
    said = trader.apply()
    assert (said.code, said.last) == (0, "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed.")
    assert live(trader) == {stored(trader): "bot"}
    assert before not in live(trader)
    assert trader.plan().last == "No changes. Live accounts match the manifest."


def test_of_two_keys_of_one_name_the_stored_one_is_to_be_kept(trader: GateDesk) -> None:
    """A replaced key whose delete never happened: the way out names the key whose secret is stored."""
    (before,) = live(trader)
    trader.write({"trader1": {"role": "sub_account", "api_keys": {"bot": BOT}}}, guardrails={"max_deletes": 1})
    trader.fault(match={"path": "*/sub_accounts/*/keys/*", "method": "DELETE"}, kind="ok_but_nothing")
    assert trader.apply("--replace", "trader1.api_keys[bot]").code == 1
    assert set(live(trader)) == {before, stored(trader)}
    assert f"delete all but {stored(trader)}, whose secret is stored" in trader.apply().out


def test_a_rotation_whose_end_is_not_on_record_stands_in_nothings_way(trader: GateDesk) -> None:
    """Nothing is left to do, and the next rotation is a new one."""
    trader.monkeypatch.setattr(Journal, "end_rotation", lambda *_, **__: None)
    seen = set(live(trader))
    for _ in range(2):
        assert trader.run(*ROTATE, "--auto-approve").code == 0
        assert live(trader) == {stored(trader): "bot"}
        assert stored(trader) not in seen
        seen |= set(live(trader))
        assert trader.plan().last == "No changes. Live accounts match the manifest."


def a_day_later(desk: GateDesk) -> None:
    """For acctcfg's own eyes, which see the venue's time."""
    now = rotation.AccountNotes.now
    desk.monkeypatch.setattr(rotation.AccountNotes, "now", lambda self: now(self) + 25 * 3600)


def test_a_checkout_without_the_new_secret_touches_neither_key(trader: GateDesk) -> None:
    """In the overlap a plan is empty; after it the step is blocked; once pulled, the rotation ends."""
    shutil.copytree(trader.folder / "secrets", trader.folder / "before")
    assert trader.run(*ROTATE[:3], "--overlap", "24h", "--auto-approve").code == 0
    keys, writes = live(trader), len(trader.writes())
    (trader.folder / "secrets").rename(trader.folder / "pulled")
    (trader.folder / "before").rename(trader.folder / "secrets")
    plan = trader.plan("--format", "json").json
    assert (plan["steps"], [one["code"] for one in plan["warnings"]]) == ([], ["rotating"])
    assert trader.apply().last == "No changes. Live accounts match the manifest."
    a_day_later(trader)
    said = trader.apply()
    assert (said.code, "is not at vault:cx/trader1/bot here: pull it" in said.out) == (3, True), said.out
    assert (live(trader), len(trader.writes())) == (keys, writes)
    shutil.rmtree(trader.folder / "secrets")
    (trader.folder / "pulled").rename(trader.folder / "secrets")
    assert trader.apply().code == 0
    assert live(trader) == {stored(trader): "bot"}
    assert stored(trader) in keys


@pytest.mark.parametrize("overlap", ["lasts", "is over"])
def test_a_rename_in_an_overlap_costs_no_working_key(trader: GateDesk, overlap: str) -> None:
    """The new secret is found where the journal recorded it, and stays there: the old key goes, and no other."""
    assert trader.run(*ROTATE[:3], "--overlap", "24h", "--auto-approve").code == 0
    new, made = json.loads(json.dumps(trader.document)), stored(trader)
    new |= {"moved": {"trader1": "alpha1"}, "accounts": {"alpha1": new["accounts"]["trader1"]}}
    trader.text(json.dumps(new))
    for _ in range(2 if overlap == "lasts" else 0):
        assert trader.apply().last == "No changes. Live accounts match the manifest."
        assert len(live(trader)) == 2
    a_day_later(trader)
    said = trader.apply()
    assert said.code == 0, said.out + said.err
    assert live(trader) == {made: "bot"}
    assert stored(trader) == made
    assert trader.plan().last == "No changes. Live accounts match the manifest."


@pytest.mark.slow
@pytest.mark.parametrize("at", ["overlap", "rename"])
def test_a_key_that_is_to_go_takes_its_new_one_along(trader: GateDesk, at: str) -> None:
    """One step deletes both; also where the rotation was broken off before the new one got the name."""
    if at == "rename":
        trader.fault(match={"path": "*/sub_accounts/*/keys/*", "method": "PUT"}, kind="ok_but_nothing")
        assert trader.run(*ROTATE, "--auto-approve").code == 1
    else:
        assert trader.run(*ROTATE[:3], "--overlap", "24h", "--auto-approve").code == 0
    assert live(trader)
    account = {"role": "sub_account", "api_keys": {"bot": {"state": "absent"}}}
    trader.write({"trader1": account}, guardrails={"max_deletes": 1})
    assert [one["code"] for one in trader.plan("--format", "json").json["warnings"]] == []
    said = trader.apply()
    assert (said.code, said.last) == (0, "Applied: 0 created, 0 changed, 1 deleted, 0 blocked, 0 failed."), said.out
    assert live(trader) == {}
    assert trader.plan().last == "No changes. Live accounts match the manifest."
    trader.write({"trader1": {"role": "sub_account", "api_keys": {"bot": BOT}}}).converge()
    assert live(trader) == {stored(trader): "bot"}


def limits(desk: GateDesk, *command: str) -> dict[str, str]:
    """What a plan says of the number of keys, by their labels."""
    said = desk.run(*command, "--format", "json")
    steps = said.json.get("plan", said.json)["steps"]
    checks = {step["key"]: [one for one in step["prechecks"] if one["name"] == "key_limit"] for step in steps}
    return {key: f"{one['status']}: {one['detail']}" for key, found in checks.items() for one in found}


def manages(desk: GateDesk, *labels: str, **more: dict[str, str]) -> None:
    """These keys are wanted."""
    keys = {**dict.fromkeys(labels, BOT), **more}
    desk.write({"trader1": {"role": "sub_account", "api_keys": keys}}, guardrails={"max_deletes": 1})


@pytest.mark.slow
def test_keys_are_rotated_one_after_the_other(gate: GateDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between them they take one place more, unless the old ones stay: what the venue takes is not refused before."""
    manages(gate, "a", "b", "c", "d")
    gate.converge()
    rotates = ("rotate", "trader1", "*", "--auto-approve")
    monkeypatch.setattr("acctcfg.venues.gate_crossex.api_keys.MOST_KEYS", 6)
    blocked = limits(gate, *rotates, "--overlap", "24h")
    assert [key for key, said in blocked.items() if said.startswith("fail: trader1 would have 8 keys")] == ["c", "d"]
    assert not limits(gate, *rotates, "--overlap", "0s")
    assert set(live(gate).values()) == {"a", "b", "c", "d"}


@pytest.mark.slow
def test_a_key_that_goes_makes_no_room_for_one_that_comes(gate: GateDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is deleted last: a plan says that the venue may refuse the new one, where it will, blocks it, and says how."""
    manages(gate, *"abcde")
    gate.converge()
    manages(gate, *"abcdf", e={"state": "absent"})
    way = "delete first what is to go (--target trader1.api_keys[e])"
    assert list(limits(gate, "plan")) == ["f"]
    assert limits(gate, "plan")["f"].startswith("venue: trader1 would have 6 keys, and the venue takes at most 5 or 20")
    assert way in limits(gate, "plan")["f"]
    monkeypatch.setattr("acctcfg.venues.gate_crossex.api_keys.MOST_KEYS", 5)
    said = gate.apply()
    assert (said.code, way in said.out, len(gate.account("trader1")["keys"])) == (3, True, 5), said.out
    assert gate.apply("--target", "trader1.api_keys[e]").code == 0
    assert gate.apply().code == 0
    assert set(live(gate).values()) == set("abcdf")


def test_the_keys_of_a_new_account_are_counted(gate: GateDesk) -> None:
    """Its sixth is one that the venue may refuse, and a plan says so."""
    manages(gate, *"abcdef")
    assert list(limits(gate, "plan")) == ["f"]


@pytest.mark.parametrize("body", ["{}", "[]", "null"])
def test_a_success_without_the_key_leaves_no_key_behind(trader: GateDesk, body: str) -> None:
    """The key that such an answer made is deleted before another one is made: one is left, and its secret is stored."""
    (before,) = live(trader)
    trader.fault(match={"path": "*/keys", "method": "POST"}, kind="garbage", effect=True, body=body)
    said = trader.run(*ROTATE, "--auto-approve")
    assert said.code == 0, said.out + said.err
    assert live(trader) == {stored(trader): "bot"}
    assert before not in live(trader)
    assert trader.run("drift").last.startswith("No drift")
