"""A plan as one page to open, send or keep: totals, what stands in the way, the order, every account; with filters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from acctcfg.core.codes import precheck_words
from acctcfg.core.plan import Plan, Precheck, Step, by_account
from acctcfg.render.folded import MANY
from acctcfg.render.formats import Page
from acctcfg.render.order_picture import STYLE as PICTURE
from acctcfg.render.order_picture import order_svg
from acctcfg.render.text import (
    CHECKS,
    MARKS,
    MEANINGS,
    PlanPage,
    blocks_all,
    by_venue,
    causes,
    estimated,
    known,
    origin,
    waves,
)
from acctcfg.render.values import describe
from acctcfg.render.web import document, html, table_row

__all__ = ["plan_page"]

_STYLE: Final = (
    "h1{margin:0 0 .5rem}h2{margin:1.6rem 0 .5rem;font-size:1.15rem}"
    ".totals b{display:inline-block;margin:0 .5rem .5rem 0;padding:.2rem .7rem;border:1px solid #888;border-radius:9px}"
    ".facts{opacity:.8;font-size:.9rem;overflow-wrap:anywhere}.box{border-left:4px solid #c22;padding:.1rem .8rem;"
    "margin:1rem 0;background:#c221}.box h2{margin:.5rem 0}.box div{max-height:22rem;overflow:auto}"
    ".box.note{border-color:#c90;background:#c901}"
    "form{display:flex;flex-wrap:wrap;gap:.6rem;align-items:center;position:sticky;top:0;background:Canvas;"
    "padding:.6rem 0;z-index:1}input,select,button{font:inherit;padding:.3rem .5rem;max-width:100%}"
    "details{border-top:1px solid #8885;content-visibility:auto;contain-intrinsic-size:auto 2.2rem}"
    "summary b{font-weight:600}summary span{opacity:.8;margin-left:.6rem}summary .bad{opacity:1}"
    "[hidden]{display:none!important}ul.checks{list-style:none;margin:0;padding:0}td:first-child{width:1%}"
    "@media(max-width:40rem){body{margin:1rem auto}thead{display:none}tr{display:block;padding:.4rem 0;"
    "border-bottom:1px solid #8885}td{display:block;border:0;padding:.1rem 0;overflow-wrap:anywhere}"
    "td:first-child{white-space:normal;width:auto}td.after:not(:empty)::before{content:'after '}}"
    "@media print{form{display:none!important}body{margin:0;max-width:none}.box div{max-height:none}"
    "details{content-visibility:visible}}"
)
_SCRIPT: Final = """
(() => {
  const one = (id) => document.getElementById(id);
  const all = [...document.querySelectorAll("details")];
  const filter = () => {
    const name = one("name").value.trim().toLowerCase(), status = one("status").value;
    let number = 0;
    for (const account of all) {
      const fits = account.dataset.name.toLowerCase().includes(name)
        && (!status || account.dataset.status.split(" ").includes(status));
      account.hidden = !fits;
      number += fits;
    }
    one("shown").textContent = `${number} of ${all.length} accounts`;
  };
  const open = (yes) => all.forEach((account) => { account.open = yes && !account.hidden; });
  one("name").addEventListener("input", filter);
  one("status").addEventListener("change", filter);
  one("open").addEventListener("click", () => open(true));
  one("close").addEventListener("click", () => open(false));
  one("filters").addEventListener("submit", (event) => event.preventDefault());
  let before = [];
  addEventListener("beforeprint", () => { before = all.map((account) => account.open); open(true); });
  addEventListener("afterprint", () => all.forEach((account, number) => { account.open = before[number]; }));
  one("filters").hidden = false;
  filter();
})();
"""
_STATUS: Final = ("blocked", "create", "change", "replace", "delete")


def plan_page(plan: Plan) -> str:
    """Everything that the text has with -v, and the order as a picture."""
    whole = blocks_all(plan.steps)
    accounts = by_account(plan.steps)
    blocked = [(str(step.address), _why(step)) for step in ([] if whole else plan.blocked)]
    order = order_svg(plan.steps)
    parts = [
        _head(plan),
        _box("Could not be read, so nothing was planned for it", causes(plan.unreadable)),
        _box("The whole plan is blocked", [(precheck_words(one.name, one.words), one.detail) for one in whole]),
        _box("Blocked", blocked),
        _box("Warnings", causes(plan.warnings), "box note"),
        _list(PlanPage(Page(), plan).stores(plan)),
        _list(waves(plan)),
        f"<h2>Order</h2><div class=wide>{order}</div>" if order else "",
        _accounts(accounts, whole) if accounts else "",
    ]
    script = _SCRIPT if accounts else ""
    return document("acctcfg plan", "\n".join(filter(None, parts)), style=_STYLE + PICTURE, script=script)


def _head(plan: Plan) -> str:
    """The totals, and whose accounts these are."""
    first, *more = plan.conclusion
    words = {"create": "to create", "change": "to change", "delete": "to delete", "blocked": "blocked"}
    totals = [(word, plan.summary[word]) for word in words] if plan.steps else []
    chips = (
        f"<b{' class=bad' * (word == 'blocked' and bool(number))}>{number} {words[word]}</b>" for word, number in totals
    )
    told = [*origin(plan), *([] if plan.steps else [first]), *more, *known(plan)]
    venues = [
        " · ".join(
            filter(None, (name, one.type, one.environment, one.uid, one.base_url, f"{one.accounts} accounts read"))
        )
        for name, one, _ in by_venue(plan)
        if one is not None
    ]
    facts = [*venues, *estimated(plan), f"Digest: {plan.digest}", f"acctcfg {plan.acctcfg_version}, {plan.created_at}"]
    return (
        f"<h1>Plan</h1><p class=totals>{''.join(chips)}</p>"
        + "".join(f"<p>{html(line)}</p>" for line in told)
        + "".join(f"<div class=facts>{html(line)}</div>" for line in facts)
    )


def _box(title: str, rows: Sequence[tuple[str, str]], kind: str = "box") -> str:
    """A titled table of what must not be missed."""
    body = "".join(table_row("td", row) for row in rows)
    return (
        f'<section class="{kind}"><h2>{title}: {len(rows)}</h2><div><table>{body}</table></div></section>'
        if rows
        else ""
    )


def _list(lines: Sequence[str]) -> str:
    return f"<h2>{html(lines[0])}</h2><pre>{chr(10).join(map(html, lines[1:]))}</pre>" if lines else ""


def _accounts(accounts: dict[str, list[Step]], whole: Sequence[Precheck]) -> str:
    """The filters, which show themselves only where they work, and the accounts; few of them are open at once."""
    options = "".join(f"<option>{word}</option>" for word in _STATUS)
    few = len(accounts) <= MANY
    return (
        "<h2>Accounts</h2><form id=filters hidden><input id=name type=search placeholder=Account aria-label=Account>"
        f'<select id=status aria-label=Status><option value="">every status</option>{options}</select>'
        "<button id=open type=button>Open all</button><button id=close type=button>Close all</button>"
        "<output id=shown></output></form>\n"
        + "\n".join(_account(name, steps, whole, unfolded=few) for name, steps in accounts.items())
    )


def _account(name: str, steps: Sequence[Step], whole: Sequence[Precheck], *, unfolded: bool) -> str:
    blocked = sum(step.blocked for step in steps)
    status = sorted({*(step.change.action for step in steps), *(["blocked"] if blocked else [])})
    counts = f"{len(steps)} step{'s' * (len(steps) != 1)}"
    badge = f"<span class=bad>{blocked} BLOCKED</span>" if blocked else ""
    rows = "".join(_step(step, whole) for step in steps)
    return (
        f'<details data-name="{html(name)}" data-status="{" ".join(status)}"{" open" * (unfolded or bool(blocked))}>'
        f"<summary><b>{html(name)}</b><span>{html(steps[0].venue)}</span><span>{counts}</span>{badge}</summary>"
        f"<table class=steps><thead>{table_row('th', ('what', 'change', 'prechecks', 'after'))}</thead>"
        f"<tbody>{rows}</tbody></table></details>"
    )


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
