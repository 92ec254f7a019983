"""A journal in a PostgreSQL database, for a team: its tables, and its locks as rows beside them.

Rows are chained one writer at a time: whoever appends holds the one row of `acctcfg.journal` until its commit is
flushed. If the connection is lost while it commits, the next one waits for that row and then looks whether the rows
are there, so that nothing is written twice.

A lock's heartbeat is by the server's clock alone: with the clocks of the machines, one that is a minute ahead would
take every lock away from the others.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from acctcfg.core.journal_url import JournalUrl
from acctcfg.journal.chain import FIRST, Draft, Row, chained
from acctcfg.journal.holder import Holder
from acctcfg.journal.kept import Kept
from acctcfg.journal.postgres_server import Bounds, Connection, Server
from acctcfg.journal.statements import COLUMNS, Statements
from acctcfg.journal.storage import LockPlace, View, Which, demand_known

__all__ = ["PostgresStorage"]

STEPS = (
    """
CREATE TABLE acctcfg.journal (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one), format integer NOT NULL, last bigint NOT NULL
);
INSERT INTO acctcfg.journal (format, last) VALUES (0, 0);
CREATE TABLE acctcfg.events (
    seq bigint PRIMARY KEY,
    at text NOT NULL, run text COLLATE "C" NOT NULL, kind text NOT NULL, entry bigint,
    venue_user text NOT NULL, account text NOT NULL, address text NOT NULL,
    body text NOT NULL, prev text NOT NULL, hash text NOT NULL
);
CREATE INDEX events_by_run ON acctcfg.events (run);
CREATE INDEX events_by_entry ON acctcfg.events (entry) WHERE entry IS NOT NULL;
CREATE INDEX events_by_account ON acctcfg.events (venue_user, kind, account);
CREATE FUNCTION acctcfg.rows_stay() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'rows are never altered or removed'; END $$;
CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON acctcfg.events
    FOR EACH STATEMENT EXECUTE FUNCTION acctcfg.rows_stay();
