"""One text for equal JSON values, byte for byte as RFC 8785 wants it, and the digest over it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from acctcfg.core.untold import untold

__all__ = ["canonical", "digest_of", "digest_of_parts"]

_DIFFERS: Final = re.compile(r"\d(?:\.0(?=[,\]}]|\Z)|e[+-]\d|\d{16}(?=[.,\]}]|\Z))")
"""Where the json module may write a float otherwise than the RFC. Text that is not ASCII may be sorted otherwise."""


_PLAIN: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(value: Mapping[str, object] | Sequence[object]) -> str:
    """`sha256:` and the hex digest of the canonical text, as it is told. ValueError for what JSON cannot say."""
    return digest_of_parts([canonical(value)])


def digest_of_parts(texts: Iterable[str]) -> str:
    """The same of a canonical text that comes in parts: that of a whole fleet is nothing to hold at once."""
    whole = hashlib.sha256()
    for text in texts:
        whole.update(untold(text).encode())
    return "sha256:" + whole.hexdigest()


def canonical(value: object) -> str:
    """The value as text, whatever order its keys were made in. ValueError for NaN and the like."""
    text = _PLAIN.encode(value)
    return text if text.isascii() and not _DIFFERS.search(text) else _written(value)


def _written(value: object) -> str:
    match value:
        case Mapping():
            pairs = sorted(value.items(), key=lambda pair: pair[0].encode("utf-16-be"))
            return "{" + ",".join(f"{_written(name)}:{_written(inner)}" for name, inner in pairs) + "}"
        case list() | tuple():
            return "[" + ",".join(map(_written, value)) + "]"
        case float():
            return _number(value)
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """A float as ECMAScript writes it: 3 for 3.0, 100000000000000000000 for 1e20, 1e+21, 1e-7."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text = "".join(map(str, digits))
    if text == "0" or not isinstance(exponent, int):
        return "0"
    point = len(text) + exponent  # where the decimal point stands, counted from the first digit
    if 0 < point <= 21:
        whole, rest = text[:point].ljust(point, "0"), text[point:]
        text = f"{whole}.{rest}" if rest else whole
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{text}"
    else:
        text = f"{text[0]}.{text[1:]}e{point - 1:+d}" if len(text) > 1 else f"{text}e{point - 1:+d}"
    return f"-{text}" if sign else text
