"""How much room text takes in a terminal, which counts columns and not characters."""

from __future__ import annotations

import unicodedata

__all__ = ["columns", "filled"]


def columns(text: str) -> int:
    """Two for a wide character (Chinese, Japanese, Korean, most emoji), none for a combining mark, else one.

    Source: Unicode Standard Annex 11, East Asian Width.
    """
    return len(text) if text.isascii() else sum(map(_column, text))


def filled(text: str, width: int) -> str:
    """The text with blanks behind it, as many as fill `width` columns."""
    return text + " " * (width - columns(text))


def _column(c: str) -> int:
    if unicodedata.category(c) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1
