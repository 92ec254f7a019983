"""A plan and what became of it, as people read them in a terminal, a log or a review."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import zip_longest

from acctcfg.core.codes import precheck_words
from acctcfg.core.outcome import NOT_READ_BACK, NOT_YET, Outcome, StepResult
from acctcfg.core.plan import Plan, Precheck, Step, Unread, VenueReport, Warning_, by_account
from acctcfg.render.columns import columns, filled
from acctcfg.render.formats import WIDTH
from acctcfg.render.harmless import harmless
from acctcfg.render.paint import Paint, joined
from acctcfg.render.values import describe

__all__ = [
    "PlanPage",
    "blocks_all",
    "by_venue",
    "causes",
    "estimated",
    "origin",
    "render_outcome",
    "render_plan",
    "waves",
]

MARKS = {"create": "+", "change": "~", "replace": "-/+", "delete": "-"}
CHECKS = {"pass": "v", "fail": "x", "unknown": "?", "venue": ".", "deferred": "."}
MEANINGS = {"venue": "the venue itself checks this", "deferred": "read right before the write"}
FAR = 60  # a detail column further right than this would leave no room for the details
SHOWN_S = 0.05  # what rounds to less than 0.1 s is no time that anybody waits for
FEW = 3  # blocked steps with one reason that are still named one by one, after an apply
MANY = 20  # accounts that a reader can still count by eye; beyond, a recapitulation follows


ACCEPTED = {NOT_YET: "NOT YET IN EFFECT", NOT_READ_BACK: "ACCEPTED, NOT READ BACK"}

NAMED = 3
"""How many addresses of one cause are named."""


def render_plan(plan: Plan, *, width: int = WIDTH, color: bool = False, verbose: bool = False) -> str:
    """The plan, ending with its last line. `verbose` adds prechecks, dependencies and calls to every step."""
    whole = blocks_all(plan.steps)
    page = PlanPage(width, Paint(color), verbose, hidden=whole)
    blocks = [
        origin(plan),
        *(page.venue(name, report, steps) for name, report, steps in by_venue(plan)),
        page.recap(plan),
        waves(plan),
        page.whole(whole),
        page.stores(plan),
        page.notices("Warnings:", "!", causes(plan.warnings, each=verbose)),
        page.notices(
            "Could not be read, so nothing was planned for it:",
            "?",
            causes(plan.unreadable),
        ),
        [f"Digest: {plan.digest}", *estimated(plan), *plan.conclusion],
    ]
    return joined(blocks, color=color)


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
        lines.append(f"  {number}  {_count(len(wave.accounts), 'account')}: {_some(wave.accounts)}{then}")
    return ["Waves, each done before the next one starts:", *lines] if lines else []


def causes(found: Sequence[Warning_ | Unread], *, each: bool = False) -> list[tuple[str, str]]:
    """One line a cause: a lost identity, or a brake that is still on, is one, of however many accounts.

    `each`: every address by itself.
    """
    if each:
        return [(one.address, f"{one.message}  [{one.code}]") for one in found]
    causes: dict[str, list[str]] = {}
    for one in found:
        causes.setdefault(f"{one.message}  [{one.code}]", []).append(one.address)
    return [(_some(addresses), message) for message, addresses in causes.items()]


def _some(addresses: Sequence[str]) -> str:
    if len(addresses) <= NAMED:
        return ", ".join(addresses)
    return f"{', '.join(addresses[: NAMED - 1])} and {len(addresses) - NAMED + 1} more"


def render_outcome(outcome: Outcome, *, color: bool = False, verbose: bool = False) -> str:
    """What an apply did: every step that is not done with its reason, then the notes, then the last line.

    `verbose` lists the steps that are done, too.
    """
    paint = Paint(color)
    told = [r for r in outcome.results if verbose or r.status not in ("done", "already")]
    told = [] if outcome.declined else told  # whoever said no has just read the plan
    blocks = [
        [line for status in ("done", "already") for line in _results(told, status, paint)],
        [line for status in ("failed", "unknown") for line in _results(told, status, paint)],
        [*_blocked([r for r in told if r.status == "blocked"], paint)],
        _not_started([r for r in told if r.status == "not_started"]),
        [harmless(f"note: {note}") for note in outcome.notes],
        [*_ending(outcome), outcome.summary],
    ]
    return joined(blocks, color=color)


class PlanPage:
    """How wide, how colourful and how detailed one plan is written."""

    def __init__(self, width: int, paint: Paint, verbose: bool, *, hidden: Collection[Precheck] = ()) -> None:
        self.width, self.paint, self.verbose = width, paint, verbose
        self.hidden = hidden  # prechecks that are said once for the whole plan

    def venue(self, name: str, report: VenueReport | None, steps: Sequence[Step]) -> list[str]:
        """A venue's header and the steps of its accounts, in columns."""
        accounts = by_account(steps)
        lines, column = [self.header(name, report)], self.column(steps)
        if accounts:
            lines.append("")
        for account, own in accounts.items():
            lines += self.account(account, own, column)
        return lines

    def column(self, steps: Iterable[Step]) -> int:
        """Where what steps do begins: right of their names, and of those of their accounts."""
        names = ((columns(step.address.within) + 8, columns(step.address.account) + 6) for step in steps)
        return min(max(map(max, names), default=0), FAR)

    def header(self, name: str, report: VenueReport | None) -> str:
        """`desk · TYPE · demo · UID`, a base URL that is not the venue's own, and at the right what reading took."""
        if report is None:
            return self.paint("bold", name)
        left = " · ".join(filter(None, (name, report.type, report.environment, report.uid, report.base_url)))
        right = f"{_count(report.accounts, 'account')} read · {_count(report.requests, 'request')} · "
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
        room = " " * max(column - columns(head), 2)
        line = f"{indent}{self.paint.action(action, mark)} {name}{room}{text}"
        if step.blocked:
            plain = columns(head + room + text)
            line += " " * max(self.width - len("BLOCKED") - plain, 2) + self.paint("red", "BLOCKED")
        yield line.rstrip()
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
        column = min(max([column, *(columns(indent + words) + 4 for words in told)]), FAR)
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

    def recap(self, plan: Plan) -> list[str]:
        """For more accounts than the eye can count: how many steps of each kind there are, and which are blocked."""
        accounts = {step.address.account for step in plan.steps}
        if len(accounts) <= MANY:
            return []
        kinds = Counter(
            (MARKS[step.change.action], step.address.field or "account") for step in plan.steps if not step.blocked
        )
        width = max((len(field) for _, field in kinds), default=0)
        lines = [f"{len(accounts)} accounts:"]
        lines += [f"{mark:>4} {field:<{width}}  {number:>6}" for (mark, field), number in kinds.items()]
        return [*lines, *(f"   {self.paint('red', 'BLOCKED')}  {step.address}" for step in plan.blocked)]

    def stores(self, plan: Plan) -> list[str]:
        """Where new secrets go, and who can read them there: each public key by its two ends."""
        lines = [
            f"  {one.store}  {one.type} {one.path}, for {', '.join(map(_ends, one.recipients)) or 'nobody'}".rstrip()
            for one in plan.stores
        ]
        return ["New secrets go to:", *map(harmless, lines)] if lines else []

    def notices(self, title: str, mark: str, rows: Sequence[tuple[str, str]]) -> list[str]:
        """A titled list of addresses with a sentence each."""
        if not rows:
            return []
        column = min(max(columns(harmless(address)) for address, _ in rows), FAR)
        paint = self.paint("yellow", mark)
        return [title, *(f"  {paint} {filled(harmless(address), column)}  {harmless(text)}" for address, text in rows)]


