"""What became of a plan, as people read it after an apply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from acctcfg.core.outcome import NOT_READ_BACK, NOT_YET, Outcome, StepResult
from acctcfg.render.formats import PLAIN, Page
from acctcfg.render.harmless import harmless
from acctcfg.render.paint import Paint, joined
from acctcfg.render.text import counted

__all__ = ["ACCEPTED", "render_outcome"]

FEW = 3  # blocked steps with one reason that are still named one by one
ACCEPTED = {NOT_YET: "NOT YET IN EFFECT", NOT_READ_BACK: "ACCEPTED, NOT READ BACK"}
"""What is said of a step that the venue carried out and that does not show, by its code."""


def render_outcome(outcome: Outcome, page: Page = PLAIN) -> str:
    """What an apply did: every step that is not done with its reason, then the notes, then the last line.

    A verbose page lists the steps that are done, too.
    """
    paint = Paint(page.color)
    told = [r for r in outcome.results if page.verbose or r.status not in ("done", "already")]
    told = [] if outcome.declined else told  # whoever said no has just read the plan
    blocks = [
        [line for status in ("done", "already") for line in _results(told, status, paint)],
        [line for status in ("failed", "unknown") for line in _results(told, status, paint)],
        [*_blocked([r for r in told if r.status == "blocked"], paint)],
        _not_started([r for r in told if r.status == "not_started"]),
        [harmless(f"note: {note}") for note in outcome.notes],
        [*_ending(outcome), outcome.summary],
    ]
    return joined(blocks, color=page.color)


def _results(results: Iterable[StepResult], status: str, paint: Paint) -> Iterator[str]:
    mark, word = {
        "done": ("v", "done"),
        "already": ("v", "was right already"),
        "failed": ("x", "FAILED"),
        "unknown": ("?", "OUTCOME UNKNOWN"),
        "blocked": ("x", "BLOCKED"),
    }[status]
    shade = "green" if mark == "v" else "red"
    own = [result for result in results if result.status == status]
    for result, after in zip_longest(own, own[1:]):
        said = ACCEPTED.get(result.code, word)
        yield f"  {paint(shade, mark)} {result.step.address}  {said}".rstrip()
        code = f"  [{result.code}]" if result.code else ""
        shared = after is not None and (after.message, after.code) == (result.message, result.code)
        if (result.message or code) and not shared:  # a reason that the next line has, too, is told there
            yield f"      {harmless(result.message)}{code}"


def _blocked(results: Sequence[StepResult], paint: Paint) -> Iterator[str]:
    """The blocked steps; where many share one reason, their number and the reason: the plan has named them."""
    groups: dict[tuple[str, str], list[StepResult]] = {}
    for result in results:
        groups.setdefault((result.message, result.code), []).append(result)
    for own in groups.values():
        if len(own) <= FEW:
            yield from _results(own, "blocked", paint)
            continue
        accounts = counted(len({result.step.address.account for result in own}), "account")
        yield f"  {paint('red', 'x')} {len(own)} steps of {accounts}  BLOCKED"
        yield f"      {harmless(own[0].message)}"


def _not_started(results: Sequence[StepResult]) -> list[str]:
    """What was not tried, one line an account and reason: behind one failure there can be hundreds."""
    groups: dict[tuple[str, str], list[StepResult]] = {}
    for result in results:
        groups.setdefault((result.step.address.account, result.message), []).append(result)
    lines = []
    for (account, message), own in groups.items():
        what = str(own[0].step.address) if len(own) == 1 else f"{account}: {len(own)} steps"
        lines.append(f"  . {what}  not started" + (f": {harmless(message)}" if message else ""))
    return lines


def _ending(outcome: Outcome) -> Iterator[str]:
    if right := outcome.count("already"):
        yield f"{counted(right, 'step')} had the right value already; nothing was sent for {_them(right)}."
    if unread := sum(result.code == NOT_READ_BACK for result in outcome.results):
        what = f"{counted(unread, 'step')} {'was' if unread == 1 else 'were'} accepted"
        yield f"{what} and could not be read back: plan again to see {_them(unread)}."
    if outcome.declined:
        yield "Declined; nothing was written."
    if outcome.interrupted:
        yield "Interrupted; apply again to go on from here."
    if outcome.plan.unreadable:
        yield f"{len(outcome.plan.unreadable)} could not be read."


def _them(number: int) -> str:
    return "it" if number == 1 else "them"
