"""The JSON Schema engine behind guardrail rules."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from acctcfg.manifest.rule_schemas import compiled

__all__ = ["violations"]


def violations(schema: Mapping[str, Any], instance: Any) -> Sequence[str]:
    """What an instance breaks of a schema, a sentence each with the place: "after: 7 is greater than ..."."""
    found = []
    for error in _compiled(json.dumps(schema, sort_keys=True, default=str)).iter_errors(instance):
        place = ".".join(str(part) for part in error.instance_path)
        found.append(f"{place}: {error.message}" if place else error.message)
    return found


@lru_cache(maxsize=256)
def _compiled(schema: str) -> Any:
    return compiled(json.loads(schema))
