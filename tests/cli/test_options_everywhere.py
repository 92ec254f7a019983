"""The options of every command, before its name and after it, and what decides on colours."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from acctcfg.cli import COMMANDS, group, run
from acctcfg.cli.console import open_door
from acctcfg.cli.everywhere import begun


def leaves() -> list[tuple[str, ...]]:
    """Every command line of the program: `plan`, `secrets list`, ..."""
    root = click.Context(group, info_name="acctcfg")
    found: list[tuple[str, ...]] = []
    for name in COMMANDS:
        command = group.get_command(root, name)
        below = list(command.commands) if isinstance(command, click.Group) else []
        found += [(name, one) for one in below] or [(name,)]
    return found


@pytest.mark.parametrize("words", leaves(), ids=" ".join)
def test_every_command_takes_them_after_its_name(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """All four, in every spelling; none of them is told to be unknown."""
    line = [*words, "-v", "--verbose", "--no-color", "--color", "never", "-C", ".", "--help"]
    assert run(line) == 0, capsys.readouterr().err


@pytest.mark.parametrize("words", [(), *leaves()], ids=" ".join)
def test_no_help_breaks_a_word(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """An option, a command or a path is copied whole: no line ends within one."""
    assert run([*words, "--help"]) == 0
    said = capsys.readouterr().out
    assert [line for line in said.splitlines() if re.search(r"\w-$", line)] == []
    assert "\ue000" not in said


def test_the_help_of_schema_and_completion_can_be_typed(capsys: pytest.CaptureFixture[str]) -> None:
    """Every document by its name, and each shell's line in one piece."""
    from acctcfg.cli.schema import SCHEMAS

    assert run(["schema", "--help"]) == 0
    said = capsys.readouterr().out
    assert [name for name in SCHEMAS if not re.search(rf"\b{name}\b", said)] == []
    assert run(["completion", "--help"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines() if " > ~/." in line] == [
        "bash:",
        "zsh:",
        "fish:",
    ]


@pytest.mark.parametrize("line", ["-C {} validate", "validate -C {}", "validate -C{}", "-C /nowhere validate -C {}"])
def test_the_folder_may_come_last(line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The last one counts."""
    (tmp_path / "acctcfg.yaml").write_text("version: 1\n")
    assert run(line.format(tmp_path).split()) == 0, capsys.readouterr().err


@pytest.mark.parametrize("line", [["-v", "plan"], ["plan", "-v"], ["plan", "--format", "json", "--verbose"]])
def test_verbose_counts_wherever_it_stands(line: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What the commands go by is the same."""
    seen = []
    plan = group.get_command(click.Context(group), "plan")
    assert plan is not None
    monkeypatch.setattr(plan, "callback", click.pass_context(lambda ctx, **_: seen.append(ctx.obj["verbose"])))
    assert run(line) == 0
    assert seen == [True]


COLOURS = [
    ("", {}, False, False),
    ("", {}, True, True),
    ("", {"NO_COLOR": "1"}, True, False),
    ("", {"CI": "1"}, True, False),
    ("", {"TERM": "dumb"}, True, False),
    ("", {"FORCE_COLOR": "1"}, False, True),
    ("", {"FORCE_COLOR": "0"}, False, False),
    ("", {"FORCE_COLOR": "1", "CI": "1"}, False, True),
    ("", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ("--color always", {"NO_COLOR": "1", "CI": "1", "TERM": "dumb"}, False, True),
    ("--color never", {"FORCE_COLOR": "1"}, True, False),
    ("--color auto", {}, True, True),
    ("--no-color", {"FORCE_COLOR": "1"}, True, False),
    ("--no-color --color always", {}, False, True),
]


@pytest.mark.parametrize(("words", "environ", "terminal", "colored"), COLOURS)
@pytest.mark.parametrize("after", [False, True])
def test_what_decides_on_colours(
    words: str,
    environ: dict[str, str],
    terminal: bool,
    colored: bool,
    after: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What was asked for last; else NO_COLOR, FORCE_COLOR, and a terminal that can."""
    from acctcfg.cli import console

    for name in ("NO_COLOR", "FORCE_COLOR", "CI", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("acctcfg.cli.everywhere.is_terminal", lambda: terminal)
    plan = group.get_command(click.Context(group), "plan")
    assert plan is not None

    def painted(ctx: click.Context, **_: object) -> None:
        from acctcfg.render.paint import Paint

        console.say(Paint(ctx.obj["color"])("bold", "x"))

    monkeypatch.setattr(plan, "callback", click.pass_context(painted))
    assert run(["plan", *words.split()] if after else [*words.split(), "plan"]) == 0
    assert capsys.readouterr().out == ("\x1b[1mx\x1b[0m\n" if colored else "x\n")


def test_the_help_of_a_command_says_where_they_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """Not in full: `acctcfg --help` has them."""
    assert run(["plan", "--help"]) == 0
    said = capsys.readouterr().out
    assert not re.search(r"^ +--color", said, re.MULTILINE)
    assert "acctcfg --help" in said


def test_before_anything_is_read_it_is_the_present_folder() -> None:
    """What commands find without an option."""
    open_door()
    assert begun()["directory"] == Path()
