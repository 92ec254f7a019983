"""The group: what starts quickly, what every error becomes, and what never reaches the user."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

import acctcfg.cli
from acctcfg import errors
from acctcfg.cli import COMMANDS, group, run

# modules of cli/ that are no commands
OTHERS = {
    "approvals",
    "asking",
    "completing",
    "consent",
    "console",
    "event_loop",
    "everywhere",
    "failure",
    "formats",
    "git_ignore",
    "held_locks",
    "next_step",
    "queueing",
    "listeners",
    "listening",
    "selection",
    "starter",
}

CONSOLE = [
    "acctcfg.cli.console",
    "acctcfg.cli.everywhere",
    "acctcfg.cli.failure",
    "acctcfg.core",
    "acctcfg.core.untold",
    "acctcfg.render",
    "acctcfg.render.harmless",
    "acctcfg.render.stream",
]


def program(*arguments: str, **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "acctcfg", *arguments], capture_output=True, text=True, **more)


@pytest.fixture
def failing(monkeypatch):
    """Lets the command `plan` end with the exception that it is called with."""

    def arrange(exc: BaseException) -> None:
        @click.command("plan")
        def command() -> None:
            raise exc

        monkeypatch.setattr(group, "get_command", lambda *_: command)

    return arrange


def test_help_imports_nothing_but_click_and_the_standard_library():
    """--help stays as quick as a bare script: no YAML, no HTTP, nothing of ours but the way out."""
    code = (
        "import sys\nfrom acctcfg.cli import run\nrun(['--help'])\n"
        "names = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)\n"
        "print(sorted(name for name in names if not name.startswith(('_', 'sitecustomize'))), file=sys.stderr)\n"
        "print(sorted(name for name in sys.modules if name.startswith('acctcfg')), file=sys.stderr)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stderr.splitlines() == ["['acctcfg', 'click']", str(["acctcfg", "acctcfg.cli", *CONSOLE])]


def test_the_table_of_commands_is_the_folder():
    """Each module of cli/ is a command of the table, under its own name, with the same line of help."""
    folder = Path(acctcfg.cli.__file__).parent
    assert {file.stem for file in folder.glob("*.py")} - {"__init__"} - OTHERS == set(COMMANDS)
    for name, words in COMMANDS.items():
        command = import_module(f"acctcfg.cli.{name}").command
        assert command.name == name
        assert command.short_help in (None, words)
        assert command.help, f"{name} does not say what it does"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name, capsys):
    """`acctcfg COMMAND --help` exits 0 and says how to call it."""
    assert run([name, "--help"]) == 0
    assert f"Usage: acctcfg {name}" in capsys.readouterr().out


def test_version(capsys):
    """The version is one line."""
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"acctcfg {acctcfg.__version__}\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["paln"], "error: unknown command 'paln' (did you mean plan?)"),
        (["xyzzy"], "error: unknown command 'xyzzy'\n"),
        (["plan", "--fromat", "json"], "--format"),
        (["plan", "--format", "yaml"], "'yaml'"),
        (["--colour", "plan"], "error: no such option"),
        (["apply", "--lock-timeout", "soon", "--auto-approve"], "'soon' is not a duration (such as 30s, 5m or 2h)"),
        (["apply", "--wait-flat", "soon", "--auto-approve"], "'soon' is not a duration (such as 30s, 5m or 2h)"),
        (["rotate", "x", "y", "--overlap", "9" * 400], "is not a duration"),
        (["rotate", "x", "y", "--overlap", "٣s"], "is not a duration"),
        (["rotate", "x", "y", "--overlap", "99999999999999d"], "is longer than ten years"),
        (["history", "--since", "99999999999999d"], "is longer than ten years"),
        (["history", "--since", "0001-01-01T00:00:00+14:00"], "is neither a day"),
        (["sandbox", "--host", "192.0.2.1"], "loopback"),
        ([], "Usage: acctcfg"),
    ],
)
def test_wrong_usage_is_64_with_a_hint(line, words, capsys):
    """Every mistake on the command line exits 64, on stderr, and points to the help."""
    assert run(line) == 64
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""
    assert not line or "hint: acctcfg" in said.err


def test_a_missing_argument_is_one_line(capsys):
    """A list of what is possible stands in the message's line."""
    assert run(["schema"]) == 64
    assert "Choose from: drift, events, manifest, plan" in capsys.readouterr().err.splitlines()[0]


