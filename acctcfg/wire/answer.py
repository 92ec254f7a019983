"""The one way from an answer's bytes to values: bounded, and with nothing in it that breaks whoever reads on.

What JSON allows and no document of a venue knows is no answer: numbers that are none (NaN, Infinity), numbers of a size
that only costs memory, and nesting without end. Half of a surrogate pair, which no terminal and no file takes, is
replaced. A list or an object where a text belongs says so when it is used as one, as does a value that an object names
twice: which of two that differ holds, nobody can tell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any, NoReturn

from acctcfg.core.secret import Secret
from acctcfg.errors import Garbled

__all__ = ["MAX_BYTES", "MAX_DEPTH", "Many", "Parts", "guarded", "read_json", "take_secrets"]

MAX_BYTES = 32 * 1024 * 1024
"""Of one answer, as it comes and as it is once it is inflated."""
MAX_DEPTH = 32  # the venues' deepest answers have 6
MAX_DIGITS = 64  # of a number, and of its exponent's size
_HALF_A_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Many(list[Any]):
    """A list of a venue's. Used as a text or as a key, it is an unreadable value, never `['text']`."""

    def __str__(self) -> str:
        _no_text("a list")

    def __format__(self, spec: str) -> str:
        _no_text("a list")

    def __hash__(self) -> int:  # type: ignore[override]
        _no_text("a list")


class Parts(dict[str, Any]):
    """An object of a venue's. Used as a text or as a key, it is an unreadable value."""

    def __str__(self) -> str:
        _no_text("an object")

    def __format__(self, spec: str) -> str:
        _no_text("an object")

    def __hash__(self) -> int:  # type: ignore[override]
        _no_text("an object")


class Twice:
    """The value of a name that a venue's object has twice, with different values. Any use of it is unreadable."""

    __slots__ = ()

    def _differ(self, *_: object) -> NoReturn:
        raise Garbled("the venue answered two different values of one name", code="not_unique")

    __str__ = __format__ = __hash__ = __eq__ = __ne__ = __bool__ = _differ


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        first: dict[str, Any] = {}
        for name, value in pairs:
            if first.setdefault(name, value) != value:
                found[name] = Twice()
    return found


def _no_text(what: str) -> NoReturn:
    raise Garbled(f"the venue answered {what} where a text belongs", code="no_text")


def read_json(body: bytes) -> Any:
    """The value, with fractions as exact decimals. Raises ValueError for what is not JSON, or none that is taken."""
    try:
        value = _DECODER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    except RecursionError:
        raise ValueError("nested too deep") from None
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH:
        _demand_depth(value)
    return _mended(value) if _HALF_A_PAIR.search(body) else value


def guarded(rows: Iterable[Any]) -> None:
    """Put the lists and objects in these rows' fields under guard; rows that are no objects are left alone."""
    for row in rows:
        if type(row) is dict:
            for name, value in row.items():
                if type(value) is list:
                    guarded(value)
                    row[name] = Many(value)
                elif type(value) is dict:
                    guarded((value,))
                    row[name] = Parts(value)


def take_secrets(value: object, names: Collection[str]) -> dict[str, Secret]:
    """Take every field of these names out of an answer, at any depth, and give the first text of each as a secret."""
    found: dict[str, Secret] = {}
    if isinstance(value, dict):
        for name in names:
            text = value.pop(name, None)
            if isinstance(text, str) and text:
                found[name] = Secret(text)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        found = take_secrets(one, names) | found
    return found


def _constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("a number of too many digits")
    return int(text)


def _fraction(text: str) -> Decimal:
    value = Decimal(text) if len(text) <= MAX_DIGITS else Decimal("NaN")
    if not value.is_finite() or abs(value.adjusted()) > MAX_DIGITS:
        raise ValueError("a number of too many digits")
    return value


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_fraction, parse_int=_whole, parse_constant=_constant
)


def _demand_depth(value: Any) -> None:
    """Level by level, so that no depth costs more than a list of what is open."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for one in level
            for inner in (one.values() if type(one) is dict else one)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return
    raise ValueError("nested too deep")


def _mended(value: Any) -> Any:
    if type(value) is str:
        return _SURROGATE.sub("\ufffd", value)
    if type(value) is list:
        return [_mended(one) for one in value]
    if type(value) is dict:
        return {_mended(name): _mended(one) for name, one in value.items()}
    return value
