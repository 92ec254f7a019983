"""What a plan would raise above the last brake, which the journal knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from acctcfg.core.codes import CAP
from acctcfg.core.diff import Change
from acctcfg.core.plan import Plan, Precheck, Step, Warning_
from acctcfg.core.state import written
from acctcfg.core.value_text import told
from acctcfg.engine.session import Session
from acctcfg.venues.contract import Survey

__all__ = ["above_cap", "held_by_cap", "without_cap"]

CODE = "raises_after_cap"


def above_cap(session: Session, surveys: Mapping[str, Survey], steps: Sequence[Step]) -> Iterator[Warning_]:
    """A warning for each step that sets a leverage above a cap that is still on."""
    for step in steps:
        levels = [one for one in step.sets if one.address.field == "leverage"]
        if not levels:
            continue
        cap = session.known(session.links[step.venue]).cap(surveys[step.address.account].uid)
        if cap is not None and any(_raises(one, cap.most) for one in levels):
            message = (
                f"`acctcfg cap {told(cap.most)}` of {cap.at[:16].replace('T', ' ')} UTC braked this account, and "
                f"apply raises it above that again (lower the manifest to keep it; --after-cap says that it is meant)"
            )
            yield Warning_(str(step.address), CODE, message)


def _raises(change: Change, most: Decimal) -> bool:
    """Whether it sets a value above that, and does not lower what somebody else raised meanwhile."""
    value, before = written(change.after), change.before
    return isinstance(value, Decimal) and value > most and not (isinstance(before, Decimal) and before >= value)


def without_cap(plan: Plan) -> Plan:
    """The plan as it is when the user says that the brake is over."""
    return replace(plan, warnings=tuple(one for one in plan.warnings if one.code != CODE))


def held_by_cap(plan: Plan) -> Plan:
    """The plan with each step blocked that raises what the brake lowered: whether it is over, only a person can say."""
    why = {one.address: f"the brake is still on: {one.message}" for one in plan.warnings if one.code == CODE}

    def held(step: Step) -> Step:
        detail = why.get(str(step.address))
        return step if detail is None else step.with_prechecks(Precheck(CAP, "fail", detail))

    return plan.with_steps(map(held, plan.steps))
