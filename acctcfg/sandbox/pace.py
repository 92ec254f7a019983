"""Rate limits as a strict sliding window: in no span of the window's length are more requests admitted.

Refused requests do not count.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

__all__ = ["Bucket", "Pace"]

BucketName = tuple[str, str, str, str]  # user or address, method, path, instType or ""


@dataclass(slots=True)
class Bucket:
    """What one limit has seen. Times are seconds on the sandbox's monotonic clock."""

    limit: int
    window_s: float
    admitted: deque[float] = field(default_factory=deque)
    arrived: deque[float] = field(default_factory=deque)  # refused ones included
    most: int = 0  # requests seen in any one window
    total: int = 0
    refused: int = 0

    def admits(self, now: float) -> bool:
        """Count a request, and say whether it is within the limit."""
        horizon = now - self.window_s
        while self.arrived and self.arrived[0] <= horizon:
            self.arrived.popleft()
        self.arrived.append(now)
        self.total += 1
        self.most = max(self.most, len(self.arrived))
        while self.admitted and self.admitted[0] <= horizon:
            self.admitted.popleft()
        if len(self.admitted) >= self.limit:
            self.refused += 1
            return False
        self.admitted.append(now)
        return True


@dataclass(slots=True)
class Pace:
    """All buckets of one sandbox. A speed of N makes every window N times shorter."""

    speed: float = 1.0
    buckets: dict[BucketName, Bucket] = field(default_factory=dict)

    def admits(self, name: BucketName, limit: int, window_s: float, now: float) -> bool:
        """Whether one more request fits into the bucket now."""
        bucket = self.buckets.get(name)
        if bucket is None:
            bucket = self.buckets[name] = Bucket(limit, window_s / self.speed)
        return bucket.admits(now)
