"""Whatever is done to the rows behind acctcfg's back shows, and a journal that cannot be used says so."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from journal_parts import mean

from acctcfg.errors import JournalError
from acctcfg.journal import Journal, sqlite
from acctcfg.journal.chain import FIRST, Row, flaws, row_hash


def chain(count: int) -> list[Row]:
    rows: list[Row] = []
    for seq in range(1, count + 1):
        prev = rows[-1].hash if rows else FIRST
        row = Row(seq, "2026", "run", "note", None, "1001", "a", "a.x", f'{{"n":{seq}}}', prev, "")
        rows.append(row._replace(hash=row_hash(row)))
    return rows


def look(path: Path) -> int:
    with Journal.open(path) as journal:
        return len(journal.runs())


def begin(path: Path) -> str:
    with Journal.open(path, create=True) as journal:
        return journal.begin_run(command="apply", actor="a")


def behind_its_back(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in ("DROP TRIGGER events_stay", "DROP TRIGGER events_last", *statements):
        connection.execute(statement)
    connection.close()


@given(st.integers(0, 12))
def test_an_untouched_chain_has_no_flaw(count: int) -> None:
    """Rows as they were written verify, none at all included."""
    assert list(flaws(chain(count), count)) == []


@given(st.integers(1, 9), st.sampled_from(Row._fields), st.data())
def test_an_altered_row_shows(count: int, field: str, data: st.DataObject) -> None:
    """Changing any field of any row is found, and the row is named."""
    rows = chain(count)
    place = data.draw(st.integers(0, count - 1))
    value: object = 99 if field in ("seq", "entry") else "changed"
    rows[place] = rows[place]._replace(**{field: value})
    found = list(flaws(rows, count))
    assert any(f"row {rows[place].seq} " in line or f"row {place + 1} " in line for line in found)


@given(st.integers(1, 9), st.data())
def test_a_missing_row_shows(count: int, data: st.DataObject) -> None:
    """Taking rows out is found wherever they were, at the end included, and they are numbered."""
    rows = chain(count)
    gone = data.draw(st.sets(st.integers(1, count), min_size=1))
    found = " ".join(flaws([row for row in rows if row.seq not in gone], count))
    assert "missing" in found
    assert str(min(gone)) in found


@given(st.integers(2, 9), st.data())
def test_exchanged_rows_show(count: int, data: st.DataObject) -> None:
    """Two rows that change places are found, even if their numbers are made to fit."""
    rows = chain(count)
    one, two = data.draw(st.integers(0, count - 1)), data.draw(st.integers(0, count - 1))
    assume(one != two)
    rows[one], rows[two] = rows[two]._replace(seq=one + 1), rows[one]._replace(seq=two + 1)
    assert list(flaws(rows, count))
    for place in (one, two):
        rows[place] = rows[place]._replace(hash=row_hash(rows[place]))
    assert list(flaws(rows, count)), "hashes made anew do not fit the rows around them"


def test_rows_are_never_altered_or_removed(journal: Journal, run: str, path: Path) -> None:
    """The database itself refuses an UPDATE or DELETE, whoever sends it."""
    mean(journal, run)
    connection = sqlite3.connect(path)
    for statement in ("UPDATE events SET run = 'x'", "DELETE FROM events"):
        with pytest.raises(sqlite3.IntegrityError, match="rows are never"):
            connection.execute(statement)
    connection.close()
    assert journal.verify() == ()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE events SET body = '{}' WHERE seq = 3", "row 3 (intent, run {run}) was altered"),
        ("UPDATE events SET at = '2020' WHERE seq = 1", "row 1 (run, run {run}) was altered"),
        ("DELETE FROM events WHERE seq = 2", "row 2 is missing"),
        ("DELETE FROM events WHERE seq > 2", "rows 3 to 4 are missing, at the end"),
        ("DELETE FROM events", "rows 1 to 4 are missing, at the end"),
    ],
)
def test_verify_names_the_row(journal: Journal, run: str, path: Path, statement: str, words: str) -> None:
    """Each kind of tampering in the file is told by verify, also after another row was added."""
    for name in "abc":
        mean(journal, run, f"{name}.x")
    assert journal.verify() == ()
    behind_its_back(path, statement)
    assert words.format(run=run) in journal.verify()
    mean(journal, run)
    assert words.format(run=run).removesuffix(", at the end") in journal.verify()


@pytest.mark.parametrize("body", ["no json", "[]", "{}", '{"action": 1, "more": 2}', "null"])
def test_altered_rows_are_an_error_when_they_are_read(journal: Journal, run: str, path: Path, body: str) -> None:
    """A row that acctcfg cannot have written ends in a JournalError with a way out, not in a traceback."""
    mean(journal, run, creates_key="trading")
    behind_its_back(path, f"UPDATE events SET body = '{body}'")  # noqa: S608
    reads: list[Callable[[], object]] = [
        lambda: journal.unresolved("1001"),
        lambda: journal.knowledge("1001"),
        lambda: journal.runs(),
        lambda: journal.run(run),
    ]
    for read in reads:
        with pytest.raises(JournalError, match="did not write") as caught:
            read()
        assert "--verify" in caught.value.hint


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at" * 40, b"SQLite format 3\0"])
def test_a_file_that_is_no_journal(path: Path, content: bytes) -> None:
    """Text or a cut file in the journal's place is one clear error for every use, and is left as it is."""
    path.parent.mkdir()
    path.write_bytes(content)
    uses: list[Callable[[], object]] = [
        lambda: look(path),
        lambda: begin(path),
    ]
    for use in uses:
        with pytest.raises(JournalError, match="not a database") as caught:
            use()
        assert str(path) in caught.value.message
        assert "backup" in caught.value.hint
    assert path.read_bytes() == content


