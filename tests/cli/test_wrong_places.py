"""What stands in the wrong place, or comes with a later version, is told as such: never as unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from acctcfg.cli import COMMANDS, run


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "secrets"] + ["secrets list"])
@pytest.mark.parametrize("option", ["-v", "--verbose", "--no-color", "-C"])
def test_an_option_of_every_command_says_where_it_goes(
    command: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`acctcfg plan -v` is answered with the line that works."""
    assert run([*command.split(), option]) == 64
    written = {"--verbose": "-v", "-C": "-C DIR"}.get(option, option)
    assert f"hint: it goes before the command: acctcfg {written} {command}\n" in capsys.readouterr().err


@pytest.mark.parametrize("line", [["--color", "plan"], ["plan", "--color"], ["plan", "--color=always"]])
def test_colours_are_explained(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """There is no --color: the hint says what there is."""
    assert run(line) == 64
    assert "--no-color" in capsys.readouterr().err


LATER = [
    "notify: {}",
]


@pytest.mark.parametrize("text", LATER)
def test_what_a_later_version_brings_is_refused_as_such(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Never accepted and ignored, and never called unknown."""
    (tmp_path / "acctcfg.yaml").write_text(f"version: 1\n{text}\n")
    assert run(["-C", str(tmp_path), "validate"]) == 1
    said = capsys.readouterr().err
    assert "not supported yet" in said
    assert "unknown key" not in said


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "=======", ">>>>>>> branch", "||||||| base"])
def test_what_git_leaves_in_a_file_is_named(marker: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A merge conflict is called one, at its line, wherever it stands."""
    (tmp_path / "acctcfg.yaml").write_text(f"version: 1\naccounts:\n{marker}\n  mmdesk01: {{venue: desk}}\n")
    assert run(["-C", str(tmp_path), "validate"]) == 1
    assert f"acctcfg.yaml:3:1: unresolved merge conflict: {marker[:7]} (" in capsys.readouterr().err
