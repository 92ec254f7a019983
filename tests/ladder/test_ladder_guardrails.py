"""Guardrails: each blocks what it should, by name, and nothing is written."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk
from ladder_parts import KEY, LEVEL, TRADING, failing, quiet, settle

SWAP = {"market": "swap", "instrument": "BTC-USDT-SWAP", "margin": "cross"}
ETH = {"market": "swap", "instrument": "ETH-USDT-SWAP", "margin": "cross"}
FUTURES = {"market": "futures", "family": "BTC-USD", "margin": "cross"}


def _broken(desk: Desk) -> dict[str, set[str]]:
    """address -> the guardrails that it breaks."""
    return {
        address: {name.removeprefix("guardrail:") for name in failing(step) if name.startswith("guardrail:")}
        for address, step in desk.steps().items()
    }


def test_max_leverage(desk: Desk) -> None:
    """A value above max_leverage is blocked, one that equals it is not; one that is live already is no step at all."""
    settle(desk, "trader01", acctLv="3", leverage={"FUTURES/cross/BTC-USD": "15"})
    entries = [{**SWAP, "value": 11}, {**ETH, "value": 10}, {**FUTURES, "value": 15}]
    desk.write({"trader01": {"api_keys": KEY, "leverage": entries}}, guardrails={"max_leverage": 10})
    assert _broken(desk) == {
        "trader01.leverage[swap/BTC-USDT/cross]": {"max_leverage"},
        "trader01.leverage[swap/ETH-USDT/cross]": set(),
    }
    quiet(desk)


def test_max_leverage_holds_where_the_value_is_not_known_yet(desk: Desk) -> None:
    """The limit is on what is wanted: a new account's leverage is held by it before anything is created."""
    fields = {"account_mode": "multi_currency", "position_mode": "net", "leverage": [{**SWAP, "value": 11}]}
    desk.write({"trader01": {"api_keys": KEY, **fields}}, guardrails={"max_leverage": 10})
    assert _broken(desk)["trader01.leverage[swap/BTC-USDT/cross]"] == {"max_leverage"}
    quiet(desk)


def test_require_ip_allowlist(desk: Desk) -> None:
    """Keys that trade or withdraw need addresses; a reading key does not."""
    settle(desk, "trader01")
    keys = {
        **KEY,
        "open": {**TRADING, "ip_allowlist": []},
        "payout": {**TRADING, "permissions": ["withdraw"], "ip_allowlist": []},
        "reading": {**TRADING, "permissions": ["read"], "ip_allowlist": []},
    }
    rails = {"require_ip_allowlist": True, "deny_permissions": []}
    access = {"key": "trading"}
    desk.write({"trader01": {"api_keys": keys, "access": access}}, guardrails=rails)
    assert _broken(desk) == {
        "trader01.api_keys[open]": {"require_ip_allowlist"},
        "trader01.api_keys[payout]": {"require_ip_allowlist"},
        "trader01.api_keys[reading]": set(),
    }
    quiet(desk, "--allow-sensitive")


def test_deny_permissions(desk: Desk) -> None:
    """A denied permission is blocked wherever a step would give it."""
    settle(desk, "trader01")
    desk.write({"trader01": {"api_keys": {**KEY, "second": TRADING}}}, guardrails={"deny_permissions": ["trade"]})
    assert _broken(desk) == {"trader01.api_keys[second]": {"deny_permissions"}}
    quiet(desk)


@pytest.mark.parametrize(("limit", "blocked"), [(1, True), (2, False), ("33%", True), ("34%", False), ("60%", False)])
def test_max_changed_accounts(desk: Desk, limit: int | str, blocked: bool) -> None:
    """A number, or a share of all accounts of the manifest, rounded up: of five, 33% and 34% are both two. A breach
    blocks the whole plan, --skip-blocked or not."""
    names = [f"trader{number:02}" for number in range(5)]
    for name in names:
        settle(desk, name, acctLv="2" if name in names[:3] else "1")
    count = 3 if isinstance(limit, str) and limit == "33%" else 2
    wanted = {name: "multi_currency" if name in names[:count] else None for name in names}
    accounts = {name: {"api_keys": KEY, **({"account_mode": mode} if mode else {})} for name, mode in wanted.items()}
    desk.write(accounts, guardrails={"max_changed_accounts": limit})
    assert all(broken == ({"max_changed_accounts"} if blocked else set()) for broken in _broken(desk).values())
    if blocked:
        quiet(desk)
        quiet(desk, "--skip-blocked")
    else:
        desk.converge()


