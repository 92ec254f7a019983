"""A sandbox without sockets, on a clock that only tests move, and clients that sign for it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from acctcfg.sandbox.app import App, Reply, Request
from acctcfg.sandbox.control import act

START = datetime(2026, 11, 20, tzinfo=UTC).timestamp()


@dataclass
class Clock:
    """Seconds; both the wall clock and the monotonic one of a sandbox."""

    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class Desk:
    """One key that signs. Unless told otherwise every call comes 11 s after the last, beyond every rate window."""

    app: App
    clock: Clock
    api_key: str
    secret_key: str
    passphrase: str
    pause: float = 11.0
    headers: dict[str, str] = field(default_factory=lambda: {"x-simulated-trading": "1"})

    def request(self, method: str, target: str, body: Any = None, **changed: str | None) -> Request:
        """A signed request; keywords replace headers (`ok_access_key=...`), None leaves one out."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        target = target if target.startswith("/api") else f"/api/v5{target}"
        timestamp = datetime.fromtimestamp(self.clock.now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        prehash = f"{timestamp}{method}{target}".encode() + raw
        digest = hmac.new(self.secret_key.encode(), prehash, hashlib.sha256).digest()
        headers: dict[str, str | None] = {
            "ok-access-key": self.api_key,
            "ok-access-sign": base64.b64encode(digest).decode(),
            "ok-access-timestamp": timestamp,
            "ok-access-passphrase": self.passphrase,
            "content-type": "application/json",
            **self.headers,
            **{name.replace("_", "-"): value for name, value in changed.items()},
        }
        return Request(method, target, {name: value for name, value in headers.items() if value is not None}, raw)

    def raw(self, method: str, target: str, body: Any = None, **changed: str | None) -> Reply:
        self.clock.now += self.pause
        return self.app.handle(self.request(method, target, body, **changed))

    def call(self, method: str, target: str, body: Any = None, **changed: str | None) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.raw(method, target, body, **changed).body)
        return answer

    def get(self, target: str) -> Any:
        """The rows of a read that must succeed."""
        answer = self.call("GET", target)
        assert answer["code"] == "0", answer
        return answer["data"]

    def post(self, target: str, **body: Any) -> Any:
        """The rows of a write that must succeed."""
        answer = self.call("POST", target, body)
        assert answer["code"] == "0", answer
        return answer["data"]

    def code(self, method: str, target: str, **body: Any) -> str:
        """Just the code of an answer."""
        return str(self.call(method, target, body if method == "POST" else None)["code"])


@dataclass
class Bench:
    """A sandbox with its broker's client."""

    app: App
    clock: Clock
    broker: Desk

    def act(self, method: str, path: str, body: Any = None, **fields: Any) -> Any:
        """A control action."""
        return act(self.app, method, path, body if body is not None else fields)

    def sub(self, name: str = "mmdesk01", *, tenant: str = "", **fields: Any) -> Desk:
        """A sub-account with a trading key, and the client that signs with it."""
        address = f"{tenant}:{name}" if tenant else name
        fields.setdefault("acctLv", "2")
        self.act("POST", f"accounts/{address}", fields)
        secret = {"api_key": f"{name}-key-{tenant}", "secret_key": "hushed-secret", "passphrase": "Hushed-pass-1"}
        self.act("POST", f"accounts/{address}/keys", {"label": "bench", **secret})
        return Desk(self.app, self.clock, **secret)

    def state(self, name: str = "mmdesk01") -> Any:
        return act(self.app, "GET", "state", None, {"account": name})


def bench_of(seed: dict[str, Any] | None = None, *, speed: float = 1.0) -> Bench:
    clock = Clock()
    app = App(seed, wall=clock, ticks=clock, speed=speed)
    return Bench(app, clock, Desk(app, clock, "sandbox-api-key", "sandbox-secret-key", "Sandbox-passphrase-1"))


@pytest.fixture
def bench() -> Bench:
    return bench_of()


@pytest.fixture(scope="session")
def bench_from() -> Any:
    """Build a bench from a seed, at a speed."""
    return bench_of
