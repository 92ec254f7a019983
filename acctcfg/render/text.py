"""A plan as people read it in a terminal, a log or a review."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from acctcfg.core.codes import precheck_words
from acctcfg.core.plan import Plan, Precheck, Step, VenueReport, by_account
from acctcfg.core.unallowed import unallowed
from acctcfg.render.columns import columns, filled, wrapped
from acctcfg.render.folded import MANY, Fold, Row, fold, fold_notices, some
from acctcfg.render.formats import PLAIN, Page
from acctcfg.render.harmless import harmless
from acctcfg.render.paint import Paint, joined
from acctcfg.render.rehearsal import rehearsed, summed_up
from acctcfg.render.stored import new_secrets
from acctcfg.render.values import describe, describe_alike

__all__ = [
    "PlanPage",
    "blocks_all",
    "by_venue",
    "causes",
    "counted",
    "estimated",
    "known",
    "origin",
    "render_plan",
    "waves",
]

MARKS = {"create": "+", "change": "~", "replace": "-/+", "delete": "-"}
CHECKS = {"pass": "v", "fail": "x", "unknown": "?", "venue": ".", "deferred": "."}
MEANINGS = {"venue": "the venue itself checks this", "deferred": "read right before the write"}
FAR = 60  # a detail column further right than this would leave no room for the details
SHOWN_S = 0.05  # what rounds to less than 0.1 s is no time that anybody waits for
FEW = 3  # blocked steps with one reason that are still named one by one
LEGEND = {
    "-/+": "deleted and created anew",
    "?": "could not be read, which blocks too",
}
"""Marks that do not explain themselves."""
MARKS_OF_V = {"+": "create", "~": "change", "-": "delete", "v": "passes", "x": "stands in the way"}


def render_plan(plan: Plan, page: Page = PLAIN) -> str:
    """The plan, ending with its last line. A verbose page has prechecks, dependencies and calls of every step."""
    whole, all_ = blocks_all(plan.steps), page.verbose or page.full
    sheet = PlanPage(page, plan, hidden=whole)
    blocks = [
        origin(plan),
        *(sheet.venue(name, report, steps) for name, report, steps in by_venue(plan)),
        sheet.alike(),
        sheet.recap(plan),
        *([sheet.reasons(plan), sheet.codes(plan)] if page.summary else []),
        waves(plan),
        sheet.whole(whole),
        new_secrets(plan.stores),
        sheet.notices("Warnings:", "!", [] if page.summary else causes(plan.warnings, each=all_, few=True)),
        sheet.notices("Could not be read, so nothing was planned for it:", "?", causes(plan.unreadable, few=not all_)),
        sheet.legend(plan),
        *rehearsed(plan),
        [
            f"Digest: {plan.digest}",
            *known(plan),
            *estimated(plan),
            *not_carried_out(plan, whole, page),
            *plan.conclusion,
        ],
    ]
    return joined(blocks, color=page.color)


def origin(plan: Plan) -> list[str]:
    """Which run it undoes, or from which earlier live state it was made."""
    lines = []
    if (run := plan.reverts) is not None:
        when = f"{run.at[:19].replace('T', ' ')} UTC"
        lines.append(f"Back to the state before run {run.run} ({run.command} of {run.actor}, {when}):")
    if (one := plan.earlier) is not None:
        blurred = "; its ids are blurred and its amounts powers of ten" if one.blurred else ""
        lines.append(f"From a snapshot: {one.said}{blurred}. For review only: apply refuses this plan.")
    return lines


def waves(plan: Plan) -> list[str]:
    """Which accounts go first, where they do not all go at once."""
    lines = []
    for number, wave in enumerate(plan.waves, 1):
        then = f", then wait {wave.then_wait_s} s" if wave.then_wait_s else ""
        lines.append(f"  {number}  {counted(len(wave.accounts), 'account')}: {some(wave.accounts)}{then}")
    return ["Waves, each done before the next one starts:", *lines] if lines else []


class Told(Protocol):
    """A warning, something unreadable or a finding of drift."""

    @property
    def address(self) -> str:
        """What it is about."""

    @property
    def code(self) -> str:
        """Its word of a closed list, or the venue's."""

    @property
    def message(self) -> str:
        """It in a sentence."""


def causes(found: Sequence[Told], *, each: bool = False, few: bool = False) -> list[tuple[str, str]]:
    """One line a cause: a lost identity, or a brake that is still on, is one, of however many accounts.

    `each`: every address by itself. `few`: of many causes only the first of each code, and how many more.
    """
    if each:
        return [(one.address, f"{one.message}  [{one.code}]") for one in found]
    return fold_notices([(one.address, one.message, one.code) for one in found], few=few)


