"""Built-in rules, exceptions and `until`: what blocks, what warns, what is undone, and that plans say why."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk, Said
from ladder_parts import KEY, TRADING, failing, quiet, settle

OPEN = {**TRADING, "ip_allowlist": []}
BOTH = {**TRADING, "permissions": ["read", "trade", "withdraw"]}
SWAP = {"market": "swap", "margin": "cross"}
ENDED = "2020-01-01"


def _warnings(said: Said) -> set[tuple[str, str]]:
    """Address and code of what a plan, or a validation, in JSON warns of."""
    return {(one["address"], one["code"]) for one in said.json["warnings"]}


def test_a_rule_blocks_the_step_that_would_break_it(desk: Desk) -> None:
    """By its id, with nothing written; a set that is off blocks nothing."""
    settle(desk, "trader01")
    accounts = {"trader01": {"api_keys": {**KEY, "open": OPEN, "both": BOTH}, "access": {"key": "trading"}}}
    rails: dict[str, Any] = {"deny_permissions": [], "rule_sets": ["basic"]}
    desk.write(accounts, guardrails=rails)
    assert {address: set(failing(step)) for address, step in desk.steps().items()} == {
        "trader01.api_keys[both]": {"guardrail:trade_and_withdraw"},
        "trader01.api_keys[open]": {"guardrail:key_without_address"},
    }
    quiet(desk, "--allow-sensitive")
    desk.write(accounts, guardrails={**rails, "rule_sets": []})
    assert not any(failing(step) for step in desk.steps().values())


def test_what_breaks_a_rule_already_is_a_warning(desk: Desk) -> None:
    """A live key, a store, a list that all share: nothing that would be written is wrong, so it is only said."""
    for name in ("trader01", "trader02"):
        settle(desk, name)
    keys = {"trader01": {"api_keys": KEY}, "trader02": {"api_keys": KEY}}
    desk.write(keys, guardrails={"rule_sets": ["strict"]})
    expected = {("secret_stores.vault", "guardrail"), ("accounts", "guardrail")}
    assert _warnings(desk.plan("--format", "json")) >= expected
    assert _warnings(desk.run("validate", "--format", "json")) == expected
    assert "one_recipient" in desk.run("validate").out
    assert desk.apply().code == 0


def test_a_master_that_trades_is_named(desk: Desk) -> None:
    """Where its key makes sub-accounts, and the manifest sets it up to trade: one warning, and nothing is blocked."""
    accounts = {"main": {"role": "main", "position_mode": "net"}, "trader01": {"api_keys": KEY}}
    desk.write(accounts, guardrails={"rule_sets": ["strict"]})
    assert ("main", "guardrail") in _warnings(desk.run("validate", "--format", "json"))
    assert not any(step["blocked"] for step in desk.steps().values())
    assert "master_trades: it is set up to trade" in desk.plan().out
    desk.write({"main": {"role": "main"}, "trader01": {"api_keys": KEY}}, guardrails={"rule_sets": ["strict"]})
    assert "master_trades" not in desk.plan().out


def test_an_old_key_is_named_by_what_the_journal_knows(desk: Desk) -> None:
    """Its own `rotate_after` is its limit, where it has one."""
    settle(desk, "trader01")
    desk.write({"trader01": {"api_keys": KEY, "account_mode": "futures"}}, guardrails={"rule_sets": ["strict"]})
    assert desk.apply().code == 0
    desk.monkeypatch.setattr("acctcfg.engine.workspace._day", lambda: "2999-01-01")
    old = ("trader01.api_keys[trading]", "guardrail")
    assert old in _warnings(desk.plan("--format", "json"))
    far = {"trading": {**TRADING, "rotate_after": "99999w"}}
    desk.write({"trader01": {"api_keys": far}}, guardrails={"rule_sets": ["strict"]})
    assert old not in _warnings(desk.plan("--format", "json"))


@pytest.mark.slow
def test_an_exception_lets_pass_and_every_plan_says_so(desk: Desk) -> None:
    """With its reason; for its accounts alone; and once it is over, the plan says that the rule holds again."""
    for name in ("trader01", "trader02"):
        settle(desk, name)
    keys = {"api_keys": {**KEY, "open": OPEN}, "access": {"key": "trading"}}
    exception = {"rule": "key_without_address", "accounts": "trader01", "until": "2999-12-31", "reason": "dynamic host"}
    rails: dict[str, Any] = {"rule_sets": ["basic"], "exceptions": [exception]}
    desk.write({"trader01": keys, "trader02": keys}, guardrails=rails)
    steps = desk.steps()
    assert not steps["trader01.api_keys[open]"]["blocked"]
    assert set(failing(steps["trader02.api_keys[open]"])) == {"guardrail:key_without_address"}
    assert "excepted until 2999-12-31 (dynamic host)" in desk.plan().out
    desk.write(
        {"trader01": keys, "trader02": keys}, guardrails={**rails, "exceptions": [{**exception, "until": ENDED}]}
    )
    assert failing(desk.steps()["trader01.api_keys[open]"])
    assert ("guardrails.exceptions[0]", "until_over") in _warnings(desk.plan("--format", "json"))
    quiet(desk)


@pytest.mark.slow
def test_what_is_over_is_undone(desk: Desk) -> None:
    """A key goes (and counts as a delete), an address leaves its list, leverage falls back; each is named."""
    settle(desk, "trader01", labels=("trading", "contractor"), acctLv="3", leverage={"SWAP/cross/BTC-USDT": "10"})
    keys = {
        "trading": {**TRADING, "ip_allowlist": ["127.0.0.1", {"address": "203.0.113.9", "until": "2999-12-31"}]},
        "contractor": {**TRADING, "until": "2999-12-31"},
    }
    leverage = [
        {**SWAP, "family": "*-USDT", "value": 5},
        {**SWAP, "family": "BTC-USDT", "value": 10, "until": "2999-12-31"},
    ]
    fields = {"api_keys": keys, "leverage": leverage, "access": {"key": "trading"}}
    desk.write({"trader01": fields}, guardrails={"max_deletes": 1})
    desk.apply("--allow-sensitive")
    assert desk.plan().last == "No changes. Live accounts match the manifest."
    before = desk.plan("--format", "json").json["manifest_digest"]
    desk.monkeypatch.setattr("acctcfg.engine.workspace._day", lambda: "3000-01-01")
    steps = desk.steps()
    assert {address: step["action"] for address, step in steps.items()} == {
        "trader01.api_keys[contractor]": "delete",
        "trader01.api_keys[trading]": "change",
        "trader01.leverage[swap/BTC-USDT/cross]": "change",
    }
    said = desk.plan("--format", "json")
    assert said.json["manifest_digest"] != before
    assert {one for one in _warnings(said) if one[1] == "until_over"} == {
        ("trader01.api_keys[contractor]", "until_over"),
        ("trader01.api_keys[trading]", "until_over"),
        ("trader01.leverage[1]", "until_over"),
    }
    for target, ended in (("trader01", 3), ("trader01.leverage[*]", 1), ("trader01.api_keys[trading]", 1)):
        narrowed = _warnings(desk.plan("--format", "json", "--target", target))
        assert sum(code == "until_over" for _, code in narrowed) == ended
    desk.converge()
    keys_now = {key["label"]: key["ip"] for key in desk.account("trader01")["keys"]}
    assert keys_now == {"trading": ["127.0.0.1"]}


def test_a_key_that_ends_signs_for_nothing_more(desk: Desk) -> None:
    """What needs it is blocked, and so nothing at all is written, its delete included."""
    settle(desk, "trader01")
    fields = {"api_keys": {"trading": {**TRADING, "until": ENDED}}, "account_mode": "futures"}
    desk.write({"trader01": fields}, guardrails={"max_deletes": 1})
    assert desk.steps()["trader01.account_mode"]["blocked"]
    quiet(desk)
