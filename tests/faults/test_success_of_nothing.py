"""A key or an account whose change was answered with success and never happened: told as such, and not forgotten."""

from __future__ import annotations

import pytest
from desk import Desk
from fault_parts import TRADING

import acctcfg.engine.recheck
from acctcfg.journal import Journal

ACCOUNT = {"account_mode": "futures", "api_keys": {"trading": TRADING, "other": TRADING}, "access": {"key": "other"}}
KEY = "trader01.api_keys[trading]"
STRICT = {"max_deletes": 9, "adopt": "explicit"}


def made(desk: Desk) -> Desk:
    """An account of ours with two keys; the manifest names all of them."""
    account = {**ACCOUNT, "api_keys_exclusive": True}
    desk.write({"trader01": account}, guardrails=STRICT).converge()
    return desk


def keys(desk: Desk) -> dict[str, str]:
    """Those of the account at the venue: id by label."""
    return {one["label"]: one["api_key"] for one in desk.account("trader01")["keys"]}


@pytest.mark.parametrize("call", ["delete-apikey", "modify-apikey"])
def test_a_rotation_is_over_when_reads_show_it(desk: Desk, call: str) -> None:
    """Until then the new key is no stranger that an exclusive manifest deletes, and the next apply ends it."""
    before = keys(made(desk))["trading"]
    desk.fault(match={"path": f"*/{call}"}, kind="ok_but_nothing")
    said = desk.run("rotate", "trader01", "trading", "--auto-approve", "--overlap", "0s")
    assert said.code == 1, said.out
    steps = desk.steps()
    assert {address: step["action"] for address, step in steps.items()} == {KEY: "change"}
    assert not steps[KEY]["blocked"]
    assert desk.converge().last == "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed."
    assert keys(desk)["trading"] == desk.secret("trader01", "trading")["api_key"] != before
    assert set(keys(desk)) == {"trading", "other"}


def test_a_rotation_whose_end_is_not_on_record_stands_in_nothings_way(desk: Desk) -> None:
    """Killed before it wrote that down, or by an earlier version: nothing is left to do, and the next is a new one."""
    made(desk)
    desk.monkeypatch.setattr(Journal, "end_rotation", lambda *_, **__: None)
    seen = {keys(desk)["trading"]}
    for _ in range(2):
        said = desk.run("rotate", "trader01", "trading", "--auto-approve", "--overlap", "0s")
        assert (said.code, keys(desk)["trading"] in seen) == (0, False), said.out
        seen.add(keys(desk)["trading"])
        assert desk.plan().last == "No changes. Live accounts match the manifest."
        assert desk.run("secrets", "check").code == 0


@pytest.mark.parametrize("late", [False, True])
def test_a_key_that_was_not_deleted_is_not_replaced(desk: Desk, late: bool) -> None:
    """The label that is still taken is the old key's, which nobody takes for the new one."""
    before = keys(made(desk))["trading"]
    effect = {"kind": "delayed_effect", "seconds": 60} if late else {"kind": "ok_but_nothing"}
    desk.fault(match={"path": "*/delete-apikey"}, **effect)
    said = desk.apply("--replace", KEY)
    assert said.code == 1, said.out
    assert said.last == "Applied: 0 created, 0 changed, 0 deleted, 0 blocked, 1 failed."
    assert keys(desk)["trading"] == before
    if not late:
        assert desk.apply("--replace", KEY).code == 0
        assert keys(desk)["trading"] == desk.secret("trader01", "trading")["api_key"] != before


