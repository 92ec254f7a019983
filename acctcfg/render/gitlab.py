"""What GitLab reads: the counts of a plan, and the problems of a manifest as code quality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from acctcfg.core.plan import Plan
from acctcfg.render.harmless import json_text
from acctcfg.render.remarks import remarks

__all__ = ["plan_report", "validation"]

_SEVERITY: Final = {"error": "blocker", "warning": "minor"}


def plan_report(plan: Plan) -> str:
    """GitLab's `terraform` report, for its widget in a merge request. A blocked step is in none of the counts."""
    counts = plan.summary
    return json_text({"create": counts["create"], "update": counts["change"], "delete": counts["delete"]})


def validation(shown: Mapping[str, object]) -> str:
    """GitLab's code quality report: an issue for each problem and each warning."""
    issues = [
        {
            "description": one.message,
            "check_name": one.rule,
            "fingerprint": one.fingerprint,
            "severity": _SEVERITY[one.level],
            "location": {"path": one.file, "lines": {"begin": one.line}},
        }
        for one in remarks(shown)
    ]
    return json_text(issues)
