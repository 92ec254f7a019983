"""The order between accounts: one that stands under another is created after it, and deleted before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from acctcfg.core.address import Address
from acctcfg.core.plan import Step
from acctcfg.venues.contract import Survey

__all__ = ["deletes_last", "with_upper"]


def with_upper(steps: Sequence[Step], surveys: Mapping[str, Survey]) -> list[Step]:
    """An account is created after the one that it stands under, and deleted before it."""
    present = {step.address: step for step in steps if not step.address.field}
    found = []
    for step in steps:
        if step.address in present:
            above = surveys[step.address.account].spec.above
            upper = present.get(Address(above.account)) if above else None
            if upper is not None and step.change.action == upper.change.action == "create":
                step = replace(step, depends_on=(upper.address, *step.depends_on))
            below = [
                other.address
                for other in present.values()
                if _stands_under(surveys[other.address.account], step.address.account)
                and other.change.action == step.change.action == "delete"
            ]
            step = replace(step, depends_on=(*step.depends_on, *below))
        found.append(step)
    return found


def _stands_under(survey: Survey, account: str) -> bool:
    return survey.spec.above is not None and survey.spec.above.account == account


def deletes_last(steps: Sequence[Step], surveys: Mapping[str, Survey]) -> list[Step]:
    """Accounts that are deleted stand at the end, the inner ones first; else the upper ones stand first."""

    def place(step: Step) -> tuple[bool, bool]:
        gone = step.change.kind == "-account"
        inner = surveys[step.address.account].spec.above is not None
        return gone, (not inner if gone else inner)

    return sorted(steps, key=place)
