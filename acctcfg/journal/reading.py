"""What the rows of the journal mean: the queries, and the values that are made of rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, cast

from acctcfg.journal.chain import Row
from acctcfg.journal.records import Access, EntryRecord, Finding, Intent, KnownAccount, Note, Outcome, Run, RunRecord

COLUMNS = "seq, at, run, kind, entry, venue_user, account, address, body, prev, hash"
SELECT = f"SELECT {COLUMNS} FROM events"  # noqa: S608  (constants only, as below; values are bound)

INSERT = f"INSERT INTO events ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
ALL = f"{SELECT} ORDER BY seq"
LAST = f"{SELECT} ORDER BY seq DESC LIMIT 1"
UNRESOLVED = f"""{SELECT} AS intents WHERE venue_user = ? AND kind = 'intent' AND NOT EXISTS (
    SELECT 1 FROM events AS later WHERE later.entry = intents.seq
    AND later.kind IN ('done', 'refused', 'failed', 'resolved')) ORDER BY seq"""  # noqa: S608
KEY_HISTORY = f"""{SELECT} WHERE venue_user = ? AND account = ? AND kind IN
    ('intent', 'done', 'refused', 'failed', 'resolved', 'key_stored', 'key_gone') ORDER BY seq"""
ACCOUNTS = f"""{SELECT} WHERE venue_user = ? AND (kind IN ('account', 'account_gone') OR kind IN
    ('intent', 'done', 'refused', 'failed', 'resolved') AND instr(address, '.') = 0) ORDER BY seq"""
KNOWLEDGE = f"""{SELECT} WHERE venue_user = ? AND kind IN
    ('intent', 'answered', 'done', 'refused', 'failed', 'resolved',
    'account', 'account_gone', 'access', 'key_stored', 'key_gone', 'seen') ORDER BY seq"""
CONNECTIONS = f"{SELECT} WHERE kind = 'connection' ORDER BY seq"
STORES = f"{SELECT} WHERE kind = 'stores' ORDER BY seq"
SINCE = f"{SELECT} WHERE seq >= ? ORDER BY seq"
LAST_OF_ACCOUNT = f"""{SELECT} WHERE venue_user = ? AND account = ? AND kind IN ('account', 'account_gone')
    ORDER BY seq DESC LIMIT 1"""
LAST_ACCESS = f"{SELECT} WHERE venue_user = ? AND account = ? AND kind = 'access' ORDER BY seq DESC LIMIT 1"
RUNS = f"{SELECT} WHERE kind = 'run' ORDER BY seq DESC LIMIT ?"
RUN_ENDS = f"""{SELECT} WHERE kind = 'run_end' AND run IN
    (SELECT run FROM events WHERE kind = 'run' ORDER BY seq DESC LIMIT ?)"""  # noqa: S608
RUN_BY_ID = f"{SELECT} WHERE run = ? AND kind = 'run'"
RUN_BY_PREFIX = f"{SELECT} WHERE run >= ? AND run < ? AND kind = 'run'"
RUN_ROWS = f"""{SELECT} WHERE run = ? OR entry IN
    (SELECT seq FROM events WHERE run = ? AND kind = 'intent') ORDER BY seq"""  # noqa: S608


def intent(row: Row) -> Intent:
    """The intent that a row of kind "intent" is."""
    return Intent(
        seq=row.seq,
        run=row.run,
        at=row.at,
        venue_user=row.venue_user,
        account=row.account,
        address=row.address,
        **json.loads(row.body),
    )


def is_creating(rows: Iterable[Row], label: str) -> bool:
    """Whether the last creation of a key with this label has neither an outcome nor a stored secret."""
    open_intent: int | None = None
    for row in rows:
        body = json.loads(row.body)
        if row.kind == "intent":
            if body["creates_key"] == label:
                open_intent = row.seq
        elif row.kind in ("key_stored", "key_gone"):
            if body["label"] == label:
                open_intent = None
        elif row.entry == open_intent and (row.kind != "resolved" or body["finding"] == "did_not_happen"):
            open_intent = None
    return open_intent is not None


def known_accounts(rows: Iterable[Row]) -> dict[str, KnownAccount]:
    """The accounts that are left after all that was remembered, forgotten, created and deleted in the rows' order.

    A run that died before its end remembered nothing: what it created, or may have, counts from the intent on, until
    that is known not to have happened.
    """
    known: dict[str, KnownAccount] = {}
    intents: dict[int | None, str] = {}  # creations and deletes of whole accounts, by their numbers
    for row in rows:
        before = known.get(row.account)
        if row.kind == "intent":
            intents[row.seq] = action = json.loads(row.body)["action"]
            if action == "create" and before is None:
                known[row.account] = KnownAccount(name=row.account, uid="", key=row.address, since=row.at)
        elif row.kind == "account":
            facts = json.loads(row.body)
            since = before.since if before and before.uid == facts["uid"] else row.at
            known[row.account] = KnownAccount(name=row.account, uid=facts["uid"], key=facts["key"], since=since)
        elif row.kind == "account_gone" or _took_away(row, intents.get(row.entry), before):
            known.pop(row.account, None)
    return known


def _took_away(row: Row, action: str | None, before: KnownAccount | None) -> bool:
    """Whether an outcome leaves no account: a delete that happened, a creation that did not and nobody else's word."""
    happened = row.kind == "done" or (row.kind == "resolved" and json.loads(row.body)["finding"] == "happened")
    if action == "delete":
        return happened
    return action == "create" and not happened and before is not None and not before.uid


def access(row: Row) -> Access:
    """The access that a row of kind "access" is."""
    return Access(**json.loads(row.body), since=row.at)


def run(begin: Row, end: Row | None) -> Run:
    """A run from its first row and, if it ended, its last."""
    ended: dict[str, Any] = json.loads(end.body) if end else {"status": "", "summary": None}
    return Run(id=begin.run, at=begin.at, ended_at=end.at if end else "", **json.loads(begin.body), **ended)


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
        steps=tuple(json.loads(row.body) for row in loose if row.kind == "step"),
        requests=tuple(json.loads(row.body) for row in loose if row.kind == "request"),
    )


def _entry(first: Row, about: Sequence[Row]) -> EntryRecord:
    outcomes = [row for row in about if row.kind in ("done", "refused", "failed", "unknown")]
    findings = [json.loads(row.body)["finding"] for row in about if row.kind == "resolved"]
    last = outcomes[-1] if outcomes else None
    answers = [json.loads(row.body) for row in about if row.kind == "answered"]
    return EntryRecord(
        answered=answers[-1] if answers else {},
        intent=intent(first),
        outcome=cast(Outcome, last.kind) if last else None,
        outcome_body=json.loads(last.body) if last else None,
        finding=cast(Finding, findings[-1]) if findings else None,
        requests=tuple(json.loads(row.body) for row in about if row.kind == "request"),
    )


def _note(row: Row) -> Note:
    body = json.loads(row.body)
    kind = row.kind
    if kind == "note":
        kind, body = body["kind"], body["body"]
    return Note(at=row.at, kind=kind, venue_user=row.venue_user, account=row.account, address=row.address, body=body)
