"""Values that a person wrote into a seed or a control call: what is unknown or of the wrong kind is named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["SeedError", "known", "set_flags"]


class SeedError(ValueError):
    """A seed that makes no sense; the message names the place."""


def known(values: Any, allowed: Iterable[str], place: str) -> Mapping[str, Any]:
    """A mapping that has none but the allowed keys. Raises SeedError."""
    if not isinstance(values, Mapping):
        raise SeedError(f"{place}: expected a mapping, not {type(values).__name__}")
    allowed = tuple(allowed)
    for name in values:
        if name not in allowed:
            raise SeedError(f"{place}: unknown key {name!r} (known: {', '.join(sorted(allowed))})")
    return values


def set_flags(flags: Any, values: Any, place: str = "flags") -> None:
    """Change flags by name; a value of another kind than the flag's is an error."""
    for name, value in known(values, flags.__slots__, place).items():
        present = getattr(flags, name)
        if isinstance(present, bool) != isinstance(value, bool) or isinstance(present, (list, dict)) != isinstance(
            value, (list, dict)
        ):
            raise SeedError(f"{place}.{name}: expected {type(present).__name__}, not {type(value).__name__}")
        if isinstance(present, list):
            value = [str(item) for item in value]
        elif isinstance(present, dict):
            value = {str(key): str(item) for key, item in value.items()}
        else:
            value = type(present)(value)
        setattr(flags, name, value)
