"""What the engine says while it works; who listens decides what is shown."""

from __future__ import annotations

from typing import Final, Protocol

__all__ = ["SILENT", "Progress"]


class Progress(Protocol):
    """A listener. Calls are cheap and may come by the thousand; none may raise or wait."""

    def phase(self, text: str, total: int | None) -> None:
        """A new phase begins ("reading desk"); `total` counts its pieces, None where nobody knows."""

    def advance(self, n: int = 1, text: str = "") -> None:
        """`n` more pieces of the phase are done; `text` names the latest."""

    def log(self, text: str) -> None:
        """Something worth a line of its own ("the venue answered too many requests")."""


class _Silent:
    def phase(self, text: str, total: int | None) -> None: ...

    def advance(self, n: int = 1, text: str = "") -> None: ...

    def log(self, text: str) -> None: ...


SILENT: Final[Progress] = _Silent()
"""Nobody listens."""
