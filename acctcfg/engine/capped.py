"""What a plan would raise above the last brake, which the journal knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from acctcfg.core.plan import Plan, Step, Warning_
from acctcfg.core.state import written
from acctcfg.core.value_text import told
from acctcfg.engine.session import Session
from acctcfg.venues.contract import Survey

__all__ = ["above_cap", "without_cap"]

CODE = "raises_after_cap"


def above_cap(session: Session, surveys: Mapping[str, Survey], steps: Sequence[Step]) -> Iterator[Warning_]:
    """A warning for each step that sets a leverage above a cap that is still on."""
    for step in steps:
        value = written(step.change.after)
        if step.address.field != "leverage" or not isinstance(value, Decimal):
            continue
        cap = session.known(session.links[step.venue]).cap(surveys[step.address.account].uid)
        before = step.change.before
        if isinstance(before, Decimal) and before >= value:
            continue  # it lowers what somebody else raised meanwhile
        if cap is not None and value > cap.most:
            message = (
                f"`acctcfg cap {told(cap.most)}` of {cap.at[:16].replace('T', ' ')} UTC lowered this account, and "
                f"apply raises it above that again (lower the manifest to keep it; --after-cap says that it is meant)"
            )
            yield Warning_(str(step.address), CODE, message)


def without_cap(plan: Plan) -> Plan:
    """The plan as it is when the user says that the brake is over."""
    return replace(plan, warnings=tuple(one for one in plan.warnings if one.code != CODE))