def not_carried_out(plan: Plan, whole: Sequence[Precheck], page: Page) -> list[str]:
    """That apply writes nothing of this plan, and by which option it would do part of it, or does."""
    held = plan.held
    if not plan.steps or not (held or unallowed(plan)) or plan.earlier is not None:
        return []
    blocked, unread = len(plan.blocked), len(plan.unreadable)
    why = [f"{counted(blocked, 'step')} {'is' if blocked == 1 else 'are'} blocked"] * bool(blocked)
    why += [f"{unread} could not be read"] * bool(unread)
    if number := len(unallowed(plan)):
        why = [f"{counted(number, 'sensitive step')} {'is' if number == 1 else 'are'} not allowed", *why]
        return [f"apply writes nothing while {' and '.join(why)}; --allow-sensitive allows sensitive steps."]
    ways = []
    if not whole and any(step.address.account not in held for step in plan.steps):
        ways.append(f"--skip-blocked leaves out {'its account' if len(held) == 1 else f'{len(held)} accounts'}")
        if page.skips_blocked:
            return [f"{' and '.join(why)}; {ways[0]}."]
    if not unread and all(check.clears for step in plan.blocked for check in step.prechecks if check.blocks):
        ways.append("--wait-flat waits")
    return [f"apply writes nothing while {' and '.join(why)}{'; ' * bool(ways)}{', '.join(ways)}."]


