"""What a command goes by is not what it was: refused, in words, before the first write, and nothing comes of it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from fault_parts import TRADING
from postgres import Postgres

from acctcfg.core.canonical import digest_of
from acctcfg.core.journal_url import JournalUrl
from acctcfg.journal.chain import Draft, Row, chained

ONE = {"mmdesk01": {"api_keys": {"trading": TRADING}}}
TWO = {**ONE, "mmdesk02": {}}


def refused(desk: Desk, *words: str, arguments: tuple[str, ...] = (), code: int = 1) -> None:
    """An apply ends so with these words, and no write gets to the venue."""
    before = len(desk.writes())
    said = desk.apply(*arguments)
    assert said.code == code, said.out + said.err
    assert [one for one in words if one not in said.out + said.err] == [], said.out + said.err
    assert "Traceback" not in said.err
    assert len(desk.writes()) == before


@pytest.mark.parametrize("resealed", [False, True])
def test_a_tampered_plan(desk: Desk, resealed: bool) -> None:
    """A saved plan that somebody edited is stale, also where its digest was made to fit."""
    desk.write(ONE).plan("--out", "plan.json")
    file = desk.folder / "plan.json"
    document = json.loads(file.read_bytes())
    document["steps"][-1]["after"]["ip_allowlist"] = []
    if resealed:
        document["digest"] = digest_of({name: value for name, value in document.items() if name != "digest"})
    file.write_text(json.dumps(document), encoding="utf-8")
    refused(desk, "plan.json", arguments=("plan.json",))


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_a_short_approval(desk: Desk) -> None:
    """A plan that nobody signed where one must."""
    (desk.folder / "allowed_signers").write_text("", encoding="utf-8")
    approvals = {"count": 1, "signers": "allowed_signers", "for": "all"}
    desk.write(ONE, guardrails={"approvals": approvals}).plan("--out", "plan.json")
    refused(desk, "approv", arguments=("plan.json",), code=3)


# -- the journal -----------------------------------------------------------------------------------------------------

COLUMNS = ", ".join(Row._fields)


class InFile:
    """The journal beside the manifest."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.sections, self.place = desk, dict[str, Any](), str(desk.folder / ".acctcfg" / "journal.sqlite")

    def forge(self, change: Callable[[list[Row]], list[Row]]) -> None:
        """Put other rows in the place of those that are there."""
        with closing(sqlite3.connect(self.place)) as database:
            for name in ("events_stay", "events_last"):
                database.execute(f"DROP TRIGGER {name}")
            rows = change([Row._make(row) for row in database.execute("SELECT * FROM events ORDER BY seq")])
            database.execute("DELETE FROM events")
            database.executemany(f"INSERT INTO events ({COLUMNS}) VALUES ({', '.join('?' * 11)})", rows)  # noqa: S608
            database.commit()

    def copy(self, name: str) -> None:
        """Keep it as it is now, under a name."""
        shutil.copytree(self.desk.folder / ".acctcfg", self.desk.folder / name)

    def bring_back(self, name: str) -> None:
        """Put a copy in its place."""
        shutil.rmtree(self.desk.folder / ".acctcfg")
        shutil.copytree(self.desk.folder / name, self.desk.folder / ".acctcfg")


class OnServer:
    """The journal of a team."""

    def __init__(self, desk: Desk, postgres: Postgres) -> None:
        self.postgres, self.place = postgres, postgres.database()
        self.sections = {"journal": {"url": self.place}}
        self.name = JournalUrl.of(self.place).database

    def forge(self, change: Callable[[list[Row]], list[Row]]) -> None:
        """Put other rows in the place of those that are there."""
        with self.postgres.connect(self.place) as database:
            database.execute("ALTER TABLE acctcfg.events DISABLE TRIGGER ALL")
            found = database.execute(f"SELECT {COLUMNS} FROM acctcfg.events ORDER BY seq".encode())  # noqa: S608
            rows = change([Row._make(row) for row in found])
            database.execute("DELETE FROM acctcfg.events")
            sql = f"INSERT INTO acctcfg.events ({COLUMNS}) VALUES ({', '.join(['%s'] * 11)})"  # noqa: S608
            database.cursor().executemany(sql.encode(), rows)

    def copy(self, name: str) -> None:
        """Keep it as it is now, under a name."""
        self._clone(self.name, f"{self.name}_{name}")

    def bring_back(self, name: str) -> None:
        """Put a copy in its place."""
        with self.postgres.connect() as server:
            server.execute(f"DROP DATABASE {self.name} WITH (FORCE)".encode())
        self._clone(f"{self.name}_{name}", self.name)

    def _clone(self, one: str, other: str) -> None:
        with self.postgres.connect() as server:
            server.execute(b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [one])
            server.execute(f"CREATE DATABASE {other} TEMPLATE {one}".encode())


@pytest.fixture(params=["sqlite", "postgres"])
def kept(request: pytest.FixtureRequest, desk: Desk) -> InFile | OnServer:
    """Where the journal is, with what can be done to it behind acctcfg's back."""
    return InFile(desk) if request.param == "sqlite" else OnServer(desk, request.getfixturevalue("postgres"))


def altered(rows: list[Row]) -> list[Row]:
    """One row says something else."""
    return [*rows[:-1], rows[-1]._replace(run="another")]


def rewritten(rows: list[Row]) -> list[Row]:
    """All rows say something else, and each hash is made anew."""
    names = ("run", "kind", "entry", "venue_user", "account", "address")
    drafts = [
        Draft(**{name: getattr(row, name) for name in names}, body=row.body.replace("mmdesk01", "mmdesk07"))
        for row in rows
    ]
    return chained(drafts, rows[0].at, (0, rows[0].prev))


@pytest.mark.slow
@pytest.mark.parametrize(("change", "words"), [(altered, "was altered"), (rewritten, "is another one")])
def test_a_rewritten_journal(
    desk: Desk, kept: InFile | OnServer, change: Callable[[list[Row]], list[Row]], words: str
) -> None:
    """One altered row, and a chain that was made anew from its first row on."""
    desk.write(ONE, **kept.sections).converge()
    kept.forge(change)
    refused(desk.write(TWO, **kept.sections), words, kept.place)
    assert words in desk.run("history", "--verify").err


@pytest.mark.slow
@pytest.mark.parametrize("last", ["apply", "plan"])
def test_a_journal_that_was_rolled_back(desk: Desk, kept: InFile | OnServer, last: str) -> None:
    """An older copy in its place is named with the row that it lacks; what it may be told by is named, too: without
    that, the copy is taken. The newest copy is taken at once."""
    desk.write(ONE, **kept.sections).converge()
    kept.copy("old")
    desk.write(TWO, **kept.sections).run(last, *(["--auto-approve"] if last == "apply" else []))
    desk.apply()
    kept.copy("new")
    kept.bring_back("old")
    desk.write({**TWO, "mmdesk03": {}}, **kept.sections)
    refused(desk, "an older copy", "is missing", kept.place)
    (line,) = [one for one in desk.plan().err.splitlines() if one.startswith("hint: ")]
    kept.bring_back("new")
    assert desk.plan().code == 0
    kept.bring_back("old")
    for memory in line.rpartition("remove ")[2].split(" and "):
        Path(memory).unlink()
    assert desk.apply().code == 0
    assert desk.plan().last == "No changes. Live accounts match the manifest."
