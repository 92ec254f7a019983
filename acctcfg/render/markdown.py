"""A plan as one comment under a pull request: the totals first, accounts folded, never longer than a comment may be."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from acctcfg.core.plan import Plan, Step, by_account
from acctcfg.render.formats import Page
from acctcfg.render.harmless import harmless, in_code
from acctcfg.render.rehearsal import rehearsed
from acctcfg.render.stored import new_secrets
from acctcfg.render.text import PlanPage, blocks_all, by_venue, causes, estimated, known, origin, waves

__all__ = ["LARGEST", "MARKER", "plan_markdown"]

MARKER: Final = "<!-- acctcfg plan "
"""How the first line begins; the plan's digest follows. A job finds by it the comment that it wrote before."""
LARGEST: Final = 60_000  # bytes: comments end at 65,536 characters
_WIDTH: Final = 90  # columns that a comment shows without scrolling
_LONGEST: Final = 400  # characters of one line
_AROUND: Final = 700  # bytes of a block besides its lines, and of the line that says what was left out
_AT_ONCE: Final = 8  # accounts that have room, however long each of them is


def plan_markdown(plan: Plan) -> str:
    """What stands in the way comes before the accounts, and accounts that are blocked before the others."""
    whole = blocks_all(plan.steps)
    sheet = PlanPage(Page(width=_WIDTH), plan, hidden=whole)
    free = plan.with_steps(step for step in plan.steps if not step.blocked)
    lines = _head(plan)
    for title, *rows in filter(
        None,
        (
            sheet.notices("Could not be read, so nothing was planned for it:", "?", causes(plan.unreadable)),
            sheet.whole(whole),
            [] if whole else _blocked(sheet, plan),  # what blocks every step is told once
            sheet.notices("Warnings:", "!", causes(plan.warnings)),
            new_secrets(plan.stores),
            waves(plan),
            *rehearsed(plan),
            sheet.recap(free),
            _venues(sheet, plan),
        ),
    ):
        lines += ["", f"**{title}**", "", *_fenced(rows, (LARGEST - _size(lines)) // 4)]
    return "\n".join([*lines, *_folded(plan, sheet, LARGEST - _size(lines))])


def _head(plan: Plan) -> list[str]:
    """The marker, the totals, and how this very plan is applied."""
    first, *more = plan.conclusion
    told = [*origin(plan), *more, *known(plan), *estimated(plan), *_apply(plan)]
    return [f"{MARKER}{plan.digest} -->", f"### {first}", *(row for text in told for row in ("", in_code(text)))]


def _apply(plan: Plan) -> list[str]:
    """The command that carries out this plan and no other. A revert goes by its file alone, one of a snapshot never."""
    if not plan.steps or plan.reverts is not None or plan.earlier is not None:
        return []
    command = f"acctcfg apply --expect {plan.digest}"
    options = {
        "--target": plan.scope.targets,
        "--exclude": plan.scope.excludes,
        "--replace": plan.replace,
        "--allow-sensitive": plan.allow_sensitive,
    }
    words = [f" {name} {shlex.quote(value)}" for name, values in options.items() for value in values]
    if len("".join(words)) > _LONGEST // 2:
        return [f"{command}, with the options that the plan had"]
    return ["".join([command, *words])]


def _venues(sheet: PlanPage, plan: Plan) -> list[str]:
    return ["Venues:", *(f"  {sheet.header(name, report)}" for name, report, _ in by_venue(plan))]


def _blocked(sheet: PlanPage, plan: Plan) -> list[str]:
    """Every blocked step with what stands in its way."""
    column = sheet.column(plan.blocked)
    rows = [row for name, steps in by_account(plan.blocked).items() for row in sheet.account(name, steps, column)]
    return ["Blocked:", *rows] if rows else []


def _folded(plan: Plan, sheet: PlanPage, room: int) -> list[str]:
    """An account after the other as far as there is room, and how much was left out."""
    accounts = sorted(by_account(plan.steps).items(), key=lambda one: _rank(one[1]))
    share = room // max(min(len(accounts), _AT_ONCE), 1)
    lines: list[str] = []
    for number, (account, steps) in enumerate(accounts):
        rows = list(sheet.account(account, steps, sheet.column(steps)))
        summary = f"<summary>{_summary(account, plan.with_steps(steps))}</summary>"
        block = ["", "<details>", summary, "", *_fenced(rows, share), "", "</details>"]
        room -= _size(block)
        if room < _AROUND:
            return [*lines, "", _left_out([steps for _, steps in accounts[number:]])]
        lines += block
    return lines


def _rank(steps: Iterable[Step]) -> int:
    """Blocked accounts first, then those that lose something."""
    deeds = {"blocked" if step.blocked else step.change.action for step in steps}
    return 0 if "blocked" in deeds else 1 if deeds & {"delete", "replace"} else 2


def _summary(account: str, own: Plan) -> str:
    """`mmdesk02: 1 to change, 1 BLOCKED`, as HTML."""
    counts = own.summary
    words = [f"{counts[word]} to {word}" for word in ("create", "change", "delete") if counts[word]]
    words += [f"<b>{counts['blocked']} BLOCKED</b>"] if counts["blocked"] else []
    return f"<code>{escape(harmless(account)[:_LONGEST])}</code>: {', '.join(words)}"


def _left_out(accounts: Sequence[Sequence[Step]]) -> str:
    number, steps = len(accounts), sum(map(len, accounts))
    return f"**{number} more accounts with {steps} steps are left out here; the totals count them.**"


def _fenced(lines: Sequence[str], room: int) -> list[str]:
    """Lines in which nothing is a link, a mention or an element, as far as there is room."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        shown = harmless(line).replace("`", "'")
        shown = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."
        room -= _size([shown])
        if room < _AROUND:
            kept.append(f"... and {len(lines) - number} more lines")
            break
        kept.append(shown)
    return ["```text", *kept, "```"]


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)
