"""Files that are none: a named pipe, a device without end. One message, and no command waits for them."""

from __future__ import annotations

import errno
import os
import resource
import signal
import tempfile
from pathlib import Path

import pytest
from desk import Desk, Said
from fault_parts import TRADING, keep, sub_account

from acctcfg.cli import run

KINDS = ("pipe", "device")


def put(file: Path, kind: str) -> None:
    """Something in the place of a file."""
    file.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(file, 0o600)
    else:
        file.symlink_to("/dev/zero")


def told(said: Said, code: int = 1) -> None:
    """It says what is wrong with the file."""
    assert said.code == code, said.out + said.err
    assert any(words in said.out + said.err for words in ("not a regular file", "a link leads out of"))
    assert "internal error" not in said.out + said.err


@pytest.mark.parametrize("kind", KINDS)
def test_a_stored_secret_that_is_no_file(desk: Desk, kind: str) -> None:
    """The store cannot be read: said by every command that opens it, and nothing is made in its stead."""
    desk.sandbox.control_post("accounts/mmdesk01", sub_account("mmdesk01", acctLv="3"))
    keep(desk, "mmdesk01")
    put(desk.folder / "secrets/desk/mmdesk01/trading.age", kind)
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}, "position_mode": "long_short"}})
    told(desk.plan())
    told(desk.apply())
    told(desk.run("secrets", "check"))
    assert desk.writes() == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_plan_that_is_no_file(desk: Desk, kind: str) -> None:
    """`apply` reads no plan from it."""
    desk.write({"mmdesk01": {}})
    put(desk.folder / "plan.json", kind)
    told(desk.apply(str(desk.folder / "plan.json")), 64)
    assert desk.writes() == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_that_is_no_file(desk: Desk, kind: str) -> None:
    """The sandbox does not start."""
    put(desk.folder / "seed.yaml", kind)
    told(desk.run("sandbox", "--port", "0", "--seed", str(desk.folder / "seed.yaml")))


@pytest.mark.parametrize("kind", KINDS)
def test_rules_of_git_that_are_no_file(desk: Desk, kind: str) -> None:
    """`init` writes nothing beside them."""
    (desk.folder / "new").mkdir()
    put(desk.folder / "new/.gitignore", kind)
    told(desk.run("init", "new"))
    assert [one.name for one in (desk.folder / "new").iterdir()] == [".gitignore"]


@pytest.mark.parametrize("kind", [*KINDS, "gigabyte"])
def test_rules_of_git_that_nobody_can_read_ignore_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """An identity is made all the same, and the warning is there; what is too large is not read."""
    rules = desk.folder / ".gitignore"
    if kind == "gigabyte":
        with rules.open("wb") as file:
            file.truncate(1 << 30)
    else:
        put(rules, kind)
    sizes: list[bytes] = []
    read = os.read
    monkeypatch.setattr(os, "read", lambda handle, size: sizes.append(part := read(handle, size)) or part)
    said = desk.run("secrets", "identity")
    assert (said.code, "Put `.acctcfg/` into .gitignore" in said.err) == (0, True), said.err
    assert sum(map(len, sizes)) < 4096


@pytest.mark.parametrize("kind", KINDS)
def test_a_journal_that_is_no_file(desk: Desk, kind: str) -> None:
    """It is never taken for an empty one: nobody could tell what was made before."""
    desk.write({"mmdesk01": {}})
    (desk.folder / ".acctcfg").mkdir()
    put(desk.folder / ".acctcfg/journal.sqlite", kind)
    told(desk.plan())
    told(desk.apply())
    told(desk.run("history"))
    assert desk.writes() == []


def test_an_empty_journal_is_refused(desk: Desk) -> None:
    """A file without rows or schema is a journal that was lost, never one without runs: nothing is decided by it."""
    desk.write({"mmdesk01": {}})
    assert desk.apply().code == 0
    before = len(desk.writes())
    journal = desk.folder / ".acctcfg/journal.sqlite"
    journal.write_bytes(b"")
    desk.write({"mmdesk01": {}, "mmdesk02": {}})
    for arguments in (["plan"], ["apply", "--auto-approve"], ["history"], ["history", "--verify"]):
        said = desk.run(*arguments)
        assert said.code == 1, said.out
        assert "the journal is empty" in said.err
        assert "put a backup in its place" in said.err
    assert len(desk.writes()) == before

    journal.unlink()
    assert desk.apply().code == 0


def test_a_journal_that_cannot_be_made_leaves_no_file(desk: Desk) -> None:
    """Neither an empty journal nor a draft of one: the next run starts as this one did."""
    desk.write({"mmdesk01": {}})
    (desk.folder / ".acctcfg").mkdir()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limit[1]))
    try:
        said = desk.apply()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert said.code == 1, said.out
    assert "the journal cannot be used" in said.err
    assert [one.name for one in (desk.folder / ".acctcfg").iterdir() if one.is_file()] == []
    assert desk.writes() == []
    assert desk.apply().code == 0


@pytest.mark.parametrize("command", ["plan", "apply", "drift", "history", "doctor", "init"])
def test_a_folder_that_is_gone_is_no_bug(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The current folder was removed meanwhile, as by a switch of branches: one sentence, with the way out."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run([command]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.startswith("error: the current folder was removed\n")) == ("", True), said.err


def test_no_folder_for_temporary_files_is_no_bug(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that may write nowhere: one sentence, with the way out."""

    def nowhere() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    said = desk.write({"trader01": {}}).run("plan", "--rehearse")
    assert (said.code, said.err.startswith("error: there is no folder for temporary files\n")) == (1, True), said.err


def test_a_folder_whose_name_is_no_text(desk: Desk, tmp_path: Path) -> None:
    """A workspace in a folder whose name is not UTF-8 is planned, applied, recorded and read like any other."""
    folder = tmp_path / os.fsdecode(b"d\xff")
    folder.mkdir()
    desk.folder = folder
    desk.write(
        {"mmdesk01": {"api_keys": {"trading": TRADING}, "position_mode": "long_short", "account_mode": "futures"}}
    )
    desk.converge()
    assert desk.account("mmdesk01")["posMode"] == "long_short_mode"
    listed = desk.run("history", "--verify")
    assert listed.code == 0, listed.err
    assert "apply" in desk.run("history").out
