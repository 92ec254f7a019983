"""The journal: what every run meant to do and what came of it, and the lock that keeps runs apart."""

from __future__ import annotations

from acctcfg.journal.journal import Journal, journal_path
from acctcfg.journal.lock import Holder, Lock, Warrant, break_lock, holder_of, holders, is_left, state_folders
from acctcfg.journal.records import Access, EntryRecord, Intent, KnownAccount, Note, Run, RunRecord
from acctcfg.journal.sqlite import SqliteStorage
from acctcfg.journal.storage import Storage

__all__ = [
    "Access",
    "EntryRecord",
    "Holder",
    "Intent",
    "Journal",
    "KnownAccount",
    "Lock",
    "Note",
    "Run",
    "RunRecord",
    "SqliteStorage",
    "Storage",
    "Warrant",
    "break_lock",
    "holder_of",
    "holders",
    "is_left",
    "journal_path",
    "state_folders",
]
