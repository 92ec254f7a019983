"""Prechecks: each blocks exactly what the venue would refuse, names what stands in the way, and is asked again at the
write."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from gate_desk import ADA, BTC, MARGIN_ADA, GateDesk

ISOLATED = {"account_mode": "ISOLATED_EXCHANGE"}
MODE = {"account_mode": "isolated_exchange"}
POSITION = {"position_mode": "long_short"}
SPOT = "OKX_SPOT_ADA_USDT"
FREE = {"initial_margin": "0", "maintenance_margin": "0"}


def quiet(gate: GateDesk, *arguments: str) -> str:
    """An apply that must write nothing; what it says."""
    before = len(gate.writes())
    said = gate.apply(*arguments)
    assert said.code == 3, said.out + said.err
    assert len(gate.writes()) == before
    return said.out


BLOCKERS: list[tuple[str, str, dict[str, Any], str, str, set[str]]] = [
    # what, where it is opened, its row, the precheck that fails, its detail, what else an account mode fails for
    ("futures order", "orders", {"symbol": ADA}, "no_pending_orders", ADA, set()),
    ("spot order", "orders", {"symbol": SPOT, "side": "SELL"}, "no_pending_orders", f"{SPOT} SELL", set()),
    ("margin order", "orders", {"symbol": MARGIN_ADA}, "no_pending_orders", MARGIN_ADA, set()),
    (
        "contract position",
        "positions",
        {"symbol": ADA, "qty": "-100", **FREE},
        "no_open_positions",
        f"{ADA} -100",
        set(),
    ),
    (
        "margin position",
        "margin_positions",
        {"symbol": MARGIN_ADA, "qty": "3", **FREE},
        "no_margin_positions",
        f"{MARGIN_ADA} 3",
        set(),
    ),
    (
        "zero quantity with a debt",
        "margin_positions",
        {"symbol": MARGIN_ADA, "qty": "0", "liability": "12.5"},
        "no_margin_positions",
        f"{MARGIN_ADA} 0 (long), owes 12.5 USDT",
        set(),
    ),
    (
        "position with margins",
        "positions",
        {"symbol": ADA, "qty": "1", "initial_margin": "20", "maintenance_margin": "2"},
        "no_open_positions",
        ADA,
        {"no_initial_margin", "no_maintenance_margin"},
    ),
]


@pytest.mark.parametrize("row", BLOCKERS, ids=[row[0] for row in BLOCKERS])
def test_what_is_open_blocks_both_modes(gate: GateDesk, row: tuple[Any, ...]) -> None:
    """Account mode and position mode are blocked by it, with the symbol; the venue refuses the same request; once it is
    gone, both go through."""
    _, where, fields, check, detail, more = row
    gate.set(where, **fields)
    gate.write({"cx": POSITION})
    found = gate.blocked_by("cx.position_mode")
    assert set(found) == {check}
    assert detail in found[check]
    assert detail in quiet(gate)
    gate.write({"cx": MODE})
    found = gate.blocked_by("cx.account_mode")
    assert set(found) == {check, *more}
    assert detail in found[check]
    assert detail in quiet(gate)
    gate.sandbox.control_delete(f"accounts/cx:@master/{where}/all")
    gate.converge()


@pytest.mark.parametrize(
    ("name", "check"), [("initial_margin", "no_initial_margin"), ("maintenance_margin", "no_maintenance_margin")]
)
def test_a_margin_blocks_the_account_mode_alone(gate: GateDesk, name: str, check: str) -> None:
    """Margin bound without a position blocks the account mode, with its amount; a position mode does not mind."""
    gate.set(**{name: {"CROSSEX": "1.5"}})
    gate.write({"cx": MODE})
    assert gate.blocked_by("cx.account_mode") == {check: "1.5"}
    quiet(gate)
    gate.write({"cx": POSITION}).converge()


def test_every_exchange_counts_for_the_account_mode(make_gate: Callable[..., GateDesk]) -> None:
    """From isolated_exchange the margins of each exchange are read, and named with it."""
    gate = make_gate(**ISOLATED, initial_margin={"GATE": "3"}, maintenance_margin={"BINANCE": "0.5", "GATE": "1"})
    gate.write({"cx": {"account_mode": "cross_exchange"}})
    assert gate.blocked_by("cx.account_mode") == {
        "no_initial_margin": "3 at gate",
        "no_maintenance_margin": "0.5 at binance, 1 at gate",
    }
    quiet(gate)


def test_an_exchange_is_blocked_by_its_own(make_gate: Callable[..., GateDesk]) -> None:
    """In isolated_exchange an order on OKX blocks position_mode[okx] alone; the others pass, and the venue agrees."""
    gate = make_gate(**ISOLATED, orders=[{"symbol": SPOT}], positions=[{"symbol": BTC, "qty": "2"}])
    modes = dict.fromkeys(("binance", "okx", "gate"), "long_short")
    gate.write({"cx": {"position_mode": modes}})
    steps = gate.steps()
    assert {address for address, step in steps.items() if step["blocked"]} == {
        "cx.position_mode[okx]",
        "cx.position_mode[binance]",
    }
    assert set(gate.blocked_by("cx.position_mode[okx]")) == {"no_pending_orders"}
    assert set(gate.blocked_by("cx.position_mode[binance]")) == {"no_open_positions"}
    quiet(gate)
    gate.write({"cx": {"position_mode": {"gate": "long_short"}}}).converge()
    assert gate.crossex()["position_mode"]["GATE"] == "DUAL"


@pytest.mark.parametrize(
    ("order", "blocks"),
    [
        ({"symbol": "HYPERLIQUID_FUTURE_ADA_USDT"}, False),
        ({"symbol": ADA, "exchange_type": "HYPERLIQUID"}, False),
        ({"symbol": "ADA_USDT"}, True),
        ({"exchange_type": "CROSSEX"}, True),
        ({"symbol": 7, "exchange_type": 5}, True),
        ({"symbol": ["HYPERLIQUID_FUTURE_ADA_USDT"], "exchange_type": True}, True),
        ({"symbol": "HYPERLIQUID_FUTURE_ADA_USDT", "exchange_type": {}}, False),
    ],
)
def test_an_exchange_that_is_new_to_us_is_another_one(
    make_gate: Callable[..., GateDesk], order: dict[str, Any], blocks: bool
) -> None:
    """In isolated_exchange a row of an exchange that we do not know counts for that one; a row that does not say where
    it belongs counts for all."""
    gate = make_gate(**ISOLATED)
    gate.fault(match={"path": "*/crossex/open_orders"}, times=0, kind="garbage", body=json.dumps([order]))
    gate.write({"cx": {"position_mode": {"okx": "long_short"}}})
    assert set(gate.blocked_by("cx.position_mode[okx]")) == ({"no_pending_orders"} if blocks else set())


def test_rows_of_nothing_block_nothing(make_gate: Callable[..., GateDesk]) -> None:
    """Positions without quantity, margin positions without quantity and debt: nothing stands in the way."""
    gate = make_gate(
        positions=[{"symbol": ADA, "qty": "0"}], margin_positions=[{"symbol": MARGIN_ADA, "qty": "0", "liability": "0"}]
    )
    gate.write({"cx": {**MODE, "position_mode": {"okx": "long_short"}}}).converge()


def test_leverage_needs_nothing_closed(make_gate: Callable[..., GateDesk]) -> None:
    """Orders, positions and debts do not block a leverage; a position under it is a warning that names it."""
    gate = make_gate(
        orders=[{"symbol": ADA}],
        positions=[{"symbol": ADA, "qty": "5"}],
        margin_positions=[{"symbol": MARGIN_ADA, "qty": "0", "liability": "1"}],
    )
    gate.write({"cx": {"leverage": [{"symbol": one, "value": 4} for one in (ADA, MARGIN_ADA, BTC)]}})
    plan = gate.plan("--format", "json").json
    warned = {one["address"]: one["message"] for one in plan["warnings"] if one["code"] == "open_position_on_scope"}
    assert set(warned) == {f"cx.leverage[futures/{ADA}]", f"cx.leverage[margin/{MARGIN_ADA}]"}
    assert f"{ADA} 5" in warned[f"cx.leverage[futures/{ADA}]"]
    gate.converge()


# -- the account status ----------------------------------------------------------------------------------------------


def test_the_status_is_the_venues_to_check(gate: GateDesk) -> None:
    """No field shows it: the plan's JSON and text say so, and do not count it as a block."""
    gate.write({"cx": MODE})
    step = gate.steps()["cx.account_mode"]
    assert not step["blocked"]
    assert [c["name"] for c in step["prechecks"] if c["status"] == "venue"][-1:] == ["account_status"]
    assert ". account status is normal" in gate.plan().out
    gate.write({"cx": POSITION})
    assert "account_status" not in [check["name"] for check in gate.steps()["cx.position_mode"]["prechecks"]]


