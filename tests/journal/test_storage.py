"""The seam behind the journal: whatever keeps rows and locks by these few verbs will do."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journal_parts import Clock, mean
from sources import nodes_of_files

from acctcfg.core.journal_url import JournalUrl
from acctcfg.core.remembered import Ours
from acctcfg.errors import JournalError, LockHeld
from acctcfg.journal import Holder, Journal, Lock, SqliteStorage, Storage, holders
from acctcfg.journal.chain import BEGINNING, Draft, Row, chained
from acctcfg.journal.postgres import PostgresStorage
from acctcfg.journal.storage import LockPlace, View, Which

KINDS = ("intent", "done", "unknown", "resolved", "run", "run_end", "access")


class InMemory:
    """Rows and locks of one process: what any other storage has to be, read off the protocol and naively."""

    place = "memory"
    remedy = "start anew"

    def __init__(self) -> None:
        self.all: list[Row] = []
        self.places: dict[str, InMemoryLock] = {}

    def exists(self) -> bool:
        return True

    def rows(self, which: Which) -> list[Row]:
        found = [row for row in self.all if self._fits(row, which)]
        return found[::-1][: which.last] if which.last else found

    def _fits(self, row: Row, which: Which) -> bool:
        own = {one.seq for one in self.all if one.kind == "intent" and one.run == which.run_with_answers}
        ends = {one.entry for one in self.all if one.kind in ("done", "refused", "failed", "resolved")}
        return (
            (not which.kinds or row.kind in which.kinds)
            and which.venue_user in (None, row.venue_user)
            and which.account in (None, row.account)
            and (not which.accounts or row.account in which.accounts)
            and which.address in (None, row.address)
            and row.run.startswith(which.run_begins)
            and (not which.run_with_answers or row.run == which.run_with_answers or row.entry in own)
            and not (which.unresolved and row.seq in ends)
            and row.seq >= which.first
        )

    def append(self, drafts: Sequence[Draft], at: str) -> list[Row]:
        rows = chained(drafts, at, (self.all[-1].seq, self.all[-1].hash) if self.all else BEGINNING)
        self.all += rows
        return rows

    @contextmanager
    def view(self) -> Iterator[View | None]:
        yield InMemoryView(self.all)

    def damage(self) -> tuple[str, ...]:
        return ()

    def may_be_mixed(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing is open."""

    def lock(self, name: str) -> LockPlace:
        return self.places.setdefault(name, InMemoryLock())

    def locks(self) -> list[LockPlace]:
        return list(self.places.values())


class InMemoryView:
    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows, self.last_given = rows, rows[-1].seq if rows else 0

    def rows(self, first: int) -> list[Row]:
        return [row for row in self._rows if row.seq >= first]


class InMemoryLock:
    where = "memory"

    def __init__(self) -> None:
        self.number, self.held = 0, None

    def holder(self) -> tuple[int, Holder | None]:
        return self.number, self.held

    def freed(self, number: int) -> Holder | None:
        return None

    def claim(self, number: int, holder: Holder) -> bool:
        if number != self.number + 1:
            return False
        self.number, self.held = number, holder
        return True

    def is_held(self, number: int) -> bool:
        return number == self.number and self.held is not None

    def beat(self, number: int, now: float) -> bool:
        if not self.is_held(number):
            return False
        self.held = replace(self.held, heartbeat_at=now)
        return True

    def free(self, number: int, holder: Holder | None = None) -> None:
        if number == self.number:
            self.held = None


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Storage]:
    if request.param == "memory":
        yield InMemory()
    elif request.param == "sqlite":
        yield SqliteStorage(tmp_path / "journal.sqlite", create=True)
    else:
        url = JournalUrl.of(request.getfixturevalue("postgres").database())
        with closing(PostgresStorage(url, create=True, clock=clock.now)) as opened:
            yield opened


