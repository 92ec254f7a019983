"""The keywords of a rule's JSON Schema.

JSON Schema passes over a keyword that it does not have: a rule with a slip of the pen guards nothing, and no plan says
so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report, near, shown

__all__ = ["STEP", "check_keywords"]

STEP: Final = (
    *("account", "action", "address", "after", "before", "before_known", "blocked", "calls", "depends_on", "field"),
    *("key", "place", "prechecks", "venue"),
)
"""The members of a step, as the plan's JSON has them."""

_SAME: Final = ("allOf", "anyOf", "else", "if", "not", "oneOf", "then")  # schemas of the same value
_INNER: Final = (  # schemas of a part of it
    *("additionalItems", "additionalProperties", "contains", "contentSchema", "items", "prefixItems"),
    *("propertyNames", "unevaluatedItems", "unevaluatedProperties"),
)
_NAMED: Final = ("$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties")
_PLAIN: Final = (
    *("$anchor", "$comment", "$dynamicAnchor", "$dynamicRef", "$id", "$recursiveAnchor", "$recursiveRef", "$ref"),
    *("$schema", "$vocabulary", "const", "contentEncoding", "contentMediaType", "default", "dependentRequired"),
    *("deprecated", "description", "enum", "examples", "exclusiveMaximum", "exclusiveMinimum", "format", "id"),
    *("maxContains", "maxItems", "maxLength", "maxProperties", "maximum", "minContains", "minItems", "minLength"),
    *("minProperties", "minimum", "multipleOf", "pattern", "readOnly", "required", "title", "type", "uniqueItems"),
    "writeOnly",
)
KEYWORDS: Final = frozenset({*_SAME, *_INNER, *_NAMED, *_PLAIN})  # of every draft


def check_keywords(schema: Node, report: Report) -> None:
    """A problem for each keyword that no draft of JSON Schema has, but for `x-...`, and for each member of the step
    that looks like another one. The schema is one that `schema_error` has nothing against."""
    seen: set[tuple[int, bool]] = set()  # an anchored node may stand in many places
    stack = [(schema, True)]
    while stack:
        node, of_step = stack.pop()
        if not isinstance(node.value, dict) or (id(node.value), of_step) in seen:
            continue
        seen.add((id(node.value), of_step))
        for name, child in node.value.items():
            if name not in KEYWORDS and not name.startswith("x-"):
                report.key(child, f"unknown keyword {shown(name)}{_meant(name, of_step=of_step)}")
            if name == "properties" and of_step:
                _check_members(child, report)
        stack += [(child, of_step and same) for child, same in _below(node)]


def _meant(name: str, *, of_step: bool) -> str:
    if of_step and name in STEP:
        return f" (a member of the step: write `properties: {{{name}: ...}}`)"
    return near(name, KEYWORDS)


def _check_members(properties: Node, report: Report) -> None:
    """Later versions may add members, and rules are shared: only what looks like one that there is, is a mistake."""
    for name, child in properties.value.items():
        if name not in STEP and "did you mean" in (meant := near(name, STEP)):
            report.key(child, f"a step has no {shown(name)}{meant}")


def _below(node: Node) -> Iterator[tuple[Node, bool]]:
    """The schemas in a schema, and whether each is of the same value."""
    for name, child in node.value.items():
        if name in _SAME or name in _INNER:
            below = child.value if isinstance(child.value, list) else [child]
            yield from ((one, name in _SAME) for one in below)
        elif name in _NAMED and isinstance(child.value, dict):
            yield from ((one, False) for one in child.value.values())
