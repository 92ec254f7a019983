"""The least time that a fleet can take at a venue's rate limits: a simulation that knows nothing of the program.

A job is one account's chain of stages; the requests of a stage may leave at once, and the next stage begins with the
last answer. `list_schedule` plays all of them, the longest chain first at each limit: a time that can be reached.
`lower_bound` is what none can beat: the longest chain by itself, or a limit with what must go before it and after it.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple, TypeAlias

__all__ = ["Ask", "Chain", "Limit", "list_schedule", "lower_bound"]


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many requests in so many seconds."""

    count: int
    per_s: float


class Ask(NamedTuple):
    """One request, and whose limit it counts at: "" is the account's own, which no other account asks at."""

    owner: str
    endpoint: str
    shared: bool = False  # one request answers everybody who waits for one


Chain: TypeAlias = tuple[tuple[Ask, ...], ...]


@dataclass(slots=True)
class _Bucket:
    limit: Limit
    sent: deque[float] = field(default_factory=deque)

    def free_at(self, now: float) -> float:
        full = len(self.sent) >= self.limit.count
        return max(now, self.sent[-self.limit.count] + self.limit.per_s) if full else now

    def send(self, now: float) -> None:
        self.sent.append(now)
        if len(self.sent) > self.limit.count:
            self.sent.popleft()


def list_schedule(
    chains: Sequence[Chain],
    limits: Mapping[str, Limit],
    *,
    round_trip_s: float = 0.0,
    used: Mapping[tuple[str, str], Sequence[float]] | None = None,
) -> float:
    """Seconds until the last answer. `used`: requests that left before, by bucket, at times up to 0."""
    return _Play(chains, limits, round_trip_s, used or {}).seconds()


class _Play:
    """All chains at once, from one event to the next: an answer, or a limit that has room again."""

    def __init__(
        self,
        chains: Sequence[Chain],
        limits: Mapping[str, Limit],
        round_trip_s: float,
        used: Mapping[tuple[str, str], Sequence[float]],
    ) -> None:
        self.chains, self.limits, self.round_trip_s = chains, limits, round_trip_s
        self.buckets: dict[tuple[str, str], _Bucket] = {}
        for key, times in used.items():
            for at in times:
                self._bucket(key).send(at)
        self.waiting: dict[tuple[str, str], list[tuple[float, int]]] = defaultdict(list)
        self.joined: dict[tuple[str, str], list[int]] = defaultdict(list)  # who wait for a shared request
        self.events: list[tuple[float, int, tuple[str, str] | int]] = []
        self.number = count()
        self.left = [_alone(chain, limits, round_trip_s) for chain in chains]  # of each chain, what is left of it
        self.stage = [-1] * len(chains)
        self.open = [0] * len(chains)  # answers that the stage still waits for
        self.woken: set[tuple[str, str]] = set()

    def seconds(self) -> float:
        end = 0.0
        for job in sorted(range(len(self.chains)), key=lambda one: -self.left[one][0]):
            self._next(job, 0.0)
        while self.events:
            now, _, what = heapq.heappop(self.events)
            end = max(end, now)
            if isinstance(what, int):
                self.open[what] -= 1
                if not self.open[what]:
                    self._next(what, now)
            else:
                self.woken.discard(what)
                self._serve(what, now)
        return end

    def _bucket(self, key: tuple[str, str]) -> _Bucket:
        if key not in self.buckets:
            self.buckets[key] = _Bucket(self.limits[key[1]])
        return self.buckets[key]

    def _next(self, job: int, now: float) -> None:
        self.stage[job] += 1
        if self.stage[job] == len(self.chains[job]):
            return
        asks = self.chains[job][self.stage[job]]
        self.open[job] = len(asks)
        for ask in asks:
            key = (ask.owner or f"account {job}", ask.endpoint)
            if ask.shared:
                self.joined[key].append(job)
            else:
                heapq.heappush(self.waiting[key], (-self.left[job][self.stage[job]], job))
            self._wake(key, now)

    def _wake(self, key: tuple[str, str], now: float) -> None:
        """Look at a limit once all that happens at this moment has happened, or when it has room."""
        if key not in self.woken and (self.waiting[key] or self.joined[key]):
            self.woken.add(key)
            self._event(self._bucket(key).free_at(now), key)

    def _event(self, at: float, what: tuple[str, str] | int) -> None:
        heapq.heappush(self.events, (at, next(self.number), what))

    def _serve(self, key: tuple[str, str], now: float) -> None:
        bucket, waiting = self._bucket(key), self.waiting[key]
        if self.joined[key] and bucket.free_at(now) <= now:
            bucket.send(now)
            for job in self.joined.pop(key):
                self._event(now + self.round_trip_s, job)
        while waiting and bucket.free_at(now) <= now:
            bucket.send(now)
            self._event(now + self.round_trip_s, heapq.heappop(waiting)[1])
        self._wake(key, now)


def _alone(chain: Chain, limits: Mapping[str, Limit], round_trip_s: float) -> list[float]:
    """What is left of a chain at the beginning of each stage, and 0 at its end, were there no other."""
    begins, end = _times(chain, limits, round_trip_s)
    return [*(end - begin for begin in begins), 0.0]


def _times(chain: Chain, limits: Mapping[str, Limit], round_trip_s: float) -> tuple[list[float], float]:
    buckets: dict[tuple[str, str], _Bucket] = {}
    now, begins = 0.0, []
    for stage in chain:
        begins.append(now)
        end = now
        for ask in stage:
            bucket = buckets.setdefault(ask[:2], _Bucket(limits[ask.endpoint]))
            at = bucket.free_at(now)
            bucket.send(at)
            end = max(end, at + round_trip_s)
        now = end
    return begins, now


def lower_bound(chains: Sequence[Chain], limits: Mapping[str, Limit], *, round_trip_s: float = 0.0) -> float:
    """The longest chain alone, or the slowest shared limit with the least that goes before it and after it."""
    parts: dict[Chain, _Parts] = {}
    asked: dict[tuple[str, str], int] = defaultdict(int)
    head: dict[tuple[str, str], float] = defaultdict(lambda: math.inf)
    tail: dict[tuple[str, str], float] = defaultdict(lambda: math.inf)
    for chain in chains:
        if chain not in parts:
            parts[chain] = _Parts.of(chain, limits, round_trip_s)
        for key, (many, before, after) in parts[chain].shared.items():
            asked[key] += many
            head[key], tail[key] = min(head[key], before), min(tail[key], after)
    times = [
        head[key] + limit.per_s * ((many - 1) // limit.count) + tail[key]
        for key, many in asked.items()
        for limit in (limits[key[1]],)
    ]
    return max([*times, *(one.alone for one in parts.values())], default=0.0)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a chain takes alone; of each limit that it shares: its requests there, what goes before and after them."""

    alone: float
    shared: Mapping[tuple[str, str], tuple[int, float, float]]

    @classmethod
    def of(cls, chain: Chain, limits: Mapping[str, Limit], round_trip_s: float) -> _Parts:
        begins, alone = _times(chain, limits, round_trip_s)
        found: dict[tuple[str, str], tuple[int, float, float]] = {}
        for at, stage in enumerate(chain):
            after = round_trip_s + _times(chain[at + 1 :], limits, round_trip_s)[1]
            for ask in stage:
                if ask.owner and not ask.shared:
                    many, before, _ = found.get(ask[:2], (0, begins[at], 0.0))
                    found[ask[:2]] = (many + 1, before, after)
        return cls(alone, found)