def test_an_abnormal_status_is_blocked_by_the_venue(gate: GateDesk) -> None:
    """The refusal counts as blocked (3); what depends on it is not started; the way out is said."""
    gate.set(status="RISK")
    gate.write({"cx": {**MODE, "position_mode": {"okx": "long_short"}}})
    said = gate.apply()
    assert (said.code, said.last) == (
        3,
        "Applied: 0 created, 0 changed, 0 deleted, 1 blocked, 0 failed, 1 not started.",
    )
    assert "UPDATE_ACCOUNT_MODE_ACCOUNT_STATUS_NOT_NORMAL_ERROR" in said.out
    assert "ask the venue what is wrong" in said.out
    assert len(gate.puts()) == 1


# -- the gate --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "fields", "list_", "words"),
    [
        ("orders", {"symbol": SPOT}, "open_orders", "no_pending_orders"),
        ("positions", {"symbol": ADA}, "positions", "no_open_positions"),
        ("margin_positions", {"symbol": MARGIN_ADA, "qty": "0", "liability": "1"}, "margin_positions", "no_margin_pos"),
        ("set", {"initial_margin": {"CROSSEX": "1"}}, "accounts", "no_initial_margin"),
    ],
)
def test_what_was_opened_since_the_plan_closes_the_gate(
    gate: GateDesk, where: str, fields: dict[str, Any], list_: str, words: str
) -> None:
    """A blocker that appears after the approval stops the write before it is sent: blocked (3), not an error."""
    step = {"path": f"accounts/cx:@master/{where}", "body": fields}
    gate.write({"cx": {**MODE, "position_mode": {"gate": "long_short"}}}).plan()
    reads = gate.sandbox.control_get("requests")["by_path"][f"GET /api/v4/crossex/{list_}"]
    reads += list_ == "accounts"  # an apply reads it once more when it has the lock
    gate.fault(match={"path": f"*/crossex/{list_}", "method": "GET"}, after=reads, kind="hook", do=[step])
    said = gate.apply()
    assert said.code == 3, said.out
    assert "stopped right before the write: " in said.out
    assert words in said.out
    assert gate.puts() == []


