"""What a step is built on is read again right before its write, and what one read does not show may be there."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from acting import apply_and, by_address
from desk import Desk

from acctcfg.engine import recheck

KEY = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
TRON = {"currency": "USDT", "chain": "USDT-TRC20"}
MADE = {"ccy": "USDT", "chain": "USDT-TRC20", "addr": "TExampleAddress0000000000000000001"}
ADDRESS = "payin001.deposit.addresses[USDT/USDT-TRC20/1]"
SIGNS = {
    "label": "trading",
    "api_key": "own-key-of-payin001",
    "secret_key": "own-secret-of-payin001",
    "passphrase": "Own-passphrase-1",
    "perm": "read_only,trade",
    "ip": "127.0.0.1",
}


def there(desk: Desk, **fields: Any) -> Any:
    """Set fields of the account behind acctcfg's back."""
    return desk.sandbox.control_post("accounts/payin001/set", fields)


@pytest.fixture
def payin(desk: Desk) -> Desk:
    """An account that exists, and wants one address."""
    desk.sandbox.control_post("accounts/payin001", {})
    return desk.write({"payin001": {"deposit": {"addresses": [TRON]}}})


def test_an_address_made_while_the_question_stands_is_not_made_again(payin: Desk) -> None:
    """It is there by now: right already, and nothing is sent."""
    outcome = apply_and(payin, lambda: there(payin, addresses=[MADE]))
    assert (outcome.exit_code, by_address(outcome)[ADDRESS].status) == (0, "already")
    assert payin.writes() == []


@pytest.mark.parametrize("adopt", ["allow", "explicit"])
def test_an_account_made_while_the_question_stands_is_nobodys_but_its_makers(desk: Desk, adopt: str) -> None:
    """Whoever made it, it was not this run: nothing is sent, nothing goes on in it, and a plan says whose it is."""
    desk.write({"payin001": {"api_keys": {"trading": KEY}}}, guardrails={"adopt": adopt})
    outcome = apply_and(desk, lambda: desk.sandbox.control_post("accounts/payin001", {}))
    found = by_address(outcome)
    assert (found["payin001"].status, found["payin001"].code) == ("failed", "stale")
    assert found["payin001.api_keys[trading]"].status == "not_started"
    assert (outcome.exit_code, desk.writes()) == (1, [])
    warned = {(one["address"], one["code"]) for one in desk.plan("--format", "json").json["warnings"]}
    assert ("payin001", "adopted" if adopt == "allow" else "adopt_explicit") in warned
    assert desk.apply().code == (0 if adopt == "allow" else 3)


def test_a_key_made_while_the_question_stands_is_neither_doubled_nor_deleted(desk: Desk) -> None:
    """A person's key of that label stays as it is; the step fails without a form of the program's own in its words."""
    desk.sandbox.control_post("accounts/payin001", {})
    desk.write({"payin001": {"api_keys": {"trading": KEY}}})
    outcome = apply_and(desk, lambda: desk.sandbox.control_post("accounts/payin001/keys", SIGNS))
    result = by_address(outcome)["payin001.api_keys[trading]"]
    assert (result.status, result.code) == ("failed", "stale")
    assert "{" not in result.message
    assert desk.writes() == []
    assert [key["api_key"] for key in desk.account("payin001")["keys"]] == ["own-key-of-payin001"]


def test_a_key_that_was_changed_while_the_question_stood_is_not_deleted(desk: Desk) -> None:
    """A delete too is built on what was shown: a key that has other permissions by now is left alone."""
    desk.sandbox.control_post("accounts/payin001", {"keys": [{**SIGNS, "label": "old"}]})
    desk.write({"payin001": {"api_keys": {"old": {"state": "absent"}}}}, guardrails={"max_deletes": 1})
    outcome = apply_and(
        desk, lambda: desk.sandbox.control_post("accounts/payin001/keys/old", {"perm": "read_only", "ip": ""})
    )
    assert by_address(outcome)["payin001.api_keys[old]"].code == "stale"
    assert desk.writes() == []


def test_what_is_made_while_a_write_waits_for_its_limit_is_seen(payin: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look is taken again once the write's turn has come, where it is older than a moment."""
    monkeypatch.setattr(recheck, "FRESH_S", -1.0)
    first = recheck.LastLook.take

    async def take(self: recheck.LastLook) -> None:
        await first(self)
        there(payin, addresses=[MADE])

    monkeypatch.setattr(recheck.LastLook, "take", take)
    outcome = apply_and(payin)
    assert (by_address(outcome)[ADDRESS].status, payin.writes()) == ("already", [])


@pytest.mark.parametrize("lost_reads", [1, 2, 3])
def test_a_list_that_loses_rows_makes_no_second_address(payin: Desk, lost_reads: int) -> None:
    """Whichever read of the list leaves out the row, the address that is there is not made again."""
    there(payin, addresses=[MADE])
    empty = json.dumps({"code": "0", "msg": "", "data": []})
    payin.fault(match={"path": "*/subaccount-deposit-address", "method": "GET"}, times=1, kind="garbage", body=empty)
    for _ in range(lost_reads):
        assert payin.apply().code == 0
    assert len(payin.account("payin001")["addresses"]) == 1


def test_absence_is_believed_after_some_seconds_and_not_before(desk: Desk) -> None:
    """Between the plan's read and the write lie three seconds of the venue's time; a setting waits for nothing."""
    desk.sandbox.control_post("accounts/payin001", {})
    desk.write({"payin001": {"deposit": {"addresses": [TRON]}}})
    began: list[float] = []
    apply_and(desk, lambda: began.append(time.monotonic()))
    assert time.monotonic() - began[0] >= recheck.SECOND_LOOK_S / 50 * 0.9


def test_an_account_of_this_run_is_asked_for_nothing_that_it_cannot_have(desk: Desk) -> None:
    """In an account that this run made, no list is read before its key and its addresses are made, and none waits."""
    desk.write({"payin001": {"api_keys": {"trading": KEY}, "deposit": {"addresses": [TRON]}}})
    assert desk.apply().code == 0
    assert len(desk.writes()) == 3
    read = {row["endpoint"]: row["total"] for row in desk.sandbox.control_get("requests")["buckets"]}
    assert "GET /api/v5/broker/dma/subaccount/apikey" not in read
    assert read["GET /api/v5/asset/broker/dma/subaccount-deposit-address"] == 1  # the read-back
    assert read["GET /api/v5/broker/dma/subaccount-info"] == 3  # the plan, right before, and the read-back
