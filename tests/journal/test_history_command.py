"""`acctcfg history`: past runs for people and for programs."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from desk import Desk
from journal_parts import Clock, mean

from acctcfg.cli.history import command
from acctcfg.errors import JournalError, UsageError
from acctcfg.journal import Journal


def history(workspace: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(
        command, list(arguments), obj={"directory": workspace, "color": False, "verbose": False}
    )
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def told(journal: Journal, clock: Clock) -> list[str]:
    """Two runs: one with every kind of outcome, one that never ended."""
    first = journal.begin_run(
        command="apply",
        actor="alice@host1",
        commit="0123456789abcdef",
        clean=False,
        digest="sha256:feedfacefeedface",
        flags={"auto_approve": True, "target": []},
    )
    entry = mean(journal, first, "mmdesk01.api_keys[trading]", action="create", call="POST /create")
    journal.request(first, entry, {"method": "POST", "path": "/create", "status": 429, "code": "50011", "attempt": 1})
    journal.request(
        first,
        entry,
        {"method": "POST", "path": "/create", "status": 200, "code": "0", "milliseconds": 30.6, "attempt": 2},
    )
    journal.settle(entry, "done")
    journal.settle(mean(journal, first, "mmdesk01.position_mode"), "refused")
    lost = mean(journal, first, "mmdesk02.leverage[swap/BTC-USDT/cross]", call="POST /set")
    journal.request(first, lost, {"method": "POST", "path": "/set", "status": None})
    journal.settle(lost, "unknown")
    clock.move(5)
    journal.end_run(first, "failed", {"created": 1, "changed": 0, "failed": 2, "by": "venue"})
    clock.move(60)
    second = journal.begin_run(command="apply", actor="bob\x1b[31m")
    journal.resolve(second, lost, "did_not_happen")
    return [first, second]


def test_the_list(told: list[str], tmp_path: Path) -> None:
    """Newest first, one line a run, aligned, with a mark for uncommitted changes and the counts that are not zero."""
    head, newest, oldest = history(tmp_path).stdout.splitlines()
    assert head.split() == ["RUN", "WHEN", "ACTOR", "COMMAND", "COMMIT", "PLAN", "OUTCOME"]
    assert oldest == (
        f"{told[0]}  2026-03-01 12:00:00Z  alice@host1  apply    01234567+  feedfacefeed  failed, 1 created, 2 failed"
    )
    assert newest.startswith(f"{told[1]}  2026-03-01 12:01:05Z  bob\\x1b[31m")
    assert newest.endswith("did not end")
    assert head.index("OUTCOME") == oldest.index("failed,")
    assert [line.split()[0] for line in history(tmp_path, "--limit", "1").stdout.splitlines()] == ["RUN", told[1]]


def test_one_run(told: list[str], tmp_path: Path) -> None:
    """Each step with what came of it and each of its requests; what a later run found out stands with it."""
    text = history(tmp_path, told[0][:17]).stdout
    assert text == (
        f"run      {told[0]}\n"
        "when     2026-03-01 12:00:00Z to 2026-03-01 12:00:05Z\n"
        "actor    alice@host1\n"
        "command  apply auto_approve=True\n"
        "commit   0123456789abcdef, with uncommitted changes\n"
        "plan     sha256:feedfacefeedface\n"
        "outcome  failed, 1 created, 2 failed\n"
        "\n"
        "  + mmdesk01.api_keys[trading]              done\n"
        "      POST /create   429   code 50011\n"
        "      POST /create   200   code 0   31 ms   attempt 2\n"
        "  ~ mmdesk01.position_mode                  refused\n"
        "      POST /api/v5/account/set-position-mode\n"
        "  ~ mmdesk02.leverage[swap/BTC-USDT/cross]  unknown, found later: it did not happen\n"
        "      POST /set   no answer\n"
    )


def test_a_run_without_counts_is_not_just_done(journal: Journal, tmp_path: Path) -> None:
    """Of a run that is on record with its exit status alone, that status is told unless it is 0."""
    for status in (0, 1, 3):
        journal.end_run(journal.begin_run(command="cap", actor="bob"), "done", {"lowered": 0, "exit": status})
    lines = history(tmp_path).stdout.splitlines()[1:]
    assert sorted(line.rpartition("  ")[2] for line in lines) == ["done", "exit 1", "exit 3"]


def test_json(told: list[str], tmp_path: Path) -> None:
    """The same as data: a list of runs, or one run with its entries."""
    runs = json.loads(history(tmp_path, "--format", "json").stdout)
    assert [run["id"] for run in runs] == told[::-1]
    record = json.loads(history(tmp_path, told[0], "--format", "json").stdout)
    assert record["run"]["summary"] == {"created": 1, "changed": 0, "failed": 2, "by": "venue"}
    assert [entry["outcome"] for entry in record["entries"]] == ["done", "refused", "unknown"]
    assert record["entries"][0]["requests"][1]["attempt"] == 2


def test_no_run_fits(told: list[str], tmp_path: Path) -> None:
    """Where there are runs, and none is of the time or the account that was asked for, it does not say "yet"."""
    for asked in (("--since", "2999-01-01"), ("--target", "nobody")):
        said = history(tmp_path, *asked)
        assert (said.exit_code, said.stdout) == (0, "No run matches what was asked for.\n")
        assert json.loads(history(tmp_path, *asked, "--format", "json").stdout) == []


def test_no_runs(tmp_path: Path) -> None:
    """Without a journal there is nothing to tell, and none is made."""
    assert history(tmp_path).stdout == "No runs yet.\n"
    assert history(tmp_path, "--format", "json").stdout == "[]\n"
    assert history(tmp_path, "--verify").exit_code == 0
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(JournalError, match="no run begins with 2026"):
        history(tmp_path, "2026")


def test_verify(told: list[str], journal: Journal, tmp_path: Path) -> None:
    """A whole journal verifies with its head; an altered one is exit 1 with the row's number, as text and as JSON."""
    rows, head = journal.head()
    assert history(tmp_path, "--verify").stdout == (
        f"Verified: {rows} rows, none altered, missing or moved. The last one's hash is {head}.\n"
    )
    connection = sqlite3.connect(journal.place, isolation_level=None)
    connection.execute("DROP TRIGGER events_stay")
    connection.execute("UPDATE events SET address = 'x' WHERE seq = 2")
    connection.close()
    with pytest.raises(JournalError, match=r"row 2 .* was altered") as caught:
        history(tmp_path, "--verify")
    assert caught.value.exit_code == 1
    result = history(tmp_path, "--verify", "--format", "json")
    assert result.exit_code == 1
    assert len(json.loads(result.stdout)["problems"]) == 1
    with pytest.raises(UsageError):
        history(tmp_path, told[0], "--verify")


def test_importing_it_loads_nothing_heavy() -> None:
    """The command's module, which --help of the program may load, brings neither sqlite3 nor our other packages."""
    code = (
        "import sys, acctcfg.cli.history\n"
        "print(sorted({'sqlite3', 'asyncio', 'pyrage', 'acctcfg.journal'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.slow
def test_importing_secrets_and_journal_loads_no_cryptography_of_others() -> None:
    """pyrage is loaded when an age file is first read or written, not before."""
    code = "import sys, acctcfg.secrets, acctcfg.journal\nprint('pyrage' in sys.modules, 'click' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


def test_an_altered_row_is_not_listed_unsaid(desk: Desk) -> None:
    """The list and one run are printed, the error names the row, and the exit status is 1."""
    desk.write({"mmdesk01": {}}).converge()
    path = desk.folder / ".acctcfg" / "journal.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(
        "DROP TRIGGER events_stay; UPDATE events SET body = replace(body, 'tester', 'nobody') WHERE kind = 'run'"
    )
    connection.close()
    said = desk.run("history")
    run = said.out.splitlines()[1].split()[0]
    for shown in (said, desk.run("history", run)):
        assert (shown.code, "was changed after it was written" in shown.err) == (1, True), shown.out + shown.err
