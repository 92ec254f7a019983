"""What comes in and what goes out, whatever the venue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["CLIENT_IP", "JSON", "Reply", "Request", "User"]

JSON = "application/json"
CLIENT_IP = "x-sandbox-client-ip"  # a request's own word for where it comes from


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `target` is path and query exactly as sent, header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)  # a passphrase is among them
    body: bytes = field(default=b"", repr=False)
    peer: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP response, and what becomes of the connection."""

    status: int
    body: bytes
    content_type: str = JSON
    delay_s: float = 0.0  # real seconds to wait before answering
    fate: str = "answer"  # or "reset": drop the connection; "hang": say nothing for delay_s, then drop it
    headers: Mapping[str, str] = field(default_factory=dict)
    held: Callable[[], bool] = lambda: True  # whether the delay goes on: until its fault is taken away


class User(Protocol):
    """Whoever a request counts for, at any venue."""

    @property
    def uid(self) -> str:
        """The venue's id of the user; empty for a caller unknown."""

    @property
    def address(self) -> str:
        """How the control API and faults name it: a sub-account's name, @master, or nothing."""
