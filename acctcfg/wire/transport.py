"""Requests over aiohttp's engine: httpx's own pool slows down as connections grow, aiohttp's does not.

The joint is our own because a write's fate hangs on it: what failed before a byte was sent (Unconnected) must never be
mixed up with what failed after (any other TransportFailed). The bytes and the raw target go out as they were signed,
nothing is repeated, redirected, taken from the environment or kept in a cookie jar.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import stat
import struct
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Protocol
from weakref import WeakSet

import aiohttp
import certifi
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError, RawResponseMessage
from yarl import URL

from acctcfg.errors import ConfigError
from acctcfg.wire.answer import MAX_BYTES
from acctcfg.wire.answered_by import AnsweredBy
from acctcfg.wire.http import ConnectTimedOut, Request, TimedOut, TransportFailed, Unconnected, Unproxied
from acctcfg.wire.proxy import Proxy
from acctcfg.wire.unasked import brought_unasked

__all__ = ["AiohttpTransport", "Answer", "BodyTooLong", "authorities", "reason"]

CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
# The kernel's struct tcp_info: eight bytes, the first its state, then words of 32 bits; times in microseconds.
_TCP_INFO_BYTES, _TCP_INFO_RTT, _TCP_INFO_MIN_RTT = 152, 68, 148
_CONNECTING, _UNMEASURED = b"\x02", 0xFFFFFFFF
CHUNK = 64 * 1024
LARGE = 1024 * 1024  # an answer of more is one of few that are taken in at once, so that many do not fill the memory
LARGE_AT_ONCE = 4
KEEP_ALIVE_S = 15.0  # below what servers commonly allow: a write on a connection that was just closed is unprovable
DNS_TTL_S = 30


class Handshakes(Protocol):
    """Who wants to know how long connections take to be made: how far away the host is."""

    def connecting(self) -> None:
        """A new connection is made."""

    def connected(self, handshake_s: float | None) -> None:
        """Its handshake took so long; 0 where the system does not say, None where it came to nothing."""


class _Close(Protocol):
    def __call__(self, *, whole: bool) -> None:
        """Let go of the connection of an answer."""


class AiohttpTransport:
    """Kept-alive connections, HTTP/1.1; never more at once than `most` (0: as many as there is work for).

    `proxy` is tunnelled through; `handshakes` is told of every new connection. Connections and answers are aiohttp's; a
    request is written as it is, for its session would build and check anew what is signed already.
    """

    def __init__(
        self,
        *,
        timeout_s: float = 10.0,
        handshakes: Handshakes | None = None,
        most: int = 0,
        proxy: Proxy | None = None,
    ) -> None:
        self.timeout_s = timeout_s
        self._handshakes = handshakes
        self._new: list[socket.socket] = []
        self._most = most
        self._proxy = proxy
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        self._connector: aiohttp.TCPConnector | None = None
        self._ways: dict[tuple[str, str], aiohttp.ClientRequest] = {}  # by scheme and authority: how one connects
        self._open: set[Connection] = set()  # whose answer was not read to its end yet
        self._kept: WeakSet[ResponseHandler] = WeakSet()  # the connections that a request was answered on
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, connect=timeout_s / 2, sock_connect=timeout_s / 2)

    async def send(self, request: Request) -> Answer:
        """The answer, once its headers are there. Raises TransportFailed, ConfigError."""
        url, until = URL(request.url, encoded=True), asyncio.get_running_loop().time() + self.timeout_s
        try:
            way = self._ways.get((url.scheme, url.raw_authority)) or self._way(url)
            data = _written(request, url, way)
            connection = await self._connected(way)
            self._open.add(connection)
            try:
                async with AnsweredBy(until):
                    message, payload = await _exchanged(connection, data)
            except BaseException:
                self._close(connection)
                raise
        except (aiohttp.ClientError, HttpProcessingError, OSError) as exc:
            told, cause = _told(exc, self._proxy)
            raise told from cause
        finally:
            if self._new:
                self._tell_handshakes()
        return Answer(message.code, message.headers, payload, until, self._large, partial(self._close, connection))

    async def aclose(self) -> None:
        for connection in tuple(self._open):
            self._close(connection)
        if self._connector is not None:
            await self._connector.close()
            self._connector = None
            self._ways.clear()

    def _close(self, connection: Connection, *, whole: bool = False) -> None:
        """Let go of a connection; one whose answer was taken in as a whole is kept for the next request."""
        self._open.discard(connection)
        if whole and connection.protocol is not None:
            self._kept.add(connection.protocol)
            connection.release()
        else:
            connection.close()

    async def _connected(self, way: aiohttp.ClientRequest) -> Connection:
        """A connection; a kept one only where nothing lies on it that would be taken for the answer to come."""
        assert self._connector is not None  # noqa: S101 (made with the first way)
        while True:
            try:
                connection = await self._connector.connect(way, [], self._timeout)
            except TimeoutError as exc:
                raise aiohttp.ConnectionTimeoutError from exc
            protocol = connection.protocol
            if protocol is None or protocol not in self._kept or not brought_unasked(protocol):
                return connection
            connection.close()

    def _way(self, url: URL) -> aiohttp.ClientRequest:
        """What the connector wants to know of a host: the same for all requests to it."""
        if self._connector is None:
            self._connector = aiohttp.TCPConnector(
                limit=self._most,
                keepalive_timeout=KEEP_ALIVE_S,
                ttl_dns_cache=DNS_TTL_S,
                socket_factory=self._socket,
                ssl=authorities() if url.scheme == "https" else True,
            )
        login = self._proxy.login() if self._proxy else {}
        way = aiohttp.ClientRequest(
            "GET",
            url.origin(),
            loop=asyncio.get_running_loop(),
            proxy=URL(self._proxy.url) if self._proxy else None,
            proxy_headers={**login, "Host": url.host_port_subcomponent or ""} if login else None,
        )
        self._ways[url.scheme, url.raw_authority] = way
        return way

    def _socket(self, address: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, _ = address
        made = socket.socket(family, kind, protocol)
        if self._handshakes is not None:
            self._handshakes.connecting()
            self._new.append(made)
        return made

    def _tell_handshakes(self) -> None:
        """Of those that were made, or came to nothing, by now."""
        assert self._handshakes is not None  # noqa: S101 (none is kept without)
        under_way = []
        for made in self._new:
            if made.fileno() < 0:
                self._handshakes.connected(None)
            elif (known := round_trip_s(made)) is None:
                under_way.append(made)
            else:
                self._handshakes.connected(known)
        self._new = under_way


def authorities() -> ssl.SSLContext:
    """The certificate authorities that are trusted: the user's where a variable names some, else those of certifi."""
    named = {name: os.environ.get(name, "") for name in CERTIFICATES}
    for name, place in named.items():
        try:
            if place and name == "SSL_CERT_DIR":
                os.listdir(place)  # noqa: PTH208 (a folder that is not there would count as an empty one)
            elif place:
                if not stat.S_ISREG(os.stat(place).st_mode):  # noqa: PTH116 (a named pipe would be waited for)
                    raise OSError(errno.EINVAL, "it is not a regular file")
                ssl.create_default_context(cafile=place)
        except (OSError, ValueError) as exc:
            why = "no certificates are in it" if isinstance(exc, ssl.SSLError | ValueError) else reason(exc)
            raise ConfigError(
                f"the environment variable {name} names {place}: {why}",
                hint=f"let it name the certificates of the authorities that you trust, or unset {name}",
            ) from None
    try:
        file, folder = named.values()
        if folder and not file:
            return ssl.create_default_context(capath=folder)
        return ssl.create_default_context(cafile=file or certifi.where())
    except (OSError, ValueError) as exc:
        hint = "reinstall acctcfg, or let SSL_CERT_FILE name the system's certificates"
        raise ConfigError(f"the certificate authorities cannot be read: {reason(exc)}", hint=hint) from None


