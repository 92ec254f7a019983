"""The journal's SQLite file: how it is made and opened, and what its errors mean in words.

Write-ahead log, flushed at every commit: what was committed outlives a power cut, and readers never wait.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from acctcfg.errors import JournalError

__all__ = ["connect", "connect_to_read", "fold_log", "in_words", "log_of", "transaction"]

APPLICATION_ID = 0x61636366  # "accf": tells this file from any other SQLite file
VERSION = 1
BUSY_S = 10.0
UNWRITABLE = ("SQLITE_CANTOPEN", "SQLITE_READONLY_DIRECTORY", "SQLITE_READONLY_CANTINIT")

SCHEMA = f"""
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL, run TEXT NOT NULL, kind TEXT NOT NULL, entry INTEGER,
    venue_user TEXT NOT NULL, account TEXT NOT NULL, address TEXT NOT NULL,
    body TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_run ON events (run);
CREATE INDEX events_by_entry ON events (entry) WHERE entry IS NOT NULL;
CREATE INDEX events_by_account ON events (venue_user, kind, account);
CREATE TRIGGER events_stay BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'rows are never altered'); END;
CREATE TRIGGER events_last BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'rows are never removed'); END;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""

HINTS = {
    "SQLITE_BUSY": "another process writes to it all the time, or hangs while it does; try again",
    "SQLITE_LOCKED": "another process writes to it all the time, or hangs while it does; try again",
    "SQLITE_FULL": "free some space on that disk; nothing was sent that is not written down",
    "SQLITE_READONLY": "make the file and its folder writable for this user",
    "SQLITE_CANTOPEN": "make the file and its folder writable for this user",
    "SQLITE_PERM": "make the file and its folder writable for this user",
    "SQLITE_IOERR": "check the disk, its free space and its file system",
    "SQLITE_CORRUPT": "put a backup in its place, or move it away: acctcfg then knows no earlier runs",
    "SQLITE_NOTADB": "put a backup in its place, or move it away: acctcfg then knows no earlier runs",
}


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say about `path` into a JournalError."""
    try:
        yield
    except sqlite3.Error as exc:
        name: str = getattr(exc, "sqlite_errorname", "") or ""
        primary = "_".join(name.split("_")[:2])
        raise JournalError(f"{path}: the journal cannot be used: {exc}", hint=HINTS.get(primary, "")) from exc
    except OSError as exc:
        raise JournalError(
            f"{path}: the journal cannot be used: {exc.strerror}",
            hint="make the file and its folder writable for this user, and check the free space",
        ) from exc


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and alone: the write lock is taken at the beginning, so that reads in it are not outdated."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def connect(path: Path) -> sqlite3.Connection:
    """Open for reading and writing; make the file (0600) and its folder (0700) if they are absent.

    A new file has its name only once it is whole.
    """
    with in_words(path):
        _make_file(path)
        connection = _open(f"{path.absolute().as_uri()}?mode=rw")
        try:
            _use_write_ahead_log(connection)
            connection.execute("PRAGMA synchronous = FULL")
            _demand_journal(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def connect_to_read(path: Path) -> sqlite3.Connection | None:
    """Open for reading only; None if the file is absent."""
    with in_words(path):
        try:
            found = path.stat()
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(found.st_mode):
            raise JournalError(f"{path}: the journal is no ordinary file", hint="put a backup in its place")
        try:
            return _opened_journal(f"{path.absolute().as_uri()}?mode=ro", path)
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorname not in UNWRITABLE:
                raise
        # Nobody can write to that folder, so no process is writing: it can be read without the log's index.
        return _opened_journal(f"{path.absolute().as_uri()}?immutable=1", path)


def fold_log(connection: sqlite3.Connection) -> None:
    """Move all rows from the write-ahead log into the file itself; the next one does it where a reader is at it."""
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def log_of(path: Path) -> int:
    """How many bytes the write-ahead log beside the file has."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size
    except OSError:
        return 0


def _opened_journal(uri: str, path: Path) -> sqlite3.Connection:
    connection = _open(uri)
    try:
        _demand_journal(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _open(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    connection.text_factory = lambda data: data.decode(errors="replace")
    return connection


def _make_file(path: Path) -> None:
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        _write_schema(draft)
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another first run was quicker
        except OSError:  # a file system without hard links
            if not path.exists():
                draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    for folder in (path.parent, path.parent.parent):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write_schema(draft: Path) -> None:
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(_open(f"{draft.absolute().as_uri()}?mode=rw")) as connection:
        connection.execute("PRAGMA journal_mode = MEMORY")  # no second file: what is cut short has no name yet
        connection.execute("PRAGMA synchronous = FULL")
        with transaction(connection):
            for statement in _statements(SCHEMA):
                connection.execute(statement)


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switching needs the file alone and does not wait for it, so that two first runs at once may meet here."""
    give_up = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > give_up:
                raise
            time.sleep(0.02)
        else:
            return


def _demand_journal(connection: sqlite3.Connection, path: Path) -> None:
    """JournalError for a database that is not ours, or too new; for an empty one, too: what it knew is lost."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application == APPLICATION_ID and version == VERSION:
        return
    if application == APPLICATION_ID:
        raise JournalError(
            f"{path}: the journal was written by a newer acctcfg (format {version}; this one knows {VERSION})",
            hint="upgrade acctcfg",
        )
    with closing(connection.execute("SELECT count(*) FROM sqlite_master")) as cursor:
        (tables,) = cursor.fetchone()
    if tables or application:
        raise JournalError(f"{path}: is a database of something else, not a journal", hint="move it away")
    raise JournalError(
        f"{path}: the journal is empty, and acctcfg never leaves it so: what it knew is lost",
        hint="put a backup in its place; without one, remove it: acctcfg then knows no earlier runs",
    )


def _statements(script: str) -> Iterator[str]:
    """Its statements one by one: executescript would commit the transaction that it runs in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
