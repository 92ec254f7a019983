"""Values as YAML for people: two spaces, no anchors, lists of words in one line, quotes only where they are needed."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from acctcfg.render.harmless import harmless, in_json

__all__ = ["InOneLine", "comment", "lines_of"]

WIDTH = 120
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*|[0-9]+(\.[0-9]+){3}")
_NOT_TEXT = re.compile(r"(?i:null|true|false|yes|no|on|off|y|n|nan|inf)")  # to one reader of YAML or another
_SPECIAL = re.compile(r'["\\]')


class InOneLine(dict[str, object]):
    """A map that is written in one line: `{env: DESK}`."""


def scalar(value: object) -> str:
    """One value. A text that some reader would take for something else is quoted."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}" if value != value.to_integral_value() else f"{value:.0f}"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and not _NOT_TEXT.fullmatch(text):
        return text
    quoted = _SPECIAL.sub(lambda found: f"\\{found[0]}", text)
    return '"' + "".join(c if harmless(c) == c else _escaped(c) for c in quoted) + '"'


def _escaped(c: str) -> str:
    return in_json(c) if ord(c) < 0x10000 else f"\\U{ord(c):08x}"


def lines_of(value: Mapping[str, object], indent: int = 0) -> Iterator[str]:
    """A map, a line or more for each key."""
    pad = " " * indent
    for key, one in value.items():
        if isinstance(one, Mapping) and one and not isinstance(one, InOneLine):
            yield f"{pad}{scalar(key)}:"
            yield from lines_of(one, indent + 2)
        elif isinstance(one, Sequence) and not isinstance(one, str) and any(isinstance(row, Mapping) for row in one):
            yield f"{pad}{scalar(key)}:"
            yield from (f"{pad}  - {_flow(row)}" for row in one)
        else:
            yield f"{pad}{scalar(key)}: {_flow(one)}"


def _flow(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return scalar(value)


def comment(text: str, indent: int = 0) -> Iterator[str]:
    """A remark, whatever is in it, wrapped."""
    pad = " " * indent
    width = WIDTH - indent - 2
    yield from (f"{pad}# {line}" for line in textwrap.wrap(harmless(text), width, break_on_hyphens=False))
