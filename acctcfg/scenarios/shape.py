"""What a file of scenarios may hold: the declarations that the reader and the JSON Schema are made from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from acctcfg.core.codes import PRECHECKS, WARNINGS
from acctcfg.core.drift import FINDINGS
from acctcfg.core.rules import VenueRules
from acctcfg.core.text_rule import TextRule
from acctcfg.manifest.containers import Field, Kind, ListOf, Plain, Record, Table
from acctcfg.manifest.scalars import Flag, Text, Whole, Word
from acctcfg.sandbox.venues import VENUES
from acctcfg.scenarios.words import OneOf, PathOr

__all__ = ["OPTIONS", "scenario_schema_text", "shape_of"]

RUNS: Final = {
    "plan": "what `acctcfg plan` would show; the default",
    "apply": "plan and carry out, as `acctcfg apply --auto-approve`",
    "drift": "what `acctcfg drift` finds",
}
OPTIONS: Final = {
    "target": ("plan", "apply", "drift"),
    "exclude": ("plan", "apply", "drift"),
    "replace": ("plan", "apply"),
    "allow_sensitive": ("plan", "apply"),
    "allow_warnings": ("apply",),
    "skip_blocked": ("apply",),
    "detailed_exitcode": ("plan",),
}
"""The options of a command, and the commands that have them."""

_LINE: Final = TextRule(r"[^\x00-\x20\x7f][^\x00-\x1f\x7f]{0,199}", "one line of text")
_DAY: Final = TextRule(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day, such as 2026-12-31")
_COUNTS: Final = (
    *("create", "change", "delete", "replace", "blocked", "accounts"),
    *("created", "changed", "deleted", "replaced", "failed", "not_started"),
    *("changes", "findings", "unreadable"),
)
_RESULTS: Final = ("done", "already", "failed", "unknown", "blocked", "not_started")
_STATUSES: Final = ("pass", "fail", "unknown", "venue", "deferred")
_MAP: Final = {"type": "object"}
_ROWS: Final = {"type": ["object", "array"]}


def shape_of(rules: Iterable[VenueRules]) -> Record:
    """A whole file. `rules`: of the installed venue types, which may bring codes of their own."""
    prechecks, warnings = dict(PRECHECKS), dict(WARNINGS)
    for one in rules:
        prechecks |= one.prechecks
        warnings |= one.warnings
    scenario = _scenario(_expect(OneOf(prechecks, "guardrail:"), OneOf(warnings), OneOf(FINDINGS)))
    scenarios = Table(scenario, name=_LINE, what="scenario")
    return Record(
        {
            "version": Field(kind=Whole(1, 1), doc="The version of this format: 1", required=True),
            "scenarios": Field(kind=scenarios, doc="The scenarios, each run on its own sandbox", required=True),
        }
    )


def scenario_schema_text(rules: Iterable[VenueRules]) -> str:
    """The JSON Schema of a file of scenarios, as the file in schemas/ holds it."""
    whole = {
        "title": "acctcfg scenarios",
        "description": "Tests of a manifest, for `acctcfg test`",
        **shape_of(rules).schema(),
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _scenario(expect: Record) -> Record:
    return Record(
        {
            "seed": Field(
                kind=PathOr(Plain(_MAP)),
                doc="Live state to start from, as `acctcfg sandbox --seed` takes it, or the path of its file. A tenant "
                "has the name of a connection of the manifest; the key that signs for it is added",
            ),
            "as_applied": Field(kind=Flag(), doc="Apply the manifest first, without its guardrails"),
            "today": Field(kind=Text(_DAY), doc="The date by which every `until` is judged; default: today"),
            "events": Field(kind=ListOf(_event()), doc="What happens before the run, in this order"),
            "run": Field(kind=Word(RUNS), doc="The command to run"),
            "options": Field(kind=_options(), doc="The options of that command"),
            "expect": Field(kind=expect, doc="What the run must lead to", required=True),
        }
    )


def _event() -> Record:
    held = sorted({what for venue in VENUES for what in venue.held})
    opened: dict[str, Field] = {what: Field(kind=Plain(_ROWS), doc=f"One or many {what}") for what in held}
    closed: dict[str, Field] = {what: Field(kind=Text(_LINE), doc="An id, a symbol, or `all`") for what in held}
    return Record(
        {
            "account": Field(kind=Text(_LINE), doc="Whose: a key of the manifest, or a name that the sandbox knows"),
            "open": Field(kind=Record(opened), doc="Positions, orders and the like that are opened"),
            "close": Field(kind=Record(closed), doc="What of these is closed"),
            "balances": Field(kind=Plain(_MAP), doc="Amounts that replace the current ones"),
            "set": Field(kind=Plain(_MAP), doc="Fields of the account, changed by somebody else, in venue words"),
            "add_keys": Field(kind=Plain(_ROWS), doc="API keys that somebody else made"),
            "delete_keys": Field(kind=ListOf(Text(_LINE)), doc="Labels of API keys that are deleted at the venue"),
            "remove": Field(kind=Flag(), doc="The sub-account is removed at the venue"),
            "faults": Field(kind=Plain(_ROWS), doc="Faults that strike requests of the run"),
            "client_ip": Field(kind=Text(_LINE), doc="Where requests come from, as the venue sees it"),
            "maintenance": Field(kind=Plain(_MAP), doc="The venue is closed"),
        }
    )


def _options() -> Record:
    addresses = ListOf(Text(_LINE))
    return Record(
        {
            "target": Field(kind=addresses, doc="As --target"),
            "exclude": Field(kind=addresses, doc="As --exclude"),
            "replace": Field(kind=addresses, doc="As --replace"),
            "allow_sensitive": Field(kind=Flag(), doc="Allow every sensitive step"),
            "allow_warnings": Field(kind=Flag(), doc="As --allow-warnings"),
            "skip_blocked": Field(kind=Flag(), doc="As --skip-blocked"),
            "detailed_exitcode": Field(kind=Flag(), doc="As --detailed-exitcode"),
        }
    )


def _expect(prechecks: OneOf, warnings: Kind, findings: Kind) -> Record:
    step = Record(
        {
            "action": Field(kind=Word(("create", "change", "replace", "delete")), doc="What it does"),
            "before": Field(kind=Plain({}), doc="The live value; of a map, these members"),
            "after": Field(kind=Plain({}), doc="The value that it gets; of a map, these members"),
            "blocked": Field(kind=Flag(), doc="Whether something stands in its way"),
            "prechecks": Field(kind=prechecks.table(Word(_STATUSES)), doc="Its prechecks by name, with their status"),
            "status": Field(kind=Word(_RESULTS), doc="How it ended; only for apply"),
        }
    )
    counts = {word: Field(kind=Whole(0), doc=f"How many: {word.replace('_', ' ')}") for word in _COUNTS}
    return Record(
        {
            "exit": Field(kind=Whole(0, 255), doc="The exit status; if left out, 1 fails the scenario"),
            "error": Field(kind=Text(_LINE), doc="Part of the message with which the command fails"),
            "summary": Field(kind=Record(counts), doc="Counts, as in the JSON of that command"),
            "steps": Field(kind=Table(step, name=_LINE, what="address"), doc="Steps that must be there, by address"),
            "no_steps": Field(kind=ListOf(Text(_LINE)), doc="Addresses and patterns that no step may have"),
            "only_steps": Field(kind=Flag(), doc="No steps but those under `steps`"),
            "warnings": Field(kind=ListOf(warnings), doc="Codes of warnings that must be there"),
            "no_warnings": Field(kind=ListOf(warnings), doc="Codes of warnings that must not be there"),
            "findings": Field(kind=ListOf(findings), doc="Codes of findings that drift must report"),
            "state": Field(
                kind=Table(Plain({}), name=_LINE, what="address"),
                doc="Live values after the run, by address; null if there is none, true for an account that exists",
            ),
        }
    )
