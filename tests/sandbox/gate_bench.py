"""A Gate sandbox without sockets, on a clock that only tests move, and a client that signs for it."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from acctcfg.sandbox.app import App, Reply, Request
from acctcfg.sandbox.control import act

START = 1_795_132_800.0
KEY, SECRET = "bench-key", "bench-secret"
ADA, BTC = "OKX_FUTURE_ADA_USDT", "BINANCE_FUTURE_BTC_USDT"
MARGIN, SPOT = "OKX_MARGIN_ADA_USDT", "GATE_SPOT_BTC_USDT"
ACCOUNTS = "/crossex/accounts"


@dataclass
class Clock:
    """Seconds; both the wall clock and the monotonic one of a sandbox."""

    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class Gate:
    """One key that signs. Unless told otherwise every call comes 61 s after the last, beyond every rate window."""

    app: App
    clock: Clock
    key: str = KEY
    secret: str = SECRET
    pause: float = 61.0
    headers: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, target: str, body: Any = None, **changed: str | None) -> Request:
        """A signed request; keywords replace headers, None leaves one out."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        target = target if target.startswith("/api") else f"/api/v4{target}"
        path, _, query = target.partition("?")
        timestamp = changed.pop("timestamp", None) or str(int(self.clock.now))
        parts = (method, path, unquote_plus(query), hashlib.sha512(raw).hexdigest(), timestamp)
        signature = hmac.new(self.secret.encode(), "\n".join(parts).encode(), hashlib.sha512).hexdigest()
        headers: dict[str, str | None] = {
            "key": self.key,
            "timestamp": timestamp,
            "sign": signature,
            "content-type": "application/json",
            **self.headers,
            **{name.replace("_", "-"): value for name, value in changed.items()},
        }
        return Request(method, target, {name: value for name, value in headers.items() if value is not None}, raw)

    def raw(self, method: str, target: str, body: Any = None, **changed: str | None) -> Reply:
        self.clock.now += self.pause
        return self.app.handle(self.request(method, target, body, **changed))

    def call(self, method: str, target: str, body: Any = None, *, status: int = 200, **changed: str | None) -> Any:
        """The body of an answer that must have a status."""
        reply = self.raw(method, target, body, **changed)
        assert reply.status == status, (reply.status, reply.body)
        return json.loads(reply.body) if reply.body else None

    def get(self, target: str) -> Any:
        return self.call("GET", target)

    def put(self, **body: Any) -> Any:
        """An account change that must be accepted."""
        return self.call("PUT", ACCOUNTS, body, status=202)

    def label(self, method: str, target: str, body: Any = None, **changed: str | None) -> str:
        """Just the label of an answer; "" when it is accepted."""
        reply = self.raw(method, target, body, **changed)
        return "" if reply.status < 300 else str(json.loads(reply.body)["label"])

    def refused(self, **body: Any) -> str:
        """The label of an account change."""
        return self.label("PUT", ACCOUNTS, body)

    def act(self, method: str, path: str, body: Any = None, **fields: Any) -> Any:
        """A control action."""
        return act(self.app, method, path, body if body is not None else fields)

    def mine(self, path: str = "set", body: Any = None, **fields: Any) -> Any:
        """A control action on the main account."""
        return self.act("POST", f"accounts/@master/{path}", body, **fields)

    def flags(self, **fields: Any) -> Any:
        return self.act("POST", "gate_crossex/flags", fields)


def gate_of(main: dict[str, Any] | None = None, *, speed: float = 1.0, **top: Any) -> Gate:
    """A sandbox whose only tenant is a Gate user."""
    clock = Clock()
    keys = [{"name": "bench", "key": KEY, "secret": SECRET, "perms": ["crossx", "sub_accounts", "account"]}]
    tenant = {"venue": "gate_crossex", "keys": keys, **(main or {})}
    app = App({"tenants": {"desk": tenant}, **top}, wall=clock, ticks=clock, speed=speed)
    return Gate(app, clock)
