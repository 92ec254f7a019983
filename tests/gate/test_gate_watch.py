"""`acctcfg watch` at Gate CrossEx, and at both venues at once."""

from __future__ import annotations

import pytest
from gate_desk import ADA, GateDesk
from watching import lines, watch

LEVERAGE = f"main.leverage[futures/{ADA}]"


@pytest.mark.slow
def test_it_sets_what_somebody_changed_and_what_is_new(gate: GateDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed leverage, and a symbol that came since under a pattern; then there is no drift."""
    gate.write({"main": {"leverage": [{"symbol": "OKX_FUTURE_*", "value": 4}]}})
    assert gate.apply().code == 0

    def happens(number: int) -> None:
        if number == 1:
            gate.set(leverage={ADA: "7"})
            gate.sandbox.control_post("gate_crossex/symbols", {"symbol": "OKX_FUTURE_NEWC_USDT", "leverage_max": "50"})

    said, _ = watch(gate, monkeypatch, 3, "--apply", happens=happens)
    before, during, after = lines(said)
    assert [one["result"] for one in (before, during, after)] == ["no_drift", "applied", "no_drift"], said.err
    assert LEVERAGE in during["drift"]["changes"]
    assert "new_listing" in {one["code"] for one in during["drift"]["findings"]}
    assert during["apply"]["summary"]["changed"] == len(during["drift"]["changes"])
    assert said.code == 0
