"""OKX's private WebSocket: says when something moves in an account. What moved is read by REST; no push decides.

Source: OKX v5, "WebSocket", "Login", "Subscribe", and the private channels. A login signs Unix seconds, `GET` and
`/users/self/verify`. The venue ends what is silent for 30 s (4004), and announces other ends with notice 64008. The
message of an error may repeat the whole request, of a login the key: codes are kept, messages never.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from acctcfg.core.json_types import JsonObject
from acctcfg.core.secret import AccessToken
from acctcfg.errors import VenueError
from acctcfg.venues.okx.account_reads import OwnKey
from acctcfg.venues.okx.auth import signature
from acctcfg.venues.okx.rules import OKX_RULES
from acctcfg.venues.pushes import Push
from acctcfg.wire.endpoint import Rate
from acctcfg.wire.failures import Redirected
from acctcfg.wire.socket import Socket, SocketClosed

__all__ = ["listen", "socket_base"]

_HOSTS: Final = {
    "global": ("ws.okx.com", "wspap.okx.com"),
    "eea": ("wseea.okx.com", "wseeapap.okx.com"),
    "us": ("wsus.okx.com", "wsuspap.okx.com"),
}
"""Live and demo, by region; of the others none is documented."""

_EVENTS_ALONE = '{"updateInterval":"0"}'
_CHANNELS: Final[Mapping[str, Sequence[Mapping[str, str]]]] = {
    "/ws/v5/private": (
        {"channel": "positions", "instType": "ANY", "extraParams": _EVENTS_ALONE},
        {"channel": "orders", "instType": "ANY"},
        {"channel": "account", "extraParams": _EVENTS_ALONE},
    ),
    "/ws/v5/business": (
        {"channel": "orders-algo", "instType": "ANY"},
        {"channel": "algo-advance", "instType": "ANY"},
    ),
}
_NEW = Rate(3, per_s=1, scope="ip")
MOST_ACCOUNTS = 100  # told of by sockets, two each; connecting more would take minutes, and the others are read anyway

PING_S = 20.0
PONG_S = 10.0
LOGIN_S = 10.0
BACKOFF_S, MOST_BACKOFF_S = 0.5, 30.0

_PASSING = frozenset({"60004", "60006", "60011", "60014", "60023", "63999", "64007"})
"""Errors after which a new connection may do: a time that was late, too many requests, the venue's own trouble."""
_FOR_GOOD = frozenset({"4001", "4007"})
"""Close codes after which none will: the login was refused, the key was changed or deleted."""
_WILL_CLOSE = "64008"


def socket_base(base_url: str, *, demo: bool) -> str:
    """Where the sockets of a base URL are: the region's own host, or the same address; "" where none is known."""
    region = OKX_RULES.region_of(base_url)
    if region:
        return f"wss://{_HOSTS[region][demo]}" if region in _HOSTS else ""
    return base_url.replace("http", "ws", 1)


async def listen(accounts: Mapping[str, OwnKey], base: str) -> AsyncGenerator[Push, None]:
    """Tell of these accounts, by the manifest's keys, until it is closed."""
    told: asyncio.Queue[Push] = asyncio.Queue()

    async def hold(key: str, line: _Line) -> None:
        told.put_nowait(Push(key, lost=await line.hold()))

    lines = [
        (key, _Line(own, f"{base}{path}", args, partial(told.put_nowait, Push(key))))
        for path, args in _CHANNELS.items()
        for key, own in list(accounts.items())[:MOST_ACCOUNTS]
    ]
    holding = [asyncio.create_task(hold(key, line)) for key, line in lines]
    try:
        while True:
            yield await told.get()
    finally:
        for task in holding:
            task.cancel()
        await asyncio.gather(*holding, return_exceptions=True)


class _GivenUp(Exception):
    """The venue will not tell this key anything here; the argument is its code."""


