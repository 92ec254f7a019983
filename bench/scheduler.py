"""The pacer and the order of the walk for 100,000 new customers, under a clock that does not wait.

Each account's chain of requests is that of `bench.schedule`; what the venue would answer takes no time here but the
round trip. So the figure is the scheduler's own: how near it comes to the bound, and what it costs of a processor.
`SCHEDULER_ACCOUNTS=1000` tries it small.
"""

from __future__ import annotations

import asyncio
import os
import resource
import time
from collections.abc import Callable, Iterator, Sequence

from acctcfg.venues.okx.endpoints import RATES
from acctcfg.wire.clock import FakeClock
from acctcfg.wire.limits import BucketKey
from acctcfg.wire.pace import Pacer
from acctcfg.wire.shared import Shared
from bench.schedule import Figure, chains_of, limits_of, onboarding
from bench.simulation import Ask, Chain, lower_bound
from bench.virtual import ROUND_TRIP_S

__all__ = ["run"]

ACCOUNTS = int(os.environ.get("SCHEDULER_ACCOUNTS", "100000"))
GOAL = 1.05
MOST_CPU_US = 200.0  # a request


def run() -> Iterator[Figure]:
    """(name, value, goal, ok) for each figure."""
    chain = chains_of(onboarding(1)).apply
    fleet = [chain] * ACCOUNTS
    begun = time.process_time()
    seconds = _played(fleet)
    cpu = time.process_time() - begun
    requests = sum(map(len, chain)) * ACCOUNTS
    bound = lower_bound(fleet, limits_of(fleet), round_trip_s=ROUND_TRIP_S)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    title = f"{ACCOUNTS} customers in the scheduler: {seconds:.0f} s, bound {bound:.0f} s, {peak:.0f} MiB"
    yield title, seconds / bound, GOAL, seconds / bound <= GOAL
    each = cpu / requests * 1e6
    yield f"the scheduler's CPU for each of {requests} requests, in us", each, MOST_CPU_US, each <= MOST_CPU_US


def _played(fleet: Sequence[Chain]) -> float:
    clock = FakeClock()

    async def play() -> None:
        venue = _Venue(clock)
        await asyncio.gather(*(venue.account(chain, f"account {n}") for n, chain in enumerate(fleet)))

    asyncio.run(play())
    return clock.monotonic()


class _Venue:
    """Answers whatever the pacer lets through, a round trip later."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock, self._pacer = clock, Pacer(clock)

        self._shared: dict[Ask, Shared[None]] = {}

    async def account(self, chain: Chain, name: str) -> None:
        """One account: stage after stage, the requests of a stage at once."""
        for stage in chain:
            if len(stage) == 1:
                await self._ask(stage[0], name)
            else:
                await asyncio.gather(*(self._ask(one, name) for one in stage))

    async def _ask(self, ask: Ask, name: str) -> None:
        if ask.shared:
            await self._all(ask).get()
        else:
            await self._sent(ask, ask.owner or name, lambda: None)

    def _all(self, ask: Ask) -> Shared[None]:
        """One request for everybody who asks before it leaves."""

        async def send(leaves: Callable[[], None]) -> None:
            await self._sent(ask, ask.owner, leaves)

        return self._shared.setdefault(ask, Shared(send))

    async def _sent(self, ask: Ask, owner: str, leaves: Callable[[], None]) -> None:
        key = BucketKey("user", owner, ask.endpoint, ())
        async with self._pacer.slot(key, RATES[ask.endpoint.partition("?")[0]]) as slot:
            leaves()
            slot.sending()
            await self._clock.sleep(ROUND_TRIP_S)
            slot.answered()


if __name__ == "__main__":
    for name, figure, goal, ok in run():
        print(f"{'ok ' if ok else 'NO '} {name}: {figure:.3f} (goal {goal:g})")
