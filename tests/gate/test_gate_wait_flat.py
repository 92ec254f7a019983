"""Wait until flat at Gate, which pushes nothing to us: looks are taken by time."""

from __future__ import annotations

import threading
from typing import Any

from desk import Said
from gate_desk import ADA, GateDesk
from patience import PATIENCE_S, until


def asked(gate: GateDesk) -> int:
    """How often the positions were read."""
    found: Any = gate.sandbox.control_get("requests")
    return int(found["by_path"].get("GET /api/v4/crossex/positions", 0))


def test_polls_until_the_position_is_closed(gate: GateDesk) -> None:
    """The write comes with one of the next looks, and no look is beyond a limit."""
    gate.set("positions", symbol=ADA)
    gate.write({"desk": {"position_mode": "long_short"}})
    said: list[Said] = []
    waiting = threading.Thread(target=lambda: said.append(gate.apply("--wait-flat", "10m")))
    waiting.start()
    try:
        until(lambda: asked(gate) >= 4)  # the plan, and some looks
        assert (gate.puts(), said) == ([], [])
    finally:
        gate.sandbox.control_delete("accounts/cx:@master/positions/all")
        waiting.join(PATIENCE_S)
    assert (said[0].code, len(gate.puts())) == (0, 1), said[0].err
    assert "desk.position_mode: no open positions: OKX_FUTURE_ADA_USDT" in said[0].err
    assert gate.sandbox.control_get("sockets") == []
    assert gate.too_many == 0