@dataclass(slots=True)
class _Line:
    """One account on one path: connected, logged in, subscribed, and anew after every loss."""

    own: OwnKey
    url: str
    args: Sequence[Mapping[str, str]]
    moved: Callable[[], None]

    async def hold(self) -> str:
        """Listen for as long as the venue lets us; why it does not any more."""
        if isinstance(self.own.credentials, AccessToken):
            return "the venue does not document how a token logs in to its WebSocket"
        socket: Socket | None = None
        failed = 0
        try:
            while True:
                try:
                    socket = await self._follow(socket)
                    failed = 0
                    await self._hear(socket)
                except _GivenUp as error:
                    return f"the WebSocket refuses its key ({error})"
                except Redirected as error:
                    return error.message
                except VenueError as error:
                    if error.code in _FOR_GOOD:
                        return f"the venue closed its WebSocket ({error.code})"
                    if socket is not None:
                        await socket.close()
                    socket, failed = None, failed + 1
                    await self._pause(failed)
        finally:
            if socket is not None:
                await socket.close()

    async def _follow(self, before: Socket | None) -> Socket:
        """A new connection, and only then the end of the one before it, which the venue is about to close."""
        socket = await self._connect()
        if before is not None:
            await before.close()
        return socket

    async def _connect(self) -> Socket:
        """Connected, logged in and subscribed; the acknowledgements are heard as the first pushes."""
        socket = await self.own.client.socket(self.url, _NEW)
        try:
            await self._log_in(socket)
            await socket.send({"op": "subscribe", "args": self.args})
        except BaseException:
            await socket.close()
            raise
        return socket

    async def _log_in(self, socket: Socket) -> None:
        key, client = self.own.credentials, self.own.client
        stamp = str(round(client.clock.now() + client.offset_s))
        sign = signature(key.secret_key, stamp, "GET", "/users/self/verify", b"")
        login = {"apiKey": key.api_key, "passphrase": key.passphrase, "timestamp": stamp, "sign": sign}
        await socket.send({"op": "login", "args": [login]})
        try:
            answer = await socket.next(LOGIN_S)
        except TimeoutError:
            raise SocketClosed("no answer to the login", code="silent") from None
        if not isinstance(answer, Mapping) or answer.get("event") != "login" or answer.get("code") != "0":
            raise _error(answer)

    async def _hear(self, socket: Socket) -> None:
        """Tell of every push, until the venue announces the end of the connection."""
        while True:
            frame = await self._next(socket)
            event = frame.get("event") if isinstance(frame, Mapping) else "pong"
            if event == "notice" and _code(frame) == _WILL_CLOSE:
                return
            if event in ("error", "channel-conn-count-error"):
                raise _error(frame)
            if event in (None, "subscribe"):
                self.moved()

    async def _next(self, socket: Socket) -> JsonObject | str:
        """The next frame; a silence is broken before the venue takes it for the end."""
        speed = self.own.client.pacer.speed
        try:
            return await socket.next(PING_S / speed)
        except TimeoutError:
            await socket.send("ping")
        try:
            return await socket.next(PONG_S / speed)
        except TimeoutError:
            raise SocketClosed("no pong", code="silent") from None

    async def _pause(self, failed: int) -> None:
        client = self.own.client
        seconds = min(BACKOFF_S * 2.0 ** min(failed - 1, 10), MOST_BACKOFF_S)
        await client.clock.sleep(seconds * (0.5 + 0.5 * random.random()) / client.pacer.speed)


def _error(frame: JsonObject | str) -> Exception:
    code = _code(frame)
    return SocketClosed("refused for now", code=code) if code in _PASSING else _GivenUp(code)


def _code(frame: JsonObject | str) -> str:
    """The code of an event and nothing else of it."""
    said = frame.get("code", frame.get("event")) if isinstance(frame, Mapping) else ""
    return said if isinstance(said, str) and re.fullmatch(r"[0-9]{5}|channel-conn-count-error", said) else "no code"
