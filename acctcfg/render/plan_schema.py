"""The JSON Schema of a plan, made from the closed lists of codes, so that neither can say more than the other."""

from __future__ import annotations

from typing import Any

from acctcfg.core.codes import GUARDRAIL, PRECHECKS, WARNINGS
from acctcfg.core.plan import FORMAT_VERSION

__all__ = ["plan_schema", "plan_schema_text"]

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_COUNT = {"type": "integer", "minimum": 0}
_DIGEST = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_MAYBE_TEXT = {"type": ["string", "null"]}


def plan_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of `plan --format json` and of saved plans. Codes of `unreadable` are the venue's own."""
    return {
        "title": "acctcfg plan",
        "description": "What `acctcfg apply` would do. A claim, not an order: apply plans again and compares.",
        **_object(
            format_version={"const": FORMAT_VERSION},
            acctcfg_version=_TEXT,
            created_at=_TEXT,
            digest=_DIGEST,
            manifest_digest=_DIGEST,
            live_digest=_DIGEST,
            summary=_object(create=_COUNT, change=_COUNT, delete=_COUNT, blocked=_COUNT, accounts=_COUNT),
            steps={"type": "array", "items": {"$ref": "#/$defs/step"}},
            warnings={"type": "array", "items": _notice({"enum": list(WARNINGS)})},
            unreadable={"type": "array", "items": _notice(_TEXT)},
            estimate=_object(writes=_COUNT, seconds={"type": "number", "minimum": 0}, bottleneck=_TEXT),
            checksum=_DIGEST,
        ),
        "$defs": {"step": _step(), "precheck": _precheck(), "value": _value()},
    }


def plan_schema_text() -> str:
    """The schema as the file `schemas/plan.schema.json` holds it."""
    import json

    return json.dumps(plan_schema(), indent=2, ensure_ascii=False) + "\n"


def _object(**properties: Any) -> dict[str, Any]:
    """An object that has exactly these properties."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


def _notice(code: dict[str, Any]) -> dict[str, Any]:
    return _object(address=_TEXT, code=code, message=_TEXT)


def _step() -> dict[str, Any]:
    value = {"$ref": "#/$defs/value"}
    return _object(
        address={"type": "string", "minLength": 1},
        venue=_TEXT,
        action={"enum": ["create", "change", "replace", "delete"]},
        before=value,
        after={**value, "description": "null for a delete"},
        before_known={"type": "boolean", "description": "false where the value is known only after another step"},
        blocked={"type": "boolean"},
        prechecks={"type": "array", "items": {"$ref": "#/$defs/precheck"}},
        depends_on={**_TEXTS, "description": "addresses of steps of this plan"},
        calls={**_TEXTS, "description": "the requests that it takes: method and path"},
    )


def _precheck() -> dict[str, Any]:
    meanings = [{"const": name, "description": words} for name, words in PRECHECKS.items()]
    return _object(
        name={"anyOf": [*meanings, {"type": "string", "pattern": f"^{GUARDRAIL}.+"}]},
        status={
            "enum": ["pass", "fail", "unknown", "venue", "deferred"],
            "description": "fail and unknown block; venue: only the venue can tell; deferred: read before the write",
        },
        detail=_TEXT,
    )


def _value() -> dict[str, Any]:
    words = {"type": "array", "items": _TEXT}
    return {
        "anyOf": [
            {"type": "null"},
            {"type": "string", "description": "a mode, or another word"},
            {"type": "number", "description": "leverage"},
            _object(permissions=words, ip_allowlist=words, store=_MAYBE_TEXT),
            _object(name=_TEXT, label=_TEXT, parent=_TEXT),
            _object(currency=_TEXT, chain=_TEXT, type=_MAYBE_TEXT, credit_to=_MAYBE_TEXT),
        ]
    }
