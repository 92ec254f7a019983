"""Times in Unix seconds as documents and sentences have them, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["day", "moment"]


def moment(seconds: float) -> str:
    """A time: "2026-11-29T10:00:07Z"."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def day(seconds: float) -> str:
    """The day of it: "2026-11-29"."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
