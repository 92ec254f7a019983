"""Toy Exchange on loopback, for its own tests: written from EXCHANGE.md alone, not from the package.

One thread a connection. Two users; every window of EXCHANGE.md is `speed` times shorter.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import struct
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Seen", "ToyServer", "User"]

SYMBOLS = {"BTC-PERP": (50, True), "ETH-PERP": (25, True), "OLD-PERP": (10, False)}
LIMITS = {  # (calls, seconds)
    "GET /v1/time": (20, 1),
    "GET /v1/symbols": (20, 1),
    "GET /v1/account": (20, 2),
    "POST /v1/account/hedge": (5, 2),
    "POST /v1/account/sweep": (5, 2),
    "GET /v1/withdrawals": (20, 2),
    "GET /v1/leverage": (20, 2),
    "POST /v1/leverage": (20, 2),
    "GET /v1/positions": (20, 2),
}
PUBLIC = ("GET /v1/time", "GET /v1/symbols")
WINDOW_S = 30.0


@dataclass(slots=True)
class User:
    """One user's account, and the key that signs for it."""

    id: str
    key: str
    secret: str
    hedge: bool = False
    leverage: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SYMBOLS, 5))
    positions: dict[str, str] = field(default_factory=dict)
    sweep: str = "off"
    withdrawals: dict[str, str] = field(default_factory=dict)
    tied: bool = False  # one leverage for all symbols


@dataclass(slots=True)
class Seen:
    """One write that arrived."""

    user: str
    text: str
    effect: bool


