"""The journal of runs: intent before a write, outcome after it, in rows that are only ever added."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from acctcfg.errors import ConfigError, JournalError
from acctcfg.journal import reading
from acctcfg.journal.chain import FIRST, Row, canonical, flaws, row_hash
from acctcfg.journal.database import connect, connect_to_read, fold_log, in_words, log_of, transaction
from acctcfg.journal.intact import demand_intact
from acctcfg.journal.knowledge import Knowledge
from acctcfg.journal.lock import FOLDER
from acctcfg.journal.records import Access, Finding, Intent, KnownAccount, Outcome, Run, RunRecord
from acctcfg.plain_file import leads_out

__all__ = ["JOURNAL", "Journal", "journal_path", "utc"]

JOURNAL = Path(".acctcfg") / "journal.sqlite"


def journal_path(workspace: Path) -> Path:
    """Where a workspace keeps its journal. ConfigError where it, or a file beside it, is a link that leads out."""
    path = workspace / JOURNAL
    beside = (path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal"))
    for file in (path, *beside, path.parent / FOLDER):
        if leads_out(file, workspace):
            raise ConfigError(
                f"{file}: a link leads out of the workspace to {os.path.realpath(file)}",
                hint="the journal and its locks lie in the workspace itself: remove the link",
            )
    return path


def utc(seconds: float) -> str:
    """Unix seconds as "2026-03-01T12:00:00.000Z"."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Journal:
    """One journal file. Any thread may call any method; several processes may append at once.

    What a method adds is on disk when it returns, but for `request`, which goes along with the next addition.
    Every method raises JournalError if the file is damaged, locked for too long, read-only or the disk is full,
    and TypeError, before anything is written, if a body is not plain JSON data.
    """

    def __init__(self, path: Path, *, create: bool, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self._create = create
        self._now = now
        self._guard = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None
        self._waiting: list[_New] = []

    @classmethod
    def open(cls, path: Path, *, create: bool = False, now: Callable[[], float] = time.time) -> Self:
        """The journal at `path`. With `create` it is made at the first addition; without, it is only read.

        An absent journal reads as an empty one. `now` gives Unix seconds.
        """
        return cls(path, create=create, now=now)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what waits, and close the file: a writer leaves all rows in the file that bears the journal's name."""
        with self._guard, in_words(self.path):
            try:
                if self._waiting:
                    self._write_waiting()
            finally:
                if self._connection is not None:
                    if self._create:
                        fold_log(self._connection)
                    self._connection.close()
                self._connection = None

    # -- runs ------------------------------------------------------------------------------------------------

    def begin_run(
        self,
        *,
        command: str,
        actor: str,
        commit: str | None = None,
        clean: bool | None = None,
        digest: str | None = None,
        flags: Mapping[str, Any] | None = None,
    ) -> str:
        """Write down that a run begins; gives its id, "20260301-120000-k3f9". Ids sort by time."""
        started = datetime.fromtimestamp(self._now(), UTC).strftime("%Y%m%d-%H%M%S")
        run = f"{started}-{secrets.token_hex(3)}"
        body = {
            "command": command,
            "actor": actor,
            "commit": commit,
            "clean": clean,
            "digest": digest,
            "flags": dict(flags or {}),
        }
        self._add(_New("run", run, body))
        return run

    def end_run(self, run: str, status: str, summary: Any = None) -> None:
        """Write down how the run ended: a word, and what people and `revert` need to know."""
        self._add(_New("run_end", run, {"status": status, "summary": summary}))

    def note(
        self,
        run: str,
        kind: str,
        body: Any = None,
        *,
        venue_user: str = "",
        account: str = "",
        address: str = "",
    ) -> None:
        """Write down something else that happened; `kind` is a word of the caller's."""
        self._add(_New("note", run, {"kind": kind, "body": body}, venue_user, account, address))

    def steps(self, run: str, steps: Iterable[Mapping[str, Any]]) -> None:
        """Note how each step of the run's plan ended; written with the next addition."""
        self._waiting += [_New("step", run, dict(step), address=str(step["address"])) for step in steps]

    # -- writes ----------------------------------------------------------------------------------------------

    def intend(
        self,
        run: str,
        *,
        venue_user: str,
        account: str,
        address: str,
        action: str,
        call: str,
        body: Any = None,
        sent_at: float | None = None,
        creates_key: str = "",
    ) -> Intent:
        """Write down, on disk, that a write is about to be sent. Call it right before sending.

        `account` is the account's name at the venue; `creates_key` the label of the API key that the call creates.
        """
        facts = {"action": action, "call": call, "body": body, "sent_at": sent_at, "creates_key": creates_key}
        row = self._add(_New("intent", run, facts, venue_user, account, address))
        return reading.intent(row)

    def settle(self, entry: Intent, outcome: Outcome, body: Any = None) -> None:
        """Write down what came of it.

        "done": it was answered, and for a new key its secret is in the store. "refused": the venue said no.
        "failed": it is known not to have happened, or was undone. "unknown": only reading can tell.
        """
        if outcome not in ("done", "refused", "failed", "unknown"):
            raise ValueError(f"no such outcome: {outcome}")
        self._add(_New(outcome, entry.run, body, entry.venue_user, entry.account, entry.address, entry.seq))

    def request(self, run: str, entry: Intent | None, sent: Mapping[str, Any]) -> None:
        """Note a request's outcome. It is written with the next addition, so that it costs no flush of its own."""
        user, account, address = (entry.venue_user, entry.account, entry.address) if entry else ("", "", "")
        self._waiting.append(_New("request", run, dict(sent), user, account, address, entry.seq if entry else None))

    def unresolved(self, venue_user: str) -> tuple[Intent, ...]:
        """Writes whose outcome nobody knows: never settled, or settled "unknown", and not resolved since."""
        with self._understood():
            return tuple(reading.intent(row) for row in self._rows(reading.UNRESOLVED, venue_user))

    def answered(self, entry: Intent, facts: Mapping[str, Any]) -> None:
        """Write down what the venue answered to a creation: an account's uid, a key's id, an address."""
        self._add(_New("answered", entry.run, dict(facts), entry.venue_user, entry.account, entry.address, entry.seq))

    def knowledge(self, venue_user: str) -> Knowledge:
        """What all runs left on record about the accounts and keys of one venue user."""
        with self._understood():
            return Knowledge.of(self._rows(reading.KNOWLEDGE, venue_user))

    def venue_users(self) -> tuple[str, ...]:
        """Every venue user that the journal knows something of."""
        with self._understood():
            return tuple(sorted({row.venue_user for row in self._rows(reading.ALL) if row.venue_user}))

    def resolve(self, run: str, entry: Intent, finding: Finding, body: Any = None) -> None:
        """Write down what reading the venue showed about an unresolved write."""
        if finding not in ("happened", "did_not_happen"):
            raise ValueError(f"no such finding: {finding}")
        facts = {"finding": finding, "body": body}
        self._add(_New("resolved", run, facts, entry.venue_user, entry.account, entry.address, entry.seq))

    # -- keys ------------------------------------------------------------------------------------------------

    def creating(self, venue_user: str, account: str, label: str) -> bool:
        """Whether a key with this label, if the venue has one, was made by a run that did not get to store it.

        True from the `intend` with `creates_key` until its outcome is known (see `settle`), it is found not to
        have happened, or `remember_key` or `forget_key` is called. Found to have happened, it stays True.
        """
        with self._understood():
            return reading.is_creating(self._rows(reading.KEY_HISTORY, venue_user, account), label)

    def remember_key(
        self,
        run: str,
        venue_user: str,
        account: str,
        label: str,
        *,
        store: str,
        path: str,
        api_key: str = "",
        uid: str = "",
    ) -> None:
        """Write down that the key's secret is in its store."""
        facts = {"label": label, "store": store, "path": path, "api_key": api_key, "uid": uid}
        self._add(_New("key_stored", run, facts, venue_user, account))

    def forget_key(self, run: str, venue_user: str, account: str, label: str) -> None:
        """Write down that no key with this label is left from an earlier run."""
        self._add(_New("key_gone", run, {"label": label}, venue_user, account))

    # -- connections -----------------------------------------------------------------------------------------

    def user_behind(self, venue: str, environment: str, base_url: str) -> str:
        """The venue user whose credentials this connection had when it was last used by an apply; "" before that."""
        with self._understood():
            bodies = [(json.loads(row.body), row.venue_user) for row in self._rows(reading.CONNECTIONS)]
            here = (venue, environment, base_url)
            found = [user for body, user in bodies if (body["venue"], body["environment"], body["base_url"]) == here]
        return found[-1] if found else ""

    def remember_user(self, run: str, venue: str, environment: str, base_url: str, user: str) -> None:
        """Write down whose credentials a connection has. Nothing if that is known."""
        if self.user_behind(venue, environment, base_url) != user:
            facts = {"venue": venue, "environment": environment, "base_url": base_url}
            self._add(_New("connection", run, facts, user))

    # -- stores ----------------------------------------------------------------------------------------------

    def store_readers(self) -> dict[str, dict[str, Any]]:
        """Type, path and recipients of every store, as an apply last knew them."""
        found: dict[str, dict[str, Any]] = {}
        with self._understood():
            for row in self._rows(reading.STORES):
                found |= {name: _readers(facts) for name, facts in json.loads(row.body).items()}
        return found

    def remember_readers(self, run: str, stores: Mapping[str, Mapping[str, Any]]) -> None:
        """Write down who can read the secrets of these stores. Nothing of those that are known so."""
        known = self.store_readers()
        new = {name: dict(facts) for name, facts in stores.items() if known.get(name) != facts}
        if new:
            self._add(_New("stores", run, new))

    # -- accounts --------------------------------------------------------------------------------------------

    def known_accounts(self, venue_user: str) -> dict[str, KnownAccount]:
        """The sub-accounts that acctcfg created, or may have, or took over, by their names at the venue."""
        with self._understood():
            return reading.known_accounts(self._rows(reading.ACCOUNTS, venue_user))

    def remember_account(self, run: str, venue_user: str, name: str, *, uid: str, key: str) -> None:
        """Write down that this account is ours; `key` is its key in the manifest. Nothing if that is known."""
        with self._understood():
            known = reading.known_accounts(self._rows(reading.LAST_OF_ACCOUNT, venue_user, name)).get(name)
        if known is None or (known.uid, known.key) != (uid, key):
            self._add(_New("account", run, {"uid": uid, "key": key}, venue_user, name))

    def forget_account(self, run: str, venue_user: str, name: str) -> None:
        """Write down that it is deleted, or no longer ours."""
        self._add(_New("account_gone", run, None, venue_user, name))

    def last_access(self, venue_user: str, account: str) -> Access | None:
        """The stored key that signed last for this account."""
        rows = self._rows(reading.LAST_ACCESS, venue_user, account)
        with self._understood():
            return reading.access(rows[0]) if rows else None

    def remember_access(
        self, run: str, venue_user: str, account: str, *, store: str, path: str, label: str, uid: str = ""
    ) -> None:
        """Write down which stored key signs for this account. Nothing if that is known."""
        last = self.last_access(venue_user, account)
        facts = {"store": store, "path": path, "label": label, "uid": uid}
        if last is None or (last.store, last.path, last.label, last.uid) != (store, path, label, uid):
            self._add(_New("access", run, facts, venue_user, account))

    def remember_seen(self, run: str, venue_user: str, kind: str, names: Iterable[str]) -> None:
        """Write down, at most once a day, that a venue's list showed these."""
        today = utc(self._now())[:10]
        known = self.knowledge(venue_user).sightings
        new = {name: today for name in sorted(set(names)) if known.get((kind, name)) != today}
        if new:
            self._add(_New("seen", run, {"kind": kind, "names": new}, venue_user))

    # -- looking back ----------------------------------------------------------------------------------------

    def runs(self, limit: int = 50) -> tuple[Run, ...]:
        """The last runs, newest first."""
        begins = self._rows(reading.RUNS, limit)
        ends = {row.run: row for row in self._rows(reading.RUN_ENDS, limit)}
        with self._understood():
            return tuple(reading.run(row, ends.get(row.run)) for row in begins)

    def run(self, run: str) -> RunRecord:
        """Everything about one run; the beginning of an id will do if it fits one only. JournalError if none."""
        fitting = self._rows(reading.RUN_BY_ID, run) or self._rows(reading.RUN_BY_PREFIX, run, run + "~")
        if len(fitting) != 1:
            count = f"{len(fitting)} runs begin" if fitting else "no run begins"
            raise JournalError(f"{count} with {run}", hint="acctcfg history lists the runs")
        with self._understood():
            return reading.record(self._rows(reading.RUN_ROWS, fitting[0].run, fitting[0].run))

    def verify(self) -> tuple[str, ...]:
        """What is wrong with the journal, a sentence each, by the rows' numbers; empty if nothing is."""
        with self._guard, in_words(self.path), self._reading() as connection:
            if connection is None:
                return ()
            damage = [text for (text,) in connection.execute("PRAGMA quick_check(20)") if text != "ok"]
            (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence").fetchone()
            rows = map(Row._make, connection.execute(reading.ALL))
            return (*damage, *flaws(rows, last))

    def demand_intact(self, since: tuple[int, str] = (0, FIRST)) -> tuple[int, str]:
        """The head, if no row was altered, removed or moved; JournalError else. Before anything is decided by it.

        `since` is the head of an earlier look, up to which it is believed.
        """
        with self._guard, in_words(self.path), self._reading() as connection:
            if connection is None:
                return 0, FIRST
            return demand_intact(connection, self.path, since)

    def demand_whole(self) -> None:
        """JournalError where the file and a log beside it are not one journal: an old copy beside a newer log."""
        if log_of(self.path) > 0:
            self.demand_intact()

    def head(self) -> tuple[int, str]:
        """Number and hash of the last row: kept elsewhere, it proves that nothing before it changed."""
        rows = self._rows(reading.LAST)
        return (rows[0].seq, rows[0].hash) if rows else (0, FIRST)

    # -- the file --------------------------------------------------------------------------------------------

    def _rows(self, query: str, *values: str | int) -> list[Row]:
        with self._guard, in_words(self.path):
            if self._waiting:
                self._write_waiting()
            with self._reading() as connection:
                if connection is None:
                    return []
                return [Row._make(row) for row in connection.execute(query, values)]

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """Rows that somebody altered may be no JSON, or lack what they must have."""
        try:
            yield
        except (ValueError, KeyError, TypeError) as exc:
            raise JournalError(
                f"{self.path}: the journal holds rows that acctcfg did not write",
                hint="acctcfg history --verify names them; put a backup in its place",
            ) from exc

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """The connection there is; else one for reading alone, kept if the journal is only read."""
        if self._connection is None and not self._create:
            self._connection = connect_to_read(self.path)
        if self._connection is not None or not self._create:
            yield self._connection
            return
        connection = connect_to_read(self.path)
        try:
            yield connection
        finally:
            if connection is not None:
                connection.close()

    def _add(self, new: _New) -> Row:
        """Write a row, together with all that wait: threads that come while a flush is on its way share the next."""
        self._waiting.append(new)
        with self._guard, in_words(self.path):
            if new.row is None:
                try:
                    self._write_waiting()
                except BaseException:
                    self._waiting.remove(new)  # its caller is told; the others try for themselves
                    raise
        assert new.row is not None  # noqa: S101
        return new.row

    def _write_waiting(self) -> None:
        connection = self._writing()
        batch, rows = self._waiting[:], []
        at = utc(self._now())
        with transaction(connection):
            last = connection.execute(reading.LAST).fetchone()
            (given,) = connection.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence").fetchone()
            prev = last[-1] if last else FIRST
            for number, new in enumerate(batch, given + 1):
                row = Row(number, at, new.run, new.kind, new.entry, *new.place, new.text, prev, "")
                rows.append(row._replace(hash=row_hash(row)))
                prev = rows[-1].hash
            connection.executemany(reading.INSERT, rows)
        del self._waiting[: len(batch)]
        for new, row in zip(batch, rows, strict=True):
            new.row = row

    def _writing(self) -> sqlite3.Connection:
        if not self._create:
            raise JournalError(f"{self.path}: the journal was opened for reading only")
        if self._connection is None:
            self._connection = connect(self.path)
            self._inode = self._identity()
        elif self._identity() != self._inode:
            raise JournalError(
                f"{self.path}: the journal was moved or replaced while it was in use",
                hint="put it back; what was written down since is in the file that was moved",
            )
        return self._connection

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return None
        return status.st_dev, status.st_ino


def _readers(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": facts["type"], "path": facts["path"], "recipients": list(facts["recipients"])}


class _New:
    """A row that is not in the chain yet. TypeError if its body is not plain JSON data."""

    __slots__ = ("entry", "kind", "place", "row", "run", "text")

    def __init__(
        self,
        kind: str,
        run: str,
        body: Any,
        venue_user: str = "",
        account: str = "",
        address: str = "",
        entry: int | None = None,
    ) -> None:
        self.kind, self.run, self.text, self.entry = kind, run, canonical(body), entry
        self.place = (venue_user, account, address)
        self.row: Row | None = None  # once it is in the chain, on disk
