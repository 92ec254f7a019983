"""The venue type okx_dma_broker passes the kit."""

from __future__ import annotations

import pytest
from okx_ground import OkxGround

from acctcfg.conformance import Conformance


@pytest.mark.slow
class TestOkx(Conformance):
    """okx_dma_broker."""

    ground = OkxGround
