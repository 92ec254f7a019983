"""`acctcfg fmt`: which files it writes, how, and what it says of those that it leaves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from acctcfg.cli import run

ROOT = """\
version:   1
include: [ accounts/*.yaml ]
venues:
    desk:    # a connection
        type: okx_dma_broker
        credentials: { env: OKX_DESK }
"""
NEAT = """\
version: 1
include: [accounts/*.yaml]
venues:
  desk:  # a connection
    type: okx_dma_broker
    credentials: {env: OKX_DESK}
"""
ACCOUNT = "accounts:\n  trader01:\n    venue: desk\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "accounts").mkdir()
    (tmp_path / "acctcfg.yaml").write_text(ROOT, encoding="utf-8")
    (tmp_path / "accounts" / "a.yaml").write_text(ACCOUNT, encoding="utf-8")
    return tmp_path


def fmt(folder: Path, *arguments: str) -> int:
    return run(["-C", str(folder), "fmt", *arguments])


def test_the_files_of_the_manifest_are_laid_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that need it, with their modes; --check only names them and exits 1, and is content afterwards."""
    root = folder / "acctcfg.yaml"
    root.chmod(0o640)
    assert fmt(folder, "--check") == 1
    assert root.read_text(encoding="utf-8") == ROOT
    assert capsys.readouterr().out == "acctcfg.yaml\n"
    assert fmt(folder) == 0
    assert root.read_text(encoding="utf-8") == NEAT
    assert root.stat().st_mode & 0o777 == 0o640
    assert sorted(one.name for one in folder.iterdir()) == ["accounts", "acctcfg.yaml"]
    assert capsys.readouterr().out == "acctcfg.yaml\n"
    assert fmt(folder, "--check") == 0


def test_what_init_writes_is_laid_out_already(tmp_path: Path) -> None:
    """A starter workspace needs no formatting."""
    assert run(["-C", str(tmp_path), "init"]) == 0
    assert fmt(tmp_path, "--check") == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version: 1\nversion: 2\n", 'a.yaml:2:1: version: duplicate key "version"'),
        ("accounts: {a:\n  1}  \n  b: [\n", "a.yaml:"),
        ("venues:\n  x: {a: 1,  # why\n    b: 2}\n", "a.yaml:2:14: cannot be formatted"),
        ("a: !!binary x\n", "a.yaml:"),
    ],
)
def test_a_file_that_is_left_is_named(folder: Path, capsys: pytest.CaptureFixture[str], text: str, words: str) -> None:
    """Nothing in it is touched, the others are laid out all the same, and the exit status is 1."""
    file = folder / "accounts" / "a.yaml"
    file.write_text(text, encoding="utf-8")
    assert fmt(folder) == 1
    assert words in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == text
    assert (folder / "acctcfg.yaml").read_text(encoding="utf-8") == NEAT


def test_named_files_alone_and_line_ends_of_windows(folder: Path) -> None:
    """A FILE that is named, and no other; a byte order mark and CRLF go."""
    file = folder / "accounts" / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + ACCOUNT.replace("\n", "\r\n").encode())
    assert fmt(folder, str(file)) == 0
    assert file.read_bytes() == ACCOUNT.encode()
    assert (folder / "acctcfg.yaml").read_text(encoding="utf-8") == ROOT
    assert fmt(folder, str(folder / "none.yaml")) == 1


@pytest.mark.parametrize(
    "written",
    ["True", "FALSE", "~", "NULL", "null", "+5", "-0", "5.", "1E5", "1e400", "0o17", "0x1F", ".NaN", "1_000.50", "on"],
)
def test_a_value_stays_as_it_was_written(folder: Path, written: str) -> None:
    """No value that the reader takes keeps a file from being laid out, and none is written in another way."""
    file = folder / "accounts" / "a.yaml"
    file.write_text(f"x:\n    a:   {written}\n    b: [ {written} ]\n    {written}: c\n", encoding="utf-8")
    assert fmt(folder, "accounts/a.yaml") == 0
    assert file.read_text(encoding="utf-8") == f"x:\n  a: {written}\n  b: [{written}]\n  {written}: c\n"


@pytest.mark.parametrize(
    ("text", "neat"),
    [
        ("# a licence\n---\n# why\nx: 1\n", "# a licence\n# why\nx: 1\n"),
        ("--- # why\nx:   1\n", "# why\nx: 1\n"),
        ("x: 1\n...\n# the end\n", "x: 1\n# the end\n"),
        ("x: 1\t# why\ny: |\n  ---\n  a\tb\t# text\n", "x: 1  # why\ny: |\n  ---\n  a\tb\t# text\n"),
    ],
)
def test_comments_around_the_marks_of_a_document(folder: Path, text: str, neat: str) -> None:
    """`---`, `...` and tabs before a comment go; the comments stay, and so does what only looks like one."""
    file = folder / "accounts" / "a.yaml"
    file.write_text(text, encoding="utf-8")
    assert fmt(folder, "accounts/a.yaml") == 0
    assert file.read_text(encoding="utf-8") == neat
    assert fmt(folder, "--check", "accounts/a.yaml") == 0


@pytest.mark.parametrize(
    "text",
    [
        "customer_id,tier\nc00001,gold\nc00002,gold\n",
        "-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVu\nb3pGdDg5\n-----END AGE ENCRYPTED FILE-----\n",
        "- one\n-   two\n",
        "some\nnotes\n",
    ],
)
def test_what_is_no_manifest_is_left(folder: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """A table of customers or a stored secret that a shell's pattern named keeps every byte, and the others go on."""
    other = folder / "other"
    other.write_text(text, encoding="utf-8")
    assert fmt(folder, "other", "acctcfg.yaml") == 1
    assert other.read_text(encoding="utf-8") == text
    said = capsys.readouterr()
    assert "other:1:1: cannot be formatted, so the file was left as it is: it is" in said.err
    assert said.out == "acctcfg.yaml\n"


def test_a_named_file_is_one_of_the_workspace(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With -C DIR, FILE is the one in DIR, and not its namesake in the current folder."""
    here = tmp_path_factory.mktemp("here")
    (here / "acctcfg.yaml").write_text(ROOT, encoding="utf-8")
    monkeypatch.chdir(here)
    assert fmt(folder, "acctcfg.yaml") == 0
    assert (folder / "acctcfg.yaml").read_text(encoding="utf-8") == NEAT
    assert (here / "acctcfg.yaml").read_text(encoding="utf-8") == ROOT


def test_links(folder: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]) -> None:
    """One inside the workspace stays a link; one that leads out of it is not followed."""
    away = tmp_path_factory.mktemp("away") / "b.yaml"
    away.write_text("accounts:\n    other: {venue:  desk}\n", encoding="utf-8")
    (folder / "accounts" / "b.yaml").symlink_to(away)
    (folder / "real").mkdir()
    (folder / "real" / "c").write_text("accounts:\n    third: {venue:  desk}\n", encoding="utf-8")
    (folder / "accounts" / "c.yaml").symlink_to(folder / "real" / "c")
    assert fmt(folder) == 0
    assert "venue:  desk" in away.read_text(encoding="utf-8")
    assert fmt(folder, str(folder / "accounts" / "b.yaml")) == 1
    assert "outside the workspace" in capsys.readouterr().err
    assert (folder / "accounts" / "c.yaml").is_symlink()
    assert (folder / "real" / "c").read_text(encoding="utf-8") == "accounts:\n  third: {venue: desk}\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One message, and the file as it was."""
    folder.chmod(0o500)
    try:
        assert fmt(folder) == 1
    finally:
        folder.chmod(0o700)
    assert "cannot be read or written" in capsys.readouterr().err
    assert (folder / "acctcfg.yaml").read_text(encoding="utf-8") == ROOT
