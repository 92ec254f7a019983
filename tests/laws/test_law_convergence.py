"""Laws 1, 2, 3, 5 and 6 over generated manifests and live states: what an apply leaves behind, and how it got there."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from desk import Desk, Said
from hypothesis import given
from laws_world import LEVELS, Seen, World, at_desk, desks, pictures, worlds

NO_CHANGES = "No changes. Live accounts match the manifest."
PLACE = {  # law 6, by endpoint; a change of a deposit address may stand anywhere behind its account
    "/broker/dma/create-subaccount": 0,
    "/broker/dma/subaccount/apikey": 1,
    "/broker/dma/subaccount/modify-apikey": 1,
    "/broker/dma/set-subaccount-level": 2,
    "/account/set-position-mode": 3,
    "/account/set-leverage": 4,
    "/broker/dma/subaccount/delete-apikey": 9,
    "/broker/dma/delete-subaccount": 10,
}


def apply(desk: Desk) -> Said:
    """Everything that the world allows."""
    return desk.apply("--allow-sensitive", "--skip-blocked")


def writes_of(seen: list[Seen]) -> list[Seen]:
    """The writes among them."""
    return [one for one in seen if one.write]


@pytest.mark.slow
@desks(20)
@given(worlds())
def test_reading_commands_send_no_write(world: World) -> None:
    """validate sends nothing; plan, show and output send no write and leave every account as it was."""
    with at_desk(world) as (desk, witness):
        before = pictures(desk)
        assert desk.run("validate").code == 0
        assert witness.take() == []
        for command in (["plan"], ["plan", "--format", "json"], ["show"], ["output", "--format", "json"]):
            said = desk.run(*command)
            assert said.code in (0, 1), said.err
            assert "internal error" not in said.out + said.err
        assert writes_of(witness.take()) == []
        assert pictures(desk) == before


@desks(45)
@given(worlds())
def test_an_apply_converges_or_says_why_not(world: World) -> None:
    """Exit 0 leaves an empty plan; whatever the exit, applying again sends no write, and blocked accounts get none."""
    with at_desk(world) as (desk, witness):
        planned = desk.plan("--format", "json")
        assert planned.code in (0, 1), planned.err
        held = {step["address"].partition(".")[0] for step in planned.json["steps"] if step["blocked"]}
        held |= {one["address"].partition(".")[0] for one in planned.json["unreadable"]}
        whole = any(
            check["name"] in ("guardrail:max_deletes", "guardrail:max_changed_accounts")
            for step in planned.json["steps"]
            for check in step["prechecks"]
        )
        witness.take()
        said = apply(desk)
        writes = writes_of(witness.take())
        assert "internal error" not in said.out + said.err
        assert not {one.account for one in writes} & held
        if whole:
            assert writes == []
        expected = {1 if planned.json["unreadable"] else 3 if held or whole else 0}
        if expected == {0} and open_behind_a_key(world, planned.json["steps"]):
            expected = {0, 3}  # only the key that this apply made could see it
        assert said.code in expected, said.out + said.err
        in_order(writes)
        minimal(writes)
        again = apply(desk)
        assert writes_of(witness.take()) == [], said.out + again.out
        assert again.code == said.code
        if said.code == 0:
            assert again.last == NO_CHANGES
            plan = desk.plan("--format", "json").json
            assert (plan["steps"], plan["unreadable"]) == ([], [])
            as_wanted(desk, world)
            needed(world, witness.take(), sum(one["count"] for one in plan.get("recalled", ())))
            assert not drifted(desk)


def drifted(desk: Desk) -> list[dict[str, Any]]:
    """What drift finds changed in what the manifest manages: a look of its own, which sends no write."""
    before = len(desk.writes())
    said = desk.run("drift", "--skip", "keys", "--format", "json")
    assert said.code in (0, 2), said.out + said.err
    assert len(desk.writes()) == before
    return list(said.json["changes"])


def open_behind_a_key(world: World, steps: list[dict[str, Any]]) -> bool:
    """Whether something is open in an account whose prechecks only a key of this plan can read."""
    deferred = {step["address"] for step in steps for check in step["prechecks"] if check["status"] == "deferred"}
    behind = {address.partition(".")[0]: address for address in deferred}
    held = [world.live.get(name, {}) for name, address in behind.items() if "mode" in address or "leverage" in address]
    return any(account.get(what) for account in held for what in ("positions", "orders", "algos", "bots"))


def in_order(writes: list[Seen]) -> None:
    """Law 6, account by account."""
    for account in {one.account for one in writes}:
        mine = [one for one in writes if one.account == account and one.path in PLACE]
        for earlier, later in pairwise(mine):
            there, here = PLACE[earlier.path], PLACE[later.path]
            if (there, here) == (3, 2):  # values decide: these must have gone this way round
                assert earlier.before is not None
                to_portfolio = later.params["acctLv"] == "4" and earlier.params["posMode"] == "net_mode"
                assert earlier.before["acctLv"] != "1"
                assert to_portfolio or later.params["acctLv"] == "1"
            else:
                assert there <= here, f"{later.path} after {earlier.path}"
        for one in mine:
            if one.path == "/account/set-position-mode":
                assert one.before is not None
                assert one.before["acctLv"] != "1", "position mode cannot be set in spot"


def minimal(writes: list[Seen]) -> None:
    """Law 5 for writes: each is accepted, changes something, and none goes where another one went."""
    for one in writes:
        assert one.code == "0", f"{one.path} {one.params}: {one.code}"
        assert one.changed, f"{one.path} {one.params} was right already"
    settings = ("/account/set-leverage", "/account/set-position-mode", "/broker/dma/set-subaccount-level")
    places = Counter(
        (one.path, one.account, *(one.params.get(name) for name in SCOPE)) for one in writes if one.path in settings
    )
    assert not [place for place, count in places.items() if count > 1]


def as_wanted(desk: Desk, world: World) -> None:
    """What the venue shows is what the manifest says, read without the program under test."""
    live = pictures(desk)
    for name, want in world.accounts.items():
        if want.get("state") == "absent":
            assert name not in live
            continue
        found = live[name]
        if "account_mode" in want:
            assert found["acctLv"] == LEVELS[want["account_mode"]]
        if "position_mode" in want:
            assert found["posMode"] == f"{want['position_mode']}_mode"
        keys = {label: (perm, ips) for label, _, perm, ips in found["keys"]}
        for label, key in want.get("api_keys", {}).items():
            if key.get("state") == "absent":
                assert label not in keys
            else:
                perm, ips = keys[label]
                assert set(perm.split(",")) == {{"read": "read_only"}.get(p, p) for p in key["permissions"]}
                assert list(ips) == sorted(key["ip_allowlist"])
                assert desk.secret(name, label)["api_key"] in {api for lab, api, *_ in found["keys"] if lab == label}
        if want.get("api_keys_exclusive"):
            named = {label for label, key in want["api_keys"].items() if key.get("state") != "absent"}
            assert set(keys) == named
        deposit = want.get("deposit", {})
        assert found["addresses"] >= sum(one["count"] for one in deposit.get("addresses", ()))
        if "credit_to" in deposit and deposit.get("addresses"):
            assert found["to"] == {"funding": "6", "trading": "18"}[deposit["credit_to"]]


SCOPE = ("instId", "ccy", "mgnMode", "posSide")
ADDRESS_LIST = "/asset/broker/dma/subaccount-deposit-address"
PRECHECKS = ("positions", "pending", "ongoing-list", "switch-precheck", "balance")


def needed(world: World, seen: list[Seen], recalled: int) -> None:
    """Law 5 for reads, of a plan that finds nothing to do: only what the manifest manages, each once or, of so many
    deposit addresses, not at all; and law 9: twice the list of keys that lacks one that no run of ours deleted."""
    assert not [one.path for one in seen if any(word in one.path for word in PRECHECKS)]
    reads = Counter((one.account, one.path) for one in seen)
    assert reads["@master", "/account/config"] == 1
    for name, want in world.accounts.items():
        keys = [key for key in want.get("api_keys", {}).values() if key.get("state") != "absent"]
        listed = want.get("api_keys_exclusive") or len(keys) < len(want.get("api_keys", {}))
        there = {key["label"] for key in world.live.get(name, {}).get("keys", ())}
        gone = {label for label, key in want.get("api_keys", {}).items() if key.get("state") == "absent"}
        assert reads[name, "/broker/dma/subaccount/apikey"] == (2 if gone - there else 1 if listed else 0)
        assert reads[name, "/account/config"] <= max(1, len(keys))
        markets = {entry["market"] for entry in want.get("leverage", ())}
        assert reads[name, "/account/instruments"] == len(markets)
        if not markets:
            assert reads[name, "/account/leverage-info"] == 0
        shelf = want.get("deposit", {}).get("addresses", ())
        shown = reads[name, ADDRESS_LIST]
        if shown == 1 and not keys and "credit_to" in want["deposit"]:
            shown = 0  # nobody but the broker reads where deposits go
        assert shown in (0, len(shelf))
        recalled -= sum(one["count"] for one in shelf) if not shown else 0
        if want.get("state") != "absent":
            known = {"/broker/dma/subaccount/apikey", "/account/config", "/account/instruments"}
            known |= {"/account/leverage-info", ADDRESS_LIST}
            known |= {"/broker/dma/subaccount-info"}
            known |= {"/asset/deposit-address"} if not shown and "credit_to" in want.get("deposit", {}) else set()
            assert {path for account, path in reads if account == name} <= known
    assert recalled == 0
