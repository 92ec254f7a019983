"""What a step breaks of the JSON Schema of a guardrail rule."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache

from acctcfg.core.json_schema import Judge, explainer, judge

__all__ = ["violations"]


def violations(schema: Mapping[str, object], instance: object) -> list[str]:
    """What an instance breaks of a schema, a sentence each with the place: "after: 7 is greater than ..."."""
    text = json.dumps(schema, sort_keys=True, default=str)
    return [] if _judge(text)(instance) else _explainer(text)(instance)


@lru_cache(maxsize=256)
def _judge(schema: str) -> Judge:
    return judge(json.loads(schema))


@lru_cache(maxsize=256)
def _explainer(schema: str) -> Callable[[object], list[str]]:
    return explainer(json.loads(schema))
