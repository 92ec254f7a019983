"""The venue type gate_crossex passes the kit."""

from __future__ import annotations

from gate_ground import GateGround

from acctcfg.conformance import Conformance


class TestGate(Conformance):
    """gate_crossex."""

    ground = GateGround
