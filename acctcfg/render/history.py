"""Past runs as people read them: a list, or one with all that it did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from acctcfg.core.address import Address
from acctcfg.render.columns import columns, filled
from acctcfg.render.folded import MANY, Row, fold, some
from acctcfg.render.harmless import harmless

if TYPE_CHECKING:
    from acctcfg.core.json_types import JsonObject, JsonValue
    from acctcfg.journal import EntryRecord, Run, RunRecord
    from acctcfg.render.formats import Page

__all__ = ["facts", "request", "run", "runs", "steps_of", "told_of", "values", "verified"]

MARKS = {"create": "+", "change": "~", "replace": "-/+", "delete": "-"}
NAMES = {"uid": "account uid", "api_key": "key id"}
FINDINGS = {"happened": "found later: it happened", "did_not_happen": "found later: it did not happen"}
_CLEAN = {
    True: ("", ""),
    False: ("+", ", with uncommitted changes"),
    None: ("?", ", whether with uncommitted changes is not known"),
}


def runs(shown: Sequence[Run], _: Page) -> str:
    """`acctcfg history`: a line for each run, newest first."""
    return _lines(_list(shown))


def run(shown: RunRecord, page: Page) -> str:
    """One run, with each of its steps and writes; of many accounts what was done alike is told once."""
    return _lines(_one(shown, each=page.full or page.verbose))


def verified(shown: Mapping[str, object], _: Page) -> str:
    """That the journal is as it was written, up to which row."""
    rows, head, place = shown["rows"], shown["head"], shown["place"]
    if not rows:
        return harmless(f"{place}: {'the journal is empty' if shown['exists'] else 'there is no journal'}.")
    return f"Verified: {rows} rows, none altered, missing or moved. The last one's hash is {head}."


def _lines(lines: Sequence[str]) -> str:
    return "\n".join(map(harmless, lines))


def _list(runs: Sequence[Run]) -> list[str]:
    if not runs:
        return ["No runs yet."]
    head = ("RUN", "WHEN", "ACTOR", "COMMAND", "COMMIT", "PLAN", "OUTCOME")
    return _table([head, *((each.id, *_facts(each)) for each in runs)])


def _facts(run: Run) -> tuple[str, ...]:
    return (
        _when(run.at),
        run.actor,
        run.command,
        f"{run.commit[:8]}{_CLEAN[run.clean][0]}" if run.commit else "-",
        (run.digest or "-").removeprefix("sha256:")[:12],
        _result(run),
    )


def _result(run: Run) -> str:
    """The run's last word and its counts that are not zero: "done, 2 created"; not done where a step is not."""
    if not run.status:
        return "did not end"
    if isinstance(run.summary, Mapping):
        counts = {name: count for name, count in run.summary.items() if name != "exit"}
        words = [f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if type(count) is int and count]
        if run.status == "done" and (status := run.summary.get("exit")):
            told = any(counts.get(name) for name in ("failed", "blocked", "not_started", "unreadable"))
            return ", ".join(words if told else (*words, f"exit {status}"))
    else:
        words = [run.summary] if isinstance(run.summary, str) else []
    return ", ".join((run.status, *words))


def facts(run: Run) -> list[tuple[str, str]]:
    """Who ran what, when, on which commit, and what came of it; a name and what there is to say."""
    flags = " ".join(f"{name}={value}" for name, value in run.flags.items() if value not in (None, False, "", []))
    commit = f"{run.commit}{_CLEAN[run.clean][1]}" if run.commit else "-"
    return [
        ("run", run.id),
        ("when", _when(run.at) + (f" to {_when(run.ended_at)}" if run.ended_at else "")),
        ("actor", run.actor),
        ("command", f"{run.command} {flags}".rstrip()),
        ("commit", commit),
        ("plan", run.digest or "-"),
        ("outcome", _result(run)),
    ]


def _one(record: RunRecord, *, each: bool) -> list[str]:
    lines = _table(facts(record.run))
    steps = record.steps or steps_of(record.entries)
    many = len({_address(step).account for step in steps}) > MANY and not each
    done = [step for step in steps if many and step["status"] == "done"]
    told = [*_folded(done), *_steps(record, [step for step in steps if not many or step["status"] != "done"])]
    if told:
        lines += ["", *told]
    if record.requests:
        lines += ["", "other requests", *(request(sent) for sent in record.requests)]
    return lines


def _address(step: JsonObject) -> Address:
    return Address.of(str(step["address"]))


