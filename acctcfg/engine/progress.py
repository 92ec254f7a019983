"""What the engine says while it works; who listens decides what is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from acctcfg.core.events import Event

__all__ = ["SILENT", "Guarded", "Progress", "safe"]


class Progress(Protocol):
    """A listener. Calls are cheap and may come by the thousand; none may raise or wait."""

    def phase(self, text: str, total: int | None) -> None:
        """A new phase begins ("reading desk"); `total` counts its pieces, None where nobody knows."""

    def advance(self, n: int = 1, text: str = "") -> None:
        """`n` more pieces of the phase are done; `text` names the latest."""

    def log(self, text: str) -> None:
        """Something worth a line of its own ("the venue answered too many requests")."""

    def standing(self, text: str, things: Mapping[str, str]) -> None:
        """What work waits for, in all: each thing with its present details. Told again whenever any of it changes."""

    def alert(self, text: str) -> None:
        """What must be shown at once, whatever else is: the answer to Ctrl-C."""

    def happened(self, event: Event) -> None:
        """What programs are told of, too: a plan, a step's turn, its end."""


class _Silent:
    def phase(self, text: str, total: int | None) -> None: ...

    def advance(self, n: int = 1, text: str = "") -> None: ...

    def log(self, text: str) -> None: ...

    def standing(self, text: str, things: Mapping[str, str]) -> None: ...

    def alert(self, text: str) -> None: ...

    def happened(self, event: Event) -> None: ...


class Guarded:
    """Listeners that cannot harm the work: one that cannot be told (nobody reads, no letter for it) goes quiet."""

    def __init__(self, *listeners: Progress) -> None:
        self._listeners = list(listeners)

    def phase(self, text: str, total: int | None) -> None:
        self._tell(lambda listener: listener.phase(text, total))

    def advance(self, n: int = 1, text: str = "") -> None:
        self._tell(lambda listener: listener.advance(n, text))

    def log(self, text: str) -> None:
        self._tell(lambda listener: listener.log(text))

    def standing(self, text: str, things: Mapping[str, str]) -> None:
        self._tell(lambda listener: listener.standing(text, things))

    def alert(self, text: str) -> None:
        self._tell(lambda listener: listener.alert(text))

    def happened(self, event: Event) -> None:
        self._tell(lambda listener: listener.happened(event))

    def _tell(self, tell: Callable[[Progress], None]) -> None:
        for listener in tuple(self._listeners):
            try:
                tell(listener)
            except Exception:  # whatever is wrong with telling, doing goes on
                self._listeners.remove(listener)


def safe(listener: Progress) -> Progress:
    """The listener, so that no call of it raises."""
    return listener if isinstance(listener, Guarded) else Guarded(listener)


SILENT: Final[Progress] = _Silent()
"""Nobody listens."""
