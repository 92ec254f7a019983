"""How much of a rate limit the pacer uses, and whether a strict checker in another process ever sees too many.

Two limits on a local path and on one with 30 ms of jitter each way, and one on a long path whose round trip has to be
learned, all at once in one run. What is used of a limit is its own lower bound over the time between the
first and the last arrival at the venue.

A handshake on loopback takes no time, whatever the venue's process waits: the long path's connections are told to have
taken as long as its requests do at least. Each path has a client of its own, as each host has.

On a busy machine timers and answers are late, whoever waits for them. So beside each limit a loop without a pacer sends
as many requests at once as it takes, and as many again when its window after the last answer is over. A figure is a
share of what that loop uses on the local path meanwhile: on an idle machine all but the whole limit.

A client cannot know where in a round trip the venue counted. So of a window's use the mean jitter out and back is lost
to anyone who never exceeds: 15 + 15 ms leave 1 / 1.030 = 0.971 of one request per second, and the goal of 0.970 wants
each of them sent within a millisecond of the moment that it may be.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from acctcfg.errors import Refused
from acctcfg.wire.client import Client
from acctcfg.wire.clock import SystemClock
from acctcfg.wire.endpoint import Call, Endpoint, Rate
from acctcfg.wire.pace import Pacer, lower_bound
from bench.beside import venue

Figure = tuple[str, float, str, bool]  # name, value, goal, reached

GOAL = 0.97
LOCAL, JITTER, FAR = "local", "30 ms jitter each way", "80 to 100 ms path"
PATHS = {LOCAL: (0.0, 0.0), JITTER: (0.0, 0.03), FAR: (0.04, 0.01)}  # fixed and random seconds, each way
LIMITS = {"20 per 2 s": (Rate(20, 2), 200), "1 per 1 s": (Rate(1, 1), 25)}
CASES = (
    ("20 per 2 s", LOCAL),
    ("20 per 2 s", JITTER),
    ("20 per 2 s", FAR),
    ("1 per 1 s", LOCAL),
    ("1 per 1 s", JITTER),
)


class Unsigned:
    """The least dialect there is."""

    def sign(self, *_: object) -> dict[str, str]:
        return {}

    def decode(self, _endpoint: Endpoint, _status: int, _headers: Mapping[str, str], body: bytes) -> Any:
        return json.loads(body)

    def is_clock_refusal(self, _error: Refused) -> bool:
        return False

    def time_call(self) -> Call | None:
        return None

    def server_time(self, data: Any) -> float:
        return float(data)


def most_in_a_window(arrivals: list[float], window_s: float) -> int:
    most = first = 0
    for last, at in enumerate(arrivals):
        while at - arrivals[first] >= window_s:
            first += 1
        most = max(most, last - first + 1)
    return most


async def plain(client: Client, limit: str) -> float:
    """The share of a limit that a loop uses which waits for nothing but answers and windows."""
    rate, count = LIMITS[limit]
    call = Call(Endpoint("GET", f"/r/plain-{limit.replace(' ', '-')}", Rate(1_000_000, 0.1)))
    for _ in range(count // rate.count):
        await asyncio.gather(*(client.read(call, None, "user") for _ in range(rate.count)))
        await asyncio.sleep(rate.per_s)
    return used_of(await arrivals_of(client, call), limit)


async def arrivals_of(client: Client, call: Call) -> list[float]:
    report = Call(Endpoint("GET", call.endpoint.path.replace("/r/", "/arrivals/"), Rate(100, 1)))
    return sorted((await client.read(report)).data)


def used_of(arrivals: list[float], limit: str) -> float:
    rate, count = LIMITS[limit]
    return lower_bound(count, rate) / (arrivals[-1] - arrivals[0])


async def series(client: Client, limit: str, path: str, machine: asyncio.Future[float]) -> list[Figure]:
    rate, count = LIMITS[limit]
    fixed_s, jitter_s = PATHS[path]
    name = f"{limit}, {path}"
    slug = name.replace(" ", "-").replace(",", "")
    params = {"fixed": str(fixed_s), "jitter": str(jitter_s)}
    call = Call(Endpoint("GET", f"/r/{slug}", rate), params)
    await asyncio.gather(*(client.read(call, None, "user") for _ in range(count)))
    arrivals = await arrivals_of(client, call)
    most = most_in_a_window(arrivals, rate.per_s)
    used = used_of(arrivals, limit) / await machine
    return [
        (f"{name}: most in a window", float(most), f"<= {rate.count}", most <= rate.count and len(arrivals) == count),
        (f"{name}: share of the limit used, of a plain loop's", used, f">= {GOAL:.3f}", used >= GOAL),
    ]


class LongPath(Pacer):
    """A pacer whose connections are as long as the path that the venue plays."""

    path: float = 0.0

    def connected(self, handshake_s: float | None) -> None:
        super().connected(None if handshake_s is None else handshake_s + self.path)


async def measure() -> list[Figure]:
    clock = SystemClock()
    with venue() as url:
        async with AsyncExitStack() as stack:
            clients = {}
            for path, (fixed_s, _) in PATHS.items():
                pacer = LongPath(clock)
                pacer.path = 2 * fixed_s
                clients[path] = await stack.enter_async_context(Client(url, Unsigned(), clock, pacer))
            loops = {limit: asyncio.ensure_future(plain(clients[LOCAL], limit)) for limit in LIMITS}
            groups = await asyncio.gather(*(series(clients[path], limit, path, loops[limit]) for limit, path in CASES))
    return [figure for group in groups for figure in group]


def run() -> list[Figure]:
    """The figures, with their goals; under half a minute."""
    return asyncio.run(measure())


if __name__ == "__main__":
    for name, value, goal, ok in run():
        print(f"{'ok  ' if ok else 'MISS'} {name}: {value:.4g} (goal {goal})")