def round_trip_s(made: socket.socket) -> float | None:
    """The smallest round trip of a connection, timed by the kernel; 0 where it does not say, None while it is made."""
    if not hasattr(socket, "TCP_INFO"):
        return 0.0
    try:
        told = made.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    except OSError:
        return 0.0
    if told[:1] == _CONNECTING:
        return None
    at = [place for place in (_TCP_INFO_RTT, _TCP_INFO_MIN_RTT) if len(told) >= place + 4]
    known = [one for place in at for one in struct.unpack_from("=I", told, place) if 0 < one < _UNMEASURED]
    return min(known, default=0) / 1e6


class BodyTooLong(Exception):
    """An answer that is longer than MAX_BYTES, as it came or inflated; its connection is closed."""


class Answer:
    """An answer whose bytes are inflated as they come, as long as they are not too many; see `wire.http.Response`.

    Few long answers are taken in at once. `until`: the moment of the loop's clock when it is waited for no longer.
    """

    __slots__ = ("_close", "_large", "_length", "_packed", "_payload", "_until", "headers", "status")

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        payload: aiohttp.StreamReader,
        until: float,
        large: asyncio.Semaphore,
        close: _Close,
    ) -> None:
        self.status, self.headers = status, headers
        self._payload, self._until, self._large, self._close = payload, until, large, close
        packed = headers.get("Content-Encoding")
        self._packed = packed.strip().lower() if packed else ""
        length = headers.get("Content-Length")
        self._length = int(length) if length is not None else None

    async def read(self) -> bytes:
        """The whole body, once. Raises TransportFailed, BodyTooLong."""
        try:
            if self._length is not None and self._length > MAX_BYTES:
                raise BodyTooLong
            if self._payload.is_eof():  # as of nearly every one: its bytes came with its headers
                return await self._bytes()
            async with AnsweredBy(self._until):
                return await self._bytes()
        except (aiohttp.ClientError, OSError) as exc:
            told, cause = _told(exc)
            raise told from cause
        finally:
            self._close(whole=self._payload.is_eof())

    async def _bytes(self) -> bytes:
        if not self._packed and self._length is not None and self._length <= LARGE:
            return await self._payload.read()
        return await self._in_parts()

    async def _in_parts(self) -> bytes:
        taken, parts = 0, []
        async with AsyncExitStack() as held:
            async for chunk in self._chunks():
                if taken <= LARGE < taken + len(chunk):
                    await held.enter_async_context(self._large)
                taken += len(chunk)
                if taken > MAX_BYTES:
                    raise BodyTooLong
                parts.append(chunk)
        return b"".join(parts)

    async def _chunks(self) -> AsyncIterator[bytes]:
        if not self._packed or self._packed == "identity":
            async for chunk in self._payload.iter_chunked(CHUNK):
                yield chunk
            return
        if self._packed not in ("gzip", "x-gzip"):
            raise TransportFailed(f"the answer is packed as {self._packed}")
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
        ended = True  # an answer without a body has nothing to inflate
        async for chunk in self._payload.iter_chunked(CHUNK):
            rest = chunk
            while rest:
                try:
                    piece = unpacking.decompress(rest, CHUNK)
                except zlib.error:
                    raise TransportFailed("the answer is not what its encoding says") from None
                ended, rest = unpacking.eof, unpacking.unconsumed_tail
                yield piece
                if unpacking.eof and unpacking.unused_data:  # another member follows
                    rest, unpacking = unpacking.unused_data, zlib.decompressobj(zlib.MAX_WBITS | 16)
            while not ended and (piece := unpacking.decompress(b"", CHUNK)):
                yield piece
        if not ended:
            raise TransportFailed("the answer was cut short")


