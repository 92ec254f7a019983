"""What breaks around workers: the database, its tables, and one worker's own machine."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pyrage
import pytest
from desk import Desk
from fleet_parts import Worker, fleet, workers
from postgres import Postgres
from test_workers import apply_elsewhere, demand_whole, wait_for_writes

from acctcfg.workers.schema import SCHEMA, make

COMMANDS = (("worker",), ("plan", "--queue"), ("apply", "--queue", "--auto-approve"))


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.database()


@pytest.mark.slow
def test_tables_that_are_half_made(desk: Desk, postgres: Postgres, url: str) -> None:
    """Each command says what to drop and exits 1; into an empty schema, which somebody made beforehand, they go."""
    desk.write(fleet(1), journal={"url": url})
    with postgres.connect(url) as connection:
        connection.execute(f"CREATE SCHEMA {SCHEMA}".encode())
        connection.execute(f"CREATE TABLE {SCHEMA}.reads (plan text)".encode())
    for command in COMMANDS:
        said = desk.run(*command)
        assert said.code == 1
        assert "tables are gone, or were half made: if the schema is one of the queue" in said.err
        assert "Traceback" not in said.err
    with postgres.connect(url) as connection:
        connection.execute(f"DROP TABLE {SCHEMA}.reads".encode())
        make(connection)
        assert connection.execute("SELECT to_regclass(%s)", [f"{SCHEMA}.reads"]).fetchone() != (None,)


def test_a_worker_takes_nothing_that_it_cannot_do(
    desk: Desk, postgres: Postgres, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without what opens the stores, or in a journal of a newer acctcfg, it says so and exits 1."""
    desk.write(fleet(1), journal={"url": url}).apply()
    with monkeypatch.context() as patch:
        patch.setenv("ACCTCFG_AGE_KEY", str(pyrage.x25519.Identity.generate()))
        other = desk.run("worker")
        patch.delenv("ACCTCFG_AGE_KEY")
        none = desk.run("worker")
    assert (other.code, none.code) == (1, 1)
    assert "it could not sign as the accounts whose keys are in vault: the identity at hand opens nothing" in other.err
    assert "ACCTCFG_AGE_KEY is not set" in none.err
    with postgres.connect(url) as connection:
        connection.execute("UPDATE acctcfg.journal SET format = 99")
    newer = desk.run("worker")
    assert (newer.code, "the journal was written by a newer acctcfg" in newer.err) == (1, True)


@pytest.mark.slow
def test_connections_that_the_server_ends(desk: Desk, postgres: Postgres, url: str) -> None:
    """Those of the workers and of the apply, three times in one run: they connect anew, and all is done once."""
    desk.write(fleet(10), journal={"url": url})
    with workers(desk, 2) as some, apply_elsewhere(desk) as applying:
        for writes in (5, 20, 40):
            wait_for_writes(desk, writes)
            assert postgres.end_connections(url)
        for one in some:  # so that the run is not over before the other one looks
            one.process.send_signal(signal.SIGSTOP)
        other = desk.apply("--queue")
        for one in some:
            one.process.send_signal(signal.SIGCONT)
        assert (other.code, "the lock of venue user" in other.err) == (1, True)
        out, err = applying.communicate()
        assert applying.returncode == 0, out + err
    demand_whole(desk, 10)


@pytest.mark.slow
def test_tables_that_are_dropped_in_the_middle(desk: Desk, postgres: Postgres, url: str) -> None:
    """The apply and its worker end with 1, each in words; the next ones make the tables, and do what is left."""
    desk.write(fleet(6), journal={"url": url})
    with workers(desk, 1) as (worker,), apply_elsewhere(desk) as applying:
        wait_for_writes(desk, 5)
        with postgres.connect(url) as connection:
            connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE".encode())
        out, err = applying.communicate()
        assert applying.returncode == 1, out + err
        worker.until(lambda: worker.process.poll() is not None)
        assert worker.process.poll() == 1
        assert any("the queue cannot be used" in line for line in worker.lines)
        assert not any("Traceback" in line for line in (*worker.lines, err))
    with workers(desk, 1):
        assert desk.apply("--queue").code == 0
    demand_whole(desk, 6)


@contextmanager
def no_room() -> Iterator[None]:
    """Processes that are started meanwhile can write no file: their disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.slow
def test_a_worker_whose_disk_is_full_leaves_its_part_to_others(desk: Desk, url: str) -> None:
    """It exits 1 and says why, in place of failing part after part; nothing is lost, and the apply ends 0."""
    desk.write(fleet(10), journal={"url": url})
    with workers(desk, 0) as some:
        with no_room():
            some.append(full := Worker.of(desk, PYTHONDONTWRITEBYTECODE="1", XDG_CACHE_HOME=os.devnull))
        full.ready()
        with apply_elsewhere(desk) as applying:
            full.until(lambda: full.process.poll() is not None)
            assert full.process.poll() == 1
            assert any("cannot be written: File too large" in line for line in full.lines)
            some.append(Worker.of(desk).ready())
            out, err = applying.communicate()
        assert applying.returncode == 0, out + err
    demand_whole(desk, 10)