def test_a_blocker_that_the_gate_could_not_see_is_refused_by_the_venue(gate: GateDesk) -> None:
    """An order that arrives between gate and write: the venue's label counts as blocked, in its words and ours."""
    step = {"path": "accounts/cx:@master/orders", "body": {"symbol": ADA}}
    gate.fault(match={"path": "*/accounts", "method": "PUT"}, kind="hook", do=[step])
    said = gate.write({"cx": POSITION}).apply()
    assert (said.code, said.last) == (3, "Applied: 0 created, 0 changed, 0 deleted, 1 blocked, 0 failed.")
    assert "TRADE_PZ_MODE_HAVE_ORDER_ERROR" in said.out
    assert "cancel the orders, then plan again" in said.out


@pytest.mark.parametrize(
    ("path", "check"),
    [
        ("*/crossex/open_orders", "no_pending_orders"),
        ("*/crossex/positions", "no_open_positions"),
        ("*/crossex/margin_positions", "no_margin_positions"),
    ],
)
def test_what_cannot_be_read_is_unknown_and_blocks(gate: GateDesk, path: str, check: str) -> None:
    """A list that fails, or is none, is never taken for empty."""
    gate.write({"cx": POSITION})
    for fault in ({"kind": "label", "label": "INVALID_PARAM_VALUE"}, {"kind": "garbage", "body": '{"label":""}'}):
        gate.fault(match={"path": path, "method": "GET"}, times=0, **fault)
        step = gate.steps()["cx.position_mode"]
        assert step["blocked"]
        assert [one["name"] for one in step["prechecks"] if one["status"] == "unknown"] == [check]
        quiet(gate)
        gate.sandbox.control_delete("faults/all")
    gate.converge()


