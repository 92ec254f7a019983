"""Any transport of httpx's in the place of ours: a `MockTransport` makes a venue a function.

Only for those a request and an answer become httpx's own, which takes longer than signing, and only for those httpx is
imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx

from acctcfg.wire.http import ConnectTimedOut, Request, TimedOut, TransportFailed, Unconnected, Unproxied

__all__ = ["ThroughHttpx"]

OURS = (  # the first that fits
    (httpx.ProxyError, Unproxied),
    (httpx.ConnectTimeout, ConnectTimedOut),
    (httpx.ConnectError, Unconnected),
    (httpx.TimeoutException, TimedOut),
    (httpx.RequestError, TransportFailed),
)


class ThroughHttpx:
    """Sends through a transport of httpx: a mock in tests, or one that the caller brings."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def send(self, request: Request) -> OfHttpx:
        """The answer of httpx's transport to httpx's request."""
        stream = httpx.ByteStream(request.body)  # with a stream httpx adds no header of its own
        sent = httpx.Request(request.method, request.url, headers=request.headers, stream=stream)
        sent.read()
        with _told():
            return OfHttpx(await self._transport.handle_async_request(sent))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()


class OfHttpx:
    """Its answer."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._response = response

    async def read(self) -> bytes:
        """The body, inflated."""
        try:
            with _told():
                return await self._response.aread()
        finally:
            await self._response.aclose()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except httpx.RequestError as exc:
        kind = next(ours for theirs, ours in OURS if isinstance(exc, theirs))
        raise kind(str(exc)) from exc