def _ends(recipient: str) -> str:
    """`age1qyqszqg..t0ph2m`: the digest covers all of it."""
    word = recipient.split()[1] if recipient.startswith("ssh-") and " " in recipient else recipient
    return f"{word[:12]}..{word[-6:]}" if len(word) > 20 else word


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


def estimated(plan: Plan) -> Iterator[str]:
    """How long the writes take at least."""
    estimate = plan.estimate
    if not estimate.writes:
        return
    writes = _count(estimate.writes, "write")
    slowest = f"; slowest: {estimate.bottleneck}" if estimate.bottleneck else ""
    if waits := sum(wave.then_wait_s for wave in plan.waves):
        slowest += f"; {waits} s of it between waves"
    least = f"at least {estimate.seconds:.1f} s" if estimate.seconds >= SHOWN_S else "next to no time"
    yield f"At the venue's rate limits this takes {least} ({writes}{slowest})."


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
        accounts = _count(len({result.step.address.account for result in own}), "account")
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
        yield f"{_count(right, 'step')} had the right value already; nothing was sent for {_them(right)}."
    if unread := sum(result.code == NOT_READ_BACK for result in outcome.results):
        what = f"{_count(unread, 'step')} {'was' if unread == 1 else 'were'} accepted"
        yield f"{what} and could not be read back: plan again to see {_them(unread)}."
    if outcome.declined:
        yield "Declined; nothing was written."
    if outcome.interrupted:
        yield "Interrupted; apply again to go on from here."
    if outcome.plan.unreadable:
        yield f"{len(outcome.plan.unreadable)} could not be read."


def _them(number: int) -> str:
    return "it" if number == 1 else "them"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
