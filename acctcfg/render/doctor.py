"""What `doctor` found, by what it was looked at of, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from textwrap import wrap
from typing import Final

from acctcfg.core.checkup import Checked, Checkup, Status
from acctcfg.render.formats import Page
from acctcfg.render.harmless import harmless, json_text
from acctcfg.render.paint import Paint, joined

__all__ = ["checkup", "checkup_json"]

WIDTH: Final = 80
_STYLE: Final[dict[Status, str]] = {"ok": "green", "warning": "yellow", "failed": "red"}
_INDENT: Final = " " * 24  # mark and name of a check


def checkup(found: Checkup, page: Page) -> str:
    """A block for each subject, and a last line with the numbers."""
    paint, width = Paint(page.color), min(page.width, WIDTH)
    blocks = [
        [paint("bold", subject), *(line for one in checks for line in _lines(one, paint, width))]
        for subject, checks in groupby(found.checks, key=lambda one: one.subject)
    ]
    said = ", ".join(f"{found.count(word)} {shown}" for word, shown in _COUNTED)
    return joined([*blocks, [f"Checked {len(found.checks)} things: {said}."]], color=page.color)


_COUNTED: Final[tuple[tuple[Status, str], ...]] = (("ok", "ok"), ("warning", "with a warning"), ("failed", "failed"))


def _lines(one: Checked, paint: Paint, width: int) -> Iterator[str]:
    head = paint(_STYLE[one.status], f"{one.status:<7}") + f"  {harmless(one.check):<11}  "
    first, *rest = _wrapped(one.message, width) or [""]
    yield f"  {head}{first}"
    yield from (_INDENT + line for line in rest)
    if one.fix:
        yield from (_INDENT + line for line in _wrapped(f"Fix: {one.fix}", width))


def _wrapped(text: str, width: int) -> list[str]:
    return wrap(
        harmless(" ".join(text.split())), max(20, width - len(_INDENT)), break_long_words=False, break_on_hyphens=False
    )


def checkup_json(found: Checkup) -> str:
    """All of it."""
    return json_text(found.to_json())
