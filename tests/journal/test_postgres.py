"""A journal in PostgreSQL: what the server, the network and other versions may do to it."""

from __future__ import annotations

import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from journal_parts import mean
from patience import PATIENCE_S
from postgres import Cut, Postgres

import acctcfg.journal.postgres
from acctcfg.core.journal_url import JournalUrl
from acctcfg.errors import JournalError, LockHeld
from acctcfg.journal import Journal, Lock, holders
from acctcfg.journal.postgres import PostgresStorage
from acctcfg.journal.postgres_server import Bounds, Server

TLS, GSS = (struct.pack("!I", 80877100 + one) for one in (3, 4))  # "may we speak so?", of the protocol


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.database()


@pytest.fixture
def journal(url: str) -> Iterator[Journal]:
    with Journal(PostgresStorage(JournalUrl.of(url), create=True)) as opened:
        yield opened


@pytest.mark.slow
def test_reading_makes_nothing(postgres: Postgres, url: str) -> None:
    """What only looks leaves an empty database empty."""
    storage = PostgresStorage(JournalUrl.of(url))
    with Journal(storage) as journal:
        assert not storage.exists()
        assert journal.runs() == journal.verify() == ()
        assert holders(storage) == ()
    with postgres.connect(url) as connection:
        assert connection.execute("SELECT to_regnamespace('acctcfg')").fetchone() == (None,)


def test_rows_stay(postgres: Postgres, url: str, journal: Journal) -> None:
    """No statement alters or removes a row; an owner who takes the guard away is found out."""
    run = journal.begin_run(command="apply", actor="alice")
    mean(journal, run)
    alter = "UPDATE acctcfg.events SET body = '{}' WHERE seq = 2"
    with postgres.connect(url) as connection:
        for statement in (alter, "DELETE FROM acctcfg.events", "TRUNCATE acctcfg.events"):
            with pytest.raises(psycopg.errors.RaiseException, match="never altered or removed"):
                connection.execute(statement)
        connection.execute("ALTER TABLE acctcfg.events DISABLE TRIGGER ALL")
        connection.execute(alter)
        assert journal.verify() == (f"row 2 (intent, run {run}) was altered",)
        connection.execute("DELETE FROM acctcfg.events WHERE seq = 2")
    assert journal.verify() == ("row 2 is missing, at the end",)
    with pytest.raises(JournalError, match="the journal is not as it was written"):
        journal.demand_intact()