def _folded(steps: Sequence[JsonObject]) -> Iterator[str]:
    """What was done, a line for each change that several accounts have in common, and whose it is."""
    rows = (
        Row(
            account=(address := _address(step)).account,
            field=address.field,
            within=address.within,
            deed=str(step["action"]),
            text=f"{values(step)}done",
        )
        for step in steps
    )
    folds = fold(rows)
    digits = max((len(str(len(one.accounts))) for one in folds), default=0)
    for one in folds:
        yield f"{MARKS.get(one.rows[0].deed, ' '):>3} {one.said(digits)}"
        if len(one.accounts) > 1:
            yield f"        {some(one.accounts)}"
    if folds:
        yield "What several accounts have in common is shown once; --full shows each step and its requests."


def _steps(record: RunRecord, steps: Sequence[JsonObject]) -> Iterator[str]:
    """Steps with their values and end, and below it each write; of a run that did not end, the writes alone."""
    width = max((columns(str(step["address"])) for step in steps), default=0)
    for step in steps:
        words = [values(step), str(step["status"]).replace("_", " ")]
        end = ": ".join(filter(None, (words[1], str(step.get("message") or step.get("code") or ""))))
        yield f"{MARKS.get(str(step['action']), ' '):>3} {filled(str(step['address']), width)}  {words[0]}{end}"
        for entry in record.entries:
            if entry.intent.address == step["address"]:
                yield from told_of(entry, several=step["action"] == "replace", told=bool(record.steps))


def steps_of(entries: Sequence[EntryRecord]) -> list[JsonObject]:
    """The steps as their writes show them, one line an address and action."""
    found: dict[tuple[str, str], JsonObject] = {}
    for entry in entries:
        intent = entry.intent
        words = ", ".join(filter(None, (entry.outcome or "outcome not known", FINDINGS.get(entry.finding or ""))))
        step: JsonObject = {"address": intent.address, "action": intent.action, "status": words, **_facts_of(entry)}
        found[intent.address, intent.action] = step
    return list(found.values())


def _facts_of(entry: EntryRecord) -> JsonObject:
    return entry.intent.body if isinstance(entry.intent.body, Mapping) else {}


def values(step: JsonObject) -> str:
    """ "net -> long_short   ", as far as it is on record."""
    if "after" not in step:
        return ""
    before, after = step.get("before"), step["after"]
    known = "(not known)" if not step.get("before_known", True) else _value(before)
    if step["action"] == "create":
        return f"{_value(after)}   "
    return f"{known} -> {_value(after)}   " if step["action"] != "delete" else f"{known}   "


def _value(value: JsonValue) -> str:
    if isinstance(value, Mapping):
        there = {name: one for name, one in value.items() if one not in (None, "", []) or name == "ip_allowlist"}
        return ", ".join(f"{name} {_value(one) or 'from any address'}" for name, one in there.items())
    if isinstance(value, list):
        return "+".join(map(_value, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "none" if value is None else str(value)


def told_of(entry: EntryRecord, *, several: bool, told: bool) -> Iterator[str]:
    """One write: of a replacement, the delete or the create that it was; then its requests, and what it answered."""
    facts = _facts_of(entry)
    if several:
        mark, what = ("-", f"key {facts['deletes']} deleted") if facts.get("deletes") else ("+", "key created")
        yield f"      {mark} {what}: {entry.outcome or 'outcome not known'}"
    if told and entry.finding:
        yield f"      {FINDINGS[entry.finding]}"
    yield from map(request, entry.requests) if entry.requests else (f"      {entry.intent.call}",)
    if facts.get("uid") or entry.answered:
        ids = {**({"uid": facts["uid"]} if facts.get("uid") else {}), **entry.answered}
        yield "      " + "   ".join(f"{NAMES.get(name, name)} {value}" for name, value in ids.items())


def request(sent: JsonObject) -> str:
    """ "POST /api/v5/account/set-leverage   200   code 59102   31 ms   attempt 2", with what is known of it."""
    words = [f"{sent.get('method', '')} {sent.get('path', '')}", str(sent.get("status") or "no answer")]
    if sent.get("code") not in (None, ""):
        words.append(f"code {sent['code']}")
    if isinstance(milliseconds := sent.get("milliseconds"), int | float):
        words.append(f"{milliseconds:.0f} ms")
    if isinstance(attempt := sent.get("attempt"), int) and attempt > 1:
        words.append(f"attempt {attempt}")
    return "      " + "   ".join(words)


def _when(at: str) -> str:
    return at[:19].replace("T", " ") + "Z"


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(filled(cell, width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return [line.rstrip() for line in lines]
