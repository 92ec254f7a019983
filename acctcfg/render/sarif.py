"""SARIF 2.1.0, for code scanning and editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from acctcfg import __version__
from acctcfg.core.codes import WARNINGS
from acctcfg.render.harmless import json_text
from acctcfg.render.remarks import PROBLEM, Remark, remarks

__all__ = ["validation"]

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def validation(shown: Mapping[str, object]) -> str:
    """One run, with a result for each problem and each warning. A manifest that is sound has none."""
    found = remarks(shown)
    rules = list(dict.fromkeys([PROBLEM, *(one.rule for one in found)]))
    driver = {"name": "acctcfg", "version": __version__, "rules": [_rule(rule) for rule in rules]}
    results = [_result(one, rules.index(one.rule)) for one in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: str) -> dict[str, object]:
    words = "A problem of the manifest" if rule == PROBLEM else WARNINGS.get(rule, rule)
    return {"id": rule, "shortDescription": {"text": words}}


def _result(one: Remark, number: int) -> dict[str, object]:
    region = {"startLine": one.line, "startColumn": one.column}
    return {
        "ruleId": one.rule,
        "ruleIndex": number,
        "level": one.level,
        "message": {"text": one.message},
        "locations": [
            {"physicalLocation": {"artifactLocation": {"uri": quote(one.file, errors="replace")}, "region": region}}
        ],
        "partialFingerprints": {"acctcfg/v1": one.fingerprint},
    }
