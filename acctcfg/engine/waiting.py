"""Wait, without the lock, until nothing that is open stands in a plan's way. Nothing is closed or cancelled.

What decides is always a fresh read of the prechecks. What a venue pushes only says when a look is worth it; where it
pushes nothing, looks are taken by time. Once all have passed, the accounts are planned again under the lock: that is
the second look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from acctcfg.core.address import Address
from acctcfg.core.codes import precheck_words
from acctcfg.core.outcome import Outcome
from acctcfg.core.plan import Plan, Precheck, Step, by_account
from acctcfg.engine.execute import left_out
from acctcfg.engine.plan import Planned
from acctcfg.engine.progress import Progress
from acctcfg.engine.session import Link
from acctcfg.errors import VenueError, words_of
from acctcfg.venues.contract import Survey
from acctcfg.venues.pushes import Pushes
from acctcfg.wire.clock import Clock

__all__ = ["Patience", "Waiting"]

POLL_S = 5.0  # between two looks at an account of which nothing is told; never less than a look takes
GAP_S = 0.5  # between two looks at one of which much is told
BURST_S = 0.05  # after the first push of several that come together
AT_ONCE = 16  # accounts that are looked at together


@dataclass(slots=True)
class Patience:
    """How long one apply waits in all, however often what was closed is opened again."""

    seconds: float
    _ends_at: float | None = None
    _first: dict[Address, tuple[Precheck, ...]] | None = None  # the prechecks of the first plan

    def left(self, clock: Clock) -> float:
        """Seconds of it, once a wait began: what a run that holds the lock meanwhile is waited for, too."""
        return 0.0 if self._ends_at is None else max(0.0, self._ends_at - clock.monotonic())

    def waiting(self, planned: Planned, progress: Progress, *, skip_blocked: bool) -> Waiting | None:
        """The wait that this plan is worth; None where there is nothing to wait for, or no time left."""
        plan = planned.plan
        if self.seconds <= 0 or not (plan.blocked or plan.unreadable):
            return None
        assert planned.session is not None  # noqa: S101 (draw_up read through it)
        clock = planned.session.clock
        now = clock.monotonic()
        if self._ends_at is None:
            self._ends_at = now + self.seconds
        if now >= self._ends_at:
            return None
        steps, lasting = _sorted_out(planned)
        if steps and (skip_blocked or not lasting):
            return Waiting(planned, steps, clock, self._ends_at, self.seconds, progress)
        progress.alert(f"not waited: what stands in the way does not go away by itself: {_few(lasting)}")
        return None

    def as_reviewed(self, planned: Planned) -> tuple[Plan, ...]:
        """What a reviewed digest may name besides: the plan with nothing open, and with what was open at first."""
        if self.seconds <= 0:
            return ()
        found: list[Plan] = []
        for plan in planned.as_reviewed:
            steps = [_cleared(step) for step in plan.steps]
            found.append(plan.with_steps(steps))
            if self._first is not None:
                found.append(plan.with_steps(one.with_prechecks(*self._first.get(one.address, ())) for one in steps))
        if self._first is None:
            self._first = {step.address: _clearing(step) for step in planned.plan.steps}
        return tuple(found)


def _clearing(step: Step) -> tuple[Precheck, ...]:
    return tuple(check for check in step.prechecks if check.blocks and check.clears)


def _cleared(step: Step) -> Step:
    gone = _clearing(step)
    return replace(step, prechecks=tuple(check for check in step.prechecks if check not in gone))


def _sorted_out(planned: Planned) -> tuple[list[Step], list[str]]:
    """The blocked steps of accounts in which waiting may free all; and what no waiting frees, in words."""
    plan = planned.plan
    lasting = {one.address.partition(".")[0]: f"{one.address}: could not be read" for one in plan.unreadable}
    for step in plan.blocked:
        for check in _cleared(step).prechecks:
            if check.blocks:
                lasting.setdefault(step.address.account, _named(step.address, check))
    return [step for step in plan.blocked if step.address.account not in lasting], list(lasting.values())


def _named(address: Address, check: Precheck) -> str:
    return f"{address}: {precheck_words(check.name, check.words)}"


def _few(named: Sequence[str]) -> str:
    more = f", and {len(named) - 3} more" if len(named) > 3 else ""
    return ", ".join(named[:3]) + more


@dataclass(slots=True)
class _Account:
    """The blocked steps of one account. `stirred`: something may have moved in it since it was looked at last."""

    link: Link
    survey: Survey
    steps: Sequence[Step]
    stirred: asyncio.Event = field(default_factory=asyncio.Event)


class Waiting:
    """One wait for the steps of one plan."""

    def __init__(
        self, planned: Planned, steps: Sequence[Step], clock: Clock, ends_at: float, seconds: float, progress: Progress
    ) -> None:
        self._planned, self._clock, self._progress = planned, clock, progress
        self._ends_at, self._seconds = ends_at, seconds
        self._steps = {step.address: step for step in steps}
        self._accounts = {
            key: _Account(planned.link(some[0]), planned.surveys[key], some) for key, some in by_account(steps).items()
        }
        self._over = asyncio.Event()
        self._looking = asyncio.Semaphore(AT_ONCE)

    async def until_clear(self) -> bool:
        """True once it is worth to plan again, False when the time is up."""
        self._tell()
        watching = [self._look_after(one) for one in self._accounts.values()]
        tasks = [asyncio.ensure_future(one) for one in (self._over.wait(), *watching)]
        telling = [asyncio.ensure_future(self._listen(*one)) for one in self._by_link()]
        end = asyncio.ensure_future(self._clock.sleep(self._ends_at - self._clock.monotonic()))
        try:
            done, _ = await asyncio.wait((end, *tasks), return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            return self._over.is_set()
        finally:
            for task in (end, *tasks, *telling):
                task.cancel()
            await asyncio.gather(end, *tasks, *telling, return_exceptions=True)

    def given_up(self) -> Outcome:
        """Nothing was begun; the plan shows what stood in its way last."""
        plan = self._planned.plan
        plan = plan.with_steps(self._steps.get(step.address, step) for step in plan.steps)
        results = left_out(plan, {step.address for step in plan.steps})
        note = f"given up after {self._seconds:g} s of waiting; nothing was closed, cancelled or written"
        return Outcome(plan=plan, results=tuple(results), claimed=self._planned.claimed, notes=(note,))

    # -- looking -------------------------------------------------------------------------------------------------------

    async def _look_after(self, account: _Account) -> None:
        """Look at one account again and again: those that are clear by now, too, for all must be at once."""
        speed, took = account.link.speed, 0.0
        while True:
            await self._until_stirred(account, max(POLL_S / speed, took))
            await self._clock.sleep(BURST_S / speed)
            account.stirred.clear()
            async with self._looking:
                begun = self._clock.monotonic()
                await self._look(account)
                took = self._clock.monotonic() - begun
            await self._clock.sleep(GAP_S / speed)

    async def _until_stirred(self, account: _Account, seconds: float) -> None:
        told, asleep = asyncio.ensure_future(account.stirred.wait()), asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait((told, asleep), return_when=asyncio.FIRST_COMPLETED)
        finally:
            told.cancel()
            asleep.cancel()

    async def _look(self, account: _Account) -> None:
        """Ask the prechecks anew. What cannot be read stands as it stood; what a venue names only while it is in the
        way is gone once it is not named."""
        link = account.link
        try:
            found = await link.connection.prechecks(account.survey, [step.change for step in account.steps])
        except VenueError as error:
            self._progress.log(f"{account.survey.spec.key}: {error.message}")
            return
        for step in account.steps:
            now = self._steps[step.address]
            asked = link.worded(found.get(step.address, ()))
            names = {check.name for check in asked}
            gone = names.union(check.name for check in _clearing(now))
            kept = tuple(check for check in now.prechecks if check.name not in gone)
            self._steps[step.address] = replace(now, prechecks=kept + asked)
        self._tell()
        if not any(step.blocked for step in self._steps.values()) or self._lasts(account):
            self._over.set()

    def _lasts(self, account: _Account) -> bool:
        """Whether something came up that no waiting takes away."""
        steps = [self._steps[step.address] for step in account.steps]
        checks = [check for step in steps for check in step.prechecks if check.status == "fail"]
        return any(not check.clears for check in checks)

    async def _listen(self, link: Link, surveys: Sequence[Survey]) -> None:
        """Take the venue's word for when to look, for as long as it gives it."""
        if not isinstance(link.connection, Pushes):
            return
        try:
            async with aclosing(link.connection.pushes(surveys)) as told:
                async for push in told:
                    if push.lost:
                        self._progress.log(f"{push.account}: {push.lost}; it is looked at every {POLL_S:g} s")
                    self._accounts[push.account].stirred.set()
        except Exception as error:  # whatever is wrong with its telling, looking goes on
            self._progress.log(f"{link.connection.spec.key}: no pushes ({words_of(error)})")

    def _by_link(self) -> Iterable[tuple[Link, list[Survey]]]:
        found: dict[str, tuple[Link, list[Survey]]] = {}
        for account in self._accounts.values():
            found.setdefault(account.survey.spec.venue, (account.link, []))[1].append(account.survey)
        return found.values()

    def _tell(self) -> None:
        """The list of what still stands in the way."""
        standing = {
            _named(step.address, check): check.detail or check.status
            for step in self._steps.values()
            for check in step.prechecks
            if check.blocks
        }
        text = f"waiting for at most {self._seconds:g} s until this is gone (acctcfg closes and cancels nothing)"
        self._progress.standing(text, standing)
