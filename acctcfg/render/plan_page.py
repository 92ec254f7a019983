"""A plan as one page to open, send or keep: totals, what stands in the way, the order, every account; with filters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from acctcfg.core.codes import precheck_words
from acctcfg.core.plan import Plan, Precheck, Step, VenueReport, by_account
from acctcfg.render.account_list import SCRIPT, Group, account_list, chips
from acctcfg.render.account_list import STYLE as LIST
from acctcfg.render.order_picture import STYLE as PICTURE
from acctcfg.render.order_picture import order_svg
from acctcfg.render.rehearsal import rehearsed
from acctcfg.render.stored import new_secrets
from acctcfg.render.text import (
    CHECKS,
    MARKS,
    MEANINGS,
    blocks_all,
    by_venue,
    causes,
    counted,
    estimated,
    known,
    origin,
    waves,
)
from acctcfg.render.values import describe
from acctcfg.render.web import document, html, table_row

__all__ = ["plan_page"]

_STYLE: Final = (
    ".box{border-left:4px solid #c22;padding:.1rem .8rem;margin:1rem 0;background:#c221}.box h2{margin:.5rem 0}"
    ".box div{max-height:22rem;overflow:auto}.box.note{border-color:#c90;background:#c901}"
    "ul.checks{list-style:none;margin:0;padding:0}"
    "@media(max-width:40rem){td.after:not(:empty)::before{content:'after '}}"
    "@media print{.box div{max-height:none}}"
)
_HEAD: Final = ("what", "change", "prechecks", "after")
_STATUS: Final = ("blocked", "create", "change", "replace", "delete")


def plan_page(plan: Plan) -> str:
    """Everything that the text has with -v, and the order as a picture."""
    whole = blocks_all(plan.steps)
    accounts = by_account(plan.steps)
    blocked = [(str(step.address), _why(step)) for step in ([] if whole else plan.blocked)]
    order = order_svg(plan.steps)
    parts = [
        _head(plan),
        _box("Could not be read, so nothing was planned for it", causes(plan.unreadable), of=len(plan.unreadable)),
        _box("The whole plan is blocked", [(precheck_words(one.name, one.words), one.detail) for one in whole]),
        _box("Blocked", blocked),
        _box("Warnings", causes(plan.warnings), "box note", of=len(plan.warnings)),
        _list(new_secrets(plan.stores)),
        _list(waves(plan)),
        *map(_list, rehearsed(plan)),
        f"<h2>Order</h2><div class=wide>{order}</div>" if order else "",
        account_list([_account(*one, whole) for one in accounts.items()], _HEAD, _STATUS) if accounts else "",
    ]
    script = SCRIPT if accounts else ""
    return document("acctcfg plan", "\n".join(filter(None, parts)), style=LIST + _STYLE + PICTURE, script=script)


def _head(plan: Plan) -> str:
    """The totals, and whose accounts these are."""
    first, *more = plan.conclusion
    words = {"create": "to create", "change": "to change", "delete": "to delete", "blocked": "blocked"}
    totals = [(plan.summary[word], words[word], word == "blocked") for word in words] if plan.steps else []
    told = [*origin(plan), *([] if plan.steps else [first]), *more, *known(plan)]
    venues = [_venue(name, one) for name, one, _ in by_venue(plan) if one is not None]
    facts = [*venues, *estimated(plan), f"Digest: {plan.digest}", f"acctcfg {plan.acctcfg_version}, {plan.created_at}"]
    return (
        f"<h1>Plan</h1>{chips(totals)}"
        + "".join(f"<p>{html(line)}</p>" for line in told)
        + "".join(f"<div class=facts>{html(line)}</div>" for line in facts)
    )


def _venue(name: str, one: VenueReport) -> str:
    """Its name, type, environment, user and URL, and how many accounts were read there."""
    read = f"{counted(one.accounts, 'account')} read"
    return " · ".join(filter(None, (name, one.type, one.environment, one.uid, one.base_url, read)))


def _box(title: str, rows: Sequence[tuple[str, str]], kind: str = "box", *, of: int | None = None) -> str:
    """A titled table of what must not be missed. `of`: how many there are, where a row tells of several."""
    number = len(rows) if of is None else of
    body = "".join(table_row("td", row) for row in rows)
    return (
        f'<section class="{kind}"><h2>{title}: {number}</h2><div><table>{body}</table></div></section>' if rows else ""
    )


def _list(lines: Sequence[str]) -> str:
    return f"<h2>{html(lines[0])}</h2><pre>{chr(10).join(map(html, lines[1:]))}</pre>" if lines else ""


def _account(name: str, steps: Sequence[Step], whole: Sequence[Precheck]) -> Group:
    blocked = sum(step.blocked for step in steps)
    status = sorted({*(step.change.action for step in steps), *(["blocked"] if blocked else [])})
    badge = f"<span class=bad>{blocked} BLOCKED</span>" if blocked else ""
    told = f"<span>{len(steps)} step{'s' * (len(steps) != 1)}</span>{badge}"
    rows = "".join(_step(step, whole) for step in steps)
    return Group(name, steps[0].venue, status, told, rows, urgent=bool(blocked))


def _step(step: Step, whole: Sequence[Precheck]) -> str:
    what = f"{MARKS[step.change.action]} {step.address.within or 'account'}"
    badge = " <span class=bad>BLOCKED</span>" if step.blocked else ""
    checks = "".join(_check(one) for one in step.prechecks if one not in whole)
    after = ", ".join(one.within or "account" for one in (*step.depends_on, *step.waits_for))
    return (
        f"<tr><td><code>{html(what)}</code>{badge}</td><td>{html(describe(step.change, step.venue))}</td>"
        f"<td><ul class=checks>{checks}</ul></td><td class=after>{html(after)}</td></tr>"
    )


def _why(step: Step) -> str:
    """What it would do, and what stands in its way."""
    return "; ".join([describe(step.change, step.venue), *(_told(one) for one in step.prechecks if one.blocks)])


def _check(check: Precheck) -> str:
    return f"<li{' class=bad' * check.blocks}>{html(_told(check))}</li>"


def _told(check: Precheck) -> str:
    """`x no open positions: BTC-USDT-SWAP 3 (cross)`."""
    detail = check.detail or MEANINGS.get(check.status, "")
    return f"{CHECKS[check.status]} {precheck_words(check.name, check.words)}{': ' * bool(detail)}{detail}"
