"""What a command goes by is not what it was: refused, in words, before the first write, and nothing comes of it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from desk import Desk
from fault_parts import TRADING

from acctcfg.core.canonical import digest_of
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


def journal_of(desk: Desk) -> Path:
    return desk.folder / ".acctcfg" / "journal.sqlite"


def altered(desk: Desk) -> None:
    """One row says something else."""
    _forged(journal_of(desk), lambda rows: [*rows[:-1], rows[-1]._replace(run="another")])


def rewritten(desk: Desk) -> None:
    """All rows say something else, and each hash is made anew."""

    def anew(rows: list[Row]) -> list[Row]:
        names = ("run", "kind", "entry", "venue_user", "account", "address")
        drafts = [
            Draft(**{name: getattr(row, name) for name in names}, body=row.body.replace("mmdesk01", "mmdesk07"))
            for row in rows
        ]
        return chained(drafts, rows[0].at, (0, rows[0].prev))

    _forged(journal_of(desk), anew)


def _forged(file: Path, change: Callable[[list[Row]], list[Row]]) -> None:
    with closing(sqlite3.connect(file)) as database:
        for name in ("events_stay", "events_last"):
            database.execute(f"DROP TRIGGER {name}")
        rows = change([Row._make(row) for row in database.execute("SELECT * FROM events ORDER BY seq")])
        database.execute("DELETE FROM events")
        database.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        database.commit()


@pytest.mark.parametrize(("forge", "words"), [(altered, "was altered"), (rewritten, "is another one")])
def test_a_rewritten_journal(desk: Desk, forge: Callable[[Desk], None], words: str) -> None:
    """One altered row, and a chain that was made anew from its first row on."""
    desk.write(ONE).converge()
    forge(desk)
    refused(desk.write(TWO), words, str(journal_of(desk)))
    assert words in desk.run("history", "--verify").err


@pytest.mark.parametrize("last", ["apply", "plan"])
def test_a_journal_that_was_rolled_back(desk: Desk, last: str) -> None:
    """An older copy in its place is named with the row that it lacks; what it may be told by is named, too: without
    that, the copy is taken. The newest copy is taken at once."""
    here, old, new = (desk.folder / name for name in (".acctcfg", "old", "new"))
    desk.write(ONE).converge()
    shutil.copytree(here, old)
    desk.write(TWO).run(last, *(["--auto-approve"] if last == "apply" else []))
    desk.apply()
    here.rename(new)
    shutil.copytree(old, here)
    desk.write({**TWO, "mmdesk03": {}})
    refused(desk, "an older copy", "is missing", str(journal_of(desk)))
    (line,) = [one for one in desk.plan().err.splitlines() if one.startswith("hint: ")]
    shutil.rmtree(here)
    shutil.copytree(new, here)
    assert desk.plan().code == 0
    shutil.rmtree(here)
    shutil.copytree(old, here)
    for memory in line.rpartition("remove ")[2].split(" and "):
        Path(memory).unlink()
    assert desk.apply().code == 0
    assert desk.plan().last == "No changes. Live accounts match the manifest."
