"""Signed reads a second at high concurrency: our client against httpx's own, signing alike, in one run.

Ratios are what counts; the venue behind both is the same process. Both sides take turns, so that a busy machine
hurts both.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from statistics import median
from typing import Any

import httpx

from acctcfg.core.secret import Credentials, Secret
from acctcfg.errors import Refused
from acctcfg.wire.client import Client
from acctcfg.wire.clock import SystemClock
from acctcfg.wire.endpoint import Call, Endpoint, Rate
from acctcfg.wire.pace import Pacer
from bench.beside import venue

Figure = tuple[str, float, str, bool]  # name, value, goal, reached

GOAL = 5.0
CONCURRENCY = (64, 256)
ROUNDS = 3
ROUND_S = 2.0
CREDENTIALS = b"a bench's own"
SIGNER = Credentials("a-bench", Secret("a bench's own"), None)
UNLIMITED = Rate(1_000_000, 0.1)


def signature(now: float, method: str, target: str, body: bytes) -> dict[str, str]:
    stamp = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    text = f"{stamp}{method}{target}".encode() + body
    return {"X-Time": stamp, "X-Sign": base64.b64encode(hmac.digest(CREDENTIALS, text, "sha256")).decode()}


class Signing:
    """Signs as the venues do, and reads their envelope."""

    def sign(self, _signer: Any, now: float, method: str, target: str, body: bytes) -> dict[str, str]:
        return signature(now, method, target, body)

    def decode(self, _endpoint: Endpoint, _status: int, _headers: Mapping[str, str], body: bytes) -> Any:
        return json.loads(body)["data"]

    def is_clock_refusal(self, _error: Refused) -> bool:
        return False

    def time_call(self) -> Call | None:
        return None

    def server_time(self, data: Any) -> float:
        return float(data)


class Signed(httpx.Auth):
    """The same signature, the way httpx wants it."""

    requires_request_body = True

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        target = request.url.raw_path.decode()
        request.headers.update(signature(time.time(), request.method, target, request.content))
        yield request


Ask = Callable[[int], Awaitable[Any]]


@asynccontextmanager
async def ours(url: str) -> AsyncIterator[Ask]:
    clock = SystemClock()
    call = Call(Endpoint("GET", "/plain", UNLIMITED, "read"), {"instId": "BTC-USDT-SWAP", "mgnMode": "cross"})
    async with Client(url, Signing(), clock, Pacer(clock)) as client:
        yield lambda user: client.read(call, SIGNER, str(user))


@asynccontextmanager
async def plain_httpx(url: str) -> AsyncIterator[Ask]:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=url, limits=limits, trust_env=False, timeout=60, auth=Signed()) as client:

        async def ask(_user: int) -> Any:
            answer = await client.get("/plain", params={"instId": "BTC-USDT-SWAP", "mgnMode": "cross"})
            return answer.raise_for_status().json()["data"]

        yield ask


async def per_second(ask: Ask, concurrency: int) -> float:
    """Answers a second once every worker has its connection."""
    await asyncio.gather(*(ask(user) for user in range(concurrency)))
    begun = time.perf_counter()
    end = begun + ROUND_S
    done = 0

    async def worker(user: int) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await ask(user)
            done += 1

    await asyncio.gather(*(worker(user) for user in range(concurrency)))
    return done / (time.perf_counter() - begun)


async def measure() -> list[Figure]:
    figures = []
    with venue() as url:
        for concurrency in CONCURRENCY:
            async with ours(url) as our_ask, plain_httpx(url) as plain_ask:
                pairs = [
                    (await per_second(our_ask, concurrency), await per_second(plain_ask, concurrency))
                    for _ in range(ROUNDS)
                ]
            mine, theirs = (median(side) for side in zip(*pairs, strict=True))
            name = f"signed reads at concurrency {concurrency}, {mine:.0f}/s against httpx's {theirs:.0f}/s"
            figures.append((name, mine / theirs, f">= {GOAL:g}", mine / theirs >= GOAL))
    return figures


def run() -> list[Figure]:
    """The figures, with their goals; about half a minute."""
    return asyncio.run(measure())


if __name__ == "__main__":
    for name, value, goal, ok in run():
        print(f"{'ok  ' if ok else 'MISS'} {name}: {value:.4g} times (goal {goal})")
