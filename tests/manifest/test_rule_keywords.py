"""The keywords of a rule's schema: one that JSON Schema does not have guards nothing, and is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import validators
from jsonschema_specifications import REGISTRY

from acctcfg.core.address import Address
from acctcfg.core.diff import Change
from acctcfg.core.plan import Step
from acctcfg.manifest.rule_keywords import KEYWORDS, STEP

AT = "guardrails.rules[0].schema"


def said_of(complaints: Callable[..., list[str]], schema: Any) -> list[str]:
    return complaints(f"guardrails: {{rules: [{{name: r, schema: {json.dumps(schema)}}}]}}\n")


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"requird": ["after"]}, 'requird: unknown keyword "requird" (did you mean "required"?)'),
        ({"Properties": {}}, 'Properties: unknown keyword "Properties" (did you mean "properties"?)'),
        ({"allOf": [{"before": {}}]}, 'before: unknown keyword "before" (a member of the step: write `properties: '),
        (
            {"if": {}, "then": {"propertis": {}}},
            'then.propertis: unknown keyword "propertis" (did you mean "properties"?)',
        ),
        ({"$defs": {"low": {"maximun": 5}}}, '$defs.low.maximun: unknown keyword "maximun" (did you mean "maximum"?)'),
        (
            {"properties": {"after": {"items": {"enums": [1]}}}},
            'items.enums: unknown keyword "enums" (did you mean "enum"?)',
        ),
        ({"properties": {"after": {"zz": {}}}}, 'after.zz: unknown keyword "zz" (known: '),
        ({"properties": {"aftr": {"maximum": 5}}}, 'properties.aftr: a step has no "aftr" (did you mean "after"?)'),
        (
            {"anyOf": [{"not": {"properties": {"acount": {}}}}]},
            'acount: a step has no "acount" (did you mean "account"?)',
        ),
    ],
)
def test_a_keyword_that_guards_nothing_is_refused(complaints: Callable[..., list[str]], schema: Any, said: str) -> None:
    """It is told at its place, wherever in the schema it stands, with what was meant."""
    (line,) = said_of(complaints, schema)
    assert line.startswith(AT)
    assert said in line


@pytest.mark.parametrize(
    "schema",
    [
        {"x-owner": "risk desk", "title": "t", "$comment": "c", "properties": {"after": {"x-why": 1}}},
        {"properties": {"after": {"properties": {"permissions": {"contains": {"const": "trade"}}, "maxmum": {}}}}},
        {"properties": {"place": {"const": {"maxmum": 1}}, "wave": {}}, "enum": [{"aftr": 1}], "default": {"aftr": 1}},
        {"dependentRequired": {"aftr": ["after"]}, "patternProperties": {"^aft": {}}, "examples": [{"maxmum": 1}]},
    ],
)
def test_what_is_no_keyword_is_left_alone(complaints: Callable[..., list[str]], schema: Any) -> None:
    """Names of members, values, notes (`x-...`), and members that later versions may have."""
    assert said_of(complaints, schema) == []


def test_a_step_has_these_members() -> None:
    """What a rule is told to be no member of a step is none."""
    step = Step(change=Change(Address("mm"), "create", None, None, before_known=True), venue="desk")
    assert sorted(STEP) == sorted(step.to_json())


def test_every_keyword_of_every_draft_is_known() -> None:
    """No rule that works is refused: what the engine checks, and what the drafts' own schemas describe."""
    drafts = [uri for uri in REGISTRY if "json-schema.org/draft" in uri]
    found = {name for uri in drafts for name in described(REGISTRY.contents(uri))}
    for uri in drafts:
        engine = validators.validator_for({"$schema": uri}, default=None)
        found |= set(engine.VALIDATORS) if engine else set()
    found -= {"extends", "disallow", "divisibleBy"}  # of draft 3, which the other engine does not have
    assert {"maximum", "unevaluatedProperties", "dependencies", "deprecated"} <= found
    assert found <= KEYWORDS


def described(meta: Any) -> Iterator[str]:
    if isinstance(meta, dict):
        yield from meta.get("properties", {})
