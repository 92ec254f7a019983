"""A request as it leaves and an answer as it comes: what a transport is handed, and what it gives.

Ours takes them as they are. Any transport of httpx's will do in its place (a `MockTransport` makes a venue a function):
only for those a request and an answer become httpx's own, which takes longer than signing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import httpx

__all__ = ["Request", "Response", "ThroughHttpx", "Transport"]


@dataclass(slots=True)
class Request:
    """One attempt, signed: target and body are sent byte for byte. Its headers hold secrets in clear."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Response(Protocol):
    """An answer whose status line and headers are there; its body comes by `read`."""

    @property
    def status(self) -> int:
        """The HTTP status code."""

    @property
    def headers(self) -> Mapping[str, str]:
        """By names in any case."""

    async def read(self) -> bytes:
        """The body, inflated; ends the exchange, whatever comes of it. Raises httpx.RequestError, BodyTooLong."""


class Transport(Protocol):
    """Carries requests to one host. What it raises is httpx's, for those say whether anything can have been sent."""

    async def send(self, request: Request) -> Response:
        """Send a request and read the whole answer. Raises httpx.RequestError."""

    async def aclose(self) -> None:
        """Close all connections."""


class ThroughHttpx:
    """Sends through a transport of httpx: a mock in tests, or one that the caller brings."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def send(self, request: Request) -> Response:
        """The answer of httpx's transport to httpx's request."""
        stream = httpx.ByteStream(request.body)  # with a stream httpx adds no header of its own
        sent = httpx.Request(request.method, request.url, headers=request.headers, stream=stream)
        sent.read()
        return _OfHttpx(await self._transport.handle_async_request(sent))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()


class _OfHttpx:
    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self._response = response

    async def read(self) -> bytes:
        try:
            return await self._response.aread()
        finally:
            await self._response.aclose()
