"""How long a plan takes at least, by the limits that its requests count at: the numbers are the pacer's own.

Each account is a chain: what it asks at once is a stage, and the next one begins with the answers. No run is shorter
than the longest chain, nor than a limit that accounts share, with the least that goes before it and after it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from acctcfg.core.plan import Estimate
from acctcfg.venues.contract import Cost
from acctcfg.wire.endpoint import Rate
from acctcfg.wire.pace import allowed, lower_bound

__all__ = ["Chain", "Stage", "estimate", "seconds_alone"]

Bucket: TypeAlias = tuple[str, str]
"""Whose limit it is, and the endpoint."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What an account asks at once. `not_before_s`: it waits until so long after the plan was made. `waits_s`: how
    long it waits in between, whatever the limits are."""

    costs: tuple[Cost, ...]
    not_before_s: float = 0.0
    waits_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Chain:
    """The requests of one account, and how its connection is paced."""

    stages: tuple[Stage, ...]
    share: float = 1.0
    speed: float = 1.0
    round_trip_s: float = 0.0

    def alone(self) -> tuple[list[float], float]:
        """When each stage begins, and when the last one ends, were there no other account."""
        return self._walked(self.stages, planned=True)

    def after(self, at: int) -> float:
        """What is left of it at least once a stage is over. The one before, such as a gate, was read only just."""
        begins, end = self._walked(self.stages[max(at - 1, 0) :], planned=False)
        return end - [*begins, end][min(at, 1) + 1] + self.round_trip_s

    def _walked(self, stages: Sequence[Stage], *, planned: bool) -> tuple[list[float], float]:
        """Where it was `planned` a moment ago, the lists that answer for many accounts were just read."""
        sent: dict[Bucket, list[float]] = {}
        now, begins = 0.0, []
        for stage in stages:
            now = max(now, stage.not_before_s if planned else 0.0)
            begins.append(now)
            end = now
            for cost in stage.costs:
                read_before = [0.0] if planned and cost.serves > 1 and not cost.write else []
                times = sent.setdefault(_bucket(cost), read_before)
                end = max(end, self._send(times, cost.count, cost.endpoint.rate, now) + self.round_trip_s)
            now = end + stage.waits_s
        return begins, now

    def _send(self, times: list[float], count: int, rate: Rate, now: float) -> float:
        """When the last of so many leaves that may leave from now on."""
        most, window = allowed(rate, self.share), rate.per_s / self.speed
        for _ in range(count):
            free = times[-most] + window if len(times) >= most else now
            times.append(max(now, free))
        return times[-1]


@dataclass(slots=True)
class _Line:
    """All requests that accounts make at one limit, with the least that goes before and after them in any account."""

    cost: Cost
    share: float
    speed: float
    count: int = 0
    before_s: float = math.inf
    after_s: float = math.inf

    @property
    def requests(self) -> int:
        return -(-self.count // self.cost.serves)

    @property
    def seconds(self) -> float:
        return lower_bound(self.requests, self.cost.endpoint.rate, self.share, self.speed)

    @property
    def rank(self) -> tuple[float, bool, int, str]:
        return self.seconds, self.cost.write, self.requests, self.cost.label


def estimate(chains: Sequence[Chain]) -> Estimate:
    """The writes of all chains, how long they take with all that is read for them, and which limit decides."""
    lines: dict[Bucket, _Line] = {}
    shapes: dict[object, _Shape] = {}
    owners = _owners(chains)
    longest, slowest = 0.0, None  # type: float, Chain | None
    for chain in chains:
        shape = _shape(chain, owners, shapes)
        if slowest is None or shape.seconds > longest:
            longest, slowest = shape.seconds, chain
        for at, stage in enumerate(chain.stages):
            for cost in stage.costs:
                line = lines.setdefault(_bucket(cost), _Line(cost, chain.share, chain.speed))
                line.count += cost.count
                if at in shape.around:
                    before, after = shape.around[at]
                    line.before_s, line.after_s = min(line.before_s, before), min(line.after_s, after)
    if slowest is None or not lines:
        return Estimate(0, 0.0, "")
    shared = {key: line for key, line in lines.items() if owners[key[0]] > 1}
    times = {key: line.before_s + line.seconds + line.after_s for key, line in shared.items()}
    key = max(times, key=lambda one: (times[one], shared[one].rank), default=None)
    if key is not None and times[key] >= longest and shared[key].seconds:
        decides, seconds = shared[key], times[key]
    else:
        own = {_bucket(cost) for cost in _costs(slowest)} if longest else lines.keys()
        decides, seconds = max((lines[one] for one in own), key=lambda one: one.rank), longest
    return Estimate(_writes(lines), round(seconds, 3), _words(decides.cost))


def seconds_alone(chains: Mapping[str, Chain]) -> dict[str, float]:
    """How long each account takes, were there no other: those that take longest are begun first."""
    owners, shapes = _owners(chains.values()), {}  # type: Counter[str], dict[object, _Shape]
    return {account: _shape(chain, owners, shapes).seconds for account, chain in chains.items()}


def _owners(chains: Iterable[Chain]) -> Counter[str]:
    """In how many chains a limit's owner has a part."""
    return Counter(owner for chain in chains for owner in {cost.owner for cost in _costs(chain)})


def _writes(lines: Mapping[Bucket, _Line]) -> int:
    return sum(line.requests for line in lines.values() if line.cost.write)


@dataclass(slots=True)
class _Shape:
    """What chains alike have in common: how long each takes alone, and what goes before and after a stage."""

    seconds: float
    around: dict[int, tuple[float, float]] = field(default_factory=dict)


def _shape(chain: Chain, owners: Mapping[str, int], known: dict[object, _Shape]) -> _Shape:
    """Of a chain; accounts that do the same have one, whoever they are."""

    def asked(cost: Cost) -> tuple[object, ...]:
        whose = cost.owner if owners[cost.owner] > 1 else ""
        return whose, cost.endpoint.text, cost.endpoint.rate, cost.count

    stages = tuple((stage.not_before_s, stage.waits_s, *map(asked, stage.costs)) for stage in chain.stages)
    alike = (chain.share, chain.speed, chain.round_trip_s, stages)
    found = known.get(alike)
    if found is None:
        begins, seconds = chain.alone()
        found = known[alike] = _Shape(seconds)
        for at, stage in enumerate(chain.stages):
            if any(owners[cost.owner] > 1 for cost in stage.costs):
                found.around[at] = begins[at], chain.after(at)
    return found


def _costs(chain: Chain) -> Iterator[Cost]:
    return (cost for stage in chain.stages for cost in stage.costs)


def _bucket(cost: Cost) -> Bucket:
    return cost.owner, cost.endpoint.text


def _words(cost: Cost) -> str:
    rate = cost.endpoint.rate
    per = "s" if rate.per_s == 1 else f"{rate.per_s:g} s"
    name = [part for part in cost.endpoint.path.split("/") if not part.startswith("{")][-1]  # "/sub_accounts/{user_id}"
    return f"{name} of {cost.label}, {rate.count} per {per}"
