"""A WebSocket connection without the socket: texts come in, texts go out; the server carries them.

What a venue says on it stands in the venue's folder. Nothing here waits: `turn` is called whenever anything changed,
and now and then besides.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod

from acctcfg.sandbox.traffic import User
from acctcfg.sandbox.values import Row

__all__ = ["GOING_AWAY", "Stream"]

GOING_AWAY = 1001


class Stream(ABC):
    """One connection, from its first text to its close code."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.outbox: list[str] = []
        self.closing: tuple[int, str] | None = None  # code and reason, after what is in the outbox
        self.dropped = False  # cut without a message

    @property
    @abstractmethod
    def account(self) -> User:
        """Whose it is, once it has said so."""

    @abstractmethod
    def received(self, text: str) -> None:
        """Take a text from the client."""

    @abstractmethod
    def turn(self) -> None:
        """Say what is due: pushes, notices, the end of an idle connection."""

    @abstractmethod
    def warn(self) -> None:
        """Tell the client that the connection will end soon, and end it then."""

    @abstractmethod
    def show(self) -> Row:
        """What the control API tells of it."""

    def send(self, frame: Row | str) -> None:
        """Put a frame into the outbox."""
        self.outbox.append(frame if isinstance(frame, str) else json.dumps(frame, separators=(",", ":")))

    def close(self, code: int, reason: str = "") -> None:
        """End it in order, after what was said."""
        if self.closing is None:
            self.closing = (code, reason)

    def drop(self) -> None:
        """Cut it."""
        self.dropped = True

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be said."""
        return self.dropped or self.closing is not None

    def taken(self) -> list[str]:
        """What is to be sent, once."""
        texts, self.outbox = self.outbox, []
        return texts