def test_a_rule_is_a_schema_of_the_step(desk: Desk) -> None:
    """A rule blocks exactly the steps that its `when` selects (all its conditions) and its schema refuses, and says by
    its name what is wrong."""
    for name in ("trader01", "trader02"):
        settle(desk, name, acctLv="3")
    rules: list[dict[str, Any]] = [
        {
            "name": "desks trade with at most 5x on swaps",
            "when": {"address": "*.leverage[swap/*]"},
            "schema": {"properties": {"after": {"type": "number", "maximum": 5}}},
        },
        {
            "name": "only net on trader02",
            "when": {"address": ["trader02.*"], "action": ["change"], "venue": "de*"},
            "schema": {"properties": {"after": {"not": {"const": "long_short"}}}},
        },
        {"name": "never", "when": {"action": "delete"}, "schema": False},
        {"name": "elsewhere", "when": {"venue": "other"}, "schema": False},
    ]
    entries = [{**SWAP, "value": 6}, {**ETH, "value": 4}, {**FUTURES, "value": 9}]
    fields = {"api_keys": KEY, "position_mode": "long_short", "leverage": entries}
    desk.write(dict.fromkeys(("trader01", "trader02"), fields), guardrails={"rules": rules})
    broken = {address: names for address, names in _broken(desk).items() if names}
    assert broken == {
        "trader01.leverage[swap/BTC-USDT/cross]": {"desks trade with at most 5x on swaps"},
        "trader02.leverage[swap/BTC-USDT/cross]": {"desks trade with at most 5x on swaps"},
        "trader02.position_mode": {"only net on trader02"},
    }
    assert "desks trade with at most 5x on swaps" in quiet(desk).out


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"properties": {"after": {"maxmum": 5}}}, '.properties.after.maxmum: unknown keyword "maxmum" (did you mean'),
        ({"after": {"maximum": 5}}, '.after: unknown keyword "after" (a member of the step: write `properties: {after'),
    ],
)
def test_a_slip_in_a_rule_lets_no_leverage_through(desk: Desk, schema: dict[str, Any], said: str) -> None:
    """A rule whose schema holds nothing to 5x for a slip of the pen is an error: the leverage stays where it was."""
    settle(desk, "trader01", acctLv="3", leverage={"SWAP/cross/BTC-USDT-SWAP": "3"})
    rule = {"name": "5x at most", "when": {"address": "*.leverage[*]"}, "schema": schema}
    desk.write({"trader01": {"api_keys": KEY, "leverage": [{**SWAP, "value": 50}]}}, guardrails={"rules": [rule]})
    applied = desk.apply()
    assert applied.code == 1
    assert f"guardrails.rules[0].schema{said}" in applied.err
    assert desk.account("trader01")["leverage"]["SWAP/cross/BTC-USDT-SWAP"] == "3"
    assert desk.writes() == []


@pytest.mark.parametrize("field", ["collateral", "auto_earn", "isolated_margin"])
def test_a_rule_on_a_field_holds_for_every_key_of_it(desk: Desk, field: str) -> None:
    """`*.settings.collateral` is meant for each currency, as it is in `--target`: no key of it slips through."""
    settle(desk, "trader01", acctLv="3", trading={"USDT": "1000"}, collateral_off=["ETH"], mgnIsoMode="autonomy")
    wanted = {"collateral": {"enabled": ["ETH"], "disabled": ["DOGE"]}, "auto_earn": {"USDT": True}}
    wanted["isolated_margin"] = {"margin": "automatic"}
    rule = {"name": "hands off", "when": {"address": f"*.settings.{field}"}, "schema": False}
    desk.write({"trader01": {"api_keys": KEY, "settings": wanted}}, guardrails={"rules": [rule]})
    found = _broken(desk)
    assert {address.partition("[")[0] for address in found} == {f"trader01.settings.{name}" for name in wanted}
    for address, broken in found.items():
        assert broken == ({"hands off"} if address.startswith(f"trader01.settings.{field}[") else set())
    assert "hands off" in quiet(desk, "--allow-sensitive").out


def test_guardrails_and_prechecks_are_told_together(desk: Desk) -> None:
    """What is blocked twice says both reasons; lifting one leaves the other."""
    settle(desk, "trader01", acctLv="3")
    desk.open("trader01", "orders", instId="BTC-USDT-SWAP")
    accounts = {"trader01": {"api_keys": KEY, "leverage": [{**SWAP, "value": 11}]}}
    desk.write(accounts, guardrails={"max_leverage": 10})
    assert set(failing(desk.steps()["trader01.leverage[swap/BTC-USDT/cross]"])) == {
        "guardrail:max_leverage",
        "no_pending_orders",
    }
    desk.sandbox.control_delete("accounts/trader01/orders/all")
    quiet(desk)
    desk.write(accounts, guardrails={"max_leverage": 11})
    desk.converge()


def test_a_live_venue_takes_no_demo_key(desk: Desk) -> None:
    """Demo credentials on a live venue are refused before any write, exit 1."""
    settle(desk, "trader01")
    desk.monkeypatch.setenv("ACCTCFG_TRUST", desk.sandbox.base_url)
    desk.write({"trader01": {"api_keys": KEY, "account_mode": "futures"}}, venue={"environment": "live"})
    said = desk.apply()
    assert said.code == 1
    assert "50101" in said.err
    assert desk.writes() == []
    assert desk.account("trader01")["acctLv"] == LEVEL["spot"]


def test_somebody_elses_credentials_are_refused(desk: Desk) -> None:
    """A venue whose `uid` is not that of its credentials does nothing."""
    desk.write({"trader01": {"label": "x1"}}, venue={"uid": "42"})
    said = desk.apply()
    assert (said.code, desk.writes()) == (1, [])
    assert "uid" in said.err
