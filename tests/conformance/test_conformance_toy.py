"""The third-party package passes the kit, found through its entry point."""

from __future__ import annotations

import pytest
from toy_ground import ToyGround

from acctcfg.conformance import Conformance


@pytest.mark.usefixtures("toy_installed")
class TestToyExchange(Conformance):
    """Toy Exchange."""

    ground = ToyGround
