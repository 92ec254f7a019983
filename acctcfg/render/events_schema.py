"""The JSON Schema of one line of `--events`."""

from __future__ import annotations

import json

from acctcfg.core.outcome import STATUSES
from acctcfg.render.schema_parts import COUNT, TEXT, map_, object_

__all__ = ["events_schema_text"]

_SECONDS = {"type": "number", "minimum": 0}
_STEP = {
    "address": TEXT,
    "venue": {**TEXT, "description": "the connection, by its key in the manifest"},
    "action": {"enum": ["create", "change", "replace", "delete"]},
}


def events_schema_text() -> str:
    """The schema as the file `schemas/events.schema.json` holds it."""
    return json.dumps(_schema(), indent=2, ensure_ascii=False) + "\n"


def _schema() -> dict[str, object]:
    known = {
        "version": _version(),
        "phase": _phase(),
        "step_start": _line("A step's turn has come: its value is read again, and then it is written.", **_STEP),
        "step_done": _step_done(),
        "rate_wait": _rate_wait(),
        "blocked": _blocked(),
        "heartbeat": _heartbeat(),
        "summary": _summary(),
    }
    return {
        "title": "acctcfg events",
        "description": "One line of --events. A minor version adds members and events: a reader ignores those that "
        "it does not know.",
        **object_(event=TEXT, at={**TEXT, "description": "the time in UTC: 2026-03-01T12:00:00.000Z"}),
        "allOf": [
            {"if": {"properties": {"event": {"const": event}}}, "then": {"$ref": f"#/$defs/{event}"}} for event in known
        ],
        "$defs": known,
    }


def _line(says: str, **members: object) -> dict[str, object]:
    return {"description": says, **object_(**members)}


def _version() -> dict[str, object]:
    return _line(
        "The first line.",
        format_version={"type": "string", "pattern": r"^1\.[0-9]+$"},
        acctcfg_version=TEXT,
        command=TEXT,
    )


def _phase() -> dict[str, object]:
    total = {"type": ["integer", "null"], "minimum": 0, "description": "its pieces; null where nobody knows"}
    return _line("A new phase of the work begins.", text={**TEXT, "description": "words for people"}, total=total)


def _step_done() -> dict[str, object]:
    return _line(
        "How a step ended; once for each step of a plan that is carried out.",
        **_STEP,
        status={"enum": list(STATUSES)},
        code={**TEXT, "description": "the venue's, or one of acctcfg's own; empty where there is none"},
        message=TEXT,
    )


def _rate_wait() -> dict[str, object]:
    return _line(
        "Requests have to wait for a limit of the venue.",
        venue=TEXT,
        endpoint=TEXT,
        waiting={**COUNT, "description": "requests in line"},
        seconds={**_SECONDS, "description": "the last of them is sent no sooner"},
    )


def _blocked() -> dict[str, object]:
    checks = {"type": "array", "items": object_(name=TEXT, status={"enum": ["fail", "unknown"]}, detail=TEXT)}
    return _line("Something stands in the way of a step.", **_STEP, message=TEXT, prechecks=checks)


def _heartbeat() -> dict[str, object]:
    return _line(
        "Every 30 seconds.",
        phase={**TEXT, "description": "empty while nothing is under way, as between two looks of watch"},
        done=COUNT,
        total={"type": ["integer", "null"], "minimum": 0},
        seconds={**_SECONDS, "description": "since the phase began"},
        left_s={"type": ["number", "null"], "description": "what is left, if it goes on as before; null: too early"},
        at_least_s={**_SECONDS, "description": "what is left takes no less at the venue's limits"},
        venues=map_(object_(requests=COUNT, waiting=COUNT)),
    )


def _summary() -> dict[str, object]:
    whole = _line(
        "The last line. `watch` writes one for each look as well.",
        exit_code={"type": "integer", "description": "of a look: as if it were the last one"},
    )
    more = {
        "text": {**TEXT, "description": "one sentence"},
        "run": {**TEXT, "description": "its name in `acctcfg history`; empty where nothing was to do"},
        "counts": map_(COUNT),
        "error": {**TEXT, "description": "the kind of the error that ended the command, or empty"},
        "look": {"type": "integer", "minimum": 1, "description": "of watch, counted from 1"},
    }
    properties = whole["properties"]
    assert isinstance(properties, dict)  # noqa: S101
    return {**whole, "properties": {**properties, **more}}