CREATE TABLE acctcfg.locks (
    name text PRIMARY KEY, number bigint NOT NULL, holder text,
    acquired double precision NOT NULL, beaten double precision NOT NULL
);
""",
)
"""What makes a journal of format n one of format n + 1; a new one takes all of them. Formats only ever add."""

SQL = Statements("acctcfg.events", "%s")
TYPES = {"seq": "bigint", "entry": "bigint"}
INSERT = f"""
WITH given AS (UPDATE acctcfg.journal SET last = %s)
INSERT INTO acctcfg.events ({COLUMNS})
SELECT * FROM unnest({", ".join(f"%s::{TYPES.get(name, 'text')}[]" for name in Row._fields)})
"""  # noqa: S608  (constants only)
"""All rows in one statement, with the number of the last. Many would go out in a pipeline, in which the server waits
without a bound for the rest: a process that is frozen there would hold the journal until it wakes."""
FIRST_RUNS = 0x61636366  # two that come at once make the tables one after the other
NOW = "coalesce(%s::double precision, extract(epoch FROM clock_timestamp())::double precision)"
CLAIM = f"""
INSERT INTO acctcfg.locks AS held (name, number, holder, acquired, beaten)
SELECT %s, %s, %s, now, now FROM {NOW} AS now
ON CONFLICT (name) DO UPDATE
SET number = excluded.number, holder = excluded.holder, acquired = excluded.acquired, beaten = excluded.beaten
WHERE held.number = excluded.number - 1
"""  # noqa: S608  (constants only)
HELD = "SELECT holder FROM acctcfg.locks WHERE name = %s AND number = %s AND holder IS NOT NULL"
LOCK_BOUNDS = Bounds(connect_s=3, work_s=3.0, all_s=6.0)  # well below the 15 s between two heartbeats


class _View:
    """All rows, in one transaction."""

    def __init__(self, server: Server, connection: Connection, last_given: int) -> None:
        self._server, self._connection = server, connection
        self.last_given = last_given

    def rows(self, first: int) -> Iterator[Row]:
        """From this number on: few first, for whoever looks at one, then some thousands at a time."""
        size = 20
        with self._connection.cursor("journal") as cursor:
            with self._server.bounded(self._connection):
                cursor.execute(*SQL.select(Which(first=first)))
            while True:
                with self._server.bounded(self._connection):
                    some, size = cursor.fetchmany(size), 5000
                if not some:
                    return
                yield from map(Row._make, some)


class PostgresStorage:
    """A journal in one database. Without `create` it is only read. `clock` stands in for the server's, in tests."""

    def __init__(
        self,
        url: JournalUrl,
        *,
        create: bool = False,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] | None = None,
        kept: Kept[Connection] | None = None,
    ) -> None:
        self._url, self._create, self._clock = url, create, clock
        self._rows = Server(url, Bounds(), environ, kept)
        self._locks = Server(url, LOCK_BOUNDS, environ, kept)  # a journal that somebody holds up delays no heartbeat
        self._newest = False  # whether the tables were there in the newest format: no older one comes after it

    @property
    def place(self) -> str:
        return str(self._url)

    @property
    def remedy(self) -> str:
        return "restore the schema acctcfg from a backup; without one, rename it: acctcfg then knows no earlier runs"

    def exists(self) -> bool:
        """Whether the tables are there."""
        return self._rows.run(self._there)

    def rows(self, which: Which) -> list[Row]:
        """The rows that fit; none where the tables are absent."""

        def read(connection: Connection) -> list[Row]:
            if not self._there(connection):
                return []
            return [Row._make(row) for row in connection.execute(*SQL.select(which)).fetchall()]

        return self._rows.run(read)

    def append(self, drafts: Sequence[Draft], at: str) -> list[Row]:
        """Chain these to the last row, and flush them."""
        rows: list[Row] = []  # as the last try was about to commit them

        def add(connection: Connection) -> list[Row]:
            self.make(connection)
            with connection.transaction():
                (given,) = _one(connection, "SELECT last FROM acctcfg.journal FOR UPDATE")
                if rows and _committed(connection, rows[0]):
                    return rows
                last = connection.execute(*SQL.select(Which(last=1))).fetchone()
                rows[:] = chained(drafts, at, (_number(given), str(last[-1]) if last else FIRST))
                if rows:
                    columns = [list(column) for column in zip(*rows, strict=True)]
                    connection.execute(INSERT.encode(), [rows[-1].seq, *columns])
            return rows

        return self._rows.run(add)

    @contextmanager
    def view(self) -> Iterator[View | None]:
        """One look at all rows."""

        def begin(connection: Connection) -> View | None:
            if not self._there(connection):
                return None
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            (given,) = _one(connection, "SELECT last FROM acctcfg.journal")
            return _View(self._rows, connection, _number(given))

        view = self._rows.run(begin)
        try:
            with self._rows.in_words():
                yield view
        finally:
            if view is not None:
                self._rows.run(lambda connection: connection.rollback())

    def damage(self) -> tuple[str, ...]:
        """The server looks after its own files."""
        return ()

    def may_be_mixed(self) -> bool:
        """A server is restored as a whole."""
        return False

    def close(self) -> None:
        self._rows.close()
        self._locks.close()

    def lock(self, name: str) -> LockPlace:
        """A row beside the journal, for all who share that."""
        return _Row(self, self._locks, name, self._clock)

    def locks(self) -> list[LockPlace]:
        def names(connection: Connection) -> list[str]:
            if not self._there(connection):
                return []
            return [str(name) for (name,) in connection.execute("SELECT name FROM acctcfg.locks ORDER BY name")]

        return [self.lock(name) for name in self._locks.run(names)]

    def make(self, connection: Connection) -> None:
        """Make the tables, or take them to the newest format, in one transaction."""
        if self._format(connection) == len(STEPS):
            return
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [FIRST_RUNS])
            if not _one(connection, "SELECT count(*) FROM pg_namespace WHERE nspname = 'acctcfg'")[0]:
                connection.execute("CREATE SCHEMA acctcfg")
            steps = STEPS[self._format(connection) :]
            for step in steps:
                connection.execute(step.encode())
            if steps:
                connection.execute("UPDATE acctcfg.journal SET format = %s", [len(STEPS)])

    def _there(self, connection: Connection) -> bool:
        return self._format(connection) > 0

    def _format(self, connection: Connection) -> int:
        """The format of the tables, 0 where there are none. JournalError for one that is too new."""
        if self._newest:
            return len(STEPS)
        if _one(connection, "SELECT to_regclass('acctcfg.journal')")[0] is None:
            return 0
        found = _number(_one(connection, "SELECT format FROM acctcfg.journal")[0])
        demand_known(found, len(STEPS), self.place)
        self._newest = found == len(STEPS)
        return found


