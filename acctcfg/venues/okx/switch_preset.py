"""The leverage that cross positions get as they leave portfolio margin. Source: OKX v5, "Preset account mode switch".

There such positions have no leverage of their own, so the venue wants one for all of them before the switch. No
endpoint reads it back; the precheck of the switch shows which leverage each position would have.
"""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import NamedTuple

from acctcfg.core.address import Address
from acctcfg.core.diff import Change
from acctcfg.errors import VenueError
from acctcfg.venues.okx.account_reads import OwnKey
from acctcfg.venues.okx.endpoints import SWITCH_PRESET
from acctcfg.venues.okx.leverage import lever_text
from acctcfg.venues.okx.switch_verdict import Verdict
from acctcfg.venues.second_look import READ_BACK_S
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

    async def stands(self, own: OwnKey, level: str) -> bool:
        """Whether the venue shows it by now."""
        return await self._shown(own, level) == "this"

    async def read_back(self, own: OwnKey, level: str) -> None:
        """Wait until the venue shows it. Where it shows none (an order came up, say), the gate of the switch says why.

        Raises VenueError where it shows another one to the end: accepted is not applied.
        """
        clock, speed, pause = own.client.clock, own.client.pacer.speed, 0.1
        deadline = clock.monotonic() + READ_BACK_S / speed
        while (shown := await self._shown(own, level)) not in ("this", ""):
            if clock.monotonic() > deadline:
                said = f"the venue accepted the leverage preset {lever_text(self.lever)} but did not do it"
                raise VenueError(f"{said}: it shows {shown} for the positions", code="not_applied")
            await clock.sleep(pause / speed)
            pause = min(2 * pause, 1.0)

    async def _shown(self, own: OwnKey, level: str) -> str:
        """ "this", or what else is preset; "" where that is not shown, or cannot be read."""
        with suppress(VenueError):
            verdict = Verdict.of(await own.switch_verdict(level))
            stands = verdict.has_preset(self.lever)
            return "this" if stands else "" if stands is None else verdict.presets
        return ""
