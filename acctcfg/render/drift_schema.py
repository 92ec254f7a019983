"""The JSON Schema of `drift --format json`, made from the closed list of findings."""

from __future__ import annotations

from acctcfg.core.drift import FINDINGS, FORMAT_VERSION
from acctcfg.render.schema_parts import COUNT, TEXT, TEXTS, map_, notice, object_, place, value, venue

__all__ = ["drift_schema_text"]

_FLAG = {"type": "boolean"}


def drift_schema_text() -> str:
    """The schema as the file `schemas/drift.schema.json` holds it."""
    import json

    return json.dumps(_schema(), indent=2, ensure_ascii=False) + "\n"


def _schema() -> dict[str, object]:
    major = FORMAT_VERSION.partition(".")[0]
    return {
        "title": "acctcfg drift",
        "description": "How live accounts differ from the manifest, and what it does not name.",
        **object_(
            format_version={"type": "string", "pattern": rf"^{major}\.[0-9]+$"},
            acctcfg_version=TEXT,
            created_at=TEXT,
            drift={**_FLAG, "description": "whether there is any change or finding; the exit status is then 2"},
            matches={**_FLAG, "description": "true if everything was looked at and read, and nothing was found"},
            summary=object_(changes=COUNT, findings=COUNT, accounts=COUNT, unreadable=COUNT),
            venues={**map_(venue()), "description": "whose credentials were used, and where"},
            targets={**TEXTS, "description": "what was looked at; empty if everything was"},
            excludes={**TEXTS, "description": "what was left out"},
            skipped={"type": "array", "items": {"enum": ["keys"]}, "description": "what was not looked for"},
            changes={"type": "array", "items": {"$ref": "#/$defs/change"}},
            findings={"type": "array", "items": {"$ref": "#/$defs/finding"}},
            warnings={"type": "array", "items": notice(TEXT)},
            unreadable={"type": "array", "items": notice(TEXT)},
        ),
        "$defs": {"change": _change(), "finding": _finding(), "value": value()},
    }


def _change() -> dict[str, object]:
    held = {"$ref": "#/$defs/value"}
    return object_(
        address=TEXT,
        account=TEXT,
        field={**TEXT, "description": "empty for the account itself"},
        key={**TEXT, "description": "the text in the brackets of the address"},
        venue=TEXT,
        action={"enum": ["create", "change", "replace", "delete"], "description": "what an apply would do"},
        place=place(),
        before={**held, "description": "as it is"},
        after={**held, "description": "what the manifest says; null for what should not exist"},
        before_known={**_FLAG, "description": "false if the value can be read only after another change"},
    )


def _finding() -> dict[str, object]:
    words = "; ".join(f"`{code}`: {said}" for code, said in FINDINGS.items())
    return object_(
        code={"enum": list(FINDINGS), "description": words},
        address={
            **TEXT,
            "description": "its address; for accounts that the manifest does not name, their name at the venue",
        },
        account=TEXT,
        venue={**TEXT, "description": "the connection; empty if it belongs to none"},
        message=TEXT,
        details={
            "type": "object",
            "description": "by the code: label, permissions, ip_allowlist, changed_at, due_at, "
            "lapses_at, keys, most, name, uid, created_at, instruments",
        },
    )
