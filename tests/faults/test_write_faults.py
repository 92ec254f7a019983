"""Nothing lost, nothing doubled: whatever happens to a write on its way, an apply ends in the right state."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from desk import Desk
from fault_parts import ACCOUNTS, GUARDRAILS, TRADING, keep

WRITES = (
    "*/create-subaccount",
    "*/delete-subaccount",
    "*/broker/dma/subaccount/apikey",
    "*/modify-apikey",
    "*/delete-apikey",
    "*/set-subaccount-level",
    "*/set-position-mode",
    "*/set-leverage",
    "*/dma/subaccount-deposit-address",
    "*/modify-subaccount-deposit-address",
)
FAULTS: dict[str, dict[str, Any]] = {
    "reset before": {"kind": "reset_before"},
    "reset after": {"kind": "reset_after"},
    "time-out before": {"kind": "timeout_before"},
    "time-out after": {"kind": "timeout_after"},
    "50004, not applied": {"kind": "code", "code": "50004"},
    "50004, applied": {"kind": "code", "code": "50004", "effect": True},
    "50001": {"kind": "code", "code": "50001"},
    "50001, applied": {"kind": "code", "code": "50001", "effect": True},
    "50026": {"kind": "code", "code": "50026"},
    "50026, applied": {"kind": "code", "code": "50026", "effect": True},
    "garbage": {"kind": "garbage"},
    "garbage, applied": {"kind": "garbage", "effect": True},
    "HTML": {"kind": "html"},
    "HTML, applied": {"kind": "html", "effect": True},
    "502 without a body": {"kind": "status", "status": 502},
    "404 web page": {"kind": "html", "status": 404},
    "429": {"kind": "rate_limited"},
    "429, not the venue's": {"kind": "html", "status": 429},
    "50011 with 200": {"kind": "rate_limited_200"},
    "delayed effect": {"kind": "delayed_effect", "seconds": 10},
}


def strike(desk: Desk, fault: dict[str, Any], *paths: str, **more: Any) -> None:
    """Let the fault meet a POST to each of these paths."""
    for path in paths:
        desk.fault(match={"path": path, "method": "POST"}, **{**fault, **more})


def happened(desk: Desk) -> Counter[str]:
    """How many writes changed something at the venue, by the last part of their path."""
    return Counter(row["path"].rpartition("/")[2] for row in desk.writes() if row["effect"])


def landed(desk: Desk) -> None:
    """Every account of `many` is as its manifest says, and nothing exists twice."""
    names = list(desk.sandbox.control_get("state")["tenants"]["desk"]["sub_accounts"])
    assert sorted(names) == sorted(set(ACCOUNTS) - {"accountgone"})
    keys = {name: [key["label"] for key in desk.account(name)["keys"]] for name in names}
    assert keys["keynew"] == keys["keychanged"] == keys["keygone"] == ["trading"]
    assert desk.account("keychanged")["keys"][0]["ip"] == ["127.0.0.1"]
    assert desk.account("modeset")["acctLv"] == "3"
    assert desk.account("positions")["posMode"] == "long_short_mode"
    assert set(desk.account("leverages")["leverage"].values()) == {"7"}
    assert len(desk.account("addressnew")["addresses"]) == 1
    assert desk.account("addressmoved")["to"] == "18"
    assert desk.secret("keynew", "trading")["api_key"] == desk.account("keynew")["keys"][0]["api_key"]


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.sample(2)
def test_one_fault_on_every_kind_of_write_leaves_the_right_state(many: Desk, name: str) -> None:
    """Each kind of write is struck once; the same apply ends 0 with everything there once, and secrets that sign."""
    strike(many, FAULTS[name], *WRITES)
    many.converge()
    landed(many)
    assert all(happened(many)[once] <= 1 for once in ("create-subaccount", "delete-subaccount"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["reset before", "reset after", "50004, applied", "garbage", "429"])
@pytest.mark.parametrize("path", ["*/delete-apikey", "*/broker/dma/subaccount/apikey"])
def test_a_replacement_survives_a_fault_on_either_half(desk: Desk, name: str, path: str) -> None:
    """A key that is replaced ends as one key whose stored secret signs, whichever of its two writes is struck."""
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}, guardrails=GUARDRAILS).converge()
    old = desk.secret("mmdesk01", "trading")["api_key"]
    strike(desk, FAULTS[name], path)
    said = desk.apply("--replace", "mmdesk01.api_keys[trading]")
    assert said.code == 0, said.out + said.err
    (key,) = desk.account("mmdesk01")["keys"]
    assert key["api_key"] == desk.secret("mmdesk01", "trading")["api_key"] != old
    desk.converge()


@pytest.mark.parametrize("name", ["reset before", "50004, not applied", "garbage", "time-out before"])
def test_a_write_is_sent_once_more_and_then_its_outcome_is_unknown(desk: Desk, name: str) -> None:
    """A write that is never answered and never shows is sent twice, not more; it ends unknown, exit 1."""
    desk.sandbox.control_post("accounts/mmdesk01", {"acctLv": "3", "keys": _key("mmdesk01")})
    keep(desk, "mmdesk01")
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}, "position_mode": "long_short"}})
    strike(desk, FAULTS[name], "*/set-position-mode", times=0)
    said = desk.apply("--format", "json")
    assert said.code == 1
    (result,) = said.json["results"]
    assert (result["status"], result["address"]) == ("unknown", "mmdesk01.position_mode")
    assert len(desk.writes("set-position-mode")) == 2
    desk.sandbox.control_delete("faults/all")
    desk.converge()


def test_an_unknown_outcome_stops_only_what_depends_on_it(desk: Desk) -> None:
    """Where the creation of a key cannot be resolved, its account's later steps are not tried; others are done."""
    strike(desk, FAULTS["reset before"], "*/broker/dma/subaccount/apikey", times=2)
    accounts = {"mmdesk01": {"api_keys": {"trading": TRADING}, "position_mode": "net"}, "mmdesk02": {}}
    said = desk.write(accounts).apply("--format", "json")
    results = {row["address"]: row["status"] for row in said.json["results"]}
    assert said.code == 1
    assert results == {
        "mmdesk01": "done",
        "mmdesk01.api_keys[trading]": "unknown",
        "mmdesk01.position_mode": "not_started",
        "mmdesk02": "done",
    }
    desk.converge()


