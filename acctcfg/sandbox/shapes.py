"""Pieces of the JSON Schema that seeds, faults and control bodies are checked by.

What fails a `pattern` is told the schema's description, and never shown: a secret may stand there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from acctcfg.sandbox.values import LONGEST_WAIT_S, Json

__all__ = ["COUNT", "DECIMAL", "FLAG", "NOTHING", "SECONDS", "TEXT", "TEXTS", "Schema", "changed", "flags", "listed"]
__all__ += ["one_or_more", "or_null", "record", "rows", "table", "text", "when", "whole", "words"]

Schema: TypeAlias = Mapping[str, Json]

TEXT: Schema = {"type": ["string", "number"]}
TEXTS: Schema = {"type": "array", "items": TEXT}
FLAG: Schema = {"type": "boolean"}
NOTHING: Schema = {"type": "null"}
DECIMAL: Schema = {
    "type": ["number", "string"],
    "pattern": r"^-?[0-9]{1,18}(\.[0-9]{1,18})?$",
    "description": "expected a number",
    "exclusiveMinimum": -1e18,
    "exclusiveMaximum": 1e18,
}
SECONDS: Schema = {
    "type": ["number", "string"],
    "pattern": r"^[0-9]{1,5}(\.[0-9]{1,18})?$",
    "description": f"expected seconds from 0 to {LONGEST_WAIT_S:.0f}",
    "minimum": 0,
    "maximum": LONGEST_WAIT_S,
}


def text(pattern: str, description: str) -> Schema:
    """A text that fits a pattern as a whole; `description` says which do."""
    return {"type": ["string", "number"], "pattern": f"^(?:{pattern})$", "description": description}


def whole(lowest: int, highest: int) -> Schema:
    """A whole number, as a number or as text."""
    return {
        "type": ["integer", "string"],
        "pattern": "^-?[0-9]{1,15}$",
        "description": f"expected a whole number from {lowest} to {highest}",
        "minimum": lowest,
        "maximum": highest,
    }


COUNT = whole(0, 10**15)


def words(*allowed: str) -> Schema:
    """A word out of a closed list; what looks like a number may be one."""
    return {"enum": [*allowed, *(int(word) for word in allowed if word.isdecimal())]}


def listed(item: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": item}


def or_null(schema: Schema) -> Schema:
    """The same, or nothing."""
    kinds = schema["type"]
    return {**schema, "type": [*([kinds] if isinstance(kinds, str) else _several(kinds)), "null"]}


def _several(values: Json) -> Sequence[Json]:
    return values if isinstance(values, list) else [values]


def one_or_more(row: Schema) -> Schema:
    """A row, or a list of rows."""
    return {"if": {"type": "array"}, "then": {"items": row}, "else": row}


def table(item: Schema) -> Schema:
    """A mapping whose keys are names."""
    return {"type": "object", "additionalProperties": item}


def record(
    properties: Mapping[str, Schema], *, title: str = "it", needs: Sequence[str] = (), more: bool = False
) -> Schema:
    """A mapping with these keys, and none other unless `more`. `title` says what needs them: "a key"."""
    found: dict[str, Json] = {"type": "object", "properties": properties}
    if needs:
        found |= {"title": title, "required": list(needs)}
    return found if more else {**found, "additionalProperties": False}


def rows(row: Schema) -> Schema:
    """`{add, remove}` or `{replace}` rows of a list that the venue has."""
    return or_null(record({"add": listed(row), "replace": listed(row), "remove": TEXTS}))


def when(name: str, word: str, *needs: str) -> Schema:
    """Where a key has a word, one of other keys must be there too."""
    is_it: Schema = {"properties": {name: {"const": word}}, "required": [name]}
    then: Schema = {"required": list(needs)} if len(needs) == 1 else {"anyOf": [{"required": [one]} for one in needs]}
    return {"if": is_it, "then": {"title": f"{name} {word}", **then}}


def flags(kind: type, allowed: Mapping[str, Sequence[str | int]], old: Mapping[str, Mapping[object, str]]) -> Schema:
    """The flags of a dataclass: each takes what its default is, out of a closed list where there is one."""
    fresh = kind()
    found: dict[str, Schema] = {}
    for name in getattr(kind, "__slots__", ()):
        choice = allowed.get(name)
        closed = words(*map(str, choice)) if choice is not None else None
        if closed is not None and name in old:
            closed = {"enum": [*_several(closed["enum"]), *(w for w in old[name] if isinstance(w, (bool, str)))]}
        found[name] = _like(getattr(fresh, name), closed)
    return record(found)


def changed(schema: Schema, **properties: Schema) -> Schema:
    """A record some of whose keys have another shape."""
    present = schema["properties"]
    return {**schema, "properties": {**(present if isinstance(present, Mapping) else {}), **properties}}


def _like(default: object, closed: Schema | None) -> Schema:
    if isinstance(default, list):
        return listed(closed or TEXT)
    if closed is not None:
        return closed
    if isinstance(default, bool):
        return FLAG
    if isinstance(default, dict):
        return table(TEXT)
    if isinstance(default, float):
        return SECONDS
    return COUNT if isinstance(default, int) else TEXT
