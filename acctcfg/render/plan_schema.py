"""The JSON Schema of a plan, made from the closed lists of codes, so that neither can say more than the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from acctcfg.core.codes import GUARDRAIL, PRECHECKS, WARNINGS
from acctcfg.core.plan import FORMAT_VERSION
from acctcfg.core.rules import VenueRules

__all__ = ["plan_schema", "plan_schema_text"]

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_COUNT = {"type": "integer", "minimum": 0}
_DIGEST = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_MAYBE_TEXT = {"type": ["string", "null"]}


def plan_schema(rules: Iterable[VenueRules] = ()) -> dict[str, object]:
    """JSON Schema 2020-12 of `plan --format json` and of saved plans. Codes of `unreadable` are the venue's own.

    `rules`: of the installed venue types, which may bring codes of prechecks and warnings.

    It is open: readers ignore members that they do not know, and a minor version may add some.
    """
    major = FORMAT_VERSION.partition(".")[0]
    prechecks, warnings = dict(PRECHECKS), dict(WARNINGS)
    for one in rules:
        prechecks |= one.prechecks
        warnings |= one.warnings
    return {
        "title": "acctcfg plan",
        "description": "What `acctcfg apply` would do. A claim, not an order: apply plans again and compares.",
        **_and(
            _object(
                format_version={"type": "string", "pattern": rf"^{major}\.[0-9]+$"},
                acctcfg_version=_TEXT,
                created_at=_TEXT,
                author={
                    **_TEXT,
                    "description": "who made the plan: ACCTCFG_ACTOR, the CI's user and job, or user@host",
                },
                digest=_DIGEST,
                manifest_digest=_DIGEST,
                live_digest=_DIGEST,
                summary={
                    **_object(
                        create=_COUNT, change=_COUNT, delete=_COUNT, replace=_COUNT, blocked=_COUNT, accounts=_COUNT
                    ),
                    "description": "a replacement counts as one create and one delete, and in `replace` too; a blocked "
                    "step counts in `blocked` alone",
                },
                venues={
                    **_map(_venue()),
                    "description": "whose credentials were used, and where every write goes",
                },
                targets={
                    **_TEXTS,
                    "description": "what the plan was narrowed to; empty where everything was looked at",
                },
                secret_stores={
                    **_map(_store()),
                    "description": "where new secrets of this plan go, and who can read them",
                },
                replace={**_TEXTS, "description": "keys that the user lets be replaced"},
                allow_sensitive={**_TEXTS, "description": "sensitive lines of this plan that the user allows"},
                sets_nothing={**_TEXTS, "description": "exact entries that set nothing, so that nothing was compared"},
                steps={"type": "array", "items": {"$ref": "#/$defs/step"}},
                warnings={"type": "array", "items": _notice(_warning(warnings))},
                unreadable={"type": "array", "items": _notice(_TEXT)},
                estimate=_object(writes=_COUNT, seconds={"type": "number", "minimum": 0}, bottleneck=_TEXT),
                checksum=_DIGEST,
            ),
            waves=_waves(),
            excludes={**_TEXTS, "description": "what was left out of it; absent in files of earlier versions"},
            reverts=_reverts(),
        ),
        "$defs": {"step": _step(), "precheck": _precheck(prechecks), "value": _value()},
    }


def plan_schema_text(rules: Iterable[VenueRules] = ()) -> str:
    """The schema as the file `schemas/plan.schema.json` holds it."""
    import json

    return json.dumps(plan_schema(rules), indent=2, ensure_ascii=False) + "\n"


def _object(**properties: Any) -> dict[str, Any]:
    """An object that has these properties, and perhaps others of a later minor version."""
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
    }


def _notice(code: dict[str, Any]) -> dict[str, Any]:
    return _object(address=_TEXT, code=code, message=_TEXT)


def _map(value: dict[str, object]) -> dict[str, object]:
    return {"type": "object", "additionalProperties": value}


def _venue() -> dict[str, object]:
    where = {**_TEXT, "description": "where it is not one of the venue's own"}
    return _and(_object(type=_TEXT, environment=_TEXT, uid=_TEXT), base_url=where)


def _store() -> dict[str, object]:
    return _object(type=_TEXT, path=_TEXT, recipients={**_TEXTS, "description": "public keys"})


def _place() -> dict[str, object]:
    place = _object(file=_TEXT, line=_COUNT, column=_COUNT)
    return {**place, "description": "where the manifest says it; line and column count from 1, 0 where nothing does"}


def _waves() -> dict[str, object]:
    wave = _object(accounts=_TEXTS, then_wait_s=_COUNT)
    return {"type": "array", "items": wave, "description": "under `guardrails.rollout`: each is done before the next"}


def _reverts() -> dict[str, object]:
    of_run = _object(run=_TEXT, at=_TEXT, actor=_TEXT, command=_TEXT, with_deletes={"type": "boolean"})
    return {**of_run, "description": "the run that the plan undoes, in place of what the manifest wants"}


def _and(whole: dict[str, Any], **properties: object) -> dict[str, object]:
    """The same, with properties that may be left out."""
    return {**whole, "properties": {**whole["properties"], **properties}}


def _step() -> dict[str, object]:
    value = {"$ref": "#/$defs/value"}
    step = _object(
        address={"type": "string", "minLength": 1},
        account=_TEXT,
        field={**_TEXT, "description": "empty for the account itself"},
        key={**_TEXT, "description": "what stands in the brackets of the address"},
        venue=_TEXT,
        action={"enum": ["create", "change", "replace", "delete"]},
        place=_place(),
        before=value,
        after={**value, "description": "null for a delete"},
        before_known={"type": "boolean", "description": "false where the value is known only after another step"},
        blocked={"type": "boolean"},
        prechecks={"type": "array", "items": {"$ref": "#/$defs/precheck"}},
        depends_on={**_TEXTS, "description": "addresses of steps of this plan"},
        calls={**_TEXTS, "description": "the requests that it takes: method and path"},
    )
    return _and(step, wave={"type": "integer", "minimum": 1, "description": "the wave that its account is in"})


def _warning(words: Mapping[str, str]) -> dict[str, object]:
    return {"enum": list(words), "description": "; ".join(f"`{code}`: {said}" for code, said in words.items())}


def _precheck(words: Mapping[str, str]) -> dict[str, object]:
    meanings = [{"const": name, "description": said} for name, said in words.items()]
    return _object(
        name={"anyOf": [*meanings, {"type": "string", "pattern": f"^{GUARDRAIL}.+"}]},
        status={
            "enum": ["pass", "fail", "unknown", "venue", "deferred"],
            "description": "fail and unknown block; venue: only the venue can tell; deferred: read before the write",
        },
        detail=_TEXT,
    )


def _value() -> dict[str, object]:
    words = {"type": "array", "items": _TEXT}
    return {
        "anyOf": [
            {"type": "null"},
            {"type": "string", "description": "a mode, or another word"},
            {"type": "number", "description": "leverage, or a setting's number"},
            {"type": "boolean", "description": "a switch"},
            _object(permissions=words, ip_allowlist=words, store=_MAYBE_TEXT),
            _object(name=_TEXT, label=_TEXT, parent=_TEXT),
            _object(currency=_TEXT, chain=_TEXT, type=_MAYBE_TEXT, credit_to=_MAYBE_TEXT),
            {**_map({"type": ["string", "number", "boolean"]}), "description": "a setting of several values"},
        ]
    }