@pytest.mark.slow
@pytest.mark.parametrize("path", ["*/broker/dma/subaccount-info", "*/broker/dma/subaccount/apikey"])
def test_a_lost_answer_that_cannot_be_read_back_is_unknown(desk: Desk, path: str) -> None:
    """When neither the answer nor the read-back arrives, nothing is repeated: unknown, and the next apply ends it."""
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}})
    create = "*/create-subaccount" if path.endswith("info") else path
    do = [{"path": "faults", "body": {"match": {"path": path, "method": "GET"}, "kind": "html", "times": 0}}]
    strike(desk, {"kind": "hook", "do": do}, create)
    strike(desk, FAULTS["reset after"], create)
    said = desk.apply("--format", "json")
    assert said.code == 1
    assert [row["status"] for row in said.json["results"]][-1] in ("unknown", "not_started")
    assert "unknown" in [row["status"] for row in said.json["results"]]
    assert happened(desk)["create-subaccount"] == 1
    desk.sandbox.control_delete("faults/all")
    desk.converge()
    (key,) = desk.account("mmdesk01")["keys"]
    assert key["api_key"] == desk.secret("mmdesk01", "trading")["api_key"]


@pytest.mark.slow
@pytest.mark.parametrize("path", WRITES)
def test_accepted_is_not_applied(many: Desk, path: str) -> None:
    """A venue that says "ok" and does nothing fails that step after one write, and says so."""
    strike(many, {"kind": "ok_but_nothing"}, path, times=0)
    said = many.apply("--format", "json")
    failed = [row for row in said.json["results"] if row["status"] == "failed"]
    assert said.code == 1
    assert len(failed) == 1
    if failed[0]["address"] != "keynew.api_keys[trading]":  # its secret names a key that does not exist
        assert failed[0]["code"] == "not_applied"
    assert len(many.writes(path.lstrip("*"))) == 1
    many.sandbox.control_delete("faults/all")
    many.converge()
    landed(many)


def test_59617_is_an_account_that_exists(desk: Desk) -> None:
    """A creation that the venue calls partial is resolved by reading: the account is there, and is not made again."""
    strike(desk, {"kind": "code", "code": "59617", "effect": True}, "*/create-subaccount")
    desk.write({"mmdesk01": {"account_mode": "multi_currency", "api_keys": {"trading": TRADING}}}).converge()
    assert len(desk.writes("create-subaccount")) == 1


@pytest.mark.parametrize("delay_s", [1, 20])
def test_a_new_key_may_take_its_time(desk: Desk, delay_s: int) -> None:
    """A key that signs only after a while is waited for: one key, no second creation, and what needs it is done."""
    desk.sandbox.control_post("flags", key_delay_s=delay_s)
    desk.write(
        {"mmdesk01": {"account_mode": "multi_currency", "position_mode": "long_short", "api_keys": {"t": TRADING}}}
    )
    desk.converge()
    assert len(desk.writes("broker/dma/subaccount/apikey")) == 1


def test_a_replaced_key_that_still_signs_for_a_while_is_not_the_new_one(desk: Desk) -> None:
    """Keys that come and go with a delay do not confuse a replacement."""
    desk.sandbox.control_post("flags", key_delay_s=10)
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}, guardrails=GUARDRAILS).converge()
    said = desk.apply("--replace", "mmdesk01.api_keys[trading]")
    assert said.code == 0, said.out + said.err
    (key,) = desk.account("mmdesk01")["keys"]
    assert key["api_key"] == desk.secret("mmdesk01", "trading")["api_key"]


@pytest.mark.slow
def test_a_fault_between_two_writes_of_one_account_keeps_their_order(desk: Desk) -> None:
    """An unknown mode change is settled before the leverage behind it is written."""
    leverage = [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 9}]
    keys = {"trading": TRADING}
    strike(desk, FAULTS["time-out after"], "*/set-subaccount-level")
    desk.write({"mmdesk01": {"account_mode": "multi_currency", "api_keys": keys, "leverage": leverage}}).converge()
    paths = [row["path"].rpartition("/")[2] for row in desk.writes()]
    assert paths == ["create-subaccount", "apikey", "set-subaccount-level", "set-leverage"]


def _key(name: str) -> list[dict[str, Any]]:
    from fault_parts import sub_account

    keys: list[dict[str, Any]] = sub_account(name)["keys"]
    return keys
