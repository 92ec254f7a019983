"""One connection to a PostgreSQL server that never hangs: every statement has an end, and a lost one is made anew.

libpq reads what the manifest must not hold from where it always does: PGPASSWORD, ~/.pgpass, a service file. It hands
that to whoever asks, and on loopback anybody may listen: a server that the manifest alone names gets none of it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus

from acctcfg.core.journal_url import JournalUrl
from acctcfg.errors import JournalError
from acctcfg.journal.deadlines import deadlines_of
from acctcfg.journal.kept import Kept

__all__ = ["HINTS", "Bounds", "Connection", "Server"]

T = TypeVar("T")
Connection: TypeAlias = psycopg.Connection[tuple[object, ...]]

SESSION = """
SET statement_timeout = '8s';
SET lock_timeout = '8s';
SET idle_in_transaction_session_timeout = '5s';
SET default_transaction_isolation = 'read committed';
SET client_min_messages = 'error';
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local');
"""
"""A client that was frozen or cut off in the middle of a transaction holds up the others for 5 s at most."""

_GONE = (
    "tables are gone, or were half made: if the schema is one of the queue (docs/workers.md), drop all of it, and the "
    "next command makes it; if it is acctcfg, restore a backup"
)
HINTS = {
    "25006": "the url names a standby: name the primary",
    "28000": "the server's pg_hba.conf must let this role in",
    "28P01": "give the password in PGPASSWORD, ~/.pgpass or a service file",
    "3D000": "create the database first",
    "3F000": _GONE,
    "42501": "grant this role what docs/journal.md lists",
    "42883": _GONE,
    "42P01": _GONE,
    "42P07": _GONE,
    "42710": _GONE,
    "53100": "free some space on the server; nothing was sent that is not written down",
    "55P03": "another process writes to it all the time, or hangs while it does; try again",
    "57014": "another process writes to it all the time, or hangs while it does; try again",
}
UNREACHABLE = (
    "is the server up, and does `psql` with this url get in? The password comes from PGPASSWORD, ~/.pgpass or a "
    "service file; the certificate authority from PGSSLROOTCERT or ~/.postgresql/root.crt"
)

NOWHERE = os.path.join(os.devnull, "none")  # noqa: PTH118 (a path where never anything is)
NOTHING = {"password": "", "passfile": NOWHERE, "sslcert": NOWHERE, "gssencmode": "disable"}
"""Parameters of a login that shows nothing of this user's: what is said here, libpq looks for nowhere else."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds: for a connection, for one piece of work, and for both with all that is tried again."""

    connect_s: int = 5
    work_s: float = 10.0
    all_s: float = 20.0


class Server:
    """Runs pieces of work on one connection. Threads take turns. `kept`: where connections are free."""

    def __init__(
        self,
        url: JournalUrl,
        bounds: Bounds,
        environ: Mapping[str, str] = os.environ,
        kept: Kept[Connection] | None = None,
    ) -> None:
        self.url = url
        self._bounds = bounds
        self._environ = environ
        self._kept = kept
        self._connection: Connection | None = None
        self._met = False  # whether it ever answered: what was lost is sought again, what never was is not
        self._turn = threading.RLock()
        self._deadlines = deadlines_of(bounds.work_s)

    def run(self, work: Callable[[Connection], T]) -> T:
        """What `work` gives. It is begun anew where the connection was lost, so it must see what it did already."""
        give_up = time.monotonic() + self._bounds.all_s
        pause = 0.1
        with self._turn:
            while True:
                with self.in_words():
                    try:
                        connection = self._connected()
                        with self.bounded(connection):
                            return work(connection)
                    except psycopg.Error:
                        if not self._lost() or time.monotonic() + pause > give_up:
                            raise
                time.sleep(pause)
                pause *= 2

    @contextmanager
    def bounded(self, connection: Connection) -> Iterator[None]:
        """Cut the connection where the server is silent for too long: its own time-outs are no help if it hangs."""
        with self._deadlines.over(connection.fileno()):
            yield

    def close(self) -> None:
        """Let go of the connection; the next piece of work makes another."""
        with self._turn:
            connection, self._connection = self._connection, None
            if connection is None:
                return
            idle = connection.info.transaction_status is TransactionStatus.IDLE  # closed is none
            if self._kept is not None and idle:
                self._kept.give(self.login(), connection)
            else:
                connection.close()

    @contextmanager
    def in_words(self) -> Iterator[None]:
        """Turn what the server says into a JournalError."""
        try:
            yield
        except psycopg.Error as exc:
            said = exc.diag.message_primary or "; ".join(str(exc).split("\n")) or "the connection was lost"
            hint = HINTS.get(exc.sqlstate or "", UNREACHABLE)
            if not self._trusted and not self._met:
                hint += f"; what this user logs in with goes to it once ACCTCFG_TRUST names it, as {self.url.server}"
            raise JournalError(f"{self.url}: the journal cannot be used: {said}", hint=hint) from exc

    @property
    def _trusted(self) -> bool:
        """Whether the user says where the server is, or that this one is meant: not the manifest alone."""
        return not self.url.named or self.url.trusted(self._environ.get("ACCTCFG_TRUST", ""))

    def _connected(self) -> Connection:
        if self._connection is None and self._kept is not None:
            self._connection = self._kept.take(self.login())
            self._met = self._met or self._connection is not None
        if self._connection is None:
            connection: Connection = psycopg.connect(self.login(), autocommit=True, prepare_threshold=None)
            try:
                with self.bounded(connection):
                    connection.execute(SESSION)
            except BaseException:
                connection.close()
                raise
            self._connection, self._met = connection, True
        return self._connection

    def _lost(self) -> bool:
        """Whether the connection is gone, and is worth another try."""
        if self._connection is not None and self._connection.closed:
            self._connection.close()
            self._connection = None
        return self._connection is None and self._met

    def login(self) -> str:
        url = self.url
        given = {"user": url.user, "host": url.host, "dbname": url.database, **dict(url.parameters)}
        if url.port is not None:
            given["port"] = str(url.port)
        where = replace(url, host=url.host or self._environ.get("PGHOST", ""))
        named = {"service", "sslmode"} & given.keys() or {"PGSERVICE", "PGSSLMODE"} & self._environ.keys()
        if not where.local and not named:
            given["sslmode"] = "verify-full"
        given |= {"connect_timeout": str(self._bounds.connect_s), "client_encoding": "UTF8"}
        given = {name: value for name, value in given.items() if value}
        if not self._trusted:
            if "PGSERVICE" in self._environ:
                raise JournalError(
                    f"{url}: the journal cannot be used: PGSERVICE would send it what a service file holds",
                    hint=f"leave the server to the service (postgresql:///), or let ACCTCFG_TRUST name {url.server}",
                )
            given = {**NOTHING, **given}
        login: str = make_conninfo("application_name=acctcfg", **given)
        return login
