"""Types of what a JSON document holds. A number that came over the wire is an int or a Decimal, never a float."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

__all__ = ["JsonObject", "JsonValue", "objects"]

JsonValue: TypeAlias = "bool | int | float | Decimal | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
JsonObject: TypeAlias = Mapping[str, JsonValue]


def objects(value: JsonValue) -> list[JsonObject]:
    """The objects of a list; nothing of what is no list, or no object in it."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
