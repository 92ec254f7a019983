"""What GitLab reads: the counts of a plan."""

from __future__ import annotations

from acctcfg.core.plan import Plan
from acctcfg.render.harmless import json_text

__all__ = ["plan_report"]


def plan_report(plan: Plan) -> str:
    """GitLab's `terraform` report, for its widget in a merge request. A blocked step is in none of the counts."""
    counts = plan.summary
    return json_text({"create": counts["create"], "update": counts["change"], "delete": counts["delete"]})
