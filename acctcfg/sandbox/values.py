"""Values that a person wrote into a seed or a control call, and the JSON of answers.

Their shape is checked by a JSON Schema first (schema.py); what is here turns checked values into typed ones. A mistake
carries its place (the keys that lead to it), so that whoever read a file can say line and column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from ipaddress import ip_address
from typing import TypeAlias, TypeVar

__all__ = ["Json", "NotThere", "Place", "Row", "SeedError", "address", "amounts", "did_you_mean", "flag", "items"]
__all__ += ["made_of", "mapping", "number", "plain", "rows_of", "seconds", "set_flags", "show_flags", "spelled"]
__all__ += ["takes_from", "text", "texts", "whole"]

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Row: TypeAlias = dict[str, Json]
Place: TypeAlias = tuple[str | int, ...]
T = TypeVar("T")

LONGEST_WAIT_S = 86_400.0


def spelled(place: Place) -> str:
    """`tenants.desk.keys[0].label`"""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


class SeedError(ValueError):
    """A seed or a control call that makes no sense; the message names the place."""

    def __init__(self, message: str, place: Place = (), *, key: str = "") -> None:
        """`key`: the key of that place that is meant, for whoever looks for its line."""
        self.message = message
        self.place = (*place, key) if key else place
        super().__init__(f"{spelled(place)}: {message}" if place else message)

    def under(self, place: Place) -> SeedError:
        """The same mistake, seen from further out."""
        return SeedError(self.message, (*place, *self.place))


def made_of(rows: Json, make: Callable[[Mapping[str, Json]], T], place: Place = ()) -> list[T]:
    """Each row of a list made into a thing, all or none. What is wrong with a row is a SeedError at its place."""
    made = []
    for index, row in enumerate(items(rows)):
        try:
            made.append(make(mapping(row)))
        except SeedError as exc:
            raise exc.under((*place, index)) from exc
        except ValueError as exc:
            raise SeedError(str(exc), (*place, index)) from exc
    return made


class NotThere(LookupError):
    """A control call that does not exist, or is about what does not."""


def did_you_mean(given: object, allowed: Iterable[str]) -> str:
    """` (did you mean 'label'?)`, or the words that are known."""
    allowed = [str(name) for name in allowed]
    close = get_close_matches(str(given), allowed, n=1)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (known: {', '.join(sorted(allowed))})" if len(allowed) <= 80 else ""


def plain(value: Decimal) -> str:
    """A decimal as venues write it: no exponent, no trailing zeros."""
    if not value:
        return "0"
    digits = f"{value:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def mapping(value: Json, place: Place = ()) -> Mapping[str, Json]:
    """A mapping; nothing counts as an empty one. Raises SeedError."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise SeedError("expected a mapping", place)
    return value


def items(value: Json, place: Place = ()) -> Sequence[Json]:
    """A list; nothing counts as an empty one. Raises SeedError."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise SeedError("expected a list", place)
    return value


def rows_of(value: Json) -> Sequence[Mapping[str, Json]]:
    """One row, or a list of them. Raises SeedError."""
    rows = items(value) if isinstance(value, list) else [value]
    return [mapping(row, (index,)) for index, row in enumerate(rows)]


def text(values: Mapping[str, Json], name: str, default: str = "") -> str:
    """A text or a number, as text; the default where there is none."""
    value = values.get(name)
    return default if value is None else str(value)


def texts(value: Json, place: Place = ()) -> list[str]:
    """A list of texts. Raises SeedError."""
    return [str(item) for item in items(value, place)]


def flag(values: Mapping[str, Json], name: str, default: bool) -> bool:
    """True or false. Raises SeedError."""
    value = values.get(name, default)
    if not isinstance(value, bool):
        raise SeedError("expected true or false", (name,))
    return value


def address(values: Mapping[str, Json], name: str) -> str:
    """One IP address, or nothing. Raises SeedError."""
    found = text(values, name)
    try:
        return str(ip_address(found)) if found else ""
    except ValueError as exc:
        raise SeedError("expected one IP address", (name,)) from exc


def takes_from(bound: Iterable[str], ip: str) -> bool:
    """Whether a key that is bound to these addresses may be used from one: from any where it is bound to none.

    However an address is spelt, it is the same.
    """
    known = {_one_spelling(one) for one in bound}
    return not known or _one_spelling(ip) in known


def _one_spelling(ip: str) -> str:
    try:
        return str(ip_address(ip))
    except ValueError:
        return ip


def number(value: Json, place: Place = ()) -> Decimal:
    """A finite decimal. Raises SeedError."""
    try:
        found = Decimal(str(value))
    except InvalidOperation as exc:
        raise SeedError(f"expected a number, not {value!r}", place) from exc
    if not found.is_finite():
        raise SeedError(f"expected a number, not {value!r}", place)
    return found


def whole(value: Json, place: Place = ()) -> int:
    """A whole number. Raises SeedError."""
    found = number(value, place)
    if found != found.to_integral_value():
        raise SeedError(f"expected a whole number, not {value!r}", place)
    return int(found)


def seconds(value: Json, place: Place = ()) -> float:
    """A time to wait. Raises SeedError."""
    found = float(number(value, place))
    if not 0 <= found <= LONGEST_WAIT_S:
        raise SeedError(f"expected seconds from 0 to {LONGEST_WAIT_S:.0f}, not {value!r}", place)
    return found


def amounts(values: Json, place: Place = ()) -> dict[str, Decimal]:
    """`{USDT: "100"}` as decimals. Raises SeedError."""
    return {name: number(value, (*place, name)) for name, value in mapping(values, place).items()}


Flag: TypeAlias = "bool | int | float | str | list[str] | dict[str, str]"


def set_flags(flags: object, values: Json, old: Mapping[str, Mapping[object, str]] | None = None) -> None:
    """Change flags by name, all or none. `old` has words of earlier releases, by flag. Raises SeedError."""
    found: dict[str, Flag] = {}
    for name, value in mapping(values).items():
        renamed = (old or {}).get(name, {})
        if isinstance(value, (str, bool)) and value in renamed:
            value = renamed[value]
        found[name] = _like(getattr(flags, name), value, ("flags", name))
    for name, given in found.items():
        setattr(flags, name, given)


def _like(present: Flag, value: Json, place: Place) -> Flag:
    """A value in the kind of the one that it replaces."""
    if isinstance(present, bool):
        return bool(value)
    if isinstance(present, list):
        return texts(value, place)
    if isinstance(present, dict):
        return {name: str(item) for name, item in mapping(value, place).items()}
    if isinstance(present, float):
        return seconds(value, place)
    return whole(value, place) if isinstance(present, int) else str(value)


def show_flags(flags: object) -> Row:
    """Every flag with its value."""
    return {name: getattr(flags, name) for name in type(flags).__slots__}  # type: ignore[attr-defined]
