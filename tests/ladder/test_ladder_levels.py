"""Leverage by `max` and by `at_most`: what they come to, what they leave alone, and what a plan says of a position."""

from __future__ import annotations

import json
from typing import Any

import pytest
from desk import Desk
from ladder_parts import KEY, failing, settle

BTC, ETH = "BTC-USDT-SWAP", "ETH-USDT-SWAP"
SWAP = {"market": "swap", "margin": "cross"}


def wants(desk: Desk, *entries: dict[str, Any], mode: str = "futures", **fields: Any) -> None:
    """A manifest with one account, and these entries."""
    desk.write({"mmdesk01": {"account_mode": mode, "api_keys": KEY, "leverage": list(entries), **fields}})


def levers(desk: Desk) -> dict[str, str]:
    """Every leverage that somebody set, by the venue's name of its scope."""
    return dict(desk.account("mmdesk01")["leverage"])


def warning(desk: Desk) -> str:
    """What the plan says of the position under a leverage."""
    found = desk.plan("--format", "json").json["warnings"]
    (said,) = [one["message"] for one in found if one["code"] == "open_position_on_scope"]
    return str(said)


def test_at_most_lowers_what_stands_above_and_nothing_else(desk: Desk) -> None:
    """Of a value above the bound a step comes, of one at or below it none; then the plan is empty."""
    settle(desk, "mmdesk01", acctLv="2", leverage={f"SWAP/cross/{BTC}": "20", f"SWAP/cross/{ETH}": "3"})
    wants(desk, {**SWAP, "family": "*-USDT", "at_most": 5})
    steps = desk.steps()
    step = steps["mmdesk01.leverage[swap/BTC-USDT/cross]"]
    assert (step["before"], step["after"]) == (20, 5)
    assert "mmdesk01.leverage[swap/ETH-USDT/cross]" not in steps
    assert "20 -> 5" in desk.plan().out
    desk.converge()
    assert (levers(desk)[f"SWAP/cross/{BTC}"], levers(desk)[f"SWAP/cross/{ETH}"]) == ("5", "3")
    assert len(desk.writes("set-leverage")) == 1


@pytest.mark.slow
def test_at_most_behind_a_mode_change_raises_nothing(desk: Desk) -> None:
    """What is known only after a step is looked at then: a value below the bound stays, and counts as nothing."""
    settle(desk, "mmdesk01", acctLv="2", posMode="net_mode")
    wants(desk, {**SWAP, "instrument": BTC, "at_most": 50}, position_mode="long_short")
    step = desk.steps()["mmdesk01.leverage[swap/BTC-USDT/cross]"]
    assert (step["before_known"], step["after"]) == (False, 50)
    assert "(known after position_mode) -> at most 50" in desk.plan().out
    desk.converge()
    assert desk.writes("set-leverage") == []


@pytest.mark.parametrize(
    ("mode", "entry", "scope", "most"),
    [
        ("futures", {"market": "swap", "margin": "cross", "instrument": BTC}, "swap/BTC-USDT/cross", 100),
        ("multi_currency", {"market": "margin", "margin": "cross", "currency": "BTC"}, "margin/BTC/cross", 10),
        ("futures", {"market": "futures", "margin": "cross", "family": "BTC-USD"}, "futures/BTC-USD/cross", 100),
    ],
)
def test_max_is_the_venues_maximum(desk: Desk, mode: str, entry: dict[str, Any], scope: str, most: int) -> None:
    """`max` is what the list, or of a currency its first tier, allows; then the plan is empty."""
    wants(desk, {**entry, "value": "max"}, mode=mode)
    assert desk.steps()[f"mmdesk01.leverage[{scope}]"]["after"] == most
    desk.converge()


@pytest.mark.parametrize("currency", ["DOGE", "*"])
@pytest.mark.parametrize(("tier", "most"), [("9.09", "5"), ("3.33", "3.33")])
def test_max_of_a_currency_is_the_lower_of_its_tier_and_its_pairs(
    desk: Desk, currency: str, tier: str, most: str
) -> None:
    """Whichever of the two is the lower, `max` is never above what the precheck lets through."""
    settle(desk, "mmdesk01", acctLv="3", leverage={"MARGIN/cross/DOGE": "2"})
    row = {"tier": "1", "minSz": "0", "maxSz": "1000", "maxLever": tier}
    body = json.dumps({"code": "0", "msg": "", "data": [row]})
    desk.fault(match={"path": "*/position-tiers"}, times=0, kind="garbage", body=body)
    wants(desk, {"market": "margin", "margin": "cross", "currency": currency, "value": "max"}, mode="multi_currency")
    steps = desk.steps()
    assert {address: failing(step) for address, step in steps.items() if step["blocked"]} == {}
    desk.converge()
    assert levers(desk)["MARGIN/cross/DOGE"] == most


def test_a_pattern_above_one_coins_maximum_names_that_scope_and_both_ways_out(desk: Desk) -> None:
    """That scope alone is blocked; either way out that the message tells leads to an empty plan."""
    settle(desk, "mmdesk01", acctLv="2")
    wants(desk, {**SWAP, "family": "*-USDT", "value": 60})
    blocked = {address: failing(step) for address, step in desk.steps().items() if step["blocked"]}
    ((address, why),) = [(a, w["leverage_limit"]) for a, w in blocked.items()][:1]
    assert "is above the venue's maximum" in why
    assert "`at_most: 60`" in why
    assert "value: max}" in why
    assert not desk.steps()["mmdesk01.leverage[swap/BTC-USDT/cross]"]["blocked"]
    alone = [{**SWAP, "family": one.partition("/")[2].partition("/")[0], "value": "max"} for one in blocked]
    wants(desk, {**SWAP, "family": "*-USDT", "value": 60}, *alone)
    desk.converge()
    wants(desk, {**SWAP, "family": "*-USDT", "at_most": 60})
    assert desk.plan().last == "No changes. Live accounts match the manifest."
    assert address


def test_max_stays_the_instruments_whatever_is_open(desk: Desk) -> None:
    """A position whose tier allows less blocks `max`: it is not quietly less."""
    settle(desk, "mmdesk01", acctLv="2", positions=[{"instId": BTC, "pos": "5000"}])
    wants(desk, {**SWAP, "instrument": BTC, "value": "max"})
    step = desk.steps()["mmdesk01.leverage[swap/BTC-USDT/cross]"]
    assert step["after"] == 100
    assert "for the open position" in failing(step)["leverage_limit"]


def test_the_plan_says_what_a_change_does_to_a_positions_margin(desk: Desk) -> None:
    """The venue's own estimate stands in the warning; where it gives none, or fails, that is said."""
    settle(desk, "mmdesk01", acctLv="2", positions=[{"instId": BTC, "pos": "30"}])
    wants(desk, {**SWAP, "instrument": BTC, "value": 3}, {**SWAP, "instrument": ETH, "value": 3})
    assert f"{BTC} 30 (cross): the venue estimates 10 USDT (now 1)" in warning(desk)
    counted = desk.sandbox.control_get("requests")["by_path"]
    assert [count for path, count in counted.items() if "adjust-leverage" in path] == [1]
    desk.sandbox.control_post("faults", {"match": {"path": "*/adjust-leverage-info"}, "kind": "code", "code": "59111"})
    assert "the new margin is not known" in warning(desk)