@pytest.mark.parametrize("bad", ['""', "null", '"many"', "[]"])
def test_a_quantity_that_is_no_number_is_unknown(gate: GateDesk, bad: str) -> None:
    """A row whose quantity cannot be read blocks as unknown, quoting it; it is never taken for zero."""
    body = f'[{{"symbol": "{ADA}", "position_qty": {bad}}}]'
    gate.fault(match={"path": "*/crossex/positions", "method": "GET"}, times=0, kind="garbage", body=body)
    gate.write({"cx": POSITION})
    assert set(gate.blocked_by("cx.position_mode")) == {"no_open_positions"}
    quiet(gate)


def test_a_margin_that_cannot_be_read_is_unknown(gate: GateDesk) -> None:
    """An account without its margins blocks the account mode, and nothing else."""
    body = '{"user_id": "110285555", "account_mode": "CROSS_EXCHANGE", "position_mode": "SINGLE", "initial_margin": ""}'
    uid = gate.crossex()["uid"]
    gate.fault(
        match={"path": "*/crossex/accounts", "method": "GET"},
        times=0,
        kind="garbage",
        body=body.replace("110285555", uid),
    )
    gate.write({"cx": MODE})
    found = gate.blocked_by("cx.account_mode")
    assert set(found) == {"no_initial_margin", "no_maintenance_margin"}
    quiet(gate)


def test_long_lists_are_counted(gate: GateDesk) -> None:
    """Twenty blockers are named and the rest counted; a list of a round length may have been cut, which is said."""
    gate.set("orders", symbol=ADA, count=100)
    gate.write({"cx": POSITION})
    detail = gate.blocked_by("cx.position_mode")["no_pending_orders"]
    assert detail.count(ADA) == 20
    assert detail.endswith("and 80 more")
    warnings = gate.plan("--format", "json").json["warnings"]
    assert [(one["address"], one["code"]) for one in warnings] == [("cx", "list_may_be_cut")]


def test_skip_blocked_leaves_the_account_out(gate: GateDesk) -> None:
    """With --skip-blocked the account is left out and its sub-account is done: exit 3."""
    gate.set("orders", symbol=ADA)
    gate.write({"cx": {**POSITION, "leverage": [{"symbol": ADA, "value": 4}]}, "sub_1": {"role": "sub_account"}})
    said = gate.apply("--skip-blocked")
    assert (said.code, said.last) == (
        3,
        "Applied: 1 created, 0 changed, 0 deleted, 1 blocked, 0 failed, 1 not started.",
    )
    assert [row["path"] for row in gate.writes()] == ["/api/v4/sub_accounts"]


