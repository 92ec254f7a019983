"""When a key is due for rotation: pure, from what the manifest says and when the key was made."""

from __future__ import annotations

from acctcfg.core.duration import seconds_of

__all__ = ["due_at"]


def due_at(rotate_after: str | None, made_at: float | None) -> float | None:
    """When a key reaches the age of `rotate_after` ("90d"); None where the manifest has none, or nobody knows its age.

    Both times are Unix seconds. `made_at`: by the journal, or by the venue's list; a list may tell the time of the last
    change instead, so the journal goes first.
    """
    if rotate_after is None or made_at is None:
        return None
    return made_at + seconds_of(rotate_after)
