"""A venue on loopback in a process of its own: counts arrivals in strict sliding windows, after delays of its path.

Prints its port, then serves until its standard input closes. `/r/NAME?jitter=0.03` is a request of the series NAME that
is late by up to that many seconds on the way in (before it is counted) and again on the way out, evenly spread over
each ten requests so that two runs are alike; `fixed` seconds each way come on top. `/arrivals/NAME` lists the
moments of arrival.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator

from aiohttp import web

arrivals: dict[str, list[float]] = defaultdict(list)
chance = random.Random(20)
ANSWER = b'{"code":"0","msg":"","data":[{"lever":"5","mgnMode":"cross","instId":"BTC-USDT-SWAP","posSide":"net"}]}'


def delays(jitter_s: float) -> Iterator[float]:
    """Uniform in 0 to `jitter_s`, one of each tenth in any order."""
    while True:
        for tenth in chance.sample(range(10), 10):
            yield (tenth + chance.random()) / 10 * jitter_s


paths: dict[tuple[str, str], Iterator[float]] = {}
overslept: dict[tuple[str, str], float] = defaultdict(float)
"""Seconds that a path was late beyond its delays: a loop wakes late, and the next delay is shorter by that much."""


async def late(request: web.Request, way: str) -> None:
    jitter_s, fixed_s = (float(request.query.get(name, 0)) for name in ("jitter", "fixed"))
    if jitter_s:
        key = (request.path, way)
        wanted = fixed_s + next(paths.setdefault(key, delays(jitter_s))) - overslept[key]
        begun = time.monotonic()
        await asyncio.sleep(max(0.0, wanted))
        overslept[key] = time.monotonic() - begun - wanted


async def count(request: web.Request) -> web.Response:
    await late(request, "in")
    arrivals[request.match_info["name"]].append(time.monotonic())
    await late(request, "out")
    return web.Response(body=ANSWER, content_type="application/json")


async def plain(request: web.Request) -> web.Response:
    if not request.headers.get("X-Sign"):
        return web.Response(status=401)
    return web.Response(body=ANSWER, content_type="application/json")


async def report(request: web.Request) -> web.Response:
    return web.json_response(arrivals[request.match_info["name"]])


async def serve() -> None:
    app = web.Application()
    app.router.add_get("/r/{name}", count)
    app.router.add_get("/plain", plain)
    app.router.add_get("/arrivals/{name}", report)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve())
