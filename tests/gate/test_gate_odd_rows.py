"""A row or a value that cannot be read spoils its own symbol only: every other one is planned, set and capped."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from gate_desk import ADA, BTC, GateDesk

LEVERAGE = "*/crossex/positions/leverage"
HALF = {"leverage": {BTC: "15", ADA: "12"}, "positions": [{"symbol": BTC, "qty": "1", "value": "9000"}]}
"""One symbol with a position, and one without."""


def answers(gate: GateDesk, path: str, body: Any, *, times: int = 0) -> None:
    """The venue answers so many of these reads so; 0 is for good."""
    gate.fault(match={"path": path, "method": "GET"}, times=times, kind="garbage", body=json.dumps(body))


def unreadable(gate: GateDesk, *arguments: str) -> dict[str, str]:
    """What a plan could not read, and why; it ends 1."""
    said = gate.plan("--format", "json", *arguments)
    assert said.code == 1, said.out + said.err
    return {one["address"]: one["message"] for one in said.json["unreadable"]}


def rows(**values: Any) -> list[dict[str, Any]]:
    """Leverage as the first documents write it."""
    return [{"symbol": symbol, "leverage": value} for symbol, value in values.items()]


def listed(symbol: str, **fields: Any) -> dict[str, Any]:
    """A row of the list of symbols."""
    exchange, business = symbol.split("_")[:2]
    return {"symbol": symbol, "exchange_type": exchange, "business_type": business, "state": "live", **fields}


ODD: dict[str, Any] = {
    "an empty value": {BTC: "15", ADA: ""},
    "null": {BTC: "15", ADA: None},
    "an object": {BTC: "15", ADA: {"value": "12"}},
    "a row without its value": [*rows(**{BTC: "15"}), {"symbol": ADA}],
    "a row that is null": [*rows(**{BTC: "15"}), None],
    "a row without its symbol": [*rows(**{BTC: "15"}), {"leverage": "12"}],
    "two rows that differ": [*rows(**{BTC: "15", ADA: "12"}), *rows(**{ADA: "5"})],
}


@pytest.mark.parametrize("body", ODD.values(), ids=list(ODD))
def test_a_leverage_that_cannot_be_read_spoils_its_symbol_only(make_gate: Callable[..., GateDesk], body: Any) -> None:
    """The plan has the step of the other one, and names this one; nothing is taken for a match."""
    gate = make_gate(**HALF)
    gate.write({"cx": {"leverage": [{"symbol": ADA, "value": 5}, {"symbol": BTC, "value": 3}]}})
    answers(gate, LEVERAGE, body)
    assert list(unreadable(gate)) == [f"cx.leverage[futures/{ADA}]"]
    assert list(gate.steps()) == [f"cx.leverage[futures/{BTC}]"]


def test_the_brake_goes_by_a_leverage_that_cannot_be_read(make_gate: Callable[..., GateDesk]) -> None:
    """Every other symbol with something open is lowered; this one is named, and the end is 1."""
    gate = make_gate(**HALF)
    gate.write({"cx": {"leverage": [{"symbol": ADA, "value": 5}]}})
    answers(gate, LEVERAGE, {BTC: "15", ADA: ""}, times=1)
    said = gate.run("cap", "4", "--auto-approve", "--format", "json")
    assert said.code == 1, said.out + said.err
    assert gate.crossex()["leverage"] == {BTC: "4", ADA: "12"}
    assert f"cx.leverage[futures/{ADA}]" in said.out


def test_rows_that_agree_are_one(make_gate: Callable[..., GateDesk]) -> None:
    """A symbol that is listed twice with one value, however it is written, has that value."""
    gate = make_gate(**HALF)
    gate.write({"cx": {"leverage": [{"symbol": BTC, "value": 15}]}})
    answers(gate, LEVERAGE, [*rows(**{BTC: "15"}), *rows(**{BTC: "15.0"})])
    assert (gate.plan().code, gate.steps()) == (0, {})


LIMITS: dict[str, list[Any]] = {
    "a tier that is no number": [{"symbol": ADA, "tiers": [{"leverage_max": "n/a"}, {"leverage_max": "5"}]}],
    "a tier that is null": [{"symbol": ADA, "tiers": [None]}],
    "no tiers": [{"symbol": ADA}],
    "a row that is null": [None],
    "two rows that differ": [{"symbol": ADA, "tiers": [{"leverage_max": one}]} for one in ("20", "10")],
}


@pytest.mark.parametrize("odd", LIMITS.values(), ids=list(LIMITS))
def test_limits_that_cannot_be_read_block_their_symbol_only(make_gate: Callable[..., GateDesk], odd: list[Any]) -> None:
    """The symbol of that row is blocked as unknown, and the other one passes."""
    gate = make_gate(**HALF)
    gate.write({"cx": {"leverage": [{"symbol": ADA, "value": 15}, {"symbol": BTC, "value": 18}]}})
    answers(gate, "*/rule/risk_limits", [*odd, {"symbol": BTC, "tiers": [{"leverage_max": "20"}]}])
    steps = gate.steps()
    assert [one["address"] for one in steps.values() if one["blocked"]] == [f"cx.leverage[futures/{ADA}]"]
    assert [one["status"] for one in steps[f"cx.leverage[futures/{ADA}]"]["prechecks"]] == ["unknown"]
    assert [one["status"] for one in steps[f"cx.leverage[futures/{BTC}]"]["prechecks"]] == ["pass"]


@pytest.mark.slow
@pytest.mark.parametrize("odd", [None, "x", {}, {"symbol": ["A"]}], ids=json.dumps)
def test_a_listed_row_that_cannot_be_read_spoils_nobody_who_is_listed(
    make_gate: Callable[..., GateDesk], odd: Any
) -> None:
    """What the list has is planned and capped; who is not found beside such a row is unreadable, and never called
    delisted or a mistake. A pattern says that it passed over a row."""
    gate = make_gate(**HALF)
    gate.write({"cx": {"leverage": [{"symbol": ADA, "value": 5}]}}).converge()
    gate.write({"cx": {"leverage": [{"symbol": ADA, "value": 4}, {"symbol": "BINANCE_*", "value": 3}]}})
    answers(gate, "*/rule/symbols", [odd, listed(BTC)])
    found = unreadable(gate)
    assert list(found) == [f"cx.leverage[futures/{ADA}]"]
    assert f"has a row that cannot be read, which may be {ADA}" in found[f"cx.leverage[futures/{ADA}]"]
    plan = gate.plan("--format", "json").json
    assert [one["address"] for one in plan["steps"]] == [f"cx.leverage[futures/{BTC}]"]
    assert ("cx.leverage[1]", "row_not_filled_in") in [(one["address"], one["code"]) for one in plan["warnings"]]
    assert gate.run("cap", "2", "--auto-approve").code == 1
    assert gate.crossex()["leverage"] == {BTC: "2", ADA: "5"}


def test_a_symbol_of_which_the_list_does_not_say_what_it_is(make_gate: Callable[..., GateDesk]) -> None:
    """Of two rows that differ in it neither counts: the symbol is unreadable for a plan and told by the brake, and the
    other ones go on."""
    gate = make_gate(leverage=HALF["leverage"], positions=[{"symbol": one, "qty": "1"} for one in (BTC, ADA)])
    gate.write({"cx": {"leverage": [{"symbol": ADA, "value": 5}, {"symbol": BTC, "value": 3}]}})
    answers(gate, "*/rule/symbols", [listed(ADA), listed(ADA, business_type="SPOT"), listed(BTC)])
    assert list(unreadable(gate)) == [f"cx.leverage[futures/{ADA}]"]
    assert list(gate.steps()) == [f"cx.leverage[futures/{BTC}]"]
    gate.write({"cx": {}})
    said = gate.run("cap", "2", "--auto-approve")
    assert (said.code, said.out.count(f"cx.leverage[futures/{ADA}]")) == (1, 1)
    assert gate.crossex()["leverage"] == {BTC: "2", ADA: "12"}


@pytest.mark.parametrize("value", ["-1", "0", 0, -3])
def test_a_leverage_that_is_none_is_not_below_a_cap(make_gate: Callable[..., GateDesk], value: object) -> None:
    """Nothing below or at 0 is a leverage: the brake and a plan name it as not read, and count it nowhere."""
    gate = make_gate(leverage={BTC: "15", ADA: "12"}, positions=[{"symbol": one, "qty": "1"} for one in (BTC, ADA)])
    gate.write({"cx": {"leverage": [{"symbol": ADA, "at_most": 5}]}})
    answers(gate, LEVERAGE, {BTC: "2", ADA: value})
    said = gate.run("cap", "3", "--auto-approve")
    assert (said.code, said.last) == (1, "Capped: 0 lowered, 1 at or below it already, 0 blocked, 0 failed.")
    assert f"? cx.leverage[futures/{ADA}]  the venue answered " in said.out
    assert list(unreadable(gate)) == [f"cx.leverage[futures/{ADA}]"]
    assert gate.writes() == []


@pytest.mark.parametrize("symbol", [7, [ADA], {"name": ADA}], ids=str)
def test_a_position_whose_symbol_is_no_text_spoils_no_other(make_gate: Callable[..., GateDesk], symbol: object) -> None:
    """The brake lowers what has an entry, and names the position: nobody can tell what it is of, so the end is 1."""
    gate = make_gate(leverage={BTC: "15", ADA: "12"})
    gate.write({"cx": {"leverage": [{"symbol": BTC, "at_most": 20}]}})
    held = {"symbol": symbol, "position_qty": "5", "position_value": "100", "max_leverage": "20"}
    answers(gate, "*/crossex/positions", [held])
    said = gate.run("cap", "3", "--auto-approve")
    assert (said.code, said.last) == (1, "Capped: 1 lowered, 0 at or below it already, 0 blocked, 0 failed."), said.out
    assert "the venue does not say of what symbol: 1 open position, not looked at" in " ".join(said.out.split())
    assert gate.crossex()["leverage"] == {BTC: "3", ADA: "12"}


def test_a_list_in_which_no_row_has_a_name_is_none(make_gate: Callable[..., GateDesk]) -> None:
    """Nothing is called delisted for it: all leverage is unreadable."""
    gate = make_gate(**HALF)
    gate.write({"cx": {"leverage": [{"symbol": ADA, "value": 5}]}}).converge()
    answers(gate, "*/rule/symbols", [{"name": ADA}])
    assert list(unreadable(gate)) == ["cx.leverage"]


def test_the_brake_goes_by_a_position_that_cannot_be_read(make_gate: Callable[..., GateDesk]) -> None:
    """What the other rows show is lowered; that there is another one is told, and the end is 1."""
    gate = make_gate(**HALF)
    gate.write({"cx": {}})
    rows = [None, {"symbol": BTC, "position_qty": "1", "position_value": "9000"}]
    answers(gate, "*/crossex/positions", rows, times=1)
    said = gate.run("cap", "4", "--auto-approve")
    assert (said.code, "? cx.leverage  " in said.out) == (1, True), said.out
    assert gate.crossex()["leverage"] == {BTC: "4", ADA: "12"}


@pytest.mark.parametrize(
    ("path", "check"),
    [("positions", "no_open_positions"), ("open_orders", "no_pending_orders")],
    ids=["position", "order"],
)
def test_an_open_row_that_cannot_be_read_may_be_anything(gate: GateDesk, path: str, check: str) -> None:
    """It blocks, as unknown, whatever nothing may be open for; what stands on no such list goes on."""
    gate.write({"cx": {"position_mode": "long_short", "leverage": [{"symbol": "OKX_MARGIN_ADA_USDT", "value": 2}]}})
    answers(gate, f"*/crossex/{path}", [None])
    steps = gate.steps()
    unsure = [one["name"] for one in steps["cx.position_mode"]["prechecks"] if one["status"] == "unknown"]
    assert unsure == [check]
    assert not steps["cx.leverage[margin/OKX_MARGIN_ADA_USDT]"]["blocked"]
    assert (gate.apply().code, gate.writes()) == (3, [])


def test_a_symbol_that_an_answer_names_twice_is_unreadable(make_gate: Callable[..., GateDesk]) -> None:
    """Of two values under one name nobody can tell which holds: that symbol is not planned, and the other one is."""
    gate = make_gate(leverage={BTC: "15", ADA: "12"})
    gate.write({"cx": {"leverage": [{"symbol": ADA, "value": 7}, {"symbol": BTC, "value": 9}]}})
    twice = f'{{"{ADA}": "12", "{BTC}": "15", "{ADA}": "7"}}'
    gate.fault(match={"path": LEVERAGE, "method": "GET"}, times=0, kind="garbage", body=twice)
    address = f"cx.leverage[futures/{ADA}]"
    assert unreadable(gate) == {address: "the venue answered two different values of one name"}
    assert [one["address"] for one in gate.plan("--format", "json").json["steps"]] == [f"cx.leverage[futures/{BTC}]"]
    assert gate.writes() == []