def test_many_at_once_make_one_chain(url: str) -> None:
    """Four writers that begin on an empty database leave one unbroken chain, and no row twice."""
    ready = threading.Barrier(4)

    def write(who: int) -> None:
        with Journal(PostgresStorage(JournalUrl.of(url), create=True)) as journal:
            ready.wait()
            run = journal.begin_run(command="apply", actor=str(who))
            for number in range(10):
                journal.note(run, "x", number)

    threads = [threading.Thread(target=write, args=[who]) for who in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with Journal(PostgresStorage(JournalUrl.of(url))) as journal:
        assert journal.verify() == ()
        assert journal.head()[0] == 44
        assert {one.actor for one in journal.runs()} == {"0", "1", "2", "3"}


def test_a_connection_that_is_ended_is_made_anew(postgres: Postgres, url: str, journal: Journal) -> None:
    """What an administrator ends between two rows costs neither of them, and writes none twice."""
    run = journal.begin_run(command="apply", actor="alice")
    assert postgres.end_connections(url) == 1
    entry = mean(journal, run)
    postgres.end_connections(url)
    journal.settle(entry, "done")
    postgres.end_connections(url)
    assert journal.verify() == ()
    assert journal.head()[0] == 3


@pytest.mark.parametrize("reached", [True, False])
def test_a_connection_that_is_lost_at_the_commit(postgres: Postgres, url: str, reached: bool) -> None:
    """Whether the commit had reached the server or not: the rows are there, once."""
    with (
        closing(Cut(postgres.port, at=3, reached=reached)) as way,
        Journal(PostgresStorage(JournalUrl.of(way.url(url)), create=True)) as journal,
    ):
        run = journal.begin_run(command="apply", actor="alice")  # the first commit made the tables
        assert not way.broken
        entry = mean(journal, run)
        assert way.broken
        journal.settle(entry, "done")
        assert journal.verify() == ()
        assert journal.head()[0] == 3


def test_a_connection_that_is_lost_for_good(postgres: Postgres, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries are bounded: then it is an error, and whoever was to send something knows that it is not on record."""
    monkeypatch.setattr(acctcfg.journal.postgres, "Bounds", lambda: Bounds(all_s=0.3))
    with closing(Cut(postgres.port, at=3, reached=False, for_good=True)) as way:
        storage = PostgresStorage(JournalUrl.of(way.url(url)), create=True)
        with closing(storage):
            journal = Journal(storage)
            run = journal.begin_run(command="apply", actor="alice")
            with pytest.raises(JournalError, match="the journal cannot be used"):
                mean(journal, run)


def test_a_server_that_is_silent_holds_up_nobody_for_ever(postgres: Postgres, url: str) -> None:
    """A stopped server's own time-outs are no help: the connection is cut, and the message says what is wrong."""
    server = Server(JournalUrl.of(url), Bounds(connect_s=2, work_s=2.0, all_s=0.5))
    with closing(server):
        (pid,) = server.run(lambda connection: connection.execute("SELECT pg_backend_pid()").fetchone())
        os.kill(pid, signal.SIGSTOP)
        begun = time.monotonic()
        try:
            with pytest.raises(JournalError, match="the journal cannot be used"):
                server.run(lambda connection: connection.execute("SELECT pg_sleep(3600)"))
        finally:
            os.kill(pid, signal.SIGCONT)
        assert time.monotonic() - begun < PATIENCE_S


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """Nobody listens: one message with the url and what to look at, at once."""
    with pytest.raises(JournalError) as caught:
        PostgresStorage(JournalUrl.of("postgresql://ops@127.0.0.1:1/acctcfg")).exists()
    assert caught.value.message.startswith("postgresql://ops@127.0.0.1:1/acctcfg: the journal cannot be used: ")
    assert "refused" in caught.value.message
    assert "PGPASSWORD" in caught.value.hint


@contextmanager
def eavesdropper() -> Iterator[tuple[int, list[bytes]]]:
    """A program on loopback that speaks just enough of the protocol to ask for a password in clear, and keeps it."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    near, _ = listener.accept()
                    with near:
                        near.settimeout(PATIENCE_S)
                        while (asked := near.recv(65536))[4:8] in (TLS, GSS):
                            near.sendall(b"N")
                        near.sendall(struct.pack("!cII", b"R", 8, 3))
                        heard.extend((asked, near.recv(65536)))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], heard
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(PATIENCE_S)


@pytest.mark.parametrize("source", ["PGPASSWORD", "PGPASSFILE", "PGSERVICE"])
@pytest.mark.parametrize("trusted", [False, True])
def test_a_server_that_the_manifest_alone_names_gets_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, trusted: bool
) -> None:
    """On loopback anybody may listen: what this user logs in with goes there only on the user's own word."""
    secret, file = "forlocaleyesonly", tmp_path / "login"
    given = {"PGPASSWORD": secret, "PGPASSFILE": str(file), "PGSERVICE": "ops"}
    file.write_text(f"[ops]\npassword={secret}\n" if source == "PGSERVICE" else f"*:*:*:*:{secret}\n")
    file.chmod(0o600)
    monkeypatch.setenv(source, given[source])
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    with eavesdropper() as (port, heard):
        monkeypatch.setenv("ACCTCFG_TRUST", f"postgresql://127.0.0.1:{port}" if trusted else "")
        server = Server(JournalUrl.of(f"postgresql://ops@127.0.0.1:{port}/acctcfg"), Bounds(connect_s=3))
        with closing(server), pytest.raises(JournalError) as caught:
            server.run(lambda connection: connection.execute("SELECT 1"))
    assert (secret.encode() in b"".join(heard)) == trusted
    assert (f"postgresql://127.0.0.1:{port}" in caught.value.hint) == (not trusted)


def test_a_newer_journal_is_refused(postgres: Postgres, url: str, journal: Journal) -> None:
    """In words, for reading and for writing, and nothing is changed."""
    journal.begin_run(command="apply", actor="alice")
    with postgres.connect(url) as connection:
        connection.execute("UPDATE acctcfg.journal SET format = 9")
    for ask in (journal.runs, journal.verify, lambda: journal.begin_run(command="apply", actor="bob")):
        with pytest.raises(JournalError, match=r"written by a newer acctcfg \(format 9; this one knows 1\)"):
            ask()


def test_an_older_journal_is_upgraded_by_the_first_write(
    url: str, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read as it is until then; in one transaction, so that an upgrade that fails leaves the old one."""
    run = journal.begin_run(command="apply", actor="alice")
    steps = acctcfg.journal.postgres.STEPS
    for more, works in (("ALTER TABLE acctcfg.events ADD extra text; SELECT 1/0", False), ("SELECT 1", True)):
        monkeypatch.setattr(acctcfg.journal.postgres, "STEPS", (*steps, more))
        with Journal(PostgresStorage(JournalUrl.of(url), create=True)) as newer:
            assert [one.id for one in newer.runs()] == [run]
            if works:
                newer.note(run, "x")
            else:
                with pytest.raises(JournalError, match="division by zero"):
                    newer.note(run, "x")
    monkeypatch.setattr(acctcfg.journal.postgres, "STEPS", steps)
    with pytest.raises(JournalError, match="format 2; this one knows 1"):
        journal.runs()


def test_a_role_that_may_only_read(postgres: Postgres, url: str, journal: Journal) -> None:
    """It sees runs and locks; a write is refused with what to grant."""
    run = journal.begin_run(command="apply", actor="alice")
    name = f"reader_{JournalUrl.of(url).database}"
    with postgres.connect(url) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN")
        connection.execute(f"GRANT USAGE ON SCHEMA acctcfg TO {name}")
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA acctcfg TO {name}")
    with Journal(PostgresStorage(replace(JournalUrl.of(url), user=name), create=True)) as reader:
        assert [one.id for one in reader.runs()] == [run]
        assert reader.verify() == ()
        assert holders(reader.storage) == ()
        with pytest.raises(JournalError) as caught:
            reader.note(run, "x")
    assert "permission denied" in caught.value.message
    assert "docs/journal.md" in caught.value.hint


async def test_clocks_that_differ_take_no_lock_away(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose clock is an hour ahead sees how old the heartbeat is: ages are the server's."""
    now = time.time() + 3600
    async with Lock(PostgresStorage(JournalUrl.of(url)), "1001", owner="alice"):
        with closing(PostgresStorage(JournalUrl.of(url))) as other:
            (holder,) = holders(other)
            assert abs(holder.heartbeat_at - time.time()) < PATIENCE_S
            monkeypatch.setattr(time, "time", lambda: now)
            (seen,) = holders(other)
            assert abs(seen.heartbeat_at - now) < PATIENCE_S
            with pytest.raises(LockHeld, match="alice"):
                await Lock(PostgresStorage(JournalUrl.of(url)), "1001", owner="bob", now=lambda: now).__aenter__()


def test_its_rows_are_flushed_though_the_database_says_otherwise(postgres: Postgres, url: str) -> None:
    """synchronous_commit off is what no journal can live with."""
    name = JournalUrl.of(url).database
    with postgres.connect(url) as connection:
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    server = Server(JournalUrl.of(url), Bounds())
    with closing(server):
        assert server.run(lambda connection: connection.execute("SHOW synchronous_commit").fetchone()) == ("on",)
