"""`acctcfg explain gate:LABEL ACCOUNT`: which position, order or margin a refusal is about, as things are now."""

from __future__ import annotations

from gate_desk import ADA, GateDesk


def test_what_is_open_is_named_and_a_sub_account_has_none(gate: GateDesk) -> None:
    """An order is named under the label that is about orders, and not under the one about positions."""
    gate.write({"cross": {}, "tradersub": {"role": "sub_account"}})
    gate.set("orders", symbol=ADA)
    before = len(gate.writes())
    said = gate.run("explain", "gate:UPDATE_ACCOUNT_MODE_OPEN_ORDERS_EXIST_ERROR", "cross")
    assert said.code == 0
    assert f"In cross now\n  x no pending orders  {ADA}" in said.out
    free = gate.run("explain", "gate:update_account_mode_position_not_empty_error", "cross")
    assert free.last == "  Nothing stands in the way now: plan again."
    margin = gate.run("explain", "gate:UPDATE_ACCOUNT_MODE_INITIAL_MARGIN_NOT_ZERO_ERROR", "cross")
    assert "  v initial margin is zero" in margin.out
    sub = gate.run("explain", "gate:TRADE_PZ_MODE_HAVE_POSITION_ERROR", "tradersub")
    assert sub.code == 1
    assert "the venue tells this only about the CrossEx account" in sub.err
    assert gate.run("explain", "okx:59000", "cross").code == 64
    assert len(gate.writes()) == before