# -- limits of leverage ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("symbol", [ADA, MARGIN_ADA])
def test_above_the_tiers_is_blocked_with_the_limit(make_gate: Callable[..., GateDesk], symbol: str) -> None:
    """The largest leverage of any tier is the limit; at it the venue takes it, above it the step is blocked."""
    rows = {"replace": [{"symbol": ADA, "leverage_max": 12}, {"symbol": MARGIN_ADA, "leverage_max": 12}]}
    gate = make_gate(top={"gate_crossex": {"symbols": rows}})
    gate.write({"cx": {"leverage": [{"symbol": symbol, "value": 13}]}})
    market = "futures" if symbol == ADA else "margin"
    address = f"cx.leverage[{market}/{symbol}]"
    assert gate.blocked_by(address) == {
        "leverage_limit": f"13 is above the venue's maximum of 12 ({symbol}); lower `value`, or write `value: max`"
    }
    assert "x within the leverage limit" in quiet(gate)
    gate.write({"cx": {"leverage": [{"symbol": symbol, "value": 12}]}}).converge()


@pytest.mark.parametrize("symbol", [ADA, MARGIN_ADA])
def test_max_is_the_first_tiers_and_at_most_raises_nothing(make_gate: Callable[..., GateDesk], symbol: str) -> None:
    """`max` is what the risk limits allow; `at_most` leaves what is below it, and lowers what is above."""
    rows = {"replace": [{"symbol": ADA, "leverage_max": 12}, {"symbol": MARGIN_ADA, "leverage_max": 12}]}
    gate = make_gate(top={"gate_crossex": {"symbols": rows}})
    address = f"cx.leverage[{'futures' if symbol == ADA else 'margin'}/{symbol}]"
    gate.write({"cx": {"leverage": [{"symbol": symbol, "value": "max"}]}}).converge()
    before = len(gate.writes())
    gate.write({"cx": {"leverage": [{"symbol": symbol, "at_most": 12}]}}).converge()
    assert len(gate.writes()) == before
    gate.write({"cx": {"leverage": [{"symbol": symbol, "at_most": 7}]}})
    step = gate.steps()[address]
    assert (step["before"], step["after"]) == (12, 7)
    gate.converge()
    gate.write({"cx": {"leverage": [{"symbol": symbol, "at_most": 11}]}}).converge()
    assert len(gate.writes()) == before + 1


def test_above_an_open_positions_tier_is_blocked(make_gate: Callable[..., GateDesk]) -> None:
    """A large position is in a higher tier with a lower limit, which its row shows."""
    gate = make_gate(positions=[{"symbol": ADA, "qty": "10", "max_leverage": "4"}])
    gate.write({"cx": {"leverage": [{"symbol": ADA, "value": 5}]}})
    detail = gate.blocked_by(f"cx.leverage[futures/{ADA}]")["leverage_limit"]
    assert "5 is above 4" in detail
    assert "risk-limit tier" in detail
    quiet(gate)


def test_limits_that_cannot_be_read_block(gate: GateDesk) -> None:
    """Without the tiers the limit is unknown, which blocks; a symbol that they leave out is the venue's to check."""
    gate.write({"cx": {"leverage": [{"symbol": ADA, "value": 5}]}})
    limits = {"path": "*/rule/risk_limits"}
    gate.fault(match=limits, times=0, kind="label", label="INVALID_PARAM_VALUE")
    assert set(gate.blocked_by(f"cx.leverage[futures/{ADA}]")) == {"leverage_limit"}
    quiet(gate)
    gate.sandbox.control_delete("faults/all")
    gate.fault(match=limits, times=0, kind="garbage", body="[]")
    step = gate.steps()[f"cx.leverage[futures/{ADA}]"]
    assert [(c["name"], c["status"]) for c in step["prechecks"]] == [("leverage_limit", "venue")]
    gate.converge()


@pytest.mark.parametrize("profile", ["seed", "current"])
def test_a_state_that_is_new_to_us_takes_leverage(make_gate: Callable[..., GateDesk], profile: str) -> None:
    """Only states that are known to take no leverage set nothing: in every other the symbol is read and set."""
    gate = make_gate(profile=profile)
    gate.sandbox.control_post("gate_crossex/symbols", {"symbol": ADA, "state": "post_only"})
    gate.write({"desk": {"leverage": [{"symbol": ADA, "value": 2}]}}).converge()
    assert gate.crossex()["leverage"][ADA] == "2"