class PlanPage:
    """How wide, how colourful and how detailed one plan is written."""

    def __init__(self, page: Page, plan: Plan, *, hidden: Collection[Precheck] = ()) -> None:
        self.page, self.paint = page, Paint(page.color)
        self.width, self.verbose = page.width, page.verbose
        self.far = min(FAR, page.width // 2) if page.wraps else FAR
        self.hidden = hidden  # prechecks that are said once for the whole plan
        self.many = len({step.address.account for step in plan.steps}) > MANY
        self.folds = self.many and not (page.full or page.verbose)

    def venue(self, name: str, report: VenueReport | None, steps: Sequence[Step]) -> list[str]:
        """A venue's header and the steps of its accounts, in columns; of many accounts, what is alike told once."""
        lines = [self.header(name, report)]
        if not steps or self.page.summary:
            return lines
        lines.append("")
        if self.folds:
            return [*lines, *self.folded(steps)]
        column = self.column(steps)
        for account, own in by_account(steps).items():
            lines += self.account(account, own, column)
        return lines

    def folded(self, steps: Sequence[Step]) -> Iterator[str]:
        """A line for each change that several accounts have in common, with whose it is, and what is in its way."""
        by_name = {(step.address.account, step.address.within): step for step in steps}
        folds = fold(map(self._row, steps))
        digits = max(len(str(len(one.accounts))) for one in folds)
        everyone = {step.address.account for step in steps}
        named = everyone
        for one in folds:
            own = [by_name[row.account, row.within] for row in one.rows]
            yield from self._fold(one, own[0], digits)
            accounts = set(one.accounts)
            if len(accounts) > 1 and accounts not in (named, everyone):
                yield f"        {self.paint('dim', some(one.accounts))}"
            named = accounts
            yield from self._in_common(own)

    def _row(self, step: Step) -> Row:
        change = step.change
        return Row(
            account=change.address.account,
            field=change.address.field,
            within=change.address.within,
            deed=change.action,
            text=harmless(describe_alike(change, step.venue)),
            kind=tuple(check.name for check in self._told(step) if check.blocks),
        )

    def _fold(self, one: Fold, step: Step, digits: int) -> list[str]:
        action = step.change.action
        mark = MARKS[action]
        first, *more = self._flagged(f"{mark:>3} {one.said(digits)}", step.blocked)
        return [first.replace(mark, self.paint.action(action, mark), 1), *more]

    def _in_common(self, own: Sequence[Step]) -> Iterator[str]:
        """What stands in the way of steps that are told in one line: the first ones' details, and of how many more."""
        checks: dict[str, list[tuple[str, Precheck]]] = {}
        for step in own:
            for check in self._told(step):
                checks.setdefault(check.name, []).append((step.address.account, check))
        for found in checks.values():
            if len({check.detail for _, check in found}) == 1:
                yield from self.checks([found[0][1]], 0)
                continue
            told = [replace(check, detail=f"{account}: {check.detail}") for account, check in found[:FEW]]
            yield from self.checks(told, 0)
            if more := len(found) - FEW:
                yield f"          and {counted(more, 'more account')}"

    def _told(self, step: Step) -> list[Precheck]:
        """The prechecks that are told unasked: what blocks a step, else what only the venue asks."""
        own = [check for check in step.prechecks if check not in self.hidden]
        return [check for check in own if check.blocks] or [check for check in own if check.status == "venue"]

    def _flagged(self, line: str, blocked: bool) -> list[str]:
        """A line with BLOCKED at the right edge; it stays there where the line does not fit and is continued."""
        if not blocked:
            return [line]
        word = "BLOCKED"
        first, *more = wrapped(line, self.width - len(word) - 2) if self.page.wraps else [line]
        room = " " * max(self.width - len(word) - columns(first), 2)
        return [f"{first}{room}{self.paint('red', word)}", *more]

    def column(self, steps: Iterable[Step]) -> int:
        """Where what steps do begins: right of their names, and of those of their accounts."""
        names = ((columns(step.address.within) + 8, columns(step.address.account) + 6) for step in steps)
        return min(max(map(max, names), default=0), self.far)

    def header(self, name: str, report: VenueReport | None) -> str:
        """`desk · TYPE · demo · UID`, a base URL that is not the venue's own, and at the right what reading took."""
        if report is None:
            return self.paint("bold", name)
        left = " · ".join(filter(None, (name, report.type, report.environment, report.uid, report.base_url)))
        right = f"{counted(report.accounts, 'account')} read · {counted(report.requests, 'request')} · "
        right += f"{report.seconds:.1f} s"
        gap = max(self.width - columns(left) - columns(right), 2)
        return self.paint("bold", left) + " " * gap + self.paint("dim", right)

    def account(self, account: str, steps: Sequence[Step], column: int) -> Iterator[str]:
        """An account's line, then a line for each of its steps."""
        itself = next((step for step in steps if not step.address.field), None)
        if itself is None:
            yield f"  {self.paint('yellow', '~')} {self.paint('bold', account)}"
        for step in ([itself] if itself else []) + [step for step in steps if step is not itself]:
            yield from self.step(step, column)

    def step(self, step: Step, column: int) -> Iterator[str]:
        """A step's line, with its prechecks under it where something stands, or may stand unseen, in its way."""
        action = step.change.action
        mark, name = MARKS[action], step.address.within or step.address.account
        indent = "    " if step.address.within else "  "
        if len(mark) > 1:  # a wide mark takes its room from the indent, so that the names stay in one column
            indent = indent[: -(len(mark) - 1)]
        text = harmless(describe(step.change, step.venue))
        head = f"{indent}{mark} {name}"
        first, *more = self._flagged(f"{head}{' ' * max(column - columns(head), 2)}{text}", step.blocked)
        yield first.replace(mark, self.paint.action(action, mark), 1).rstrip()
        yield from more
        own = [check for check in step.prechecks if check not in self.hidden]
        if not self.verbose and not any(check.blocks for check in own):
            own = [check for check in own if check.status == "venue"]  # nobody but the venue asks this: better said now
        yield from self.checks(own, column)
        if self.verbose:
            yield from self.details(step)

    def whole(self, checks: Sequence[Precheck]) -> list[str]:
        """What blocks every step alike, said once."""
        return ["The whole plan is blocked:", *self.checks(checks, 0, indent="  ")] if checks else []

    def checks(self, checks: Sequence[Precheck], column: int, *, indent: str = "        ") -> Iterator[str]:
        """A line each, with their details in the steps' column, or in one of their own where that is too near."""
        told = [precheck_words(check.name, check.words) for check in checks if check.detail or check.status in MEANINGS]
        column = min(max([column, *(columns(indent + words) + 4 for words in told)]), self.far)
        return (self.check(check, column, indent) for check in checks)

    def check(self, check: Precheck, column: int, indent: str) -> str:
        """`x no open positions   BTC-USDT-SWAP 3 (cross)`."""
        mark = CHECKS[check.status]
        head = f"{indent}{mark} {precheck_words(check.name, check.words)}"
        detail = check.detail or MEANINGS.get(check.status, "")
        line = head + " " * max(column - columns(head), 2) + harmless(detail) if detail else head
        return line.replace(mark, self.paint("red" if check.blocks else "dim", mark), 1)

    def details(self, step: Step) -> Iterator[str]:
        """What a step waits for, and the calls that it takes."""
        if step.depends_on or step.waits_for:
            yield "        after " + ", ".join(map(str, (*step.depends_on, *step.waits_for)))
        for call in step.calls:
            yield f"        {self.paint('dim', call)}"

    def alike(self) -> list[str]:
        """How to see what was told once."""
        shown = self.folds and not self.page.summary
        return ["Changes that several accounts have in common are shown once; --full shows each."] if shown else []

    def recap(self, plan: Plan) -> list[str]:
        """For more accounts than the eye can count: how many steps of each kind there are, and which are blocked."""
        if not plan.steps or not (self.many or self.page.summary):
            return []
        kinds = Counter(
            (MARKS[step.change.action], step.address.field or "account") for step in plan.steps if not step.blocked
        )
        width = max((len(field) for _, field in kinds), default=0)
        lines = [f"{counted(len({step.address.account for step in plan.steps}), 'account')}:"]
        lines += [f"{mark:>4} {field:<{width}}  {number:>6}" for (mark, field), number in kinds.items()]
        red = self.paint("red", "BLOCKED")
        named = plan.blocked if len(plan.blocked) <= MANY or not self.folds else plan.blocked[: MANY - 1]
        lines += [f"   {red}  {step.address}" for step in named]
        return [*lines, *([f"   {red}  and {more} more"] if (more := len(plan.blocked) - len(named)) else [])]

    def reasons(self, plan: Plan) -> list[str]:
        """How many steps each precheck stands in the way of."""
        found = Counter(
            (CHECKS[check.status], precheck_words(check.name, check.words))
            for step in plan.blocked
            for check in step.prechecks
            if check.blocks
        )
        return _tallied(f"{counted(len(plan.blocked), 'step')} blocked:", found)

    def codes(self, plan: Plan) -> list[str]:
        """How many warnings there are of each code."""
        found = Counter(("!", warning.code) for warning in plan.warnings)
        return _tallied(f"{counted(len(plan.warnings), 'warning')}:", found)

    def legend(self, plan: Plan) -> list[str]:
        """What the marks mean: with -v all that are used, else those that do not explain themselves."""
        if self.page.summary:
            return []
        told = (step.prechecks if self.verbose else self._told(step) for step in plan.steps)
        used = {MARKS[step.change.action] for step in plan.steps} | {CHECKS[one.status] for own in told for one in own}
        meant = {**(MARKS_OF_V if self.verbose else {}), **LEGEND}
        words = [f"{mark} {what}" for mark, what in meant.items() if mark in used]
        return [f"Marks: {', '.join(words)}."] if words else []

    def notices(self, title: str, mark: str, rows: Sequence[tuple[str, str]]) -> list[str]:
        """A titled list of addresses with a sentence each."""
        if not rows:
            return []
        column = min(max(columns(harmless(address)) for address, _ in rows), FAR)
        paint = self.paint("yellow", mark)
        return [title, *(f"  {paint} {filled(harmless(address), column)}  {harmless(text)}" for address, text in rows)]


def _tallied(title: str, found: Counter[tuple[str, str]]) -> list[str]:
    width = max((columns(harmless(what)) for _, what in found), default=0)
    rows = [f"{mark:>4} {filled(harmless(what), width)}  {number:>6}" for (mark, what), number in found.most_common()]
    return [title, *rows] if rows else []


def blocks_all(steps: Sequence[Step]) -> list[Precheck]:
    """What stands in the way of every single step: a limit over the whole plan."""
    if len(steps) < 2:
        return []
    return [check for check in steps[0].prechecks if check.blocks and all(check in step.prechecks for step in steps)]


def by_venue(plan: Plan) -> Iterator[tuple[str, VenueReport | None, list[Step]]]:
    """Each connection with what reading took, and its steps."""
    reports = {report.venue: report for report in plan.reports}
    steps: dict[str, list[Step]] = {name: [] for name in reports}
    for step in plan.steps:
        steps.setdefault(step.venue, []).append(step)
    return ((name, reports.get(name), own) for name, own in steps.items())


def known(plan: Plan) -> list[str]:
    """What was taken from the journal unread, and how long that has it."""
    return [one.said for one in plan.recalled]


def estimated(plan: Plan) -> Iterator[str]:
    """How long the writes take at least, and what came of a rehearsal."""
    yield from summed_up(plan)
    estimate = plan.estimate
    if not estimate.writes:
        return
    writes = counted(estimate.writes, "write")
    slowest = f"; slowest: {estimate.bottleneck}" if estimate.bottleneck else ""
    if waits := sum(wave.then_wait_s for wave in plan.waves):
        slowest += f"; {waits} s of it between waves"
    least = f"at least {estimate.seconds:.1f} s" if estimate.seconds >= SHOWN_S else "next to no time"
    yield f"At the venue's rate limits this takes {least} ({writes}{slowest})."


def counted(number: int, noun: str) -> str:
    """`1 step`, `2 steps`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
