"""The scalars of YAML 1.2's core schema: what plain text stands for. Source: YAML 1.2.2, 10.3 "Core schema"."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

__all__ = ["Scalar", "number", "printed", "resolve"]

Scalar = str | int | Decimal | bool | None

_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,3})?")
_NUMBER_CHARS: Final = 40  # a longer number is text here: nothing that is managed has one
_WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def resolve(text: str) -> Scalar:
    """What a plain scalar stands for under the core schema; numbers that are no integers are exact decimals."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _NUMBER_CHARS or text[0] not in "+-.0123456789":
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return Decimal(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEX.fullmatch(text):
        return int(text[2:], 16)
    return text


def number(text: str) -> int | Decimal | None:
    """The number that a text in quotes stands for; None where it stands for none."""
    value = resolve(text.strip())
    return value if type(value) in (int, Decimal) else None  # type: ignore[return-value]


def printed(value: Scalar) -> str:
    """A scalar as YAML prints it."""
    if value is None or isinstance(value, bool):
        return {None: "", True: "true", False: "false"}[value]
    return str(value)
