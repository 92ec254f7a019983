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
