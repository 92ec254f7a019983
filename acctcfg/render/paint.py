"""Colour for a terminal. It never carries a meaning of its own: every coloured word is there in plain text too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from acctcfg.render.harmless import harmless

__all__ = ["Paint", "joined"]

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_ACTIONS = {"create": "green", "change": "yellow", "replace": "yellow", "delete": "red"}


@dataclass(frozen=True, slots=True)
class Paint:
    """Wraps words in terminal codes where `on`, and hands them back as they are where not."""

    on: bool = False

    def __call__(self, style: str, text: str) -> str:
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.on and text else text

    def action(self, action: str, text: str) -> str:
        """Text in the colour of what a step does."""
        return self(_ACTIONS[action], text)


def joined(blocks: Iterable[Iterable[str]], *, color: bool = False) -> str:
    """Blocks of lines with an empty line between them: a line stays one line, whosever words stand in it."""
    told = ("\n".join(harmless(line, styles=color) for line in block) for block in blocks)
    return "\n\n".join(text for text in told if text)