@pytest.mark.parametrize(
    "fields", [{"state": "suspend"}, {"delist_time": "1764633600000"}], ids=["suspended", "delisted"]
)
def test_a_symbol_that_does_not_trade_is_warned_of(make_gate: Callable[..., GateDesk], fields: dict[str, Any]) -> None:
    """A named symbol that is suspended or delisted is a warning and no step; the others are set."""
    gate = make_gate(top={"gate_crossex": {"symbols": {"add": [{"symbol": "OKX_FUTURE_LTC_USDT", **fields}]}}})
    gate.write({"cx": {"leverage": [{"symbol": "OKX_FUTURE_LTC_USDT", "value": 5}, {"symbol": ADA, "value": 5}]}})
    plan = gate.plan("--format", "json").json
    assert [step["address"] for step in plan["steps"]] == [f"cx.leverage[futures/{ADA}]"]
    assert [(one["address"], one["code"]) for one in plan["warnings"]] == [("cx.leverage[0]", "instrument_not_live")]
    assert gate.apply().code == 0
    assert gate.crossex()["leverage"] == {ADA: "5"}


def test_guardrails_hold_for_gate(gate: GateDesk) -> None:
    """max_leverage and a rule of one's own block their steps, by address."""
    rule = {
        "name": "calm",
        "when": {"address": "*.leverage[margin/*]"},
        "schema": {"properties": {"after": {"maximum": 2}}},
    }
    entries = [{"symbol": ADA, "value": 9}, {"symbol": MARGIN_ADA, "value": 4}]
    gate.write({"cx": {"leverage": entries}}, guardrails={"max_leverage": 8, "rules": [rule]})
    assert set(gate.blocked_by(f"cx.leverage[futures/{ADA}]")) == {"guardrail:max_leverage"}
    assert set(gate.blocked_by(f"cx.leverage[margin/{MARGIN_ADA}]")) == {"guardrail:calm"}
    quiet(gate)


def test_a_rule_on_position_modes_holds_for_every_exchange(make_gate: Callable[..., GateDesk]) -> None:
    """Where each exchange has a position mode of its own, a rule on `*.position_mode` blocks each of them."""
    gate = make_gate(**ISOLATED)
    net = {"properties": {"after": {"const": "net"}}}
    rule = {"name": "net", "when": {"address": "*.position_mode"}, "schema": net}
    modes = {"position_mode": {"okx": "long_short", "binance": "long_short"}}
    gate.write({"cx": modes}, guardrails={"rules": [rule]})
    for exchange in ("okx", "binance"):
        assert set(gate.blocked_by(f"cx.position_mode[{exchange}]")) == {"guardrail:net"}
    assert "guardrail:net" in quiet(gate)
    assert gate.puts() == []


# -- what the later documents brought ----------------------------------------------------------------------------------

CURRENT = {"gate_crossex": {"flags": {"profile": "current"}}}


@pytest.mark.parametrize("symbol", ["US_STOCK_AAPL_USDT", "US_ETF_SPY_USDT"])
def test_a_position_in_a_security_blocks_the_account_mode_alone(
    make_gate: Callable[..., GateDesk], symbol: str
) -> None:
    """Stocks and ETFs exist in cross_exchange only: they count for an account mode, not for a position mode."""
    gate = make_gate(top=CURRENT, security_positions=[{"symbol": symbol, "qty": "2"}])
    gate.write({"cx": MODE})
    assert gate.blocked_by("cx.account_mode") == {"no_security_positions": f"{symbol} 2"}
    assert symbol in quiet(gate)
    gate.write({"cx": POSITION}).converge()


def test_a_venue_without_securities_guards_them_itself(gate: GateDesk) -> None:
    """An older venue does not serve the list: said as the venue's own check, which blocks nothing."""
    gate.write({"cx": MODE})
    checks = {one["name"]: one["status"] for one in gate.steps()["cx.account_mode"]["prechecks"]}
    assert checks["no_security_positions"] == "venue"
    gate.converge()


