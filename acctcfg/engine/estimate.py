"""How long the writes and their read-backs take at least: the numbers are the pacer's own."""

from __future__ import annotations

from collections.abc import Iterable

from acctcfg.core.plan import Estimate
from acctcfg.venues.contract import Cost
from acctcfg.wire.endpoint import Endpoint
from acctcfg.wire.pace import lower_bound

__all__ = ["estimate"]


def estimate(costs: Iterable[tuple[Cost, float, float]]) -> Estimate:
    """Costs, each with the share and the speed of its connection: the slowest bucket decides."""
    counts: dict[tuple[str, str], tuple[int, Cost, float, float]] = {}
    writes = 0
    for cost, share, speed in costs:
        key = (cost.owner, cost.endpoint.text)
        count = counts[key][0] if key in counts else 0
        counts[key] = (count + cost.count, cost, share, speed)
        writes += cost.count if cost.write else 0
    slowest = max(
        (
            (lower_bound(count, cost.endpoint.rate, share, speed), count, cost)
            for count, cost, share, speed in counts.values()
        ),
        key=lambda one: (one[0], one[1], one[2].label),
        default=None,
    )
    if slowest is None:
        return Estimate(0, 0.0, "")
    seconds, _, cost = slowest
    return Estimate(writes, round(seconds, 3), _words(cost.endpoint, cost.label))


def _words(endpoint: Endpoint, label: str) -> str:
    rate = endpoint.rate
    per = "s" if rate.per_s == 1 else f"{rate.per_s:g} s"
    name = [part for part in endpoint.path.split("/") if not part.startswith("{")][-1]  # "/sub_accounts/{user_id}"
    return f"{name} of {label}, {rate.count} per {per}"