def test_a_journal_on_any_storage(storage: Storage, clock: Clock) -> None:
    """Intent, outcome, what is open and what is known come back; the chain is whole, and what is altered shows."""
    with Journal(storage, now=clock.now) as journal:
        run = journal.begin_run(command="apply", actor="alice")
        lost = mean(journal, run, "mmdesk01", action="create")
        journal.settle(mean(journal, run), "done", {"code": "0"})
        assert journal.unresolved("1001") == (lost,)
        later = journal.begin_run(command="apply", actor="bob")
        journal.resolve(later, lost, "happened")
        journal.remember_accounts(later, "1001", [Ours(name="mmdesk01", uid="7", key="mmdesk01")])
        assert journal.unresolved("1001") == ()
        assert [one.name for one in journal.knowledge("1001").all()] == ["mmdesk01"]
        assert [one.finding for one in journal.run(run).entries] == ["happened", None]
        head = journal.head()
        assert journal.demand_intact() == journal.demand_intact(head) == head
        assert journal.verify() == ()
        if isinstance(storage, InMemory):
            storage.all[2] = storage.all[2]._replace(body="{}")
            assert journal.verify() == (f"row 3 (intent, run {run}) was altered",)
            with pytest.raises(JournalError, match="memory: the journal is not as it was written"):
                journal.demand_intact()


async def test_a_lock_on_any_storage(storage: Storage, clock: Clock) -> None:
    """One at a time; told who has it, refreshed while it is held, and free afterwards."""
    clocks = {"now": clock.now, "monotonic": clock.monotonic, "sleep": clock.sleep, "beat_s": 3600.0}
    async with Lock(storage, "1001", owner="alice", **clocks) as lock:
        clock.move(30)
        assert lock.beat()
        assert lock.fresh()
        assert [one.owner for one in holders(storage)] == ["alice"]
        with pytest.raises(LockHeld, match="held by alice"):
            await Lock(storage, "1001", owner="bob", **clocks).__aenter__()
    assert holders(storage) == ()


drafts = st.lists(
    st.builds(
        lambda kind, run, user, account, address, entry: Draft.of(kind, run, {}, user, account, address, entry),
        st.sampled_from(KINDS),
        st.sampled_from(["r1", "r12", "r2"]),
        st.sampled_from(["1", "2"]),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["a", "part 1"]),
        st.none() | st.integers(1, 4),
    ),
    max_size=12,
)
questions = st.builds(
    Which,
    kinds=st.lists(st.sampled_from(KINDS), max_size=2).map(tuple),
    venue_user=st.sampled_from([None, "1"]),
    account=st.sampled_from([None, "a"]),
    accounts=st.sampled_from([(), ("a",), ("a", "b"), ("x",)]),
    address=st.sampled_from([None, "part 1"]),
    run_begins=st.sampled_from(["", "r1", "x"]),
    run_with_answers=st.sampled_from(["", "r1"]),
    unresolved=st.booleans(),
    first=st.integers(0, 5),
    last=st.integers(0, 3),
)


@pytest.mark.slow
@settings(max_examples=20)
@given(rows=drafts, asked=st.lists(questions, min_size=10, max_size=20))
def test_sql_finds_what_the_words_say(rows: list[Draft], asked: list[Which], postgres, tmp_path_factory) -> None:
    """Every combination of conditions gives the rows that a plain reading of them gives."""
    memory = InMemory()
    memory.append(rows, "now")
    file = SqliteStorage(tmp_path_factory.mktemp("j") / "journal.sqlite", create=True)
    table = PostgresStorage(JournalUrl.of(postgres.database()), create=True)
    with closing(file), closing(table):
        file.append(rows, "now")
        table.append(rows, "now")
        for which in asked:
            assert file.rows(which) == table.rows(which) == memory.rows(which)


def test_rows_go_to_the_server_in_one_statement() -> None:
    """In a pipeline, as many go out in, a process that is frozen would hold the journal for as long as it sleeps: the
    server bounds a transaction that is idle, and a pipeline never is."""
    folder = Path(__file__).parents[2] / "acctcfg"
    for file in (folder / "journal" / "postgres.py", *(folder / "workers").glob("*.py")):
        words = {node.attr for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Attribute)}
        assert not words & {"executemany", "pipeline"}, file.name


def test_each_database_is_known_to_one_module() -> None:
    """Nothing else of the package knows a database's library."""
    folder = Path(__file__).parents[2] / "acctcfg"
    users = {
        file
        for file, node in nodes_of_files(folder, "sqlite3", "psycopg")
        if isinstance(node, ast.Import) and {"sqlite3", "psycopg"} & {alias.name for alias in node.names}
    }
    assert users == {"journal/sqlite.py", "journal/postgres_server.py"}
