"""One row of a venue's page `settings.py`: a `Setting`, and how the venue reads and writes it.

The page stays light, since `acctcfg validate` reads the settings from it; `acctcfg.venues.settings` does the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from acctcfg.core.order import Row
from acctcfg.core.setting import Setting
from acctcfg.core.state import Live, Value
from acctcfg.wire.endpoint import Call

__all__ = ["Switch", "rows_of", "settings_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A setting at one venue: where its live value is read, and which call sets it."""

    setting: Setting
    source: str  # the venue's name of the read that shows it; one read serves all switches of that source
    read: Callable[[Any, str], Live]  # (the answer, key) -> the value in the manifest's form; Garbled and Unreadable
    write: Callable[[str, Value], Call]  # (key, value) -> the call that sets it
    write_all: Callable[[Sequence[str], Value], Call] | None = None  # (keys, value): one call that sets all of them
    keys: Callable[[Any], Iterable[str]] | None = None  # (the answer) -> the keys that hold a value of their own
    shown_as: str = ""  # where the venue shows it, for the documentation
    order: tuple[Row, ...] = ()  # rows of its own, before the venue's others
    moves: Mapping[str, Callable[[str, str], bool]] = field(default_factory=dict)
    """Field of an account -> (its own key, a key of that field): whether a write of the one may move the value of the
    other. What may move is written after it, and read back with it."""


def settings_of(switches: Iterable[Switch]) -> tuple[Setting, ...]:
    """What the rules of the venue type declare."""
    return tuple(one.setting for one in switches)


def rows_of(switches: Iterable[Switch]) -> tuple[Row, ...]:
    """The rows of order that the switches bring."""
    return tuple(row for one in switches for row in (*one.order, *_behind(one)))


def _behind(switch: Switch) -> Iterable[Row]:
    return ((switch.setting.field, one, "waits") for one in switch.moves)
