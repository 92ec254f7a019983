"""Rules for texts: a regular expression, and the same in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["NAME", "PATH", "SERVICE", "VARIABLE", "TextRule"]


@dataclass(frozen=True, slots=True)
class TextRule:
    """A venue's rule for a name: a regular expression (anchored) and the same in words."""

    pattern: str
    words: str

    def allows(self, text: str) -> bool:
        """Whether the venue takes this text."""
        return re.fullmatch(self.pattern, text) is not None


NAME: Final = TextRule(r"[A-Za-z0-9][A-Za-z0-9_-]*", "letters, digits, _ and -, and begin with a letter or digit")
"""The rule of names that are ours, and of a venue's where it says nothing stricter."""

VARIABLE = TextRule(r"[A-Za-z_][A-Za-z0-9_]*", "the name of an environment variable (letters, digits and _)")
PATH = TextRule(r"(?!\s)[^\x00-\x1f\x7f]+", "a path")
SERVICE = TextRule(
    r"[A-Za-z0-9][A-Za-z0-9_./@:-]{0,99}", "the name of a keyring's service (letters, digits, _ . / @ : -)"
)
