"""Before the write: every step's present value is read once more, and only what is still to be done goes on.

What one read does not show may be there all the same, since lists can be late or lose a row. Where the venue would
make a second one, absence is believed after two looks some seconds apart; the plan's own counts as the first. What is
to be deleted and does not show any more is looked for once more as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

from acctcfg.core.address import Address
from acctcfg.core.diff import Change
from acctcfg.core.outcome import StepResult
from acctcfg.core.plan import Step
from acctcfg.core.state import ABSENT, After, AtMost, Live, Lost, Rotating, Unreadable
from acctcfg.core.value_text import told
from acctcfg.engine.attempt import Attempt, Work
from acctcfg.engine.looks import LATE_S, SECOND_LOOK_S
from acctcfg.errors import AcctcfgError, TokenOver

__all__ = ["LastLook", "Moved"]

FRESH_S = 2.0
"""A write that starts later than this after the reads it goes by, its last look or its gate's, reads again."""


class Moved(AcctcfgError):
    """What a step was to change is not as the plan saw it any more; `result` says how that ends."""

    def __init__(self, result: StepResult) -> None:
        super().__init__(result.message)
        self.result = result


class LastLook:
    """The last look before the writes of one batch. Those that are right already, or moved, get their result."""

    def __init__(self, steps: Sequence[Step], work: Work) -> None:
        self.attempts = [Attempt(step, step.change) for step in steps]
        self._work = work
        self._asked = [one for one in self.attempts if not (work.new and _makes(one.change))]
        self._by_address = {one.address: one for one in self._asked}
        self._reading = asyncio.Lock()
        self._begun: set[Address] = set()
        self._at: float | None = None

    async def take(self) -> None:
        """Look for the first time; in an account that this run made there is nothing to be found."""
        if not self._asked:
            return
        await self._let_some_time_pass()
        try:
            found = await self._look()
        except TokenOver as error:
            for one in self._asked:
                self._work.end_for_good(one, error)
            return
        except AcctcfgError as error:
            for one in self._asked:
                one.end("failed", error.told, getattr(error, "code", ""))
            return
        for one in self._asked:
            one.result = _verdict(one, found[one.address], self._work)

    async def still(self, address: Address) -> None:
        """Right before a step's first write: look again where it had to wait. Raises Moved, and what reading raises."""
        watched = await self.renew(address, FRESH_S)
        verdict = _verdict(watched, self._found[address], self._work) if watched is not None else None
        if verdict is not None:
            raise Moved(verdict)

    def leaves(self, address: Address) -> None:
        """Its first write is sent: what it finds from now on is its own."""
        self._begun.add(address)

    @property
    def as_of(self) -> float | None:
        """When it was last looked, by the monotonic clock; None before that."""
        return self._at

    async def renew(self, address: Address, fresh_s: float) -> Attempt | None:
        """Look again where the last look is older; None where nothing was, or is to be, looked at before that write."""
        async with self._reading:
            watched = self._by_address.get(address)
            if self._at is None or watched is None or not self._watches(watched):
                return None
            if self._now() - self._at > fresh_s:
                still = [one for one in self._asked if self._watches(one)]
                self._found: Mapping[Address, Live] = await self._look(still)
            return watched

    def _watches(self, attempt: Attempt) -> bool:
        """Whether it is still to be written, and the venue itself would not refuse a write that comes too late."""
        if attempt.result is not None or attempt.address in self._begun:
            return False
        return not (_makes(attempt.change) and self._work.link.connection.absence(attempt.change).taken)

    async def _look(self, attempts: Sequence[Attempt] | None = None) -> Mapping[Address, Live]:
        some = attempts or self._asked
        self._found = await self._read([one.address for one in some])
        if any(one.change.after is None and self._found[one.address] is ABSENT for one in some):
            await self._work.link.client.clock.sleep(SECOND_LOOK_S / self._work.link.speed)
            self._found = await self._read([one.address for one in some])
        for one in some:
            one.found = self._found[one.address]
        self._at = self._now()
        return self._found

    async def _read(self, addresses: Sequence[Address]) -> Mapping[Address, Live]:
        survey = self._work.survey
        survey.thorough.update(addresses)
        try:
            return await self._work.link.connection.current(survey, addresses)
        finally:
            survey.thorough.difference_update(addresses)

    async def _let_some_time_pass(self) -> None:
        """Until what the plan did not see had the time to show; longer where an earlier create was answered with it."""
        link, survey = self._work.link, self._work.survey
        made = [one for one in self._asked if _makes(one.change)]
        left = 0.0
        if any(link.connection.absence(one.change).twice for one in made):
            left = survey.read_at + SECOND_LOOK_S / link.speed - self._now()
        for one in made:
            if since := survey.may_show.get(one.address):
                late, given_up = LATE_S / link.speed, datetime.fromisoformat(since).timestamp()
                left = max(left, min(late, given_up + late - link.client.clock.now()))
        if left > 0:
            await link.client.clock.sleep(left)

    def _now(self) -> float:
        return self._work.link.client.clock.monotonic()


def _makes(change: Change) -> bool:
    return change.action == "create"


def _verdict(attempt: Attempt, found: Live, work: Work) -> StepResult | None:
    """How a step ends by what is there before its write; None where it is to be written."""
    change, step = attempt.change, attempt.step
    if attempt.shows(found) and change.action != "replace":
        if change.kind == "account" and str(attempt.address) not in work.lost:
            message = "it is there now, and this run did not make it: plan again, which says whose it is"
            return StepResult(step, "failed", message, "stale")
        return StepResult(step, "already")
    if isinstance(found, Unreadable):
        return StepResult(step, "failed", found.message, found.code)
    if isinstance(change.after, AtMost):
        return None  # it stands above, wherever that is by now
    if why := _door(change, found, work):
        return StepResult(step, "blocked", why)
    if change.before_known and not _same(found, change.before):
        message = f"there is {told(found)} now; the plan was made for {told(change.before)}: plan again"
        return StepResult(step, "failed", message, "stale")
    return None


def _door(change: Change, found: Live, work: Work) -> str:
    """Why a setting is not written after all: nothing leads back from what is there, or it would take a one-way door
    that nobody was asked about, since it stood as wanted before the step that reset it. "" for all else."""
    setting = work.link.venue.rules.setting(change.address.field)
    if setting is None:
        return ""
    if why := setting.no_way_back(change.address.key, found, change.after):
        return f"way_back: {why}"
    if not change.stands or (door := setting.one_way(change.address.key, change.after)) is None:
        return ""
    reset = f"{change.after_step} left {told(found)} where {told(change.after)} was"
    return f"{reset}, and it cannot be undone: {door.why}: plan again, and allow it with --allow-sensitive"


def _same(found: Live, before: Live | None) -> bool:
    """Whether it is as the plan saw it. What can be told only later does not speak against it."""
    if isinstance(found, After):
        return True
    if before is None or before is ABSENT:
        return found is ABSENT
    return _bare(found) == _bare(before)


def _bare(value: Live) -> Live:
    return value.value if isinstance(value, Lost | Rotating) else value