class No(Exception):
    """The exchange refuses."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class ToyServer:
    """The exchange and its socket. `meet` is asked of every request: a fault's name, or ""."""

    def __init__(self, users: list[User], speed: float) -> None:
        self.users = {user.key: user for user in users}
        self.speed = speed
        self.writes: list[Seen] = []
        self.too_many = 0
        self.meet: Callable[[User | None, str], str] = lambda _user, _text: ""
        self.lock = threading.Lock()
        self.port = 0
        self._answered: dict[tuple[str, ...], deque[float]] = defaultdict(deque)
        self._server: ThreadingHTTPServer | None = None
        self._open: set[socket.socket] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        exchange = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                exchange._open.add(self.connection)

            def finish(self) -> None:
                exchange._open.discard(self.connection)
                super().finish()

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                exchange.serve(self, self.command, self.path, body)

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: Any) -> None:
                """A connection that was reset is no news."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        for one in tuple(self._open):
            drop(one)

    # -- one request ---------------------------------------------------------------------------------------------------

    def serve(self, http: BaseHTTPRequestHandler, method: str, target: str, body: bytes) -> None:
        user = self.users.get(http.headers.get("Toy-Key", ""))
        fault = self.meet(user, f"{method} {target.partition('?')[0]}")
        before = ("reset_before", "server_error", "html", "too_many", "not_applied")
        with self.lock:
            status, answer = self.answer(http, method, target, body, user, untouched=fault in before)
        if fault in ("reset_before", "reset_after", "timeout_after"):
            time.sleep(0.1 if fault == "timeout_after" else 0)
            drop(http.connection)
            http.close_connection = True
            return
        if fault == "html":
            send(http, 502, b"<html><title>Bad Gateway</title></html>", "text/html")
        elif fault == "garbage":
            send(http, 200, b'{"ok": tru', "application/json")
        elif fault == "odd":
            send(http, 200, b'{"ok": true, "result": {"surprise": [1]}}', "application/json")
        elif fault == "server_error":
            send(http, 500, refusal("TROUBLE"), "application/json")
        elif fault == "too_many":
            send(http, 429, refusal("TOO_MANY"), "application/json")
        else:
            send(http, status, answer, "application/json")

    def answer(
        self, http: BaseHTTPRequestHandler, method: str, target: str, body: bytes, user: User | None, *, untouched: bool
    ) -> tuple[int, bytes]:
        text = f"{method} {target.partition('?')[0]}"
        seen = Seen(user.id if user else "", text, False)
        if method != "GET":
            self.writes.append(seen)
        try:
            params = json.loads(body) if body else {}
            if text not in LIMITS:
                raise No(404, "BAD_REQUEST")
            if text not in PUBLIC:
                self.authenticate(http, method, target, body, user)
            self.count(text, user, params)
            result = self.reads(text, user) if method == "GET" else self.change(text, user, params, seen, untouched)
        except No as no:
            return no.status, refusal(no.code)
        return 200, json.dumps({"ok": True, "result": result}).encode()

    def authenticate(
        self, http: BaseHTTPRequestHandler, method: str, target: str, body: bytes, user: User | None
    ) -> None:
        if user is None:
            raise No(401, "UNKNOWN_KEY")
        stamp = http.headers.get("Toy-Time", "")
        text = f"{stamp} {method} {target} {hashlib.sha256(body).hexdigest()}"
        right = hmac.new(user.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right, http.headers.get("Toy-Sign", "")):
            raise No(401, "BAD_SIGNATURE")
        if not stamp.isdigit() or abs(time.time() - int(stamp) / 1000) > WINDOW_S / self.speed:
            raise No(401, "BAD_TIME")

    def count(self, text: str, user: User | None, params: dict[str, Any]) -> None:
        """A strict sliding window."""
        calls, seconds = LIMITS[text]
        part = str(params.get("symbol", "")) if text == "POST /v1/leverage" else ""
        window = self._answered[("" if user is None else user.id, text, part)]
        now = time.monotonic()
        while window and window[0] <= now - seconds / self.speed:
            window.popleft()
        if len(window) >= calls:
            self.too_many += 1
            raise No(429, "TOO_MANY")
        window.append(now)

    def reads(self, text: str, user: User | None) -> Any:
        if text == "GET /v1/time":
            return {"ms": str(int(time.time() * 1000))}
        if text == "GET /v1/symbols":
            return [
                {"symbol": name, "max_leverage": str(most), "trading": trading}
                for name, (most, trading) in SYMBOLS.items()
            ]
        assert user is not None
        if text == "GET /v1/account":
            return {"user": user.id, "hedge": user.hedge, "sweep": user.sweep}
        if text == "GET /v1/withdrawals":
            return [{"coin": coin, "amount": amount} for coin, amount in user.withdrawals.items()]
        if text == "GET /v1/leverage":
            return {symbol: str(value) for symbol, value in user.leverage.items()}
        return [{"symbol": symbol, "size": size} for symbol, size in user.positions.items()]

    def change(self, text: str, user: User | None, params: dict[str, Any], seen: Seen, untouched: bool) -> Any:
        assert user is not None
        if text == "POST /v1/account/hedge":
            if not isinstance(params.get("hedge"), bool):
                raise No(400, "BAD_REQUEST")
            if any(float(size) for size in user.positions.values()):
                raise No(409, "POSITIONS_OPEN")
            if not untouched:
                seen.effect, user.hedge = user.hedge is not params["hedge"], params["hedge"]
            return {}
        if text == "POST /v1/account/sweep":
            if params.get("sweep") not in ("off", "daily"):
                raise No(400, "BAD_REQUEST")
            if user.withdrawals:
                raise No(409, "WITHDRAWAL_PENDING")
            if not untouched:
                seen.effect, user.sweep = user.sweep != params["sweep"], params["sweep"]
            return {}
        symbol, value = str(params.get("symbol")), str(params.get("leverage"))
        if symbol not in SYMBOLS:
            raise No(400, "UNKNOWN_SYMBOL")
        if not value.isdigit() or int(value) < 1:
            raise No(400, "BAD_REQUEST")
        if int(value) > SYMBOLS[symbol][0]:
            raise No(400, "LEVERAGE_TOO_HIGH")
        if not untouched:
            seen.effect, user.leverage[symbol] = user.leverage[symbol] != int(value), int(value)
            if user.tied:
                user.leverage = dict.fromkeys(user.leverage, int(value))
        return {}


def refusal(code: str) -> bytes:
    return json.dumps({"ok": False, "error": code, "text": f"toy: {code.lower()}"}).encode()


def send(http: BaseHTTPRequestHandler, status: int, body: bytes, kind: str) -> None:
    http.send_response(status)
    http.send_header("Content-Type", kind)
    http.send_header("Content-Length", str(len(body)))
    http.end_headers()
    http.wfile.write(body)


def drop(connection: socket.socket) -> None:
    """Cut it the hard way: the client sees a reset."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()
    except OSError:
        pass
