"""WebSockets, by the rules of requests: the venue's certificate, the named proxy, bounded frames.

A frame that logs in holds a key, and a refusal may repeat the frame: no frame, neither way, is ever logged or quoted.
"""

from __future__ import annotations

import asyncio
from typing import NoReturn

import aiohttp
from yarl import URL

from acctcfg.core.json_types import JsonObject
from acctcfg.errors import Unreachable
from acctcfg.wire.answer import read_json
from acctcfg.wire.endpoint import Param, written
from acctcfg.wire.failures import Redirected
from acctcfg.wire.proxy import Proxy
from acctcfg.wire.transport import authorities, reason

__all__ = ["Socket", "SocketClosed", "Sockets"]

MAX_FRAME = 4 * 1024 * 1024
CLOSING = aiohttp.ClientWSTimeout(ws_close=1.0)  # how long the other side may take to say goodbye


class SocketClosed(Unreachable):
    """A WebSocket that ended; `code` is its close code, "lost" where it was cut."""


class Socket:
    """One connection that is open: texts go out, and what comes in is a JSON object, or a text that is none."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._ws = ws

    async def send(self, frame: Param) -> None:
        """A text as it is, anything else as JSON. Raises SocketClosed."""
        try:
            await self._ws.send_str(frame if isinstance(frame, str) else written(frame))
        except (aiohttp.ClientError, OSError):
            raise self._closed() from None

    async def next(self, timeout_s: float) -> JsonObject | str:
        """The next frame. Raises SocketClosed, and TimeoutError where none comes in time."""
        async with asyncio.timeout(timeout_s):  # `wait_for` would lose a cancellation that comes with a frame
            message = await self._ws.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise self._closed()
        try:
            frame = read_json(message.data.encode())
        except ValueError:
            frame = None
        return frame if isinstance(frame, dict) else str(message.data)

    async def close(self) -> None:
        """Close the socket with a close frame."""
        await self._ws.close()

    def _closed(self) -> SocketClosed:
        code = self._ws.close_code
        told = "lost" if code in (None, aiohttp.WSCloseCode.ABNORMAL_CLOSURE) else str(int(code))
        return SocketClosed(f"the WebSocket was closed ({told})", code=told)


class Sockets:
    """Opens them; apart from the connections of requests, so that neither waits for the other."""

    def __init__(self, *, timeout_s: float, proxy: Proxy | None = None) -> None:
        self._timeout_s, self._proxy = timeout_s, proxy
        self._session: aiohttp.ClientSession | None = None

    async def open(self, url: str) -> Socket:
        """Open a socket, by the proxy where there is one. Raises Unreachable, Redirected."""
        session = self._session = self._session or _session(URL(url).scheme)
        proxy = self._proxy
        try:
            async with asyncio.timeout(self._timeout_s):
                ws = await session.ws_connect(
                    url,
                    timeout=CLOSING,
                    max_msg_size=MAX_FRAME,
                    proxy=proxy.url if proxy else None,
                    proxy_headers=proxy.login() if proxy else None,
                )
        except _Redirect as exc:
            raise Redirected.of(url.removesuffix(URL(url).path), exc.answer) from None
        except (aiohttp.ClientError, OSError) as exc:  # not chained: a refused handshake carries headers
            raise Unreachable(f"{url} opens no WebSocket: {_why(exc)}", code="no_socket") from None
        return Socket(ws)

    async def aclose(self) -> None:
        """Close all sockets."""
        if self._session is not None:
            await self._session.close()
            self._session = None


class _Redirect(Exception):
    """The answer to a handshake that points elsewhere."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        super().__init__()
        self.answer = answer


async def _stay(_: object, __: object, redirect: aiohttp.TraceRequestRedirectParams) -> NoReturn:
    """The one way to keep aiohttp from following: whoever answers there would be handed the login."""
    raise _Redirect(redirect.response)


def _why(exc: Exception) -> str:
    if isinstance(exc, aiohttp.ClientResponseError):
        return f"HTTP {exc.status}"
    return "no answer in time" if isinstance(exc, TimeoutError) else reason(exc)


def _session(scheme: str) -> aiohttp.ClientSession:
    watched = aiohttp.TraceConfig()
    watched.on_request_redirect.append(_stay)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=authorities() if scheme == "wss" else True),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("User-Agent",),
        timeout=aiohttp.ClientTimeout(total=None),
        trust_env=False,
        trace_configs=[watched],
    )
