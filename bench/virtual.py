"""A workspace on a sandbox in this very process, under a clock that does not wait: seconds of the venue, no processor.

A request takes `ROUND_TRIP_S` of that clock's time. Nothing else takes any, so what a run takes there is what the rate
limits, and the order in which it asks, make it take. `asks` has each request with the time that it was sent at.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pyrage

from acctcfg.core.desired import VenueSpec
from acctcfg.engine.workspace import Workspace
from acctcfg.sandbox import traffic
from acctcfg.sandbox.app import App
from acctcfg.wire.client import Client
from acctcfg.wire.clock import FakeClock
from acctcfg.wire.http import Request
from bench.fleet import MASTER, store_key
from bench.inside import Answer

__all__ = ["ROUND_TRIP_S", "Asked", "Ground", "ground"]

ROUND_TRIP_S = 0.001
BASE_URL = "http://127.0.0.1:1"  # nothing listens there, and nothing is sent
T = TypeVar("T")


class Asked(NamedTuple):
    """One request as it reached the venue."""

    at: float
    method: str
    target: str
    key: str  # the id of the key that signed; "" where none did

    @property
    def endpoint(self) -> str:
        """Its method and path."""
        return f"{self.method} {self.target.partition('?')[0]}"


class _Inside:
    """Carries requests to the sandbox's function; half of the round trip goes by on either side of it."""

    def __init__(self, on: Ground) -> None:
        self._on = on

    async def send(self, request: Request) -> Answer:
        target = "/" + request.url.split("/", 3)[3]
        headers = {name.lower(): value for name, value in request.headers.items()}
        await self._on.clock.sleep(ROUND_TRIP_S / 2)
        key = headers.get("ok-access-key", "")
        self._on.asks.append(Asked(self._on.clock.monotonic(), request.method, target, key))
        reply = self._on.app.handle(traffic.Request(request.method, target, headers, request.body))
        await self._on.clock.sleep(ROUND_TRIP_S / 2)
        return Answer(reply.status, {"content-type": reply.content_type, **reply.headers}, reply.body)

    async def aclose(self) -> None:
        pass


@dataclass(kw_only=True)
class _Virtual(Workspace):
    """The workspace, with the sandbox in the place of a socket."""

    on: Ground

    def client_of(self, venue: VenueSpec) -> Callable[..., Client]:  # noqa: ARG002
        return lambda *args, **options: Client(*args, **{**options, "transport": _Inside(self.on), "most": 0})


class _AtOnce(ThreadPoolExecutor):
    """Does in the loop what else a thread does: virtual time would not wait for it."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:
            done.set_exception(error)
        return done


@dataclass(slots=True)
class Ground:
    """A folder, the sandbox, and the clock of both."""

    folder: Path
    app: App
    clock: FakeClock
    identity: Any
    asks: list[Asked] = field(default_factory=list)

    def workspace(self, **sections: Any) -> Workspace:
        """Write the manifest (`profiles`, `accounts`), and load it."""
        document = {
            "version": 1,
            "venues": {
                "desk": {
                    "type": "okx_dma_broker",
                    "environment": "demo",
                    "credentials": {"env": "OKX_DESK"},
                    "base_url": BASE_URL,
                    "egress": ["127.0.0.1"],
                }
            },
            "secret_stores": {
                "vault": {
                    "type": "age_file",
                    "path": "secrets/",
                    "recipients": [str(self.identity.to_public())],
                    "identity": {"env": "BENCH_AGE_KEY"},
                }
            },
            **sections,
        }
        (self.folder / "acctcfg.yaml").write_text(json.dumps(document))
        environ = {
            "OKX_DESK_API_KEY": MASTER["api_key"],
            "OKX_DESK_SECRET_KEY": MASTER["secret_key"],
            "OKX_DESK_PASSPHRASE": MASTER["passphrase"],
            "BENCH_AGE_KEY": str(self.identity),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "HOME": str(self.folder),
        }
        found = Workspace.load(self.folder, environ)
        own = {one.name: getattr(found, one.name) for one in fields(Workspace) if one.name[0] != "_"}
        return _Virtual(**{**own, "clock": self.clock, "speed": self.app.world.speed}, on=self)

    @property
    def refused(self) -> int:
        """How many requests the venue answered with "too many requests"."""
        return sum(bucket.refused for bucket in self.app.world.pace.buckets.values())

    async def rest(self, seconds: float = 20.0) -> None:
        """Let every window run empty, and forget what was asked so far."""
        await self.clock.sleep(seconds)
        self.asks.clear()

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Carry it out in an event loop of its own."""

        async def inside() -> T:
            asyncio.get_running_loop().set_default_executor(_AtOnce())
            return await work()

        return asyncio.run(inside())


@contextmanager
def ground(
    names: Sequence[str] = (), sub_accounts: Mapping[str, Any] | None = None, *, speed: float = 1.0, **seed: Any
) -> Iterator[Ground]:
    """A fresh one; the secret of each named account's key is in its store."""
    clock, uid = FakeClock(), f"7{os.getpid():017}"  # another process of this machine would wait for the lock
    tenants = {"desk": {"uid": uid, "keys": [MASTER], "sub_accounts": dict(sub_accounts or {})}}
    app = App({**seed, "tenants": tenants}, wall=clock.now, ticks=clock.monotonic, speed=speed)
    identity = pyrage.x25519.Identity.generate()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for one in names:
            store_key(folder, one, identity)
        yield Ground(folder, app, clock, identity)
