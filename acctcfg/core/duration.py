"""Durations as the manifest has them, such as `rotate_after: 90d`."""

from __future__ import annotations

__all__ = ["seconds_of"]

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds_of(duration: str) -> int:
    """Seconds of a duration such as "90d"."""
    return int(duration[:-1]) * _UNITS_S[duration[-1]]
