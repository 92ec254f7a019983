"""What a plan costs: how long its steps take at least, and whether an access token lasts as long.

Counted is what `execute` does: a batch of steps is looked at, passes its gates, is written, and is read back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeAlias

from acctcfg.core.diff import Change
from acctcfg.core.plan import Estimate, Plan, Step, Warning_, by_account
from acctcfg.core.state import Rotating
from acctcfg.engine.batches import batches
from acctcfg.engine.estimate import Chain, Stage, estimate
from acctcfg.engine.looks import SECOND_LOOK_S
from acctcfg.engine.session import Link, Session
from acctcfg.venues.account import AccountNotes
from acctcfg.venues.contract import Cost, Survey
from acctcfg.venues.key_rotation import waited_here

__all__ = ["Chains", "chains_of", "estimate_of", "outlived"]

Chains: TypeAlias = Mapping[str, Chain]
"""By account."""


async def chains_of(session: Session, surveys: Mapping[str, Survey], steps: Sequence[Step]) -> Chains:
    """The requests of the steps that are not blocked. Accounts whose costs cannot be told have none: an estimate says
    "at least", and stops nothing."""
    found = {}
    for account, some in by_account(step for step in steps if not step.blocked).items():
        link, survey = session.links[some[0].venue], surveys[account]
        stages: list[Stage] = []
        with suppress(Exception):
            stages = await _Account(link, survey).stages(some)
        path = link.client.pacer.path_s
        round_trip_s = math.floor(path * 100) / 100 if math.isfinite(path) else 0.0
        found[account] = Chain(tuple(stages), link.share, link.speed, round_trip_s)
    return found


def estimate_of(chains: Chains, plan: Plan) -> Estimate:
    """How long the steps take at least that are not blocked: wave after wave, with the waits between them."""
    waves = [[chains[one] for one in wave.accounts if one in chains] for wave in plan.waves]
    parts = [estimate(some) for some in waves or [list(chains.values())]]
    slowest = max(parts, key=lambda one: one.seconds)
    seconds = sum(one.seconds for one in parts) + sum(wave.then_wait_s for wave in plan.waves)
    return Estimate(sum(one.writes for one in parts), round(seconds, 3), slowest.bottleneck)


def outlived(session: Session, chains: Chains, surveys: Mapping[str, Survey]) -> Iterator[Warning_]:
    """Connections whose access token is over before their part of the plan can be done."""
    for key, link in session.links.items():
        if link.ends_at is None:
            continue
        mine = [chain for account, chain in chains.items() if surveys[account].spec.venue == key]
        seconds, left = estimate(mine).seconds, link.ends_at - link.client.clock.now()
        if seconds >= left:
            end = datetime.fromtimestamp(link.ends_at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
            lasts = f"the plan takes at least {seconds:.0f} s, and the token is over at {end}, in {max(left, 0):.0f} s"
            yield Warning_(key, "token_ends", f"{lasts}: get a new one before you apply")


class _Account:
    """One account's part of the plan."""

    def __init__(self, link: Link, survey: Survey) -> None:
        self._link, self._survey = link, survey
        self._made = False  # whether a step before made the account

    async def stages(self, steps: Sequence[Step]) -> list[Stage]:
        """Batch after batch."""
        found: list[Stage] = []
        for batch in batches(steps, self._link.connection):
            changes = [step.change for step in batch]
            found.append(self._look([one for one in changes if not (self._made and one.action == "create")]))
            costs = self._costs(changes)
            found += [await self._gate(some) for some in _by_field(changes)]
            found.append(Stage(tuple(one for one in costs if one.write), waits_s=self._waits(changes)))
            found.append(Stage(tuple(one for one in costs if not one.write)))
            found.append(self._second_look([one for one in changes if one.action == "delete"]))
            self._made = self._made or any(one.kind == "account" and one.action == "create" for one in changes)
        return [stage for stage in found if stage.costs]

    def _look(self, changes: Sequence[Change]) -> Stage:
        """The last look: it reads what the read-back does, and where absence is believed only after a while, then."""
        absence = self._link.connection.absence
        second = any(one.action == "create" and absence(one).twice for one in changes)
        reads = tuple(one for one in self._costs(changes) if not one.write)
        return Stage(reads, SECOND_LOOK_S / self._link.speed if second else 0.0)

    def _second_look(self, deletes: Sequence[Change]) -> Stage:
        """What does not show is looked for once more, some seconds later."""
        return Stage(tuple(one for one in self._costs(deletes) if not one.write), SECOND_LOOK_S / self._link.speed)

    def _waits(self, changes: Sequence[Change]) -> float:
        """How long the overlaps of rotations last that the run waits for: those of one account go side by side."""
        notes = self._survey.private
        if not isinstance(notes, AccountNotes):  # another package's: an estimate says "at least"
            return 0.0
        rotated = [one.address for one in changes if isinstance(one.before, Rotating)]
        return max((waited_here(notes, one) for one in rotated), default=0.0)

    async def _gate(self, changes: Sequence[Change]) -> Stage:
        """Where a venue's package cannot tell, none: the writes count all the same."""
        connection = self._link.connection
        costs: list[Cost] = []
        gated = [one for one in changes if connection.gated(one)]
        if gated:
            with suppress(Exception):
                costs = await connection.gate_costs(self._survey, gated)
        return Stage(tuple(map(self._link.granted, costs)))

    def _costs(self, changes: Sequence[Change]) -> list[Cost]:
        if not changes:
            return []
        return [self._link.granted(one) for one in self._link.connection.costs([(self._survey, changes)])]


def _by_field(changes: Sequence[Change]) -> list[list[Change]]:
    """Those of one field have one gate."""
    fields: dict[str, list[Change]] = {}
    for one in changes:
        fields.setdefault(one.address.field, []).append(one)
    return list(fields.values())
