"""What the venue did not say is never taken for nothing: answers of code 0 in a shape that no page documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from desk import Desk

from acctcfg.core.state import KeyValue
from acctcfg.errors import Garbled
from acctcfg.venues.okx.account_reads import Config

pytestmark = pytest.mark.sample(1)  # each case starts a sandbox
KEY = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}
FIELDS = {
    "account_mode": "multi_currency",
    "position_mode": "long_short",
    "api_keys": KEY,
    "api_keys_exclusive": True,
    "leverage": [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 10}],
    "deposit": {"credit_to": "trading", "addresses": [{"currency": "USDT", "chain": "USDT-TRC20", "count": 1}]},
}
ODD: list[Any] = [[{}], [{"details": [[]]}], [{"details": [{}], "totalPage": "x"}], [{"instId": 5, "pos": "x"}]]
LISTS = ("orders-pending", "orders-algo-pending", "positions", "grid/orders-algo-pending", "sprd/orders-pending")


@pytest.fixture
def settled(desk: Desk) -> Desk:
    """An account that was applied, and whose modes and leverage somebody then changed."""
    desk.write({"mmdesk01": FIELDS})
    said = desk.apply()
    assert said.code == 0, said.out + said.err
    desk.sandbox.control_post("accounts/mmdesk01/set", posMode="net_mode", acctLv="2")
    return desk


def answer(desk: Desk, ending: str, rows: Any) -> None:
    """Let every read of a path answer these rows."""
    desk.sandbox.control_delete("faults/all")
    body = json.dumps({"code": "0", "msg": "", "data": rows})
    desk.fault(match={"path": f"*/{ending}", "method": "GET"}, times=0, kind="garbage", body=body)


@pytest.mark.parametrize("ending", ["account/config", "subaccount-info", "subaccount/apikey"])
def test_an_account_that_cannot_be_read_has_no_steps(settled: Desk, ending: str) -> None:
    """Neither a create nor a delete is made of rows without names; the exit status is 1, without a traceback."""
    for rows in ODD:
        answer(settled, ending, rows)
        said = settled.plan()
        assert said.code == 1, (rows, said.out)
        assert "internal error" not in said.err
        assert "No changes" not in said.out
        assert "to create" not in said.out or "Plan: 0 to create, 0 to change, 0 to delete" in said.out, said.out


@pytest.mark.parametrize("ending", LISTS)
def test_a_list_of_nameless_things_is_not_an_empty_list(settled: Desk, ending: str) -> None:
    """Modes wait for what is open: a position without a size, or an order without a name, may be open."""
    for rows in ODD:
        answer(settled, ending, rows)
        steps = settled.steps()
        assert steps["mmdesk01.account_mode"]["blocked"], rows
        assert steps["mmdesk01.position_mode"]["blocked"], rows


def test_an_address_without_its_chain_is_unreadable(settled: Desk) -> None:
    """No second address is planned, and the rest of the account is."""
    for rows in ODD:
        answer(settled, "subaccount-deposit-address", rows)
        said = settled.plan("--refresh", "--format", "json")
        assert said.code == 1
        assert [one["address"] for one in said.json["unreadable"]] == ["mmdesk01.deposit"]
        assert not [step for step in said.json["steps"] if "deposit" in step["address"]]
        assert [step for step in said.json["steps"] if step["address"] == "mmdesk01.account_mode"]


def test_a_switch_without_a_verdict_blocks(settled: Desk) -> None:
    """The venue's own verdict is a precheck: where it is not there, the step waits."""
    for rows in [[], *ODD]:
        answer(settled, "set-account-switch-precheck", rows)
        assert settled.steps()["mmdesk01.account_mode"]["blocked"], rows


def test_a_scope_without_its_value_is_unreadable(settled: Desk) -> None:
    """An answer that leaves the scope out, or has no number for it, is neither a default nor a change."""
    settled.write({"mmdesk01": {**FIELDS, "account_mode": ..., "position_mode": ...}})
    for rows in [[], *ODD, [{"instId": "BTC-USDT-SWAP", "mgnMode": "cross", "posSide": "net", "lever": ""}]]:
        answer(settled, "leverage-info", rows)
        said = settled.plan("--format", "json")
        assert said.code == 1
        assert [one["address"] for one in said.json["unreadable"]] == ["mmdesk01.leverage[swap/BTC-USDT/cross]"]


def test_a_balance_without_its_currencies_is_not_empty(desk: Desk) -> None:
    """A delete waits for an answer that says what the account holds."""
    desk.write({"mmdesk01": {"api_keys": KEY}})
    assert desk.apply().code == 0
    desk.write({"mmdesk01": {"api_keys": KEY, "state": "absent"}}, guardrails={"max_deletes": 1})
    for ending, rows in [("account/balance", [{}]), ("account/balance", []), ("asset/balances", [{"ccy": "USDT"}])]:
        answer(desk, ending, rows)
        step = desk.steps()["mmdesk01"]
        assert [one["status"] for one in step["prechecks"] if one["name"] == "empty"] == ["unknown"]
        assert step["blocked"]
    desk.sandbox.control_delete("faults/all")
    assert not desk.steps()["mmdesk01"]["blocked"]


CONFIG = {"uid": "1", "acctLv": "2", "posMode": "net_mode", "label": "k", "perm": "trade,read_only", "ip": ""}


def test_a_config_describes_its_key() -> None:
    """Permissions in any order; "" is a key bound to no address."""
    assert Config.of(CONFIG).key_value("vault") == KeyValue(("read", "trade"), (), "vault")


@pytest.mark.parametrize("name", ["label", "perm", "ip"])
def test_a_config_that_leaves_out_a_field_of_the_key_is_no_drift(name: str) -> None:
    """A missing field is unknown: neither "no permission" nor "bound to no address"."""
    config = Config.of({key: value for key, value in CONFIG.items() if key != name})
    with pytest.raises(Garbled):
        config.key_value("vault")
    assert config.account_mode == "futures"


def test_a_key_that_its_config_does_not_describe_is_unreadable(desk: Desk, tmp_path: Path) -> None:
    """No step rewrites addresses that could not be read."""
    desk.write({"mmdesk01": {"api_keys": KEY}})
    assert desk.apply().code == 0
    live = desk.account("mmdesk01")
    row = {"uid": live["uid"], "mainUid": "x", "acctLv": "1", "posMode": "net_mode", "label": "trading"}
    body = json.dumps({"code": "0", "msg": "", "data": [row]})
    desk.fault(match={"path": "*/account/config", "account": "mmdesk01"}, times=0, kind="garbage", body=body)
    said = desk.plan("--format", "json")
    assert said.code == 1
    assert said.json["steps"] == []
    assert [one["address"] for one in said.json["unreadable"]] == ["mmdesk01.api_keys[trading]"]
