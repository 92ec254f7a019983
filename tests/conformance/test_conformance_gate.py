"""The venue type gate_crossex passes the kit."""

from __future__ import annotations

import pytest
from gate_ground import GateGround

from acctcfg.conformance import Conformance


@pytest.mark.slow  # okx and the toy exchange climb in every run
class TestGate(Conformance):
    """gate_crossex."""

    ground = GateGround
