"""A WebSocket of the sandbox without a socket, on the bench's clock: what a client says and what it hears."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

from acctcfg.sandbox.app import Request
from acctcfg.sandbox.stream import Stream

__all__ = ["ORDERS", "POSITIONS", "SWAP", "Wire", "connect", "logged_in", "login"]

SWAP = {"instId": "BTC-USDT-SWAP"}
POSITIONS = {"channel": "positions", "instType": "ANY"}
ORDERS = {"channel": "orders", "instType": "ANY"}


def login(desk, at, **changed):
    """The login frame of a key at a time in Unix seconds."""
    stamp = str(int(at))
    digest = hmac.new(desk.secret_key.encode(), f"{stamp}GET/users/self/verify".encode(), hashlib.sha256).digest()
    arg = {"apiKey": desk.api_key, "passphrase": desk.passphrase, "timestamp": stamp}
    return {"op": "login", "args": [{**arg, "sign": base64.b64encode(digest).decode(), **changed}]}


@dataclass
class Wire:
    """One connection without a socket, on the bench's clock."""

    bench: object
    stream: Stream

    def say(self, frame):
        self.stream.received(frame if isinstance(frame, str) else json.dumps(frame))
        return self.hear()

    def hear(self):
        self.stream.turn()
        return [text if text == "pong" else json.loads(text) for text in self.stream.taken()]

    def wait(self, seconds):
        self.bench.clock.now += seconds
        return self.hear()

    def act(self, path, body=None, method="POST"):
        self.bench.act(method, path, body or {})
        return self.hear()

    def subscribe(self, *args):
        return self.say({"op": "subscribe", "args": list(args)})

    @property
    def closed(self):
        return self.stream.closing and self.stream.closing[0]


def connect(bench, path="private", **headers):
    stream = bench.app.connect(Request("GET", f"/ws/v5/{path}", headers))
    assert isinstance(stream, Stream), stream
    bench.app.world.streams.append(stream)
    bench.clock.now += 1
    return Wire(bench, stream)


def logged_in(bench, desk, path="private"):
    wire = connect(bench, path)
    (said,) = wire.say(login(desk, bench.clock.now))
    assert (said["event"], said["code"]) == ("login", "0")
    return wire
