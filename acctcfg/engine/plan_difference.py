"""All that differs between a reviewed plan and the present one, for the message that refuses the reviewed one.

deepdiff finds the words and never decides: it is imported once a plan is refused, and sees nothing but JSON, since it
calls two different secrets equal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from acctcfg.core.canonical import canonical
from acctcfg.core.json_types import JsonObject, JsonValue
from acctcfg.core.value_text import told

__all__ = ["differences"]

MOST: Final = 50  # lines; who reads more of them plans again anyway
_SECTIONS: Final = ("venues", "secret_stores")
_LISTS: Final = ("targets", "replace", "allow_sensitive")
_REVIEWED: Final = ("steps", "warnings", "unreadable", *_SECTIONS, *_LISTS)
_OF_A_STEP: Final = ("action", "before", "after", "before_known", "prechecks")


def differences(reviewed: JsonObject, present: JsonObject) -> list[str]:
    """One line for each difference between two documents of plans, sorted by address; "" before and after nothing."""
    from deepdiff import DeepDiff
    from deepdiff.helper import notpresent

    then, now = _by_address(reviewed), _by_address(present)
    then = {name: part for name, part in then.items() if part is not True or name in now}  # a warning less is no matter
    same = {name for name in then.keys() & now.keys() if then[name] == now[name]}
    then, now = ({name: one for name, one in side.items() if name not in same} for side in (then, now))
    found = []
    for levels in DeepDiff(then, now, view="tree", threshold_to_diff_deeper=0).values():
        for level in levels:
            address, *fields = level.path(output_format="list")
            sides = [None if side is notpresent else side for side in (level.t1, level.t2)]
            found.append(_line(str(address), [str(field) for field in fields], *sides))
    lines = sorted(found)
    return lines if len(lines) <= MOST else [*lines[:MOST], f"... and {len(lines) - MOST} more"]


def _line(address: str, fields: list[str], then: JsonValue, now: JsonValue) -> str:
    if fields:
        return f"{address}: {' '.join(fields)} was {told(then)}, is {told(now)}"
    return f"{address} is only in the {'present' if then is None else 'reviewed'} plan"


def _by_address(plan: JsonObject) -> dict[str, JsonValue]:
    """What a review is about, by the address that each part is of: plain JSON, with every list as one text."""
    document = json.loads(canonical({name: plan[name] for name in _REVIEWED}))  # raises for whatever is not JSON
    parts: dict[str, JsonValue] = {}
    for step in document["steps"]:
        parts[step["address"]] = {name: step[name] for name in _OF_A_STEP} | {"prechecks": _failing(step["prechecks"])}
    for row in (*document["warnings"], *document["unreadable"]):
        parts[f"{row['address']}: {row['code']}"] = True
    for section in _SECTIONS:
        parts |= {f"{section}.{name}": one for name, one in document[section].items()}
    for name in _LISTS:
        parts[name] = {"list": document[name]}
    return {name: _flat(part) for name, part in parts.items()}


def _failing(prechecks: list[Mapping[str, str]]) -> list[str]:
    return sorted(one["name"] for one in prechecks if one["status"] in ("fail", "unknown"))


def _flat(part: JsonValue) -> JsonValue:
    if isinstance(part, Mapping):
        return {name: _flat(one) for name, one in part.items()}
    return told(part) if isinstance(part, list) else part
