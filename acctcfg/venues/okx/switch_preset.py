"""The leverage that cross positions get as they leave portfolio margin. Source: OKX v5, "Preset account mode switch".

There such positions have no leverage of their own, so the venue wants one for all of them before the switch.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from acctcfg.core.address import Address
from acctcfg.core.diff import Change
from acctcfg.venues.okx.endpoints import SWITCH_PRESET
from acctcfg.venues.okx.leverage import lever_text
from acctcfg.wire.endpoint import Call

__all__ = ["Preset"]


class Preset(NamedTuple):
    """One leverage, and the addresses that hold it once the account has switched."""

    lever: Decimal
    under: frozenset[Address]

    def call(self, level: str) -> Call:
        """The call before the switch to that level: it sets leverage as surely as a step of its own would."""
        besides = (Change(one, "change", None, self.lever, before_known=False) for one in sorted(self.under))
        return Call(SWITCH_PRESET, {"acctLv": level, "lever": lever_text(self.lever)}, besides=tuple(besides))
