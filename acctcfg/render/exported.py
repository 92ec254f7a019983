"""A journal for an auditor: JSON Lines with all of it, a table of steps for a spreadsheet, one page to read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from acctcfg.render.harmless import cell, json_text
from acctcfg.render.web import document, html, table_row

if TYPE_CHECKING:
    from acctcfg.core.json_types import JsonObject, JsonValue
    from acctcfg.journal import RunRecord
    from acctcfg.journal.exported import Exported

__all__ = ["checks_in_words", "lines", "page", "table"]

COLUMNS = (
    "run", "began", "ended", "actor", "command", "flags", "commit", "clean", "plan", "run_status",
    "address", "venue", "name", "uid", "key_id", "action", "before", "after", "status", "code", "message", "prechecks",
)  # fmt: skip


def lines(shown: Exported) -> str:
    """One object a line: `journal` first, then each `run`, then each `key`."""
    head = {name: getattr(shown, name) for name in ("place", "at", "rows", "head", "since", "account", "signature")}
    found: list[JsonObject] = [{"type": "journal", **head, "flaws": list(shown.flaws)}]
    found += [{"type": "run", **asdict(record)} for record in shown.runs]
    found += [{"type": "key", "venue_user": user, **asdict(key)} for user, key in shown.keys]
    return "\n".join(json_text(one, indent=None) for one in found)


def table(shown: Exported) -> str:
    """One row a step, with the facts of its run beside it; a header row first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for record in shown.runs:
        for row in _rows(record):
            writer.writerow([cell(row[name]) for name in COLUMNS])
    return text.getvalue().rstrip("\n")


def _rows(record: RunRecord) -> Iterator[dict[str, str]]:
    run = record.run
    facts = {
        "run": run.id,
        "began": run.at,
        "ended": run.ended_at,
        "actor": run.actor,
        "command": run.command,
        "flags": _text({name: value for name, value in run.flags.items() if value not in (None, False, "", [])}),
        "commit": run.commit or "",
        "clean": {True: "yes", False: "no", None: "not known"}[run.clean],
        "plan": run.digest or "",
        "run_status": run.status or "did not end",
    }
    keys = {one.intent.address: str(one.answered["api_key"]) for one in record.entries if one.answered.get("api_key")}
    for step in record.steps or _unended(record):
        of_step = {name: _text(step.get(name)) for name in COLUMNS if name not in facts}
        before = of_step["before"] if step.get("before_known", True) else "not known"
        yield {**facts, **of_step, "before": before, "key_id": keys.get(str(step["address"]), "")}
    if not record.steps and not record.entries:
        yield {**dict.fromkeys(COLUMNS, ""), **facts}


def _unended(record: RunRecord) -> Iterator[JsonObject]:
    """The writes of a run that did not end, in the place of its steps."""
    for one in record.entries:
        facts = one.intent.body if isinstance(one.intent.body, Mapping) else {}
        status = {"address": one.intent.address, "action": one.intent.action, "status": one.outcome or "not known"}
        yield {**facts, **status}


def _text(value: JsonValue) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json_text(value, indent=None)


def page(shown: Exported) -> str:
    """One page that needs nothing from elsewhere, in light and dark, on a phone and on paper."""
    runs = "\n".join(_section(record) for record in shown.runs) or "<p>No runs.</p>"
    keys = "\n".join(
        table_row("td", (user, key.uid, key.label, key.api_key, f"{key.store}:{key.path}", key.since))
        for user, key in shown.keys
    )
    flaws = "".join(f"<p class=bad>{html(one)}</p>" for one in shown.flaws)
    whole = flaws or f"<p>Verified: {shown.rows} rows, none altered, missing or moved.</p>"
    signed = f"<pre>{html(shown.signature)}</pre>" if shown.signature else ""
    body = (
        f"<h1>acctcfg history</h1>\n"
        f"<p>{html(shown.place)}, as of {html(shown.at)}"
        f"{html(f', since {shown.since}' if shown.since else '')}"
        f"{html(f', account {shown.account}' if shown.account else '')}</p>\n{whole}\n"
        f"<p>The last row's hash: <code>{html(shown.head)}</code></p>{signed}\n<h2>Runs</h2>\n{runs}\n"
        f"<h2>Keys on record</h2>\n<div class=wide><table>"
        f"{table_row('th', ('venue user', 'account uid', 'label', 'key id', 'secret', 'since'))}\n{keys}</table></div>"
    )
    return document("acctcfg history", body)


_SHOWN = ("address", "action", "before", "after", "status", "message", "key_id", "prechecks")


def _section(record: RunRecord) -> str:
    run = record.run
    rows = list(_rows(record))
    head = " · ".join(filter(None, (run.id, run.at, run.actor, run.command, run.status or "did not end")))
    facts = [f"{name} {rows[0][name]}" for name in ("flags", "commit", "clean", "plan") if rows and rows[0][name]]
    body = "\n".join(table_row("td", [_in_words(name, row[name]) for name in _SHOWN]) for row in rows if row["address"])
    return (
        f"<details open><summary>{html(head)}</summary><p>{html('; '.join(facts))}</p>"
        f"<div class=wide><table>{table_row('th', [name.replace('_', ' ') for name in _SHOWN])}\n{body}</table></div>"
        "</details>"
    )


def _in_words(name: str, text: str) -> str:
    return checks_in_words(json.loads(text)) if name == "prechecks" and text else text


def checks_in_words(checks: Iterable[Mapping[str, Any]]) -> str:
    """`no_open_positions pass; no_bots fail: 2 bots`: a cell of the page in the place of JSON."""
    told = ((f"{one['name']} {one['status']}", one.get("detail")) for one in checks)
    return "; ".join(f"{check}: {detail}" if detail else check for check, detail in told)
