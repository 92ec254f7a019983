"""What a terminal, a log, a spreadsheet or a shell may be shown: no character of it steers the reader.

Labels, messages and names come from venues, manifests and people. All of them pass here before they are printed:
`harmless` makes each character visible that moves, hides, reorders or splits text, `json_text` does the same in JSON's
own way, `cell` keeps a spreadsheet from taking text for a formula. No secret that this process has opened passes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from acctcfg.core.untold import untold

__all__ = ["cell", "harmless", "in_code", "in_html", "in_json", "json_text"]

STYLES: Final = re.compile(r"\x1b\[(?:0|1|2|31|32|33|36)m")
"""The only escapes that are printed, and only to a terminal: those of `paint`."""

_SHORT: Final = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}
_UNSEEN: Final = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Printable by their class, and nothing is seen of them, or another character looks different."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # full-width ones too
_LONGEST_CODE: Final = 400  # characters of a code span


def harmless(text: str, *, lines: bool = False, styles: bool = False) -> str:
    """The text, with `\\x1b` and the like in place of what would not be seen as itself.

    That is every character that is not printable (control, format, direction, unassigned, half a pair), and those that
    are and show nothing. `lines` keeps line ends and tabs, for a page of several lines; `styles` keeps `paint`'s codes.
    """
    if lines:
        return "".join(
            part if part in "\n\t" else harmless(part, styles=styles) for part in re.split(r"([\n\t])", text)
        )
    text = untold(text)
    if text.isprintable() and not _UNSEEN.search(text):
        return text
    if styles and "\x1b" in text:
        plain, codes = STYLES.split(text), [*STYLES.findall(text), ""]
        return "".join(harmless(part) + code for part, code in zip(plain, codes, strict=True))
    return "".join(c if _shows(c) else _named(c) for c in text)


def _shows(c: str) -> bool:
    return c.isprintable() and not _UNSEEN.match(c)


def _named(c: str) -> str:
    number = ord(c)
    if number > 0xFFFF:
        return f"\\U{number:08x}"
    return _SHORT.get(c) or (f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}")


def in_json(c: str) -> str:
    """`\\u0085`; beyond the first 65,536 characters as a pair, which is what JSON has for them."""
    number = ord(c)
    if number < 0x10000:
        return f"\\u{number:04x}"
    number -= 0x10000
    return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"


def in_html(c: str) -> str:
    """`&#233;`, which a page has for a character in whatever encoding it is read."""
    return f"&#{ord(c)};"


def in_code(text: str) -> str:
    """A code span of markdown, in which nothing is a link, a mention or an element; a long text is cut."""
    shown = harmless(text).replace("`", "'") or " "
    return f"`{shown if len(shown) <= _LONGEST_CODE else shown[:_LONGEST_CODE] + '...'}`"


def json_text(value: object, *, indent: int | None = 2) -> str:
    """JSON that every reader takes: what is not seen as itself is escaped, half a pair is U+FFFD, NaN is null."""
    import json  # help and plain text go without

    text = json.dumps(_sound(value), indent=indent, ensure_ascii=False, allow_nan=False)
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(c if c == "\n" or _shows(c) else in_json(c) for c in text)


def _sound(value: object) -> object:
    """The same value without what JSON has no word for, and without secrets."""
    if isinstance(value, str):
        value = untold(value)
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, float):
        return value if value - value == 0 else None  # neither NaN nor an infinity
    if isinstance(value, Mapping):
        return {_sound(key): _sound(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_sound(inner) for inner in value]
    return value


def cell(text: str) -> str:
    """A spreadsheet's cell: `harmless`, and never taken for a formula."""
    shown = harmless(text)
    return f"'{shown}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else shown
