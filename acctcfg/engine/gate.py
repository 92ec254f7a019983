"""The gate: the prechecks of a write, read anew right before it is sent. What it lets through was just proven."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress

from acctcfg.core.address import Address
from acctcfg.core.diff import Change
from acctcfg.core.plan import Precheck
from acctcfg.engine.recheck import FRESH_S, LastLook
from acctcfg.errors import AcctcfgError, Blocked
from acctcfg.venues.contract import Connection, Survey
from acctcfg.wire.bucket import AHEAD_S
from acctcfg.wire.clock import Clock

__all__ = ["Gate", "GateClosed"]


class GateClosed(Blocked):
    """A precheck that held in the plan, or could not be read there, stands in the way now."""

    def __init__(self, checks: Sequence[Precheck]) -> None:
        self.checks = tuple(checks)
        named = "; ".join(f"{check.name}: {check.detail or check.status}" for check in checks)
        super().__init__(f"stopped right before the write: {named}", hint="resolve it, then apply again")


class Gate:
    """One gate for consecutive writes of one kind in one account; any other write of the account wants a new one.

    `changes`: those that prechecks guard. `look`: what the writes are built on, where that was read before.
    """

    def __init__(
        self, connection: Connection, survey: Survey, changes: Sequence[Change], clock: Clock, look: LastLook | None
    ) -> None:
        self._connection = connection
        self._survey = survey
        self._changes = changes
        self._clock = clock
        self._look = look
        self._reading = asyncio.Lock()
        self._read_at: float | None = None
        self._kind = ""  # of the write that it was read for last
        self._answers: Mapping[Address, tuple[Precheck, ...]] = {}

    async def open(self, address: Address, kind: str) -> None:
        """Let the write at `address` pass, or raise GateClosed or Moved. Reads unless it read a moment ago, and for
        writes of that kind: after one of another kind it reads anew."""
        if self._look is not None:
            await self._look.still(address)
        if not self._changes:
            return
        await self._read(kind, FRESH_S)
        checks = self._answers.get(address, ())
        closed = [check for check in checks if check.blocks or check.status == "deferred"]
        if closed:
            raise GateClosed(closed)

    def as_of(self) -> tuple[float, ...]:
        """The times of the reads that it goes by, by the monotonic clock."""
        looked = self._look.as_of if self._look is not None else None
        return tuple(at for at in (looked, self._read_at) if at is not None)

    def still_holds(self, as_of: tuple[float, ...]) -> bool:
        """Whether it goes by these very reads still, and they are fresh: what passed by them is not asked again."""
        return self.as_of() == as_of and self._clock.monotonic() - min(as_of, default=math.inf) <= FRESH_S

    def leaves(self, address: Address) -> None:
        """The write at `address` is sent: nothing looks at what it was built on any more."""
        if self._look is not None:
            self._look.leaves(address)

    async def ahead(self, address: Address, kind: str) -> None:
        """Read what `open` will want in a moment, when a limit lets the write at `address` pass."""
        with suppress(AcctcfgError):  # whatever is wrong, `open` says
            if self._look is not None:
                await self._look.renew(address, FRESH_S - AHEAD_S)
            if self._changes:
                await self._read(kind, FRESH_S - AHEAD_S)

    async def _read(self, kind: str, fresh_s: float) -> None:
        async with self._reading:
            old = self._read_at is None or self._clock.monotonic() - self._read_at > fresh_s
            if old or kind != self._kind:
                self._kind = kind
                self._answers = await self._connection.prechecks(self._survey, self._changes)
                self._read_at = self._clock.monotonic()
