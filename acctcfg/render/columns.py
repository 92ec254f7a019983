"""How much room text takes in a terminal, which counts columns and not characters, and lines that fit into it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from acctcfg.render.harmless import STYLES

__all__ = ["columns", "filled", "wrapped"]

_GAP: Final = re.compile(r"(?<=\S) {2,}(?=\S)")
_WORD: Final = re.compile(r"( *)([^ ]+)")
_MOST: Final = 0.75  # of the width: text that begins further right is not continued below itself


def columns(text: str) -> int:
    """Two for a wide character (Chinese, Japanese, Korean, most emoji), none for a combining mark, else one.

    Source: Unicode Standard Annex 11, East Asian Width.
    """
    return len(text) if text.isascii() else sum(map(_column, text))


def filled(text: str, width: int) -> str:
    """The text with blanks behind it, as many as fill `width` columns."""
    return text + " " * (width - columns(text))


def wrapped(line: str, width: int) -> list[str]:
    """The line in as many as fit: broken between words only, and between wide characters, which have no blanks.

    What follows stands under the line's second column, which begins after the first gap of two blanks; without one, or
    where it is far right, a little further right than the line begins. A word longer than `width` stays whole.
    """
    if _seen(line) <= width:
        return [line]
    hang, lines, now = _hang(line, width), [], ""
    for gap, word in _pieces(line):
        if now and _seen(now + gap + word) > width:
            lines.append(now)
            now = " " * max(min(hang, width - _seen(word)), 0) + word
        else:
            now += gap + word
    return [*lines, now]


def _hang(line: str, width: int) -> int:
    plain = STYLES.sub("", line)
    gap = _GAP.search(plain)
    if gap is not None and (column := columns(plain[: gap.end()])) <= width * _MOST:
        return column
    return len(plain) - len(plain.lstrip(" ")) + 2


def _pieces(line: str) -> Iterator[tuple[str, str]]:
    """The blanks before each piece, and the piece: a word, or a part of one that ends before a wide character."""
    for gap, word in _WORD.findall(line):
        start = 0
        for at in range(1, len(word)):
            if not word.isascii() and _column(word[at]) == 2 == _last(word[:at]):
                yield (gap if start == 0 else "", word[start:at])
                start = at
        yield (gap if start == 0 else "", word[start:])


def _last(text: str) -> int:
    """The columns of the last character that takes any."""
    return next((wide for c in reversed(text) if (wide := _column(c))), 0)


def _seen(text: str) -> int:
    return columns(STYLES.sub("", text) if "\x1b" in text else text)


def _column(c: str) -> int:
    if unicodedata.category(c) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1
