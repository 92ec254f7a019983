"""How long the path to a venue takes at least, from the answers of one bucket; see `wire.pace`."""

from __future__ import annotations

import math

__all__ = ["SAMPLES", "RoundTrips"]

SAMPLES = 64  # answers on one connection before a round trip is believed to be the path's own


class RoundTrips:
    """The round trips of one bucket on the present connections: their smallest, their mean, their number."""

    __slots__ = ("connection", "count", "mean", "smallest")

    def __init__(self) -> None:
        self.connection = -1
        self.forget()

    def forget(self) -> None:
        self.count = 0
        self.mean = 0.0
        self.smallest = math.inf

    def observe(self, round_trip: float, connection: int, *, steady: bool) -> None:
        if connection != self.connection:
            self.forget()
            self.connection = connection
        if not steady:
            return  # it paid for a handshake
        self.count += 1
        self.mean += (round_trip - self.mean) / self.count
        self.smallest = min(self.smallest, round_trip)

    def guard(self, connection: int, path_s: float) -> float:
        """Seconds that may be taken off a window: below the path's own round trip, whatever its jitter.

        The smallest of n round trips still holds some jitter, the less the more answers were seen; the
        distance to the mean says how much jitter there is. Of 16 answers on a path of nothing but jitter, it is
        more than half of the mean in one case of eight.
        """
        if self.count < SAMPLES or connection != self.connection:
            return 0.0
        spread = (self.mean - self.smallest) * 8 / math.sqrt(self.count)
        return max(0.0, 0.9 * min(self.smallest - spread, path_s))
