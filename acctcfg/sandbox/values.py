"""Values that a person wrote into a seed or a control call: what is unknown or of the wrong kind is named.

A mistake carries its place (the keys that lead to it), so that whoever read a file can say line and column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

__all__ = [
    "Place",
    "SeedError",
    "amounts",
    "count_of",
    "did_you_mean",
    "items",
    "known",
    "mapping",
    "number",
    "seconds",
]
__all__ += ["set_flags", "spelled", "whole", "word"]

Place = tuple[str | int, ...]
LONGEST_WAIT_S = 86_400.0
MOST_AT_ONCE = 10_000
NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?")


def spelled(place: Place) -> str:
    """`tenants.desk.keys[0].label`"""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


class SeedError(ValueError):
    """A seed or a control call that makes no sense; the message names the place."""

    def __init__(self, message: str, place: Place = ()) -> None:
        self.message, self.place = message, place
        super().__init__(f"{spelled(place)}: {message}" if place else message)

    def at(self, name: str) -> SeedError:
        """The same mistake, where a key of that place stands; the message stays that of the place."""
        self.place = (*self.place, name)
        return self

    def under(self, place: Place) -> SeedError:
        """The same mistake, seen from further out."""
        return SeedError(self.message, (*place, *self.place))


def did_you_mean(given: object, allowed: Iterable[str]) -> str:
    """` (did you mean 'label'?)`, or the words that are known."""
    allowed = [str(name) for name in allowed]
    close = get_close_matches(str(given), allowed, n=1)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (known: {', '.join(sorted(allowed))})" if len(allowed) <= 80 else ""


def mapping(values: Any, place: Place = ()) -> Mapping[str, Any]:
    """A mapping whose keys are texts. Raises SeedError."""
    if not isinstance(values, Mapping):
        raise SeedError(f"expected a mapping, not {_kind(values)}", place)
    return {str(name): value for name, value in values.items()}


def items(values: Any, place: Place = ()) -> list[Any]:
    """A list. Raises SeedError."""
    if not isinstance(values, list):
        raise SeedError(f"expected a list, not {_kind(values)}", place)
    return values


def known(values: Any, allowed: Iterable[str], place: Place = ()) -> Mapping[str, Any]:
    """A mapping that has none but the allowed keys. Raises SeedError."""
    allowed = tuple(allowed)
    given = mapping(values, place)
    for name in given:
        if name not in allowed:
            raise SeedError(f"unknown key {name!r}{did_you_mean(name, allowed)}", place).at(name)
    return given


def word(value: Any, allowed: Iterable[str], place: Place = ()) -> str:
    """One of the words of a closed list. Raises SeedError."""
    allowed = tuple(allowed)
    if str(value) not in allowed:
        raise SeedError(f"one of {', '.join(allowed)}, not {value!r}", place)
    return str(value)


def number(value: Any, place: Place = ()) -> Decimal:
    """A finite decimal of sensible length. Raises SeedError."""
    try:
        found = Decimal(str(value))
    except InvalidOperation as exc:
        raise SeedError(f"expected a number, not {value!r}", place) from exc
    if isinstance(value, bool) or not found.is_finite() or not NUMBER.fullmatch(f"{found:f}"[:40]):
        raise SeedError(f"expected a number, not {value!r}", place)
    return found


def whole(value: Any, place: Place = (), *, lowest: int = 0, highest: int = 10**15) -> int:
    """A whole number within bounds. Raises SeedError."""
    found = number(value, place)
    if found != found.to_integral_value() or not lowest <= found <= highest:
        raise SeedError(f"expected a whole number from {lowest} to {highest}, not {value!r}", place)
    return int(found)


def seconds(value: Any, place: Place = ()) -> float:
    """A time to wait, up to a day. Raises SeedError."""
    found = float(number(value, place))
    if not 0 <= found <= LONGEST_WAIT_S:
        raise SeedError(f"expected seconds from 0 to {LONGEST_WAIT_S:.0f}, not {value!r}", place)
    return found


def count_of(body: Any) -> int:
    """How many a control call wants of one thing. Raises SeedError."""
    return whole(mapping(body).get("count", 1), ("count",), lowest=1, highest=MOST_AT_ONCE)


def amounts(values: Any, place: Place = ()) -> dict[str, Decimal]:
    """`{USDT: "100"}` as decimals. Raises SeedError."""
    return {name: number(value, (*place, name)) for name, value in mapping(values, place).items()}


def set_flags(flags: Any, values: Any, place: Place = ("flags",)) -> None:
    """Change flags by name, all or none. `flags.WORDS` has the closed lists, `flags.OLD` words of earlier releases."""
    found = {}
    for name, value in known(values, flags.__slots__, place).items():
        old = flags.OLD.get(name, {})
        value = old.get(value, value) if isinstance(value, (str, bool)) else value
        found[name] = _flag(getattr(flags, name), value, flags.WORDS.get(name), (*place, name))
    for name, value in found.items():
        setattr(flags, name, value)


def _flag(present: Any, value: Any, allowed: tuple[Any, ...] | None, place: Place) -> Any:
    if isinstance(present, bool):
        if not isinstance(value, bool):
            raise SeedError(f"expected true or false, not {_kind(value)}", place)
        return value
    if isinstance(present, list):
        found = [str(item) for item in items(value, place)]
        for index, item in enumerate(found):
            if allowed is not None:
                word(item, allowed, (*place, index))
        return found
    if isinstance(present, dict):
        return {name: str(item) for name, item in mapping(value, place).items()}
    if isinstance(value, (list, dict, bool)) or value is None:
        raise SeedError(f"expected {'text' if isinstance(present, str) else 'a number'}, not {_kind(value)}", place)
    if allowed is not None and str(value) not in [str(item) for item in allowed]:
        raise SeedError(f"one of {', '.join(str(item) for item in allowed)}, not {value!r}", place)
    if isinstance(present, float):
        return seconds(value, place)
    return whole(value, place) if isinstance(present, int) else str(value)


def _kind(value: Any) -> str:
    names = {"dict": "a mapping", "list": "a list", "str": "text", "bool": "true or false", "NoneType": "nothing"}
    return names.get(type(value).__name__, "a number")