@pytest.mark.parametrize("late", [True, False])
def test_an_address_that_no_list_showed_is_not_made_twice(desk: Desk, late: bool) -> None:
    """The next apply waits longer than a list is late before it makes another: one address, whether the first came."""
    deposit = {"addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]}
    desk.write({"trader01": {**ACCOUNT, "deposit": deposit}})
    effect = {"kind": "delayed_effect", "seconds": 60} if late else {"kind": "ok_but_nothing"}
    desk.fault(match={"path": "*/subaccount-deposit-address", "method": "POST"}, **effect)
    said = desk.apply()
    assert (said.code, "did not do it" in said.out) == (1, True)
    planned = desk.plan()
    assert planned.last == "Plan: 1 to create, 0 to change, 0 to delete, 0 blocked."
    assert "an earlier run was answered with " in planned.out
    assert desk.account("trader01")["addresses"] == []
    desk.monkeypatch.setattr(acctcfg.engine.recheck, "LATE_S", 60.0 if late else 1.0)
    said = desk.apply()
    assert (said.code, len(desk.account("trader01")["addresses"])) == (0, 1), said.out
    assert len(desk.writes("subaccount-deposit-address")) == (1 if late else 2)
    assert desk.plan().last == "No changes. Live accounts match the manifest."


def show_tags(desk: Desk, answered: str, listed: str) -> None:
    """Where the venue writes the tag of an address: in its answer to a creation, and in its list."""
    for method, place in (("POST", answered), ("GET", listed)):
        do = [{"method": "POST", "path": "flags", "body": {"address_tag": place}}]
        desk.fault(match={"path": "*/subaccount-deposit-address", "method": method}, times=0, kind="hook", do=do)


@pytest.mark.parametrize(
    ("answered", "listed"), [("none", "addrEx"), ("none", "memo"), ("memo", "none"), ("none", "none")]
)
def test_an_address_is_not_made_twice_for_a_tag_that_is_told_elsewhere(desk: Desk, answered: str, listed: str) -> None:
    """The answer and the list need not both have it: one address, number 1, paid with its tag once that can be read."""
    show_tags(desk, answered, listed)
    desk.write({"trader01": {**ACCOUNT, "deposit": {"addresses": [{"currency": "TON", "chain": "TON-TON"}]}}})
    readable = (answered, listed) != ("none", "none")
    said = desk.apply()
    assert (said.code, "did not do it" in said.out) == (0 if readable else 1, False), said.out
    assert desk.apply().code == (0 if readable else 1)
    desk.sandbox.control_delete("faults/all")
    desk.sandbox.control_post("flags", {"address_tag": "memo"})
    assert desk.converge().last == "No changes. Live accounts match the manifest."
    (there,) = desk.account("trader01")["addresses"]
    (shown,) = desk.run("output").json["trader01"]["deposits"]
    assert (shown["address"], shown["tag"], shown["number"]) == (there["addr"], there["tag"], 1)


def test_a_second_address_is_told_from_the_first_by_its_tag(desk: Desk) -> None:
    """Both share one address, and no answer has a tag: each keeps the number that it was made with."""
    show_tags(desk, "none", "addrEx")
    for count in (1, 2):
        deposit = {"addresses": [{"currency": "TON", "chain": "TON-TON", "count": count}]}
        desk.write({"trader01": {**ACCOUNT, "deposit": deposit}}).converge()
    there = [(one["addr"], one["tag"]) for one in desk.account("trader01")["addresses"]]
    shown = desk.run("output").json["trader01"]["deposits"]
    assert [(one["address"], one["tag"]) for one in sorted(shown, key=lambda one: one["number"])] == there
    assert len(set(there)) == 2


def test_an_account_that_was_not_deleted_is_still_ours(desk: Desk) -> None:
    """With its keys: the next apply deletes it, without a word of taking it over."""
    made(desk)
    desk.fault(match={"path": "*/delete-subaccount"}, kind="ok_but_nothing")
    desk.write({"trader01": {**ACCOUNT, "state": "absent"}}, guardrails=STRICT)
    said = desk.apply()
    assert (said.code, "did not do it" in said.out) == (1, True)
    desk.write({"trader01": ACCOUNT}, guardrails=STRICT)
    assert desk.plan().last == "No changes. Live accounts match the manifest."
    desk.write({"trader01": {**ACCOUNT, "state": "absent"}}, guardrails=STRICT)
    said = desk.apply()
    assert (said.code, said.last) == (0, "Applied: 0 created, 0 changed, 1 deleted, 0 blocked, 0 failed.")
