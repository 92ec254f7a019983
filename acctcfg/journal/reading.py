"""What the rows of the journal mean: the values that are made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias, cast

from acctcfg.core.json_types import JsonObject, JsonValue
from acctcfg.journal.chain import Row
from acctcfg.journal.facts import mapping, number, text, word
from acctcfg.journal.records import Access, EntryRecord, Finding, Intent, Note, Outcome, Run, RunRecord

_ENDS = ("done", "refused", "failed", "resolved")
_ACCOUNTS = ("intent", *_ENDS, "account", "account_gone")
KNOWLEDGE = (
    "answered",
    *_ACCOUNTS,
    "access",
    "key_stored",
    "key_gone",
    "rotated",
    "seen",
    "lasting",
    "cap",
    "cap_lifted",
)
"""The kinds of rows that each of these questions needs."""

Readers: TypeAlias = JsonObject
"""Type, path and recipients of a store."""


def intent(row: Row) -> Intent:
    """The intent that a row of kind "intent" is."""
    facts = row.facts()
    return Intent(
        seq=row.seq,
        run=row.run,
        at=row.at,
        venue_user=row.venue_user,
        account=row.account,
        address=row.address,
        action=text(facts, "action"),
        call=text(facts, "call"),
        body=facts.get("body"),
        sent_at=number(facts, "sent_at"),
        creates_key=word(facts, "creates_key") or "",
    )


def wrote(row: Row) -> bool:
    """Whether a row of kind "intent" or "step" is of a write: several steps may share one."""
    return row.kind == "intent" or row.facts().get("status") == "done"


def uid_of(row: Row) -> str:
    """The account's uid in a row of kind "intent" or "step"; "" where it was not known."""
    facts = row.facts()
    return str((mapping(facts.get("body")) if row.kind == "intent" else facts).get("uid") or "")


def access(row: Row) -> Access:
    """The access that a row of kind "access" is."""
    facts = row.facts()
    store, path, label = (text(facts, name) for name in ("store", "path", "label"))
    return Access(store=store, path=path, label=label, since=row.at, uid=word(facts, "uid") or "")


def readers(value: JsonValue) -> Readers:
    """Who can read a store, as a row of kind "stores" says."""
    facts = mapping(value)
    recipients = facts["recipients"]
    if not isinstance(recipients, Sequence):
        raise TypeError("recipients are no list")
    return {"type": facts["type"], "path": facts["path"], "recipients": list(recipients)}


def run(begin: Row, end: Row | None) -> Run:
    """A run from its first row and, if it ended, its last."""
    facts = begin.facts()
    clean = facts.get("clean")
    return Run(
        id=begin.run,
        at=begin.at,
        ended_at=end.at if end else "",
        command=text(facts, "command"),
        actor=text(facts, "actor"),
        commit=word(facts, "commit"),
        clean=None if clean is None else bool(clean),
        digest=word(facts, "digest"),
        flags=mapping(facts.get("flags")),
        status=text(end.facts(), "status") if end else "",
        summary=end.facts().get("summary") if end else None,
    )


def record(rows: Sequence[Row]) -> RunRecord:
    """Everything about a run from its rows, and those rows of later runs that are about its intents."""
    begin = next(row for row in rows if row.kind == "run")
    end = next((row for row in rows if row.kind == "run_end"), None)
    about: dict[int | None, list[Row]] = {}
    for row in rows:
        about.setdefault(row.entry, []).append(row)
    loose = about.get(None, [])
    return RunRecord(
        run=run(begin, end),
        entries=tuple(_entry(row, about.get(row.seq, [])) for row in loose if row.kind == "intent"),
        notes=tuple(_note(row) for row in loose if row.kind not in ("run", "run_end", "intent", "request", "step")),
        steps=_all(loose, "step"),
        requests=_all(loose, "request"),
    )


def _all(rows: Iterable[Row], kind: str) -> tuple[JsonObject, ...]:
    return tuple(row.facts() for row in rows if row.kind == kind)


def _entry(first: Row, about: Sequence[Row]) -> EntryRecord:
    outcomes = [row for row in about if row.kind in ("done", "refused", "failed", "unknown")]
    findings = [row.facts()["finding"] for row in about if row.kind == "resolved"]
    last = outcomes[-1] if outcomes else None
    answers = _all(about, "answered")
    return EntryRecord(
        answered=answers[-1] if answers else {},
        intent=intent(first),
        outcome=cast(Outcome, last.kind) if last else None,
        outcome_body=last.value() if last else None,
        finding=cast(Finding, findings[-1]) if findings else None,
        requests=_all(about, "request"),
    )


def _note(row: Row) -> Note:
    kind, body = row.kind, row.value()
    if kind == "note":
        kind, body = text(row.facts(), "kind"), row.facts()["body"]
    return Note(at=row.at, kind=kind, venue_user=row.venue_user, account=row.account, address=row.address, body=body)
