"""Processor time of one signed read: our client against bare aiohttp, which signs and reads the same.

Both take turns in one process, so that a busy machine hurts both; what the venue uses is another process's.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median
from typing import Any

import aiohttp
from yarl import URL

from bench.beside import venue
from bench.concurrency import Ask, Figure, ours, signature

__all__ = ["run"]

GOAL = 0.35 / 0.15  # milliseconds: what a request may cost, over what bare aiohttp takes for it
CONCURRENCY = 64
REQUESTS = 2000
ROUNDS = 7
TARGET = "/plain?instId=BTC-USDT-SWAP&mgnMode=cross"


@asynccontextmanager
async def bare(url: str) -> AsyncIterator[Ask]:
    """aiohttp with nothing around it but the signature."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        place = URL(url + TARGET, encoded=True)

        async def ask(_user: int) -> Any:
            async with session.get(place, headers=signature(time.time(), "GET", TARGET, b"")) as answer:
                return json.loads(await answer.read())["data"]

        yield ask


async def milliseconds(ask: Ask) -> float:
    """Of this process, a request."""
    turns = asyncio.Semaphore(CONCURRENCY)

    async def one(user: int) -> None:
        async with turns:
            await ask(user)

    begun = time.process_time()
    await asyncio.gather(*(one(number % 200) for number in range(REQUESTS)))
    return (time.process_time() - begun) / REQUESTS * 1000


async def measure() -> list[Figure]:
    with venue() as url:
        async with ours(url) as our_ask, bare(url) as bare_ask:
            await milliseconds(our_ask)  # makes the connections
            await milliseconds(bare_ask)
            pairs = [(await milliseconds(our_ask), await milliseconds(bare_ask)) for _ in range(ROUNDS)]
    mine, theirs = (median(side) for side in zip(*pairs, strict=True))
    ratio = median(one / other for one, other in pairs)
    name = f"processor time of a signed read: {mine:.2f} ms, bare aiohttp {theirs:.2f} ms"
    return [(name, ratio, f"<= {GOAL:.2f}", ratio <= GOAL)]


def run() -> list[Figure]:
    """The figure, with its goal; some seconds."""
    return asyncio.run(measure())
