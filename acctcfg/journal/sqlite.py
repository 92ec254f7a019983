"""A journal in a SQLite file: its rows, how the file is made and opened, and what its errors mean in words.

Write-ahead log, flushed at every commit: what was committed outlives a power cut, and readers never wait.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from acctcfg.errors import JournalError
from acctcfg.journal.chain import FIRST, Draft, Row, chained
from acctcfg.journal.lock_file import FOLDER, LockFile
from acctcfg.journal.statements import Statements
from acctcfg.journal.storage import LockPlace, View, Which, demand_known, in_words
from acctcfg.plain_file import no_more_files

__all__ = ["SqliteStorage"]

APPLICATION_ID = 0x61636366  # "accf": tells this file from any other SQLite file
BUSY_S = 10.0
FILES = 4  # that one database keeps open: itself, its log, the log's index, its folder
UNWRITABLE = ("SQLITE_CANTOPEN", "SQLITE_READONLY_DIRECTORY", "SQLITE_READONLY_CANTINIT")

STEPS = (
    f"""
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
""",
)
"""What makes a journal of format n one of format n + 1; a new one takes all of them. Formats only ever add."""

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


SQL = Statements("events", "?")
LAST_GIVEN = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence"
HEAD = f"SELECT ({LAST_GIVEN}), (SELECT hash FROM events ORDER BY seq DESC LIMIT 1)"  # noqa: S608 (constants only)


class _View:
    """All rows, in one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        (self.last_given,) = connection.execute(LAST_GIVEN).fetchone()

    def rows(self, first: int) -> Iterator[Row]:
        return map(Row._make, self._connection.execute(*SQL.select(Which(first=first))))


class SqliteStorage:
    """A journal in one file, its locks in files of their own beside it. Without `create` it is only read."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        self._create = create
        self._connection: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None

    @property
    def place(self) -> str:
        return str(self.path)

    @property
    def remedy(self) -> str:
        """A backup, and nothing of another time beside it."""
        name = self.path.name
        return (
            f"put a backup in its place: {name} alone, and no {name}-wal of another time beside it; "
            "without one, move it away: acctcfg then knows no earlier runs"
        )

    def exists(self) -> bool:
        """Whether the file is there."""
        return self.path.exists()

    def rows(self, which: Which) -> list[Row]:
        """The rows that fit; none of a file that is absent."""
        with _in_words(self.path), self._reading() as connection:
            if connection is None:
                return []
            return [Row._make(row) for row in connection.execute(*SQL.select(which))]

    def append(self, drafts: Sequence[Draft], at: str) -> list[Row]:
        """Chain these to the last row, and flush them."""
        with _in_words(self.path):
            connection = self._writing()
            with _transaction(connection):
                given, last = connection.execute(HEAD).fetchone()
                rows = chained(drafts, at, (given, last or FIRST))
                connection.executemany(SQL.insert, rows)
            return rows

    @contextmanager
    def view(self) -> Iterator[View | None]:
        """One look at all rows."""
        with _in_words(self.path), self._reading() as connection:
            if connection is None:
                yield None
                return
            connection.execute("BEGIN")
            try:
                yield _View(connection)
            finally:
                connection.execute("ROLLBACK")

    def damage(self) -> tuple[str, ...]:
        """What SQLite finds wrong with its file."""
        with _in_words(self.path), self._reading() as connection:
            found = connection.execute("PRAGMA quick_check(20)") if connection is not None else ()
            return tuple(text for (text,) in found if text != "ok")

    def may_be_mixed(self) -> bool:
        """Whether there is a log beside the file: of another time, it would lie about it."""
        try:
            return self.path.with_name(f"{self.path.name}-wal").stat().st_size > 0
        except OSError:
            return False

    def close(self) -> None:
        """Close the file: a writer leaves all rows in the file that bears the journal's name."""
        with _in_words(self.path):
            if self._connection is not None:
                if self._create:
                    _fold_log(self._connection)
                self._connection.close()
            self._connection = None

    def lock(self, name: str) -> LockPlace:
        """Beside the journal, for all who share that. A journal that somebody holds up delays no heartbeat."""
        return LockFile(self.path.parent / FOLDER / name)

    def locks(self) -> list[LockPlace]:
        folder = self.path.parent / FOLDER
        with in_words(self.place):
            return [LockFile(one) for one in folder.iterdir()] if folder.is_dir() else []

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """The connection there is; else one for reading alone, kept if the journal is only read."""
        if self._connection is None and not self._create:
            self._connection = _connect_to_read(self.path)
        if self._connection is not None or not self._create:
            yield self._connection
            return
        connection = _connect_to_read(self.path)
        try:
            yield connection
        finally:
            if connection is not None:
                connection.close()

    def _writing(self) -> sqlite3.Connection:
        if not self._create:
            raise JournalError(f"{self.path}: the journal was opened for reading only")
        if self._connection is None:
            self._connection = _connect(self.path)
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


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say about `path` into a JournalError."""
    with in_words(str(path)):
        try:
            yield
        except sqlite3.Error as exc:
            name: str = getattr(exc, "sqlite_errorname", "") or ""
            primary = "_".join(name.split("_")[:2])
            gone = str(exc).startswith("no such ")
            hint = HINTS["SQLITE_NOTADB"] if gone else HINTS.get(primary, "")
            why = f"a part of it is gone, or it is another program's ({exc})" if gone else exc
            raise JournalError(f"{path}: the journal cannot be used: {why}", hint=hint) from (
                (primary == "SQLITE_CANTOPEN" and no_more_files(FILES)) or exc
            )


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and alone: the write lock is taken at the beginning, so that reads in it are not outdated."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _connect(path: Path) -> sqlite3.Connection:
    """Open for reading and writing; make the file (0600) and its folder (0700) if they are absent.

    A new file has its name only once it is whole.
    """
    with _in_words(path):
        _make_file(path)
        connection = _open(f"{path.absolute().as_uri()}?mode=rw")
        try:
            _use_write_ahead_log(connection)
            connection.execute("PRAGMA synchronous = FULL")
            _demand_journal(connection, path)
            _upgrade(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _connect_to_read(path: Path) -> sqlite3.Connection | None:
    """Open for reading only; None if the file is absent."""
    with _in_words(path):
        try:
            found = path.stat()
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(found.st_mode):
            raise JournalError(f"{path}: the journal is not a regular file", hint="put a backup in its place")
        try:
            return _opened_journal(f"{path.absolute().as_uri()}?mode=ro", path)
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorname not in UNWRITABLE:
                raise
        # Nobody can write to that folder, so no process is writing: it can be read without the log's index.
        return _opened_journal(f"{path.absolute().as_uri()}?immutable=1", path)


def _fold_log(connection: sqlite3.Connection) -> None:
    """Move all rows from the write-ahead log into the file itself; the next one does it where a reader is at it."""
    with suppress(sqlite3.Error):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


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
        _upgrade(connection)


def _upgrade(connection: sqlite3.Connection) -> None:
    """Take the journal to the newest format, in one transaction; two that come at once do it once."""
    if _version(connection) == len(STEPS):
        return
    with _transaction(connection):
        for step in STEPS[_version(connection) :]:
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(STEPS)}")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


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
    if application == APPLICATION_ID:
        demand_known(_version(connection), len(STEPS), str(path))
        return
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
