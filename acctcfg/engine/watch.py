"""Watch: look for drift again and again, and where it is allowed to, carry out what the manifest says."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from acctcfg.core.drift import Drift
from acctcfg.core.outcome import Outcome
from acctcfg.core.watched import Tally, Trouble, Watched, pause_of
from acctcfg.engine.contested import find_contested
from acctcfg.engine.drift import find_drift
from acctcfg.engine.progress import Guarded, Progress
from acctcfg.engine.stopping import Interrupts
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import AcctcfgError, ConfigError, ManifestError, StoreError, UsageError, words_of
from acctcfg.wire.clock import Clock, SystemClock

__all__ = ["Act", "Watch"]

QUIET_S: Final = 900.0
"""How long a look may go without a sign of life before the process counts as stuck."""
AT_ONCE: Final = (UsageError, ManifestError, ConfigError, StoreError)
"""What ends the command if it stands in the way of the first look: nothing but the user's own change will help."""

Act = Callable[[Workspace, Progress, Interrupts], Awaitable[Outcome]]


@dataclass(slots=True, kw_only=True)
class Watch:
    """Looks at one workspace. What it keeps does not grow: the last drift, and counters.

    load: reads the manifest, anew for each look. find: looks for drift. act: carries out what differs; None: it only
    reports.
    """

    load: Callable[[], Workspace]
    interval_s: float
    jitter: float = 0.1
    times: int | None = None
    targets: Sequence[str] = ()
    excludes: Sequence[str] = ()
    skip: Sequence[str] = ()
    find: Callable[..., Awaitable[Drift]] = find_drift
    act: Act | None = None
    clock: Clock = field(default_factory=SystemClock)
    chance: Callable[[], float] = random.random
    tally: Tally = field(default_factory=Tally)
    latest: Watched | None = None
    drift: Drift | None = None  # of the last look that did not fail
    _quiet_from: float = 0.0  # when the last sign of life was given, or the next look is due

    async def run(self, tell: Callable[[Watched], bool], progress: Progress, interrupts: Interrupts) -> Watched:
        """Look until so many times are over, `tell` says that nobody listens, or a signal comes; gives the last look.

        A signal between two writes' runs is a CancelledError; one that finds writes under way lets them end first.
        """
        beating = _Beating(progress, self._beat)
        while True:
            watched = await self._look(beating, interrupts)
            self.tally.count(watched)
            over = interrupts.asked or self.tally.looks.total() == self.times
            pause = None if over else pause_of(self.interval_s, self.tally.in_a_row, self.jitter, self.chance())
            self.latest = watched = replace(watched, pause_s=pause)
            self._quiet_from = self.clock.monotonic() + (pause or 0.0)
            if not tell(watched) or pause is None:
                return watched
            interrupts.again()
            await self.clock.sleep(pause)

    @property
    def alive(self) -> bool:
        """Whether looks go on; one that fails is a look, too."""
        return self.clock.monotonic() <= self._quiet_from + QUIET_S

    def _beat(self) -> None:
        self._quiet_from = self.clock.monotonic()

    async def _look(self, progress: Progress, interrupts: Interrupts) -> Watched:
        self._beat()
        begun = self._quiet_from
        watched = Watched(number=self.tally.looks.total() + 1, at=self.clock.now())
        try:
            workspace = self.load()
            self.drift = drift = await self.find(
                workspace, targets=self.targets, excludes=self.excludes, skip=self.skip, progress=progress
            )
            watched = replace(watched, drift=drift, contested=find_contested(workspace, drift))
            if self.act is not None and drift.plan.steps:
                watched = replace(watched, outcome=await self.act(workspace, progress, interrupts))
        except AT_ONCE as error:
            if watched.number == 1:
                raise
            watched = replace(watched, trouble=_trouble(error))
        except Exception as error:
            watched = replace(watched, trouble=_trouble(error))
        return replace(watched, seconds=self.clock.monotonic() - begun)


def _trouble(error: Exception) -> Trouble:
    """An error of ours in its own words, any other by its type alone."""
    if isinstance(error, AcctcfgError):
        return Trouble(error.word, error.message, error.hint)
    if isinstance(error, OSError):
        return Trouble("machine", f"this machine: {words_of(error)}")
    return Trouble("internal", f"internal error: {type(error).__name__}", "this is a bug in acctcfg")


class _Beating(Guarded):
    """A listener, and a sign of life whenever it is told anything."""

    def __init__(self, listener: Progress, beat: Callable[[], None]) -> None:
        super().__init__(listener)
        self._beat = beat

    def _tell(self, tell: Callable[[Progress], None]) -> None:
        self._beat()
        super()._tell(tell)
