"""The journal of runs: intent before a write, outcome after it, in rows that are only ever added."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from acctcfg.core.json_types import JsonObject, JsonValue
from acctcfg.core.remembered import Ours
from acctcfg.errors import ConfigError
from acctcfg.journal import reading
from acctcfg.journal.chain import BEGINNING, Draft, Row
from acctcfg.journal.last_seen import LastSeen
from acctcfg.journal.lock_file import FOLDER
from acctcfg.journal.past import Past, part_address
from acctcfg.journal.process import this_process
from acctcfg.journal.records import Finding, Intent, Outcome
from acctcfg.journal.sqlite import SqliteStorage
from acctcfg.journal.storage import NAMED, Storage, Which
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


@dataclass(slots=True, eq=False)
class _New:
    """A draft, and the row that came of it once that is on disk."""

    draft: Draft
    row: Row | None = None


class Journal(Past):
    """One journal. Several threads may call its methods; several processes may append at once.

    What a method adds is on disk when it returns, but for `request`, `done`, `steps` and `remember_lasting`, which go
    along with the next addition. Every method raises JournalError if the storage is damaged, locked for too long,
    read-only or the disk is full, and TypeError, before anything is written, if a body is not plain JSON data. `now`
    gives Unix seconds.
    """

    def __init__(self, storage: Storage, *, now: Callable[[], float] = time.time, seen: LastSeen | None = None) -> None:
        super().__init__(storage, seen=seen)
        self._now = now
        self._added = BEGINNING  # the last row of ours
        self._waiting: list[_New] = []

    @classmethod
    def open(cls, path: Path, *, create: bool = False, now: Callable[[], float] = time.time) -> Self:
        """The journal in a file. With `create` it is made at the first addition; without, it is only read."""
        return cls(SqliteStorage(path, create=create), now=now)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what waits, and let go of the storage."""
        with self._guard:
            try:
                self._write_waiting()
            finally:
                self._tell_head()
                self.storage.close()

    # -- runs ----------------------------------------------------------------------------------------------------------

    def begin_run(
        self,
        *,
        command: str,
        actor: str,
        commit: str | None = None,
        clean: bool | None = None,
        digest: str | None = None,
        flags: JsonObject | None = None,
    ) -> str:
        """Write down that a run begins; gives its id, "20260301-120000-k3f9". Ids sort by time."""
        started = datetime.fromtimestamp(self._now(), UTC).strftime("%Y%m%d-%H%M%S")
        run = f"{started}-{secrets.token_hex(3)}"
        body: JsonObject = {
            "command": command,
            "actor": actor,
            "commit": commit,
            "clean": clean,
            "digest": digest,
            "flags": dict(flags or {}),
            "process": this_process().facts(),
        }
        self._add(Draft.of("run", run, body))
        return run

    def end_run(self, run: str, status: str, summary: JsonValue = None) -> None:
        """Write down how the run ended: a word, and what people and `revert` need to know."""
        self._add(Draft.of("run_end", run, {"status": status, "summary": summary}))

    def note(
        self,
        run: str,
        kind: str,
        body: JsonValue = None,
        *,
        venue_user: str = "",
        account: str = "",
        address: str = "",
    ) -> None:
        """Write down something else that happened; `kind` is a word of the caller's."""
        self._add(Draft.of("note", run, {"kind": kind, "body": body}, venue_user, account, address))

    def note_part(self, run: str, kind: str, body: JsonObject) -> None:
        """Write down something about the part of the run whose `number` it has."""
        self.note(run, kind, body, address=part_address(int(str(body["number"]))))

    def steps(self, run: str, steps: Iterable[JsonObject]) -> None:
        """Note how each step of the run's plan ended; written with the next addition."""
        self._waiting += [_New(Draft.of("step", run, dict(step), address=str(step["address"]))) for step in steps]

    # -- writes --------------------------------------------------------------------------------------------------------

    @staticmethod
    def intending(
        run: str,
        *,
        venue_user: str,
        account: str,
        address: str,
        action: str,
        call: str,
        body: JsonValue = None,
        sent_at: float | None = None,
        creates_key: str = "",
    ) -> Draft:
        """A write that is about to be sent, for `intend`. TypeError if the body is not plain JSON data.

        `account` is the account's name at the venue; `creates_key` the label of the API key that the call creates.
        """
        facts = {"action": action, "call": call, "body": body, "sent_at": sent_at, "creates_key": creates_key}
        return Draft.of("intent", run, facts, venue_user, account, address)

    def intend(self, *intents: Draft) -> list[Intent]:
        """Write down, on disk and in one flush, that these are about to be sent: all or none. Call it right before
        sending, with what `intending` gives."""
        return [reading.intent(row) for row in self._add_all(intents)]

    def settle(self, entry: Intent, outcome: Outcome, body: JsonValue = None) -> None:
        """Write down what came of it.

        "done": it was answered, and for a new key its secret is in the store. "refused": the venue said no.
        "failed": it is known not to have happened, or was undone. "unknown": only reading can tell.
        """
        if outcome not in ("done", "refused", "failed", "unknown"):
            raise ValueError(f"no such outcome: {outcome}")
        self._add(_about(entry, outcome, entry.run, body))

    def done(self, entry: Intent) -> None:
        """Note that it was answered; written with the next addition. Were that lost, reading the venue shows it."""
        self._waiting.append(_New(_about(entry, "done", entry.run, None)))

    @property
    def waits(self) -> bool:
        """Whether anything is yet to be written with the next addition."""
        return bool(self._waiting)

    def flush(self) -> None:
        """Write what waits for the next addition, since none may come for long."""
        with self._guard:
            self._write_waiting()

    def request(self, run: str, entry: Intent | None, sent: JsonObject) -> None:
        """Note a request's outcome. It is written with the next addition, so that it costs no flush of its own."""
        draft = _about(entry, "request", run, dict(sent)) if entry else Draft.of("request", run, dict(sent))
        self._waiting.append(_New(draft))

    def answered(self, entry: Intent, facts: JsonObject) -> None:
        """Write down what the venue answered to a creation: an account's uid, a key's id, an address."""
        self._add(_about(entry, "answered", entry.run, dict(facts)))

    def resolve(self, run: str, entry: Intent, finding: Finding, body: JsonValue = None) -> None:
        """Write down what reading the venue showed about an unresolved write."""
        if finding not in ("happened", "did_not_happen"):
            raise ValueError(f"no such finding: {finding}")
        self._add(_about(entry, "resolved", run, {"finding": finding, "body": body}))

    # -- keys, connections, stores, accounts ---------------------------------------------------------------------------

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
        self._add(Draft.of("key_stored", run, facts, venue_user, account))

    def end_rotation(self, run: str, venue_user: str, account: str, *, uid: str, label: str, api_key: str) -> None:
        """Write down that reads showed nothing left of a rotation; `api_key`: of the new key."""
        self._add(Draft.of("rotated", run, {"uid": uid, "label": label, "api_key": api_key}, venue_user, account))

    def forget_key(self, run: str, venue_user: str, account: str, label: str) -> None:
        """Write down that no key with this label is left from an earlier run."""
        self._add(Draft.of("key_gone", run, {"label": label}, venue_user, account))

    def remember_user(self, run: str, venue: str, environment: str, base_url: str, user: str) -> None:
        """Write down whose credentials a connection has. Nothing if that is known."""
        if self.user_behind(venue, environment, base_url) != user:
            facts = {"venue": venue, "environment": environment, "base_url": base_url}
            self._add(Draft.of("connection", run, facts, user))

    def remember_readers(self, run: str, stores: Mapping[str, reading.Readers]) -> None:
        """Write down who can read the secrets of these stores. Nothing of those that are known so."""
        known = self.store_readers()
        new = {name: dict(facts) for name, facts in stores.items() if known.get(name) != facts}
        if new:
            self._add(Draft.of("stores", run, new))

    def remember_accounts(self, run: str, venue_user: str, accounts: Sequence[Ours]) -> None:
        """Write down that these are ours, and which stored keys sign for them; of what is known so, nothing."""
        names = tuple(one.name for one in accounts) if len(accounts) <= NAMED else ()
        kinds = ("account", "account_gone", "access")
        rows = self._rows(Which(kinds=kinds, venue_user=venue_user, accounts=names))
        with self._understood():
            known = {row.account: row.facts() for row in rows if row.kind != "access"}  # of one that is gone nothing
            signs = {row.account: _signs(row) for row in rows if row.kind == "access"}
        new = []
        for one in accounts:
            facts: JsonObject = {"uid": one.uid, "key": one.key}
            if known.get(one.name) != facts:
                new.append(Draft.of("account", run, facts, venue_user, one.name))
            if one.access is not None and signs.get(one.name) != (*one.access, one.uid):
                store, path, label = one.access
                facts = {"store": store, "path": path, "label": label, "uid": one.uid}
                new.append(Draft.of("access", run, facts, venue_user, one.name))
        if new:
            self._add_all(new)

    def remember_again(self, run: str, venue_user: str, one: Ours) -> None:
        """Write down that it is still ours: a delete was answered with success, and reads did not show it."""
        self._add(Draft.of("account", run, {"uid": one.uid, "key": one.key}, venue_user, one.name))

    def forget_account(self, run: str, venue_user: str, name: str) -> None:
        """Write down that it is deleted, or no longer ours."""
        self._add(Draft.of("account_gone", run, None, venue_user, name))

    def remember_seen(self, run: str, venue_user: str, kind: str, names: Iterable[str], *, daily: bool = True) -> None:
        """Write down, at most once a day, that a venue's list showed these; not `daily`: only those never seen."""
        today = utc(self._now())[:10]
        known = self.knowledge(venue_user, kinds=("seen",)).sightings
        new = {
            name: today
            for name in sorted(set(names))
            if (kind, name) not in known or (daily and known[kind, name] != today)
        }
        if new:
            self._add(Draft.of("seen", run, {"kind": kind, "names": new}, venue_user))

    def remember_lasting(
        self,
        run: str,
        venue_user: str,
        account: str,
        *,
        uid: str,
        environment: str,
        field: str,
        shown: Iterable[JsonObject],
    ) -> None:
        """Note what a venue's list showed and cannot be deleted; written with the next addition."""
        place: JsonObject = {"uid": uid, "environment": environment, "field": field}
        facts: JsonObject = {**place, "shown": [dict(one) for one in shown]}
        self._waiting.append(_New(Draft.of("lasting", run, facts, venue_user, account)))

    # -- the brake -----------------------------------------------------------------------------------------------------

    def remember_cap(self, run: str, venue_user: str, most: str, uids: Iterable[str]) -> None:
        """Note that a brake lowers what stands above `most` in these accounts; written with the next addition."""
        self._waiting.append(_New(Draft.of("cap", run, {"most": dict.fromkeys(uids, most)}, venue_user)))

    def lift_cap(self, run: str, venue_user: str, uids: Collection[str] | None = None) -> None:
        """Write down that an apply was to raise leverage above the caps again: of these accounts, or of all. Nothing
        where there are none."""
        caps = self.knowledge(venue_user, kinds=("cap", "cap_lifted")).caps
        lifted = sorted(caps if uids is None else caps.keys() & set(uids))
        if lifted:
            self._add(Draft.of("cap_lifted", run, None if uids is None else {"uids": lifted}, venue_user))

    # ------------------------------------------------------------------------------------------------------------------

    def _rows(self, which: Which) -> list[Row]:
        with self._guard:
            self._write_waiting()
            return super()._rows(which)

    def _add(self, draft: Draft) -> Row:
        return self._add_all([draft])[0]

    def _add_all(self, drafts: Sequence[Draft]) -> list[Row]:
        """Write rows, together with all that wait: threads that come while a flush is on its way share the next."""
        news = [_New(draft) for draft in drafts]
        self._waiting += news
        with self._guard:
            if any(new.row is None for new in news):
                try:
                    self._write_waiting()
                except BaseException:
                    for new in news:
                        self._waiting.remove(new)  # its caller is told; the others try for themselves
                    raise
        return [row for new in news if (row := new.row) is not None]

    def _write_waiting(self) -> None:
        batch = self._waiting[:]
        if not batch:
            return
        rows = self.storage.append([new.draft for new in batch], utc(self._now()))
        del self._waiting[: len(batch)]
        first, self._added = self._added == BEGINNING, (rows[-1].seq, rows[-1].hash)
        if first:
            self._tell_head()  # a run that is killed is remembered by its beginning
        for new, row in zip(batch, rows, strict=True):
            new.row = row

    def _tell_head(self) -> None:
        if self._seen is not None and self._added != BEGINNING:
            self._seen.keep(self._added)


def _about(entry: Intent, kind: str, run: str, body: JsonValue) -> Draft:
    return Draft.of(kind, run, body, entry.venue_user, entry.account, entry.address, entry.seq)


def _signs(row: Row) -> tuple[str, str, str, str]:
    found = reading.access(row)
    return found.store, found.path, found.label, found.uid
