"""Who holds which lock and what each holder is doing; and breaking a lock."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from acctcfg.core.json_types import JsonObject
from acctcfg.engine.moment import moment
from acctcfg.engine.part import PART, part_of_lock
from acctcfg.engine.workspace import storage_here
from acctcfg.errors import JournalError
from acctcfg.journal import Holder, Journal, break_lock, holders, state_folders
from acctcfg.journal.actor import actor, commit_of
from acctcfg.journal.records import LOCK_BREAK

__all__ = ["HeldLock", "break_held", "held_locks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLock:
    """One lock as people ask for it. `silent_s`: seconds since its last heartbeat."""

    venue_user: str
    base_url: str
    owner: str
    host: str
    pid: int
    since: str
    silent_s: float
    gone: bool  # the next apply takes it over at once
    run: str  # "" before it began to write, or where another journal has it
    command: str
    step: str  # the address of a write whose outcome is not on record
    call: str
    token: str

    @property
    def facts(self) -> JsonObject:
        """The lock as a JSON object; see docs/json.md."""
        names = ("venue_user", "base_url", "owner", "host", "pid", "since", "silent_s", "gone", "run", "command")
        return {**{name: getattr(self, name) for name in names}, "step": self.step, "call": self.call}


def held_locks(directory: Path, environ: Mapping[str, str]) -> tuple[HeldLock, ...]:
    """All locks beside the journal and in this user's state folders, those of the dead included."""
    with Journal(storage_here(directory, environ)) as journal:
        found = holders(journal.storage, state=state_folders(environ))
        return tuple(_held(one, journal) for one in found)


def _held(holder: Holder, journal: Journal) -> HeldLock:
    now = time.time()
    run, intent = journal.doing(holder.process, holder.run, _accounts(holder, journal))
    return HeldLock(
        venue_user=holder.venue_user,
        base_url=holder.base_url,
        owner=holder.owner,
        host=holder.process.host,
        pid=holder.process.pid,
        since=moment(holder.acquired_at),
        silent_s=round(max(0.0, now - holder.heartbeat_at), 1),
        gone=holder.is_gone(now),
        run=run.id if run else "",
        command=run.command if run else "",
        step=intent.address if intent else "",
        call=intent.call if intent else "",
        token=holder.token,
    )


def _accounts(holder: Holder, journal: Journal) -> list[str] | None:
    """Those of the part of a run that a worker has; None where it has all of a venue user."""
    number = part_of_lock(holder.venue_user)
    if not holder.run or number is None:
        return None
    accounts = (journal.part(holder.run, PART, number) or {}).get("accounts")
    return list(map(str, accounts)) if isinstance(accounts, list) else None


def break_held(directory: Path, environ: Mapping[str, str], held: HeldLock, *, asked: bool) -> tuple[bool, str]:
    """Take this lock from this holder, and nobody else's; whether it still had it, and why that is not on record.

    The lock goes first: a journal that somebody holds up keeps nobody from it.
    """
    storage = storage_here(directory, environ, create=True)
    with Journal(storage) as journal:
        broken = break_lock(
            storage, held.venue_user, base_url=held.base_url, state=state_folders(environ), token=held.token
        )
        if broken is None:
            return False, ""
        try:
            _record(journal, directory, environ, held, asked=asked)
        except JournalError as error:
            return True, error.told
        return True, ""


def _record(journal: Journal, directory: Path, environ: Mapping[str, str], held: HeldLock, *, asked: bool) -> None:
    commit = commit_of(directory)
    run = journal.begin_run(
        command=LOCK_BREAK,
        actor=actor(environ),
        commit=commit.id,
        clean=commit.clean,
        flags={"venue_user": held.venue_user, "auto_approve": not asked},
    )
    journal.note(run, "lock_broken", held.facts, venue_user=held.venue_user)
    journal.end_run(run, "done")
