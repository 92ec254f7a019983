"""A request as it leaves and an answer as it comes: what a transport is handed, and what it gives or raises.

Ours takes them as they are. Any transport of httpx's will do in its place: see `through_httpx`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

__all__ = [
    "ConnectTimedOut",
    "Request",
    "Response",
    "TimedOut",
    "Transport",
    "TransportFailed",
    "Unconnected",
    "Unproxied",
]


class TransportFailed(Exception):
    """No answer, or not the whole of it; the request may have arrived."""


class TimedOut(TransportFailed):
    """No answer in time."""


class Unconnected(TransportFailed):
    """No connection was made, so not a byte of the request was sent."""


class Unproxied(Unconnected):
    """The proxy does not answer, or refuses."""


class ConnectTimedOut(Unconnected, TimedOut):
    """No connection in time."""


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
        """The body, inflated; ends the exchange, whatever comes of it. Raises TransportFailed, BodyTooLong."""


class Transport(Protocol):
    """Carries requests to one host. What it raises says whether anything can have been sent."""

    async def send(self, request: Request) -> Response:
        """Send a request and read the whole answer. Raises TransportFailed."""

    async def aclose(self) -> None:
        """Close all connections."""
