"""What a plan costs: how long its steps take at least, and whether an access token lasts as long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from acctcfg.core.diff import Change
from acctcfg.core.plan import Estimate, Plan, Step, Warning_
from acctcfg.engine.estimate import estimate
from acctcfg.engine.session import Link, Session
from acctcfg.venues.contract import Cost, Survey

__all__ = ["estimate_of", "outlived"]

Work: TypeAlias = Sequence[tuple[Survey, list[Change]]]


def estimate_of(session: Session, work: Work, plan: Plan) -> Estimate:
    """How long the steps take at least that are not blocked: wave after wave, with the waits between them."""
    waves = plan.waves
    sets: list[Sequence[Step]] = [
        [step for step in plan.steps if step.address.account in wave.accounts] for wave in waves
    ]
    parts = [
        estimate([cost for link in session.links.values() for cost in _open_costs(link, work, steps)])
        for steps in sets or [plan.steps]
    ]
    slowest = max(parts, key=lambda one: one.seconds)
    seconds = sum(one.seconds for one in parts) + sum(wave.then_wait_s for wave in waves)
    return Estimate(sum(one.writes for one in parts), round(seconds, 3), slowest.bottleneck)


def _open_costs(link: Link, work: Work, steps: Sequence[Step]) -> list[tuple[Cost, float, float]]:
    """What the steps of one connection cost that are not blocked."""
    open_, key = {step.address for step in steps if not step.blocked}, link.connection.spec.key
    mine = [
        (survey, [change for change in changes if change.address in open_])
        for survey, changes in work
        if survey.spec.venue == key
    ]
    found = _costs(link, [one for one in mine if one[1]])
    return [(link.granted(cost), link.share, link.speed) for cost in found]


def outlived(session: Session, work: Work, steps: Sequence[Step]) -> Iterator[Warning_]:
    """Connections whose access token is over before their part of the plan can be done."""
    for key, link in session.links.items():
        if link.ends_at is None:
            continue
        seconds, left = estimate(_open_costs(link, work, steps)).seconds, link.ends_at - link.client.clock.now()
        if seconds >= left:
            end = datetime.fromtimestamp(link.ends_at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
            lasts = f"the plan takes at least {seconds:.0f} s, and the token is over at {end}, in {max(left, 0):.0f} s"
            yield Warning_(key, "token_ends", f"{lasts}: get a new one before you apply")


def _costs(link: Link, work: Work) -> list[Cost]:
    """Of accounts whose costs cannot be told, none: an estimate says "at least", and stops nothing."""
    try:
        return link.connection.costs(work)
    except Exception:
        return [] if len(work) < 2 else [cost for one in work for cost in _costs(link, [one])]
