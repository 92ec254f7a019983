"""What stands in a row's body, by type. A body that somebody altered raises KeyError or TypeError."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from acctcfg.core.json_types import JsonObject, JsonValue

__all__ = ["entries", "mapping", "number", "text", "word"]


def text(facts: JsonObject, name: str) -> str:
    """A text that every row of this kind has."""
    value = facts[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value


def word(facts: JsonObject, name: str) -> str | None:
    """A text or null, which rows of earlier versions may lack."""
    return None if facts.get(name) is None else text(facts, name)


def number(facts: JsonObject, name: str) -> float | None:
    """A number, or None where it is null or missing. Raises TypeError for anything else."""
    value = facts.get(name)
    if value is not None and not isinstance(value, int | float):
        raise TypeError(f"{name} is not a number")
    return value


def mapping(value: JsonValue) -> JsonObject:
    """An object; an empty one for whatever else stands there."""
    return value if isinstance(value, Mapping) else {}


def entries(facts: JsonObject, name: str) -> Sequence[JsonValue]:
    """A list that every row of this kind has."""
    value = facts[name]
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise TypeError(f"{name} is no list")
    return value
