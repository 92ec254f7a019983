"""What the JSON Schemas of our documents are made of. They are open: a minor version may add members."""

from __future__ import annotations

from typing import Any

__all__ = [
    "COUNT",
    "DIGEST",
    "MAYBE_TEXT",
    "TEXT",
    "TEXTS",
    "and_",
    "map_",
    "notice",
    "object_",
    "place",
    "value",
    "venue",
]

TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
COUNT = {"type": "integer", "minimum": 0}
DIGEST = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
MAYBE_TEXT = {"type": ["string", "null"]}


def object_(**properties: Any) -> dict[str, Any]:
    """An object that has these properties, and perhaps others of a later minor version."""
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
    }


def notice(code: dict[str, Any]) -> dict[str, Any]:
    """A sentence about an address, with its code."""
    return object_(address=TEXT, code=code, message=TEXT)


def map_(value: dict[str, object]) -> dict[str, object]:
    """An object whose members all look alike."""
    return {"type": "object", "additionalProperties": value}


def venue() -> dict[str, object]:
    """A connection: where it leads, and as whom."""
    where = {**TEXT, "description": "where it is not one of the venue's own"}
    return and_(object_(type=TEXT, environment=TEXT, uid=TEXT), base_url=where)


def place() -> dict[str, object]:
    """Where the manifest says something."""
    where = object_(file=TEXT, line=COUNT, column=COUNT)
    return {**where, "description": "where the manifest says it; line and column count from 1, 0 where nothing does"}


def and_(whole: dict[str, Any], **properties: object) -> dict[str, object]:
    """The same, with properties that may be left out."""
    return {**whole, "properties": {**whole["properties"], **properties}}


def value() -> dict[str, object]:
    """What an address holds."""
    words = {"type": "array", "items": TEXT}
    return {
        "anyOf": [
            {"type": "null"},
            {"type": "string", "description": "a mode, or another word"},
            {"type": "number", "description": "leverage, or a setting's number"},
            {"type": "boolean", "description": "a switch"},
            object_(permissions=words, ip_allowlist=words, store=MAYBE_TEXT),
            object_(name=TEXT, label=TEXT, parent=TEXT),
            object_(currency=TEXT, chain=TEXT, type=MAYBE_TEXT, credit_to=MAYBE_TEXT),
            {**map_({"type": ["string", "number", "boolean"]}), "description": "a setting of several values"},
        ]
    }