@pytest.mark.parametrize("label", ["USER_DEACTIVATED", "FORBIDDEN", "A_LABEL_OF_TOMORROW"])
def test_a_refusal_with_404_is_not_a_list_that_is_not_served(make_gate: Callable[..., GateDesk], label: str) -> None:
    """No status is documented for a label: securities that could not be read block, whatever the refusal's status."""
    gate = make_gate(top=CURRENT, security_positions=[{"symbol": "US_STOCK_AAPL_USDT", "qty": "2"}])
    gate.write({"cx": MODE})
    gate.fault(match={"path": "*/security_positions"}, times=0, kind="label", label=label, status=404)
    assert label in gate.blocked_by("cx.account_mode")["no_security_positions"]
    said = gate.apply()
    assert (said.code, gate.writes()) == (3, []), said.out


@pytest.mark.parametrize("exchange", ["bybit", "kraken", "hyperliquid", "deribit", "lighter"])
def test_a_margin_at_a_later_exchange_counts(make_gate: Callable[..., GateDesk], exchange: str) -> None:
    """From isolated_exchange all eight are read, whatever currency their contracts settle in."""
    gate = make_gate(**ISOLATED, initial_margin={exchange.upper(): "2.5"})
    gate.write({"cx": {"account_mode": "cross_exchange"}})
    (check,) = gate.blocked_by("cx.account_mode").items()
    assert check == ("no_initial_margin", f"2.5 at {exchange}")


def test_every_exchange_has_a_position_mode_of_its_own(make_gate: Callable[..., GateDesk]) -> None:
    """In isolated_exchange all eight can be set, each by a request of its own; one that is not served is unreadable."""
    eight = ["binance", "okx", "gate", "bybit", "kraken", "hyperliquid", "deribit", "lighter"]
    gate = make_gate(**ISOLATED)
    gate.write({"cx": {"position_mode": dict.fromkeys(eight, "long_short")}}).converge()
    assert sorted(body["exchange_type"] for body in gate.puts()) == sorted(one.upper() for one in eight)


@pytest.mark.parametrize("said", [{}, {"symbol": 7}, {"symbol": [ADA]}], ids=str)
@pytest.mark.parametrize("where", ["positions", "margin_positions"])
def test_a_position_without_its_symbol_blocks_a_leverage(gate: GateDesk, where: str, said: dict[str, Any]) -> None:
    """It might stand under any symbol, and its tier allow less: unknown, which blocks."""
    symbol = ADA if where == "positions" else MARGIN_ADA
    row = {"position_qty": "5", "asset_qty": "5", "liability": "0", "max_leverage": "2", **said}
    gate.fault(match={"path": f"*/crossex/{where}"}, times=0, kind="garbage", body=json.dumps([row]))
    gate.write({"cx": {"leverage": [{"symbol": symbol, "value": 4}]}})
    assert "leverage_limit" in gate.blocked_by(
        f"cx.leverage[{'futures' if where == 'positions' else 'margin'}/{symbol}]"
    )
    quiet(gate)


def test_the_way_out_of_a_maximum_is_one(make_gate: Callable[..., GateDesk]) -> None:
    """A pattern above one symbol's maximum blocks that symbol and names it; the entry of the detail, added as it is
    written, lets everything through."""
    gate = make_gate(
        top={"gate_crossex": {"symbols": {"replace": [{"symbol": ADA, "leverage_max": 12}, {"symbol": BTC}]}}}
    )
    wide = {"symbol": "*_FUTURE_*", "value": 20}
    gate.write({"cx": {"leverage": [wide]}})
    detail = gate.blocked_by(f"cx.leverage[futures/{ADA}]")["leverage_limit"]
    assert f"20 is above the venue's maximum of 12 ({ADA})" in detail
    added = yaml.safe_load(detail[detail.index("{") :])
    assert gate.blocked_by(f"cx.leverage[futures/{BTC}]") == {}
    gate.write({"cx": {"leverage": [wide, added]}}).converge()