@pytest.mark.parametrize(
    ("exc", "status", "text"),
    [
        (errors.ConfigError("no key", hint="export it"), 1, "error: no key\n\nhint: export it\n"),
        (errors.Blocked("held", hint=""), 3, "error: held\n"),
        (errors.UsageError("no"), 64, "error: no\n"),
        (errors.PlanStale("moved"), 1, "error: moved\n"),
        (
            errors.ManifestError(
                [errors.Problem("b.yaml", 2, 1, "x", "is wrong"), errors.Problem("a.yaml", 1, 1, "", "is bad")],
                hint="correct them",
            ),
            1,
            "error: a.yaml:1:1: is bad\nerror: b.yaml:2:1: x: is wrong\n\nhint: correct them\n",
        ),
        (errors.Refused("it said \x1b[2J"), 1, "error: it said \\x1b[2J\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_an_error_is_one_message_and_its_exit_status(failing, capsys, exc, status, text):
    """`error: ...`, a blank line, `hint: ...`, nothing else, on stderr."""
    failing(exc)
    assert run(["plan"]) == status
    said = capsys.readouterr()
    assert (said.out, said.err.removeprefix("\n")) == ("", text)


@pytest.mark.parametrize("flags", [[], ["-v"]])
def test_an_unforeseen_error_shows_its_type_and_no_value(failing, capsys, flags):
    """A bug never prints what the program was working on; -v adds places, not values."""
    failing(ValueError("hunter2"))
    assert run([*flags, "plan"]) == 1
    said = capsys.readouterr()
    assert "error: internal error: ValueError\n" in said.err
    assert "hunter2" not in said.out + said.err
    assert "Traceback" not in said.err
    assert ("acctcfg/cli/__init__.py:" in said.err) == bool(flags)


def test_a_reader_that_goes_away_is_no_error_message():
    """`acctcfg ... | head` ends quietly."""
    read = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.close()"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    read.wait()
    said = subprocess.run(
        [sys.executable, "-m", "acctcfg", "schema", "plan"], stdout=read.stdin, stderr=subprocess.PIPE, text=True
    )
    read.stdin.close()
    assert said.stderr == ""
    assert said.returncode == 1


def test_a_full_disk_is_one_message():
    """Output that cannot be written is said, once."""
    with open("/dev/full", "w") as full:  # noqa: PTH123
        said = subprocess.run(
            [sys.executable, "-m", "acctcfg", "--version"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (said.returncode, said.stderr) == (1, "error: cannot write the result: No space left on device\n")


UNBUFFERED = pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
"""Most images of containers and CI set PYTHONUNBUFFERED: Python then takes a part that was written for the whole."""
LONG = [["schema", "plan"], ["--help"]]  # printed by ours, and by click


@UNBUFFERED
@pytest.mark.parametrize("arguments", LONG, ids=" ".join)
def test_a_disk_that_fills_up_in_the_middle_is_one_message(unbuffered, arguments, tmp_path):
    """A result of which only a part could be written is told, and exits 1, whatever Python buffers."""

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

    with (tmp_path / "out").open("wb") as out:
        said = subprocess.run(
            [sys.executable, "-m", "acctcfg", *arguments],
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=small,
        )
    assert (tmp_path / "out").stat().st_size == 1024
    assert (said.returncode, said.stderr) == (1, "error: cannot write the result: File too large\n")


def test_C_names_the_folder(tmp_path, capsys):
    """-C works from another directory as if it were the present one."""
    (tmp_path / "acctcfg.yaml").write_text("version: 1\n")
    assert run(["-C", str(tmp_path), "validate"]) == 0
    assert run(["-C", str(tmp_path / "no"), "validate"]) == 1
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_call_the_program(shell, capsys):
    """Each shell gets a script that asks acctcfg itself."""
    assert run(["completion", shell]) == 0
    assert "_ACCTCFG_COMPLETE" in capsys.readouterr().out


def test_completion_completes():
    """`acctcfg pl<TAB>` is plan."""
    import os

    said = program(
        env={**os.environ, "_ACCTCFG_COMPLETE": "bash_complete", "COMP_WORDS": "acctcfg pl", "COMP_CWORD": "1"}
    )
    assert said.stdout.strip() == "plain,plan"
