"""The margin mode of a symbol: Hyperliquid's contracts alone, one request each, with nothing of the symbol open."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from gate_desk import ADA, GateDesk

HYPER = "HYPERLIQUID_FUTURE_BTC_USDC"
OTHER = "HYPERLIQUID_FUTURE_ADA_USDC"
ADDRESS = f"cx.settings.margin_mode[{HYPER}]"


@pytest.fixture
def current(make_gate: Callable[..., GateDesk]) -> Callable[..., GateDesk]:
    """A desk on the wire format that has margin modes."""

    def make(**main: Any) -> GateDesk:
        top = main.pop("top", {})
        flags = {"profile": "current", **top.pop("flags", {})}
        return make_gate(top={"gate_crossex": {"flags": flags, **top}}, **main)

    return make


def wants(gate: GateDesk, mode: str, **fields: Any) -> GateDesk:
    """A manifest that wants that mode of the symbol."""
    return gate.write({"cx": {"settings": {"margin_mode": {HYPER: mode}}, **fields}})


def test_there_and_back(current: Callable[..., GateDesk]) -> None:
    """Each rung lands, and a second plan finds nothing to do; what is right is not written."""
    gate = current()
    wants(gate, "cross").converge()
    assert gate.writes() == []
    wants(gate, "isolated")
    step = gate.steps()[ADDRESS]
    assert (step["before"], step["after"]) == ("cross", "isolated")
    gate.converge()
    assert gate.crossex()["margin_mode"] == {HYPER: "ISOLATED"}
    wants(gate, "cross").converge()
    assert len(gate.writes()) == 2


@pytest.mark.parametrize("moved", [HYPER, OTHER])
def test_leverage_that_moves_with_it_is_a_failure(current: Callable[..., GateDesk], moved: str) -> None:
    """What the symbol had right before is read back with it, and no other symbol's: exit 1, and the next apply sets it
    again."""
    had = {HYPER: "4", OTHER: "4"}
    gate = current(leverage=had, top={"symbols": {"add": [{"symbol": OTHER}]}})
    wants(gate, "isolated", leverage=[{"symbol": one, "value": 4} for one in had])
    do = [{"path": "accounts/cx/set", "body": {"leverage": {**had, moved: "9"}}}]
    gate.fault(match={"path": "*/margin_mode", "method": "POST"}, kind="hook", do=do)
    said = gate.apply()
    if moved == OTHER:
        assert said.code == 0, said
        return
    assert said.code == 1, said
    assert f"leverage[futures/{HYPER}] changed with it from 4 to 9" in said.out
    gate.converge()
    assert gate.crossex()["leverage"] == had


@pytest.mark.parametrize(
    ("what", "row", "check"),
    [
        ("orders", {"symbol": HYPER}, "no_pending_orders"),
        ("positions", {"symbol": HYPER, "qty": "1"}, "no_open_positions"),
    ],
)
def test_what_is_open_of_the_symbol_blocks(
    current: Callable[..., GateDesk], what: str, row: dict[str, Any], check: str
) -> None:
    """Named, and nothing is written; what is open of another symbol is in nobody's way."""
    gate = current(**{what: [row]})
    wants(gate, "isolated")
    assert list(gate.blocked_by(ADDRESS)) == [check]
    assert (gate.apply().code, gate.writes()) == (3, [])


@pytest.mark.parametrize("symbol", [None, 7, [HYPER]], ids=str)
def test_what_is_open_of_a_symbol_that_nobody_can_read_blocks(current: Callable[..., GateDesk], symbol: object) -> None:
    """It may be of this one: missing, or no text."""
    gate = current()
    row = {"order_id": "1", "qty": "1", "symbol": symbol}
    gate.fault(match={"path": "*/crossex/open_orders"}, times=0, kind="garbage", body=json.dumps([row]))
    wants(gate, "isolated")
    assert list(gate.blocked_by(ADDRESS)) == ["no_pending_orders"]
    assert (gate.apply().code, gate.writes()) == (3, [])


def test_what_is_open_elsewhere_does_not_block(current: Callable[..., GateDesk]) -> None:
    """An order of another symbol; where the venue means the whole exchange, its refusal counts as blocked."""
    gate = current(orders=[{"symbol": ADA}, {"symbol": OTHER}], top={"symbols": {"add": [{"symbol": OTHER}]}})
    wants(gate, "isolated").converge()
    gate = current(
        orders=[{"symbol": OTHER}],
        top={"flags": {"margin_mode_scope": "exchange"}, "symbols": {"add": [{"symbol": OTHER}]}},
    )
    wants(gate, "isolated")
    said = gate.apply()
    assert said.code == 3, said.out
    assert "of its exchange, is in the way" in said.out


