"""The JSON Schema of a manifest, for editors and other tools: generated from the declarations that the checker uses.

It names nothing on the internet, not even its own dialect (draft 2020-12): an editor that cannot fetch what a schema
names shows no mistake at all.

Where words depend on the venue type, an account's are the union over the types (its type stands under the key that
its `venue` names, which no schema can follow); a venue's own fields are narrowed by its `type`. What needs more than
one place to see (names that are not defined, what the modes exclude) only `acctcfg validate` sees.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from acctcfg.core.rules import VenueRules
from acctcfg.manifest.shape import Shape

__all__ = ["manifest_schema", "manifest_schema_text"]


def manifest_schema(rules: Mapping[str, VenueRules]) -> dict[str, Any]:
    """The schema (draft 2020-12) of the root file and of every included one, for these venue types."""
    shape = Shape(rules)
    whole = shape.root.schema()
    properties = whole["properties"]
    account = properties["accounts"]["additionalProperties"]
    definitions = {"account": account, "venue": _venue(shape), "secret_store": _store(shape)}
    for section, name in (
        ("accounts", "account"),
        ("profiles", "account"),
        ("venues", "venue"),
        ("secret_stores", "secret_store"),
    ):
        properties[section]["additionalProperties"] = {"$ref": f"#/$defs/{name}"}
    return {
        "title": "acctcfg manifest",
        "description": "Exchange accounts as they should be: acctcfg.yaml and the files that it includes",
        **whole,
        "$defs": definitions,
    }


def manifest_schema_text(rules: Mapping[str, VenueRules]) -> str:
    """The schema as the file in schemas/ holds it."""
    return json.dumps(manifest_schema(rules), indent=2, ensure_ascii=False) + "\n"


def _when(field: str, word: str, then: Mapping[str, object]) -> dict[str, object]:
    condition = {"required": [field], "properties": {field: {"const": word}}}
    return {"if": condition, "then": dict(then)}


def _venue(shape: Shape) -> dict[str, object]:
    types = (
        _when(
            "type",
            name,
            {
                "properties": {
                    "region": {"enum": list(rules.regions)} if rules.regions else False,
                    "environment": {"enum": list(rules.environments)},
                }
            },
        )
        for name, rules in shape.rules.items()
    )
    sandbox = _when("environment", "sandbox", {"required": ["base_url"]})
    return shape.venue.schema() | {"allOf": [*types, sandbox]}


def _store(shape: Shape) -> dict[str, object]:
    every = [name for one in shape.stores.values() for name in one.options]
    rows = []
    for one in shape.stores.values():
        then: dict[str, object] = {"properties": {name: False for name in every if name not in one.options}}
        if needed := [name for name, option in one.options.items() if option.needed]:
            then["required"] = needed
        rows.append(_when("type", one.type, then))
    return shape.store.schema() | {"allOf": rows}
