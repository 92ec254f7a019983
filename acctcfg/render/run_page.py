"""A run as one page to open, send or keep: what came of it, the order of its writes, every account; with filters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from acctcfg.core.address import Address
from acctcfg.render.account_list import SCRIPT, Group, account_list, chips
from acctcfg.render.account_list import STYLE as LIST
from acctcfg.render.exported import checks_in_words
from acctcfg.render.history import MARKS, facts, request, steps_of, told_of, values
from acctcfg.render.order_picture import STYLE as PICTURE
from acctcfg.render.order_picture import Drawn, picture
from acctcfg.render.web import document, html

if TYPE_CHECKING:
    from acctcfg.core.json_types import JsonObject, JsonValue
    from acctcfg.journal import RunRecord

__all__ = ["run_page"]

_STYLE: Final = "pre.sent{margin:.2rem 0;opacity:.8;font-size:.8rem}"
_HEAD: Final = ("what", "change", "what came of it", "prechecks")
_ALWAYS: Final = ("created", "changed", "deleted", "blocked", "failed")
_BAD: Final = frozenset({"blocked", "failed", "unknown", "not_started", "refused", "outcome_not_known"})


def run_page(record: RunRecord) -> str:
    """Everything that the text has with --full, and the order of the writes as a picture."""
    run = record.run
    order = picture(list(_sent(record)), "What was sent first, from left to right", one="write", bad="not done")
    groups = _groups(record)
    rest = "\n".join(html(request(sent).strip()) for sent in record.requests)
    parts = [
        f"<h1>acctcfg run</h1>{chips(_totals(run.summary))}",
        *(f"<div class=facts>{html(f'{name}: {told}')}</div>" for name, told in facts(run)),
        f"<h2>Order in which each account was written to</h2><div class=wide>{order}</div>" if order else "",
        account_list(groups, _HEAD, sorted({word for one in groups for word in one.status})) if groups else "",
        f"<h2>Other requests</h2><pre>{rest}</pre>" if rest else "",
    ]
    script = SCRIPT if groups else ""
    body = "\n".join(filter(None, parts))
    return document(f"acctcfg run {run.id}", body, style=LIST + _STYLE + PICTURE, script=script)


def _totals(summary: JsonValue) -> Iterator[tuple[int, str, bool]]:
    """The counts of the last line, and of the others those that are not zero."""
    counts = summary if isinstance(summary, Mapping) else {}
    for name in [*(one for one in _ALWAYS if one in counts), *sorted(counts.keys() - {*_ALWAYS, "exit"})]:
        number = counts[name]
        if type(number) is int and (number or name in _ALWAYS):
            yield number, name.replace("_", " "), name in _BAD


def _groups(record: RunRecord) -> list[Group]:
    """The accounts, each with its steps; of a run that did not end, with its writes."""
    found: dict[str, list[JsonObject]] = {}
    for step in record.steps or steps_of(record.entries):
        found.setdefault(Address.of(str(step["address"])).account, []).append(step)
    return [_account(name, steps, record) for name, steps in found.items()]


def _account(name: str, steps: Sequence[JsonObject], record: RunRecord) -> Group:
    words = [_word(step) for step in steps]
    bad = sorted({word for word in words if word in _BAD})
    badges = "".join(f"<span class=bad>{words.count(one)} {html(one.replace('_', ' '))}</span>" for one in bad)
    return Group(
        name=name,
        venue=str(steps[0].get("venue") or ""),
        status=sorted({*words, *(str(step["action"]) for step in steps)}),
        told=f"<span>{len(steps)} step{'s' * (len(steps) != 1)}</span>{badges}",
        rows="".join(_row(step, record) for step in steps),
        urgent=bool(bad),
    )


def _word(step: JsonObject) -> str:
    """The step's end in one word: what was found later stands behind a comma."""
    return str(step["status"]).partition(",")[0].replace(" ", "_")


def _row(step: JsonObject, record: RunRecord) -> str:
    address = Address.of(str(step["address"]))
    what = f"{MARKS.get(str(step['action']), ' ')} {address.within or 'account'}"
    end = str(step["status"]).replace("_", " ")
    came = ": ".join(filter(None, (end, str(step.get("message") or step.get("code") or ""))))
    several, told = step["action"] == "replace", bool(record.steps)
    mine = [one for one in record.entries if one.intent.address == step["address"]]
    sent = "\n".join(html(line.strip()) for one in mine for line in told_of(one, several=several, told=told))
    asked = step.get("prechecks")
    checks = checks_in_words([one for one in asked if isinstance(one, Mapping)] if isinstance(asked, list) else [])
    return (
        f'<tr><td><code title="{html(str(address))}">{html(what)}</code></td><td>{html(values(step).strip())}</td>'
        f"<td{' class=bad' * (_word(step) in _BAD)}>{html(came)}<pre class=sent>{sent}</pre></td>"
        f"<td>{html(checks)}</td></tr>"
    )


class _Last(NamedTuple):
    """The last write to an account."""

    kind: tuple[str, str]
    address: str
    after: tuple[str, ...]


def _sent(record: RunRecord) -> Iterator[Drawn]:
    """The writes, each after the last one of another kind to the same account; the record has no other order."""
    last: dict[str, _Last] = {}
    good = {str(step["address"]): _word(step) not in _BAD for step in record.steps}
    for entry in record.entries:
        address = Address.of(entry.intent.address)
        kind = (entry.intent.action, address.field or "account")
        before = last.get(address.account)
        alike = before is not None and before.kind == kind
        after = () if before is None else before.after if alike else (before.address,)
        last[address.account] = _Last(kind, entry.intent.address, after)
        done = good.get(entry.intent.address, entry.outcome == "done")
        yield Drawn(entry.intent.address, *kind, after, not done)
