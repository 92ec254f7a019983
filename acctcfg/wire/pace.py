"""Rate limits, kept as the venue counts them: no window ever holds more requests than the limit allows.

The venue counts a request when it arrives, at a moment between our sending and its answer. So a slot counts from
its *answer*: whenever the next request leaves a full window after that, the venue sees it a full window later, on any
path. Logs of send times, token buckets and GCRA all break when the path is slower for one request than for the next.

What that costs, one round trip a window, is won back in part: an earlier request had to come back and a later one has
to get there, and together that takes about one round trip. Once a bucket has seen enough answers on one connection,
0.9 times its smallest round trip, less the usual spread above it, is subtracted. A new connection starts from nothing.
Never more than the path itself takes: a request's round trip holds the venue's waiting and ours besides, and what a
busy machine adds to one request it may not add to the next. How long the path is, the connections' handshakes say.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import NamedTuple, Self

from acctcfg.wire.bucket import Ahead, Bucket
from acctcfg.wire.clock import Clock
from acctcfg.wire.endpoint import Rate
from acctcfg.wire.failures import Dropped
from acctcfg.wire.limits import BucketKey, Place, Shared

__all__ = ["Line", "Pacer", "Slot", "allowed", "lower_bound"]

HALVED_S = 60.0
KEPT_BUCKETS = 4096  # limits that are kept whether they hold anything or not


class Line(NamedTuple):
    """Requests that wait at one limit; the last of them leaves no sooner than in `left_s`."""

    left_s: float = 0.0
    waiting: int = 0
    endpoint: str = ""


def allowed(rate: Rate, share: float = 1.0) -> int:
    """Requests per window when only this share of the limit is used; never less than one."""
    return max(1, math.floor(rate.count * share + 1e-9))  # 0.29 * 100 is 28.999999999999996


def lower_bound(n: int, rate: Rate, share: float = 1.0, speed: float = 1.0) -> float:
    """Seconds that `n` requests in one bucket take at least, from the first to the last being sent."""
    if n < 1:
        return 0.0
    return rate.per_s / speed * ((n - 1) // allowed(rate, share))


class Pacer:
    """Lets requests through so that the venue never sees too many, first come first served in each bucket.

    `share` is the part of each limit that is used, `speed` divides windows (a sandbox whose time runs faster).
    `notes` says in words which limits the venue refused us at; a run shows them. One pacer serves one event loop, and
    all clients of one venue there.
    """

    def __init__(self, clock: Clock, share: float = 1.0, speed: float = 1.0) -> None:
        if not 0 < share <= 1:
            raise ValueError(f"a share of a rate limit is above 0 and at most 1, not {share}")
        if speed <= 0:
            raise ValueError(f"a speed is above 0, not {speed}")
        self.clock = clock
        self.share = share
        self.speed = speed
        self.names: dict[str, str] = {}  # owner -> as people know it: an account's or the connection's key
        self.limits: dict[str, Rate] = {}  # by endpoint: what the venue granted this user, in place of the table's
        self.shared: Shared | None = None  # what other processes use at the same time
        self._refused: dict[BucketKey, None] = {}  # in the order in which the venue refused
        self._handshake = math.inf  # the smallest of all connections; infinite where nobody tells
        self._buckets: dict[BucketKey, Bucket] = {}
        self._connections = 0
        self._aliases: dict[str, str] = {}
        self._droppable: set[asyncio.Task[object]] = set()
        self._dropping = False
        self._sweep_at = KEPT_BUCKETS

    def slot(self, key: BucketKey, rate: Rate, *, droppable: bool = False, ahead: Ahead | None = None) -> Slot:
        """Wait for a place in the bucket and hold it: `sending()` right before the bytes leave, `answered()` after.

        Left without `sending()`, the place is free again at once. Left after `sending()` without `answered()`
        (a time-out, a cancellation), it counts from the moment of leaving. A `droppable` wait ends in Dropped once
        `drop_waiting` was called. `ahead` is awaited half a second before the slot of one that has to wait, so
        that the limit does not stand idle for what it reads.
        """
        bucket = self._bucket(key, rate)
        entering = self._enter(key, bucket, ahead)
        return Slot(bucket, self, self._or_drop(entering) if droppable else entering)

    def drop_waiting(self) -> None:
        """End every droppable wait for a slot, those that begin later too: nothing more is to be sent."""
        self._dropping = True
        for task in self._droppable:
            task.cancel()

    async def _enter(self, key: BucketKey, bucket: Bucket, ahead: Ahead | None) -> Place | None:
        """First by what this process knows, then among all that use the limit."""
        await bucket.enter(ahead)
        if self.shared is None or not self.shared.covers(key):
            return None
        try:
            return await self.shared.enter(key, bucket.count, bucket.window)
        except BaseException:
            bucket.gave_back()
            raise

    async def _or_drop(self, entering: Coroutine[object, None, Place | None]) -> Place | None:
        task = asyncio.current_task()
        if self._dropping or task is None:
            entering.close()
            raise Dropped
        self._droppable.add(task)
        try:
            return await entering
        except asyncio.CancelledError:
            if self._dropping and task.uncancel() == 0:
                raise Dropped from None
            raise
        finally:
            self._droppable.discard(task)

    def rate_limited(self, key: BucketKey, rate: Rate) -> None:
        """The venue said "too many requests": use half of this limit for a minute, and note it once."""
        self._refused.setdefault(key)
        self._bucket(key, rate).halved_until = self.clock.monotonic() + HALVED_S / self.speed

    def served(self, key: BucketKey, rate: Rate) -> None:
        """The venue served a request: the bucket makes progress."""
        self._bucket(key, rate).served_at = self.clock.monotonic()

    def stuck_s(self, key: BucketKey, rate: Rate, since: float) -> float:
        """Seconds in which the venue served nothing out of this bucket, counted from `since` at the earliest."""
        return self.clock.monotonic() - max(since, self._bucket(key, rate).served_at)

    def wait_s(self, key: BucketKey, rate: Rate) -> float:
        """Seconds until a place is free; infinite where only an answer can free one."""
        return self._bucket(key, rate).wait_s()

    def waiting(self, key: BucketKey) -> int:
        """How many requests wait for a place."""
        bucket = self._buckets.get(key)
        return 0 if bucket is None else bucket.waiting

    def longest_line(self) -> Line:
        """Of the limits that requests wait at now, the one that holds up the last of them longest."""
        lines = (
            Line(one.clears_in_s(), one.waiting, key.endpoint) for key, one in self._buckets.items() if one.waiting
        )
        return max(lines, default=Line())

    @property
    def notes(self) -> list[str]:
        """Which limits the venue refused us at, and whose they are."""
        return [
            f"{key.endpoint}{self._whose(key)}: the venue answered that there were too many requests; this limit was "
            f"halved for a minute (does another program use the same {_counted_by(key)}?)"
            for key in self._refused
        ]

    def _whose(self, key: BucketKey) -> str:
        if key.scope == "ip":
            return ""
        owner = self._aliases.get(key.owner, key.owner)
        name = self.names.get(owner) or owner.partition("/")[2]
        return f" of {name}" if name else ""

    def connecting(self) -> None:
        """A new connection is made: what was learned of the path's round trip no longer holds."""
        self._connections += 1

    def connected(self, handshake_s: float | None) -> None:
        """How long a connection's handshake took; 0 where the system does not say, None where it came to nothing."""
        if handshake_s is not None:
            self._handshake = min(self._handshake, handshake_s)

    @property
    def path_s(self) -> float:
        """What the path takes at least, there and back."""
        return self._handshake

    @property
    def connections(self) -> int:
        return self._connections

    # -- beyond one process --------------------------------------------------------------------------------------------

    def one_owner(self, alias: str, owner: str) -> None:
        """Say that what was counted under `alias` (credentials whose user was not known yet) is `owner`'s."""
        self._aliases[alias] = owner
        for key in [key for key in self._buckets if key.owner == alias]:
            bucket = self._buckets.pop(key)
            self._buckets.setdefault(key._replace(owner=owner), bucket).also(bucket.log)

    def recent(self) -> dict[BucketKey, list[float]]:
        """The answers, in unix seconds, that still count in some window: what the next process has to know."""
        to_wall = self.clock.now() - self.clock.monotonic()
        now = self.clock.monotonic()
        found = {
            key: [at + to_wall for at in bucket.log if at + bucket.window > now]
            for key, bucket in self._buckets.items()
        }
        for (
            alias,
            owner,
        ) in self._aliases.items():  # the next process begins without knowing whose credentials these are
            found |= {key._replace(owner=alias): times for key, times in found.items() if key.owner == owner}
        return {key: times for key, times in found.items() if times}

    def restore(self, recent: Mapping[BucketKey, Sequence[float]], rates: Callable[[str], Rate | None]) -> None:
        """Count what an earlier process was answered. `rates`: the limit of an endpoint by its text."""
        to_steady = self.clock.monotonic() - self.clock.now()
        now = self.clock.monotonic()
        for key, times in recent.items():
            rate = rates(key.endpoint)
            if rate is not None:
                self._bucket(key, rate).also([at + to_steady for at in times if at + to_steady <= now])

    def _bucket(self, key: BucketKey, rate: Rate) -> Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._sweep_at:
                self._forget_idle()
            rate = self.limits.get(key.endpoint, rate)
            window = rate.per_s / self.speed
            bucket = self._buckets[key] = Bucket(self, allowed(rate, self.share), window)
        return bucket

    def _forget_idle(self) -> None:
        """Drop the limits that hold nothing any more: with many accounts, most are asked once and never again."""
        now = self.clock.monotonic()
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if not bucket.idle(now)}
        self._sweep_at = max(KEPT_BUCKETS, 2 * len(self._buckets))


