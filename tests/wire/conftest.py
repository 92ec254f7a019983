"""A toy venue on a loopback socket, a clock that does not wait, and a client for both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from toy_venue import ToyDialect, ToyVenue

from acctcfg.wire.client import Client
from acctcfg.wire.clock import FakeClock
from acctcfg.wire.pace import Pacer


@pytest.fixture
async def venue() -> AsyncIterator[ToyVenue]:
    toy = ToyVenue()
    server = await asyncio.start_server(toy.serve, "127.0.0.1", 0)
    toy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield toy
    await toy.stop(server)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def timeout_s() -> float:
    """How long an answer is waited for: longer than any machine needs, for it is real time."""
    return 30.0


@pytest.fixture
async def client(venue: ToyVenue, clock: FakeClock, timeout_s: float) -> AsyncIterator[Client]:
    async with Client(venue.url, ToyDialect(), clock, Pacer(clock), timeout_s=timeout_s) as one:
        yield one
