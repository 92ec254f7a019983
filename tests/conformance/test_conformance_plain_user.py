"""The venue type okx passes the kit."""

from __future__ import annotations

import pytest
from okx_ground import PlainUserGround

from acctcfg.conformance import Conformance


@pytest.mark.slow
class TestPlainUser(Conformance):
    """okx."""

    ground = PlainUserGround