class _Row:
    """One lock as a row. A claim is one statement, of which the server lets one of two through."""

    def __init__(self, storage: PostgresStorage, server: Server, name: str, clock: Callable[[], float] | None) -> None:
        self._storage, self._server, self._name, self._clock = storage, server, name, clock
        self._ahead = 0.0  # seconds that the server's clock is ahead of ours
        self._there = False  # whether the table of the locks was there once

    @property
    def where(self) -> str:
        return self._storage.place

    def holder(self) -> tuple[int, Holder | None]:
        """The highest number, and who holds it; times are told by our own clock, ages are the server's."""

        def read(connection: Connection) -> tuple[int, Holder | None]:
            self._there = self._there or self._storage._there(connection)
            if not self._there:
                return 0, None
            sql = f"SELECT number, holder, acquired, beaten, {NOW} FROM acctcfg.locks WHERE name = %s"  # noqa: S608
            row = connection.execute(sql, [self._given(), self._name]).fetchone()
            if row is None:
                return 0, None
            number, claim, acquired, beaten, now = row
            if claim is None:
                return _number(number), None
            ahead = self._difference(_seconds(now))
            found = Holder.read(str(claim), _seconds(beaten) - ahead)
            return _number(number), replace(found, acquired_at=_seconds(acquired) - ahead)

        return self._server.run(read)

    def freed(self, number: int) -> Holder | None:  # noqa: ARG002
        """Nobody says: who sees the row sees the journal, which knows what may still arrive."""
        return None

    def claim(self, number: int, holder: Holder) -> bool:
        """Take it under this number; also where the answer to the first try was lost."""
        claim = holder.to_json()

        def take(connection: Connection) -> bool:
            self._storage.make(connection)
            if connection.execute(CLAIM, [self._name, number, claim, self._given()]).rowcount == 1:
                return True
            return bool(connection.execute(HELD, [self._name, number]).fetchone() == (claim,))

        return self._server.run(take)

    def is_held(self, number: int) -> bool:
        """Whether this claim still is the one that counts."""
        return self._met(HELD, [self._name, number])

    def beat(self, number: int, now: float) -> bool:  # noqa: ARG002  (the server knows)
        """Refresh the claim, by the server's clock; False if it no longer counts."""
        sql = f"UPDATE acctcfg.locks SET beaten = {NOW} WHERE name = %s AND number = %s AND holder IS NOT NULL"  # noqa: S608
        return self._met(sql, [self._given(), self._name, number])

    def free(self, number: int, holder: Holder | None = None) -> None:  # noqa: ARG002  (no row says who let go)
        """Let go. The number stays, so that none is ever given twice."""
        sql = "UPDATE acctcfg.locks SET holder = NULL WHERE name = %s AND number = %s"
        self._met(sql, [self._name, number])

    def _met(self, sql: str, values: Sequence[object]) -> bool:
        """Whether the statement met a row."""
        return self._server.run(lambda connection: bool(connection.execute(sql.encode(), values).rowcount))

    def _given(self) -> float | None:
        return None if self._clock is None else self._clock()

    def _difference(self, theirs: float) -> float:
        """Steady from look to look, so that an unchanged heartbeat looks unchanged; a clock that is set is followed."""
        ahead = theirs - (time.time() if self._clock is None else self._clock())
        if abs(ahead - self._ahead) > 1 or not self._ahead:
            self._ahead = ahead
        return self._ahead


def _committed(connection: Connection, row: Row) -> bool:
    """Whether a row is there: its hash stands for all of it, and for what came before."""
    sql = "SELECT 1 FROM acctcfg.events WHERE seq = %s AND hash = %s"
    return connection.execute(sql, [row.seq, row.hash]).fetchone() is not None


def _one(connection: Connection, sql: str) -> tuple[object, ...]:
    row: tuple[object, ...] | None = connection.execute(sql.encode()).fetchone()
    assert row is not None  # noqa: S101  (of these statements each gives one row)
    return row


def _number(value: object) -> int:
    return int(str(value))


def _seconds(value: object) -> float:
    return float(str(value))