class Slot:
    """One request's place in a bucket, held while it is entered (`async with`); see `Pacer.slot`."""

    __slots__ = ("_bucket", "_connections", "_done", "_entering", "_pacer", "_place", "_sent")

    def __init__(self, bucket: Bucket, pacer: Pacer, entering: Awaitable[Place | None]) -> None:
        self._bucket = bucket
        self._place: Place | None = None
        self._pacer = pacer
        self._sent: float | None = None
        self._connections = -1
        self._done = False
        self._entering = entering

    async def __aenter__(self) -> Self:
        self._place = await self._entering
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()

    def sending(self) -> None:
        self._connections = self._pacer.connections
        self._sent = self._pacer.clock.monotonic()

    def answered(self) -> None:
        if self._done or self._sent is None:
            return
        self._done = True
        now = self._pacer.clock.monotonic()
        steady = self._connections == self._pacer.connections
        self._bucket.answered(now, now - self._sent, self._pacer.connections, steady=steady)
        if self._place is not None:
            self._place.answered()

    def not_sent(self) -> None:
        """Proof came that nothing reached the venue (no connection was made): the place is free again."""
        self._sent = None

    def leave(self) -> None:
        if self._done:
            return
        self._done = True
        if self._sent is None:
            self._bucket.gave_back()
            if self._place is not None:
                self._place.gave_back()
        else:
            self._bucket.lost(self._pacer.clock.monotonic())
            if self._place is not None:
                self._place.answered()


def _counted_by(key: BucketKey) -> str:
    return "address" if key.scope == "ip" else "account"
