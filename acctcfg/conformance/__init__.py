"""The conformance kit: what any venue package proves about itself, with pytest.

    from acctcfg.conformance import Conformance
    from my_venue_ground import MyGround

    class TestMyVenue(Conformance):
        ground = MyGround

`pip install acctcfg[conformance]` brings pytest and hypothesis, which only this package imports; nothing of acctcfg
imports it. docs/new-venues.md tells what the claims mean and what they do not prove.
"""

from __future__ import annotations

from acctcfg.conformance.ground import Fault, Ground, Rung, Write
from acctcfg.conformance.kit import Conformance

__all__ = ["Conformance", "Fault", "Ground", "Rung", "Write"]