def test_somebody_elses_database(path: Path) -> None:
    """A database of another program, or of a newer acctcfg, is refused and not written to."""
    path.parent.mkdir()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE notes (text)")
    with pytest.raises(JournalError, match="something else"):
        begin(path)
    connection.execute(f"PRAGMA application_id = {sqlite.APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 7")
    connection.close()
    for create in (False, True):
        with pytest.raises(JournalError, match="newer acctcfg") as caught, Journal.open(path, create=create) as journal:
            journal.runs()
        assert caught.value.hint == "upgrade acctcfg"


def test_an_older_journal_is_upgraded_by_the_first_write(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read as it is until then; in one transaction, so that an upgrade that fails leaves the old one."""
    run = begin(path)
    steps = sqlite.STEPS
    for more, works in (
        ("ALTER TABLE events ADD extra TEXT;\nSELECT absent FROM events;\n", False),
        ("SELECT 1;\n", True),
    ):
        monkeypatch.setattr(sqlite, "STEPS", (*steps, more))
        with Journal.open(path) as reader:
            assert [one.id for one in reader.runs()] == [run]
        if works:
            begin(path)
        else:
            with pytest.raises(JournalError, match="no such column: absent"):
                begin(path)
    monkeypatch.setattr(sqlite, "STEPS", steps)
    with pytest.raises(JournalError, match="format 2; this one knows 1"), Journal.open(path) as older:
        older.runs()


def test_a_damaged_page_is_told(path: Path) -> None:
    """Bytes overwritten in the middle of the file end in a JournalError or a line of verify."""
    with Journal.open(path, create=True) as journal:
        run = journal.begin_run(command="apply", actor="a")
        for number in range(80):
            mean(journal, run, f"a.leverage[{number}]")
    data = bytearray(path.read_bytes())
    data[8192 : len(data) - 4096] = b"\x5a" * (len(data) - 12288)
    path.write_bytes(data)
    with Journal.open(path) as journal:
        try:
            told = journal.verify()
        except JournalError as exc:
            told = (exc.message,)
    assert told


def test_commits_are_flushed(journal: Journal, run: str) -> None:
    """The file is in the mode in which a commit that returned outlives a power cut."""
    connection = journal.storage._connection
    assert connection is not None
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_a_full_disk(journal: Journal, run: str) -> None:
    """When nothing more fits, intend raises before its write is sent; what was there stays whole."""
    first = mean(journal, run)
    connection = journal.storage._connection
    assert connection is not None
    connection.execute("PRAGMA max_page_count = 1")
    with pytest.raises(JournalError, match="full") as caught:
        mean(journal, run, body={"long": "x" * 100_000})
    assert "free some space" in caught.value.hint
    connection.execute("PRAGMA max_page_count = 1000000")
    assert first in journal.unresolved("1001")
    assert journal.verify() == ()
    mean(journal, run)


def test_an_addition_that_failed_is_not_made_up_for(journal: Journal, run: str) -> None:
    """What raised is never written by a later addition; requests that waited are not lost."""
    entry = mean(journal, run)
    connection = journal.storage._connection
    assert connection is not None
    journal.request(run, entry, {"status": 200})
    connection.execute("PRAGMA query_only = ON")
    with pytest.raises(JournalError):
        journal.settle(entry, "refused")
    connection.execute("PRAGMA query_only = OFF")
    journal.settle(entry, "done")
    (told,) = journal.run(run).entries
    assert told.outcome == "done"
    assert told.requests == ({"status": 200},)
    assert journal.head()[0] == 4


def test_a_journal_that_another_process_keeps_locked(
    journal: Journal, run: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting ends with a JournalError that says why; reading goes on meanwhile."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(sqlite, "BUSY_S", 0.05)
    with Journal.open(path, create=True) as second:
        with pytest.raises(JournalError, match="locked") as caught:
            second.begin_run(command="apply", actor="b")
        assert "another process" in caught.value.hint
    assert look(path) == 1
    other.execute("ROLLBACK")
    other.close()
    mean(journal, run)


def test_a_journal_that_is_moved_away(journal: Journal, run: str, path: Path) -> None:
    """A write is not written ahead to a file that nobody will find: intend raises."""
    mean(journal, run)
    path.rename(path.with_name("elsewhere"))
    with pytest.raises(JournalError, match="moved or replaced"):
        mean(journal, run)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file where the folder should be is one clear error at the first addition."""
    (tmp_path / ".acctcfg").write_text("")
    with pytest.raises(JournalError, match="cannot be used"):
        begin(tmp_path / ".acctcfg" / "journal.sqlite")


def test_reading_only(path: Path) -> None:
    """A journal opened without create refuses additions, whether it exists or not."""
    for _ in range(2):
        with pytest.raises(JournalError, match="reading only"):
            Journal.open(path).begin_run(command="apply", actor="a")
        begin(path)


READS = """
import os, sys, urllib.parse  # pathlib imports the latter when asked for a URI, and nobody may not read every Python
from pathlib import Path
from acctcfg.errors import JournalError
from acctcfg.journal import Journal
path = Path(sys.argv[1])
if os.getuid() == 0:
    os.setgid(65534), os.setuid(65534)
with Journal.open(path) as journal:
    print(len(journal.runs()), journal.verify())
try:
    with Journal.open(path, create=True) as journal:
        journal.begin_run(command="apply", actor="a")
except JournalError as exc:
    print("writable" in exc.hint)
"""


def test_a_folder_that_cannot_be_written() -> None:
    """From a read-only folder the journal can be read, and an addition says that it cannot be written."""
    with tempfile.TemporaryDirectory() as folder:  # tmp_path is closed to other users
        path = Path(folder) / "ws" / "journal.sqlite"
        with Journal.open(path, create=True) as journal:
            journal.begin_run(command="apply", actor="a")
        for place, mode in ((path, 0o444), (path.parent, 0o555), (path.parent.parent, 0o755)):
            place.chmod(mode)
        command = [sys.executable, "-W", "error", "-c", READS, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        path.parent.chmod(0o755)
    assert (done.stdout, done.stderr) == ("1 ()\nTrue\n", "")
