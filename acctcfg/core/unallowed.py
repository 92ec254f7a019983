"""What apply will not take without the user's leave, before anybody has asked for it."""

from __future__ import annotations

from acctcfg.core.plan import Plan, Step

__all__ = ["unallowed"]


def unallowed(plan: Plan) -> list[Step]:
    """Steps that apply will block although nothing stands in their way here: sensitive, and not allowed."""
    asked = {one.address for one in plan.warnings if one.code == "sensitive"} - set(plan.allow_sensitive)
    own = ((step, {str(step.address), f"secret_stores.{step.secret_store}"}) for step in plan.steps)
    return [step for step, lines in own if lines & asked and not step.blocked]