def test_a_venue_that_does_not_serve_it_is_unreadable(make_gate: Callable[..., GateDesk]) -> None:
    """404 on the read: nothing is sent."""
    gate = make_gate(top={"gate_crossex": {"flags": {"profile": "seed"}}})
    wants(gate, "isolated")
    said = gate.plan()
    assert (said.code, "does not serve margin modes" in said.out) == (1, True)
    assert gate.writes() == []


def test_an_unknown_symbol_is_told_by_its_label(current: Callable[..., GateDesk]) -> None:
    """Whatever status the label comes with: it is the symbol that there is not, and not the list."""
    gate = current(top={"flags": {"label_status": {"TRADE_SYM_NOT_SUPPORT": "404"}}})
    gate.write({"cx": {"settings": {"margin_mode": {f"{HYPER}X": "isolated"}}}})
    (unread,) = gate.plan("--format", "json").json["unreadable"]
    assert (unread["code"], "does not serve" in unread["message"]) == ("unknown_symbol", False)


def test_other_exchanges_are_refused_offline(current: Callable[..., GateDesk]) -> None:
    """`validate` says so, by the symbol."""
    gate = current().write({"cx": {"settings": {"margin_mode": {ADA: "isolated"}}}})
    said = gate.run("validate")
    assert said.code == 1
    assert "Hyperliquid" in said.err + said.out


def test_a_symbol_without_cross_is_not_asked_for_it(current: Callable[..., GateDesk]) -> None:
    """The venue's list says that it has isolated margin only."""
    rows = {"replace": [{"symbol": HYPER, "support_cross": "false"}]}
    gate = current(top={"symbols": rows}, margin_mode={HYPER: "ISOLATED"})
    wants(gate, "cross")
    assert "isolated margin only" in gate.blocked_by(ADDRESS)["cross_margin_offered"]


def test_it_comes_after_the_modes_and_before_leverage(current: Callable[..., GateDesk]) -> None:
    """Account mode, position mode, margin mode, leverage; read again behind the account mode."""
    gate = current()
    fields = {
        "account_mode": "isolated_exchange",
        "position_mode": {"hyperliquid": "long_short"},
        "leverage": [{"symbol": HYPER, "value": 4}],
    }
    wants(gate, "isolated", **fields).converge()
    sent = [
        next(iter({"account_mode", "position_mode", "margin_mode", "leverage"} & set(row["body"])))
        for row in gate.writes()
    ]
    assert sent == ["account_mode", "position_mode", "margin_mode", "leverage"]


@pytest.mark.parametrize("account_mode", ["cross_exchange", "isolated_exchange"])
def test_it_is_read_again_behind_a_position_mode(current: Callable[..., GateDesk], account_mode: str) -> None:
    """What the venue resets with the position mode is set in the same apply, and what it leaves is not written."""
    isolated = account_mode == "isolated_exchange"
    modes: Any = {"hyperliquid": "long_short"} if isolated else "long_short"
    mode = "cx.position_mode[hyperliquid]" if isolated else "cx.position_mode"
    gate = current(account_mode=account_mode.upper(), margin_mode={HYPER: "ISOLATED"})
    wants(gate, "isolated", position_mode=modes)
    steps = gate.steps()
    assert (steps[ADDRESS]["before_known"], steps[ADDRESS]["depends_on"]) == (False, [mode])
    do = [{"path": "accounts/cx/set", "body": {"margin_mode": {HYPER: "CROSS"}}}]
    gate.fault(match={"path": "*/crossex/accounts", "method": "PUT"}, kind="hook", do=do)
    assert gate.converge().last == "Applied: 0 created, 2 changed, 0 deleted, 0 blocked, 0 failed."
    assert gate.crossex()["margin_mode"] == {HYPER: "ISOLATED"}
    wants(gate, "isolated", position_mode={"hyperliquid": "net"} if isolated else "net")
    assert gate.converge().last == "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed."
    assert [row["path"] for row in gate.writes("/margin_mode")] == ["/api/v4/crossex/positions/margin_mode"]


def test_the_position_mode_of_another_exchange_is_no_step_before_it(current: Callable[..., GateDesk]) -> None:
    """In isolated_exchange each exchange has its own: a margin mode that is right is none of this plan's steps."""
    gate = current(account_mode="ISOLATED_EXCHANGE", margin_mode={HYPER: "ISOLATED"})
    wants(gate, "isolated", position_mode={"okx": "long_short"})
    assert list(gate.steps()) == ["cx.position_mode[okx]"]
    gate.converge()


