"""What a rehearsal found, as people read it below a plan."""

from __future__ import annotations

from collections.abc import Iterator

from acctcfg.core.plan import Plan
from acctcfg.core.rehearsal import Rehearsal
from acctcfg.core.value_text import told
from acctcfg.render.columns import columns, filled
from acctcfg.render.harmless import harmless

__all__ = ["rehearsed", "summed_up"]

SHOWN = 40  # addresses, or differences, that are listed; a program reads all of them as JSON
FAR = 60


def rehearsed(plan: Plan) -> list[list[str]]:
    """The end state of what the plan changes, what came in the way or failed, and what is not as it is live."""
    found = plan.rehearsal
    if found is None:
        return []
    known = {str(step.address) for step in plan.blocked}
    changed = [str(step.address) for step in plan.steps if str(step.address) in found.end_state]
    return [
        _list("Afterwards, as rehearsed:", [(one, told(found.end_state[one])) for one in changed]),
        _list(
            "Blocked in the rehearsal:", [(one, "right before its write") for one in found.blocked if one not in known]
        ),
        _list("Failed in the rehearsal:", found.failed),
        _list(
            "The sandbox differs from the live accounts here, so the rehearsal proves nothing for it:", found.not_copied
        ),
    ]


def summed_up(plan: Plan) -> Iterator[str]:
    """One sentence: the counts, and how long it takes."""
    if (found := plan.rehearsal) is not None:
        took = f"in about {_time(found.seconds)}"
        yield f"Rehearsed on a sandbox copy, without what is blocked: {_counts(found)}, {took}."


def _counts(found: Rehearsal) -> str:
    words = ("created", "changed", "deleted", "blocked", "failed", "not_started")
    said = [one for one in words if one != "not_started" or found.counts[one]]
    return ", ".join(f"{found.counts[one]} {one.replace('_', ' ')}" for one in said)


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.1f} min"


def _list(title: str, rows: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> list[str]:
    if not rows:
        return []
    width = min(max(columns(harmless(address)) for address, _ in rows[:SHOWN]), FAR)
    lines = [f"  {filled(harmless(address), width)}  {harmless(text)}" for address, text in rows[:SHOWN]]
    more = [f"  and {len(rows) - SHOWN} more (--format json has all)"] if len(rows) > SHOWN else []
    return [title, *lines, *more]
