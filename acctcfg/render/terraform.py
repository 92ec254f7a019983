"""A plan in the shape of `terraform show -json`, for policies, summaries and dashboards that read that.

Source: Terraform, "JSON Output Format", plan representation, format_version 1.2.
"""

from __future__ import annotations

from typing import Final

from acctcfg.core.codes import precheck_words
from acctcfg.core.plan import Plan, Precheck, Step
from acctcfg.core.state import to_json
from acctcfg.core.unallowed import unallowed
from acctcfg.render.harmless import json_text

__all__ = ["plan_document"]

ACTIONS: Final = {"create": ["create"], "change": ["update"], "replace": ["delete", "create"], "delete": ["delete"]}
CHECKS: Final = {"pass": "pass", "fail": "fail", "unknown": "error", "venue": "unknown", "deferred": "unknown"}


def plan_document(plan: Plan) -> str:
    """A resource for each address. A blocked step is among them: `checks` says why, and `applyable` is false."""
    types = {report.venue: report.type for report in plan.reports}
    document = {
        "format_version": "1.2",
        "resource_changes": [_change(step, types.get(step.venue, step.venue)) for step in plan.steps],
        "output_changes": {},
        "checks": [_check(step) for step in plan.steps if step.prechecks],
        "timestamp": plan.created_at,
        "applyable": bool(plan.steps) and not plan.held and not unallowed(plan) and plan.earlier is None,
        "complete": not plan.scope.narrowed and not plan.unreadable,
        "errored": bool(plan.unreadable),
        "acctcfg": {"version": plan.acctcfg_version, "digest": plan.digest},
    }
    return json_text(document)


def _named(step: Step) -> dict[str, object]:
    """What a resource is called: its type by the field, its name by the account, its index by the key."""
    address = step.address
    key = {"index": address.key} if address.key else {}
    field = (address.field or "account").replace(".", "_")
    return {"address": str(address), "mode": "managed", "type": f"acctcfg_{field}", "name": address.account, **key}


def _change(step: Step, venue_type: str) -> dict[str, object]:
    change = step.change
    return {
        **_named(step),
        "provider_name": f"acctcfg/{venue_type}",
        "change": {
            "actions": ACTIONS[change.action],
            "before": None if change.action == "create" else _attributes(to_json(change.before)),
            "after": None if change.action == "delete" else _attributes(to_json(change.after)),
            "after_unknown": {},
            "before_sensitive": {},
            "after_sensitive": {},
        },
    }


def _attributes(value: object) -> object:
    """A resource's attributes: an object as it is, any other value as `value`."""
    return value if isinstance(value, dict) else {"value": value}


def _check(step: Step) -> dict[str, object]:
    """The step's prechecks as the conditions of its resource."""
    worst = next((one for one in ("fail", "error", "unknown") if one in map(_status, step.prechecks)), "pass")
    address = step.address
    problems = [
        {"message": f"{precheck_words(one.name, one.words)}: {one.detail}"} for one in step.prechecks if one.blocks
    ]
    instance = {"address": {"to_display": str(address)}, "status": worst, "problems": problems}
    return {
        "address": {"kind": "resource", "to_display": str(address), **_named(step)},
        "status": worst,
        "instances": [instance],
    }


def _status(check: Precheck) -> str:
    return CHECKS[check.status]