def test_several_behind_a_new_account_mode(current: Callable[..., GateDesk]) -> None:
    """Each symbol is read by a request of its own, shown as it stands now, and set once the account mode is there."""
    gate = current()
    modes = {HYPER: "isolated", OTHER: "isolated"}
    gate.write({"cx": {"account_mode": "isolated_exchange", "settings": {"margin_mode": modes}}})
    steps = gate.steps()
    assert [steps[f"cx.settings.margin_mode[{one}]"]["before_known"] for one in modes] == [False, False]
    gate.converge()
    assert gate.crossex()["margin_mode"] == {HYPER: "ISOLATED", OTHER: "ISOLATED"}


def test_a_symbol_without_an_answer_holds_up_the_account_mode(current: Callable[..., GateDesk]) -> None:
    """What cannot be read before the account mode changes is said before anything is written."""
    gate = current()
    modes = {HYPER: "isolated", "HYPERLIQUID_FUTURE_NONE_USDC": "isolated"}
    gate.write({"cx": {"account_mode": "isolated_exchange", "settings": {"margin_mode": modes}}})
    unreadable = gate.plan("--format", "json").json["unreadable"]
    assert [one["address"] for one in unreadable] == ["cx.settings.margin_mode[HYPERLIQUID_FUTURE_NONE_USDC]"]
    assert gate.apply().code == 1
    assert gate.writes() == []


def gone(gate: GateDesk, *, leverage: bool) -> dict[str, Any]:
    """A margin mode that an apply has set, of a symbol that is delisted since; the plan."""
    fields = {"leverage": [{"symbol": OTHER, "value": 4}]} if leverage else {}
    modes = {"settings": {"margin_mode": {OTHER: "isolated"}}}
    gate.write({"cx": {**modes, **fields}}).converge()
    gate.sandbox.control_delete(f"gate_crossex/symbols/{OTHER}")
    gate.write({"cx": {**modes, "leverage": [*fields.get("leverage", []), {"symbol": ADA, "value": 4}]}})
    return dict(gate.plan("--format", "json").json)


@pytest.mark.slow
@pytest.mark.parametrize("leverage", [True, False])
def test_a_delisted_symbol_is_a_warning_and_no_step(current: Callable[..., GateDesk], leverage: bool) -> None:
    """By the journal, also where no leverage entry names it: everything else of the account is set, and nothing is
    called a mistake; where nothing else is to do, the last line counts what sets nothing."""
    gate = current(top={"symbols": {"add": [{"symbol": OTHER}]}})
    plan = gone(gate, leverage=leverage)
    address = f"cx.settings.margin_mode[{OTHER}]"
    assert [step["address"] for step in plan["steps"]] == [f"cx.leverage[futures/{ADA}]"]
    assert plan["unreadable"] == []
    [warning] = [one for one in plan["warnings"] if one["address"] == address]
    assert (warning["code"], "was delisted since the run of" in warning["message"]) == ("instrument_not_live", True)
    assert gate.apply().code == 0
    assert gate.crossex()["leverage"][ADA] == "4"
    count = 2 if leverage else 1
    assert gate.plan().last == f"Nothing to change in what was read; {count} entries set nothing."


def test_a_name_that_nobody_ever_saw_is_a_mistake(current: Callable[..., GateDesk]) -> None:
    """With the listed symbol that it looks like."""
    gate = current()
    gate.write({"cx": {"settings": {"margin_mode": {"HYPERLIQUID_FUTURE_BTC_USDX": "isolated"}}}})
    said = gate.plan()
    assert (said.code, f"did you mean {HYPER}?" in said.out) == (1, True), said.out


@pytest.mark.parametrize("fields", [{"state": "suspend"}, {"delist_time": "1764633600000"}], ids=["state", "delisted"])
def test_a_symbol_that_does_not_trade_is_a_warning_and_no_step(
    current: Callable[..., GateDesk], fields: dict[str, Any]
) -> None:
    """As under leverage: the venue would refuse it."""
    gate = wants(current(top={"symbols": {"replace": [{"symbol": HYPER, **fields}]}}), "isolated")
    plan = gate.plan("--format", "json").json
    assert [(one["address"], one["code"]) for one in plan["warnings"]] == [(ADDRESS, "instrument_not_live")]
    assert (plan["steps"], gate.apply().code, gate.writes()) == ([], 0, [])
