"""httpx's interface over aiohttp's engine: httpx's own pool slows down as connections grow, aiohttp's does not.

The joint is our own because a write's fate hangs on it: what failed before a byte was sent (ConnectError,
ConnectTimeout) must never be mixed up with what failed after (ReadError, ReadTimeout). The bytes and the raw target
go out as they were signed, nothing is repeated, redirected, taken from the environment or kept in a cookie jar.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import aiohttp
import httpx
from yarl import URL

from acctcfg.wire.answer import MAX_BYTES

__all__ = ["AiohttpTransport", "BodyTooLong"]

CHUNK = 64 * 1024
LARGE = 1024 * 1024  # an answer of more is one of few that are taken in at once, so that many do not fill the memory
LARGE_AT_ONCE = 4
KEEP_ALIVE_S = 15.0  # below what servers commonly allow: a write on a connection that was just closed is unprovable
DNS_TTL_S = 30


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Connections without a limit of number, kept alive, HTTP/1.1. `on_connect` is told of every new connection."""

    def __init__(self, *, timeout_s: float = 10.0, on_connect: Callable[[], None] | None = None) -> None:
        self.timeout_s = timeout_s
        self._on_connect = on_connect
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        self._session: aiohttp.ClientSession | None = None
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=timeout_s / 2)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        session = self._session or self._open(request.url.scheme)
        with _as_httpx(request):
            answer = await session.request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=request.headers.multi_items(),
                data=request.content or None,
                allow_redirects=False,
                timeout=self._timeout,
            )
        headers, packed = answer.raw_headers, answer.headers.get("Content-Encoding", "").strip().lower()
        if packed:  # unpacked here, by the byte: httpx would inflate whatever comes
            headers = tuple(one for one in headers if one[0].lower() not in (b"content-encoding", b"content-length"))
        return httpx.Response(
            answer.status, headers=headers, stream=_Body(answer, request, packed, self._large), request=request
        )

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self, scheme: str) -> aiohttp.ClientSession:
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,
                keepalive_timeout=KEEP_ALIVE_S,
                ttl_dns_cache=DNS_TTL_S,
                socket_factory=self._socket,
                ssl=httpx.create_ssl_context() if scheme == "https" else True,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            trust_env=False,
        )
        # aiohttp sends an idempotent request again, unasked, when a kept-alive connection breaks under it: the venue
        # would count two where we counted one. Retries are the client's, with a slot of their own.
        session._retry_connection = False
        self._session = session
        return session

    def _socket(self, address: tuple[Any, ...]) -> socket.socket:
        if self._on_connect is not None:
            self._on_connect()
        family, kind, protocol, _, _ = address
        return socket.socket(family, kind, protocol)


class BodyTooLong(Exception):
    """An answer that is longer than MAX_BYTES, as it came or inflated; its connection is closed."""


class _Body(httpx.AsyncByteStream):
    """An answer's bytes, inflated, as long as they are not too many. Few long answers are taken in at once."""

    def __init__(
        self, answer: aiohttp.ClientResponse, request: httpx.Request, packed: str, large: asyncio.Semaphore
    ) -> None:
        self._answer = answer
        self._request = request
        self._packed = packed
        self._large = large

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx(self._request):
            length = self._answer.content_length
            if length is not None and length > MAX_BYTES:
                self._answer.close()
                raise BodyTooLong
            if not self._packed and length is not None and length <= LARGE:
                yield await self._answer.read()
                return
            taken = 0
            async with AsyncExitStack() as held:
                async for chunk in self._chunks():
                    if taken <= LARGE < taken + len(chunk):
                        await held.enter_async_context(self._large)
                    taken += len(chunk)
                    if taken > MAX_BYTES:
                        self._answer.close()
                        raise BodyTooLong
                    yield chunk

    async def _chunks(self) -> AsyncIterator[bytes]:
        if not self._packed or self._packed == "identity":
            async for chunk in self._answer.content.iter_chunked(CHUNK):
                yield chunk
            return
        if self._packed not in ("gzip", "x-gzip"):
            raise httpx.DecodingError(f"the answer is packed as {self._packed}", request=self._request)
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
        ended = True  # an answer without a body has nothing to inflate
        async for chunk in self._answer.content.iter_chunked(CHUNK):
            rest = chunk
            while rest:
                try:
                    piece = unpacking.decompress(rest, CHUNK)
                except zlib.error:
                    message = "the answer is not what its encoding says"
                    raise httpx.DecodingError(message, request=self._request) from None
                ended, rest = unpacking.eof, unpacking.unconsumed_tail
                yield piece
                if unpacking.eof and unpacking.unused_data:  # another member follows
                    rest, unpacking = unpacking.unused_data, zlib.decompressobj(zlib.MAX_WBITS | 16)
            while not ended and (piece := unpacking.decompress(b"", CHUNK)):
                yield piece
        if not ended:
            raise httpx.DecodingError("the answer was cut short", request=self._request)

    async def aclose(self) -> None:
        self._answer.release()


@contextmanager
def _as_httpx(request: httpx.Request) -> Iterator[None]:
    """Say with httpx's exceptions whether anything can have been sent; the message is a reason in plain words."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as exc:
        raise httpx.ConnectTimeout("no connection in time", request=request) from exc
    except aiohttp.ClientConnectorDNSError as exc:
        raise httpx.ConnectError("the host name does not resolve", request=request) from exc
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as exc:
        raise httpx.ConnectError(f"TLS failed: {_tls_reason(exc)}", request=request) from exc
    except aiohttp.ClientConnectorError as exc:
        raise httpx.ConnectError(_reason(exc.os_error), request=request) from exc
    except TimeoutError as exc:
        raise httpx.ReadTimeout("no answer in time", request=request) from exc
    except aiohttp.ServerDisconnectedError as exc:
        raise httpx.RemoteProtocolError("the connection was closed without an answer", request=request) from exc
    except aiohttp.ClientResponseError:  # not chained: it carries the request's headers, and its repr shows them
        raise httpx.RemoteProtocolError("the answer is not HTTP", request=request) from None
    except aiohttp.ClientPayloadError as exc:
        raise httpx.ReadError("the answer was cut short", request=request) from exc
    except (aiohttp.ClientError, OSError) as exc:
        raise httpx.ReadError(_reason(exc), request=request) from exc


def _reason(exc: BaseException) -> str:
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
        return f"the certificate does not hold ({cause.verify_message})"
    return type(cause).__name__
