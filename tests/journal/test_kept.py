"""Connections to a journal's server that outlast whoever uses them."""

from __future__ import annotations

import threading
from contextlib import closing, suppress
from dataclasses import dataclass

import pytest
from postgres import Postgres

from acctcfg.core.journal_url import JournalUrl
from acctcfg.journal.chain import Draft
from acctcfg.journal.kept import KEPT_S, Kept
from acctcfg.journal.postgres import PostgresStorage
from acctcfg.journal.postgres_server import Bounds, Connection, Server


@dataclass(eq=False)
class Door:
    """What can be closed."""

    closed: bool = False

    def close(self) -> None:
        self.closed = True


def test_what_is_given_back_is_there_for_the_next_one_alone() -> None:
    """Two users at a time never have the same one, and nobody one of another login."""
    kept, door = Kept[Door](), Door()
    with kept.open():
        kept.give("ops", door)
        assert kept.take("audit") is None
        assert kept.take("ops") is door
        assert kept.take("ops") is None
        assert not door.closed


def test_nothing_is_left_open_once_the_last_user_has_left() -> None:
    """Whoever is inside another one ends nothing; what comes back later is closed at once."""
    kept, early, late = Kept[Door](), Door(), Door()
    with kept.open():
        with kept.open():
            kept.give("ops", early)
        assert not early.closed
    assert early.closed
    kept.give("ops", late)
    assert late.closed
    assert kept.take("ops") is None


def test_one_that_was_silent_for_long_is_not_used_again() -> None:
    """What lies on the way may have forgotten it, and nobody would hear of that for seconds."""
    now = [0.0]
    kept, doors = Kept[Door](lambda: now[0]), [Door(), Door()]
    with kept.open():
        for door in doors:
            kept.give("ops", door)
        now[0] = KEPT_S + 1
        assert kept.take("ops") is None
        assert all(door.closed for door in doors)


@pytest.fixture
def url(postgres: Postgres) -> JournalUrl:
    """Of a database with a journal of one row."""
    found = JournalUrl.of(postgres.database())
    with closing(PostgresStorage(found, create=True)) as storage:
        storage.append([Draft.of("run", "r1", None)], "2026-01-01T00:00:00Z")
    return found


def backend(server: Server) -> int:
    """The number of the server's process behind a connection."""

    def asked(connection: Connection) -> int:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        return int(str(row[0])) if row else 0

    return server.run(asked)


def test_one_after_the_other_use_one_connection(postgres: Postgres, url: JournalUrl) -> None:
    """Looks at a journal that follow each other log in once; after the last one the server has none of us."""
    kept = Kept[Connection]()
    with kept.open():
        seen = set()
        for _ in range(3):
            with closing(Server(url, Bounds(), kept=kept)) as server:
                seen.add(backend(server))
            with closing(PostgresStorage(url, kept=kept)) as storage, storage.view() as view:
                assert view is not None
                assert len(list(view.rows(0))) == 1
        assert len(seen) == 1
    assert postgres.end_connections(str(url)) == 0


def test_many_looks_are_watched_over_by_one_thread(url: JournalUrl) -> None:
    """A worker looks hundreds of times a minute: what ends a silent connection is one thread for all of them."""
    before = threading.active_count()
    for _ in range(5):
        with closing(PostgresStorage(url)) as storage:
            assert storage.exists()
    assert threading.active_count() <= before + 1


def test_a_kept_connection_that_the_server_ended_costs_nobody_his_work(postgres: Postgres, url: JournalUrl) -> None:
    """A server that was started again meanwhile: the next user gets a new connection, and what was asked."""
    kept = Kept[Connection]()
    with kept.open():
        with closing(Server(url, Bounds(), kept=kept)) as server:
            first = backend(server)
        assert postgres.end_connections(str(url)) == 1
        with closing(Server(url, Bounds(), kept=kept)) as server:
            assert backend(server) != first


def test_a_connection_inside_a_transaction_is_not_handed_on(url: JournalUrl) -> None:
    """Whoever broke off leaves nothing half done to the next one."""
    kept = Kept[Connection]()
    with kept.open():
        with closing(Server(url, Bounds(), kept=kept)) as server, suppress(KeyboardInterrupt):
            server.run(_broken_off)
        assert kept.take(server.login()) is None


def _broken_off(connection: Connection) -> None:
    connection.execute("BEGIN")
    raise KeyboardInterrupt
