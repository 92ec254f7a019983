"""Windows as they are written: `Mon-Fri 08:00-18:00 Europe/Berlin`, `2026-12-24/2026-12-27`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from acctcfg.core.desired import Window
from acctcfg.core.rules import TextRule
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report, near, shown
from acctcfg.manifest.scalars import BAD

__all__ = ["WINDOW", "build_windows"]

_NAMES: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NAME: Final = "|".join(_NAMES)
_DAYS: Final = rf"(?:{_NAME})(?:-(?:{_NAME}))?"
_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ZONE: Final = r"(?: (?P<zone>[A-Za-z][A-Za-z0-9_+/-]*))?"
_HOURS: Final = rf"(?P<begins>{_TIME})-(?P<ends>{_TIME}|24:00)"
_WEEKLY: Final = rf"(?:(?P<days>{_DAYS}(?:,{_DAYS})*)(?: {_HOURS})?){_ZONE}"
_DATES: Final = rf"(?P<first>{_DATE})(?:/(?P<last>{_DATE}))?{_ZONE}"
WINDOW: Final = TextRule(
    re.sub(r"\?P<[a-z]+>", "?:", f"{_WEEKLY}|{_DATES}"),
    "days and hours such as Mon-Fri 08:00-18:00 Europe/Berlin, or dates such as 2026-12-24/2026-12-27; UTC unless "
    "a zone is named",
)


def build_windows(node: Node, taken: Sequence[Any], report: Report) -> tuple[Window, ...]:
    """The windows that are sound, in their order."""
    found = []
    for child, values in zip(node.value, taken, strict=True):
        for word, text in values.items() if values is not BAD else ():
            window, wrong = _window(word == "allow", text)
            if window is None:
                report.value(child.value[word], f"{shown(text)}: {wrong}")
            else:
                found.append(window)
    return tuple(found)


def _window(allows: bool, text: str) -> tuple[Window | None, str]:
    fits = re.fullmatch(_WEEKLY, text) or re.fullmatch(_DATES, text)
    assert fits is not None  # noqa: S101 (WINDOW let it through)
    parts = fits.groupdict()
    zone = parts["zone"] or "UTC"
    if wrong := _zone_flaw(zone):
        return None, wrong
    if "days" in parts:
        begins, ends = _minutes(parts["begins"] or "00:00"), _minutes(parts["ends"] or "24:00")
        if begins == ends:
            return None, "it ends when it begins (leave out the hours for the whole day)"
        return Window(allows=allows, days=_weekdays(parts["days"]), begins=begins, ends=ends, zone=zone), ""
    first, last = parts["first"], parts["last"] or parts["first"]
    try:
        backwards = date.fromisoformat(first) > date.fromisoformat(last)
    except ValueError:
        return None, "there is no such day"
    if backwards:
        return None, "it ends before it begins"
    return Window(allows=allows, first=first, last=last, zone=zone), ""


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def _weekdays(text: str) -> tuple[int, ...]:
    """0 is Monday; a range may go over the week's end."""
    found = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin, end = _NAMES.index(first), _NAMES.index(last or first)
        found |= {number % 7 for number in range(begin, (end if end >= begin else end + 7) + 1)}
    return tuple(sorted(found))


def _zone_flaw(zone: str) -> str:
    """What is wrong with a time zone; "" where nothing is."""
    from zoneinfo import TZPATH, ZoneInfo, available_timezones  # slow to import, and few manifests have windows

    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        known = available_timezones()
        if not known:
            where = ", ".join(TZPATH) or "no folder"
            return f"this system has no time zones ({where}): install the package tzdata, or `pip install tzdata`"
        return f"unknown time zone {shown(zone)}{near(zone, sorted(known))}"
    return ""