def _written(request: Request, url: URL, way: aiohttp.ClientRequest) -> bytes:
    """The request as its bytes; ValueError where a line of its head holds a line break."""
    target = str(url) if way.proxy is not None and not way.is_ssl() else url.raw_path_qs
    lines = [f"{request.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers.items())]
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1 or "\0" in head:
        raise ValueError("a line of a request holds a line break")
    return f"{head}\r\n\r\n".encode() + request.body


async def _exchanged(connection: Connection, data: bytes) -> tuple[RawResponseMessage, aiohttp.StreamReader]:
    """Send a request and take in the head of its answer."""
    protocol = connection.protocol
    assert protocol is not None  # noqa: S101 (of a connection that nobody let go of)
    protocol.set_response_params(read_until_eof=True, auto_decompress=False)
    if protocol.transport is None or protocol.transport.is_closing():
        raise aiohttp.ClientConnectionResetError
    protocol.transport.write(data)
    while True:
        message, payload = await protocol.read()
        if not 100 <= message.code <= 199 or message.code == 101:
            return message, payload


def _told(
    exc: aiohttp.ClientError | HttpProcessingError | OSError, proxy: Proxy | None = None
) -> tuple[TransportFailed, Exception | None]:
    """What says whether anything can have been sent, in plain words; and what may be its cause.

    An error that carries headers, the request's or a login, is no cause: its repr would show them.
    """
    match exc:
        case aiohttp.ClientProxyConnectionError():
            return Unproxied(f"{proxy} does not answer: {reason(exc.os_error)}"), None
        case aiohttp.ClientHttpProxyError():
            return Unproxied(f"{proxy} refuses to connect to it (HTTP {exc.status})"), None
        case aiohttp.ClientResponseError():  # only a proxy's answer to CONNECT goes through aiohttp's own reading
            return Unproxied(f"{proxy}: its answer is not HTTP"), None
        case aiohttp.ConnectionTimeoutError():
            return ConnectTimedOut("no connection in time"), exc
        case aiohttp.ClientConnectorDNSError():
            return Unconnected("the host name does not resolve"), exc
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return Unconnected(f"TLS failed: {_tls_reason(exc)}"), exc
        case aiohttp.ClientConnectorError():
            return Unconnected(reason(exc.os_error)), exc
        case TimeoutError():
            return TimedOut("no answer in time"), exc
        case aiohttp.ServerDisconnectedError():
            return TransportFailed("the connection was closed without an answer"), exc
        case HttpProcessingError():
            return TransportFailed("the answer is not HTTP"), None
        case aiohttp.ClientPayloadError():
            return TransportFailed("the answer was cut short"), exc
        case _:
            return TransportFailed(reason(exc)), exc


def reason(exc: BaseException) -> str:
    """Why a connection failed, in plain words."""
    if isinstance(exc, OSError) and exc.errno in (errno.EMFILE, errno.ENFILE):
        return "too many open files (raise their number: `ulimit -n 4096`)"
    if isinstance(exc, ConnectionRefusedError):
        return "connection refused"
    if isinstance(exc, ConnectionResetError | BrokenPipeError):
        return "the connection was reset"
    if isinstance(exc, OSError) and exc.strerror:
        return exc.strerror.lower()
    return type(exc).__name__


def _tls_reason(exc: aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError) -> str:
    cause = exc.certificate_error if isinstance(exc, aiohttp.ClientConnectorCertificateError) else exc.os_error
    if isinstance(cause, ssl.SSLCertVerificationError):
        named = [f"{name}={os.environ[name]}" for name in CERTIFICATES if os.environ.get(name)]
        beside = f"; the authorities are those of {', '.join(named)}" if named else ""
        return f"the certificate does not hold ({cause.verify_message}{beside})"
    return type(cause).__name__
