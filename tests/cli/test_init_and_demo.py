"""The first two minutes: a starter workspace that works as it is, and the demo."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from importlib.metadata import packages_distributions

import pyrage
import pytest
from patience import PATIENCE_S

from acctcfg.cli import run
from acctcfg.cli.git_ignore import leaves_out


def test_the_starter_plans_and_applies_on_the_sandbox(desk, tmp_path, monkeypatch):
    """init, plan, apply and plan again, with nothing edited but the port."""
    folder = tmp_path / "starter"
    desk.folder = folder
    assert run(["init", str(folder)]) == 0
    root = folder / "acctcfg.yaml"
    root.write_text(root.read_text().replace("http://127.0.0.1:8700", desk.sandbox.base_url))
    assert desk.plan("--detailed-exitcode").code == 2
    assert desk.converge().code == 0


def test_the_identity_is_private_and_ignored(tmp_path):
    """What opens the secrets is readable by its owner only, and git is told to leave it alone."""
    assert run(["-C", str(tmp_path), "init"]) == 0
    identity = tmp_path / ".acctcfg" / "identity.txt"
    assert stat.S_IMODE(identity.stat().st_mode) == 0o600
    assert ".acctcfg/" in (tmp_path / ".gitignore").read_text().split()
    private = identity.read_text().splitlines()[-1]
    assert not [f for f in tmp_path.rglob("*") if f.is_file() and f != identity and private in f.read_text()]


def test_nothing_is_overwritten(tmp_path, capsys):
    """A second init writes nothing and names what is in the way."""
    (tmp_path / ".gitignore").write_text("*.log\n")
    assert run(["-C", str(tmp_path), "init"]) == 0
    assert (tmp_path / ".gitignore").read_text().startswith("*.log\n")
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    capsys.readouterr()
    assert run(["-C", str(tmp_path), "init"]) == 64
    assert "acctcfg.yaml" in capsys.readouterr().err
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


@pytest.mark.slow
def test_the_demo_ends_with_no_changes_and_leaves_nothing(tmp_path, monkeypatch):
    """Plan, apply, plan again: the whole job in one command, in its own processes."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    said = subprocess.run([sys.executable, "-m", "acctcfg", "demo"], capture_output=True, text=True, timeout=PATIENCE_S)
    assert (said.returncode, said.stderr) == (0, "")
    commands = re.findall(r"^\$ acctcfg (\w+)", said.stdout, re.M)
    assert commands == ["sandbox", "validate", "plan", "apply", "plan", "output"]
    assert "No changes. Live accounts match the manifest." in said.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_demo_stage_that_fails_fails_the_demo(monkeypatch, capsys):
    """The exit status is not 0 where the demo did not do what it shows."""
    import acctcfg.cli.demo as demo

    monkeypatch.setattr(demo, "STAGES", ((("plan", "--no-such-option"), "A stage that fails."),))
    assert run(["demo"]) == 1
    assert "the demo stops here" in capsys.readouterr().err


def test_no_module_that_somebody_committed_is_run(tmp_path, monkeypatch):
    """Whatever a Python file in the workspace is called, `python -m acctcfg` and what `demo` starts import others."""
    import acctcfg.cli.demo as demo

    for name in {*sys.stdlib_module_names, *packages_distributions(), "sitecustomize", "usercustomize"} - {"acctcfg"}:
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name} of the folder was run')\n")
    (tmp_path / "acctcfg.yaml").write_text("version: 1\naccounts: {}\n")
    monkeypatch.chdir(tmp_path)
    for ours in ((sys.executable, "-m", "acctcfg"), demo.OURSELVES):
        said = subprocess.run([*ours, "validate"], capture_output=True, text=True, timeout=PATIENCE_S)
        assert (said.returncode, said.stderr) == (0, ""), said.stderr


IDENTITY = ".acctcfg/identity.txt"


@pytest.mark.parametrize(
    ("text", "out"),
    [
        (".acctcfg/\n", True),
        ("/.acctcfg/\r\n*.log\r\n", True),
        ("\ufeff.acctcfg\n", True),
        (".acctcfg/*\n", True),
        ("**/identity.txt\n", True),
        (".acct*/   \n", True),
        ("[.]acctcfg/\n", True),
        ("identity.???\n", True),
        (".acctcfg/\n!.acctcfg/identity.txt\n", True),  # what lies in a folder that is left out stays out
        ("# keep .acctcfg/ out of git\n", False),
        ("#.acctcfg/\n", False),
        ("\\#.acctcfg/\n", False),
        (".acctcfg/\n!.acctcfg/\n", False),
        (".acctcfg/*\n!.acctcfg/identity.txt\n", False),
        ("sub/.acctcfg/\n", False),
        ("acctcfg/\n*.sqlite\n", False),
        ("/identity.txt\n", False),
        ("", False),
    ],
)
def test_git_ignores_what_its_rules_say(tmp_path, text, out):
    """Comments, negations, anchors and patterns of a .gitignore mean here what they mean to git."""
    assert leaves_out(text, IDENTITY) is out
    (tmp_path / ".gitignore").write_bytes(text.encode())
    git = ["git", "-C", str(tmp_path), "-c", "core.excludesFile=/dev/null"]
    if subprocess.run([*git, "init", "-q"], check=False).returncode == 0:
        said = subprocess.run([*git, "check-ignore", "-q", "--no-index", IDENTITY], check=False)
        assert (said.returncode == 0) is out


@pytest.mark.parametrize("before", ["# not .acctcfg/ here\n", ".acctcfg/\n!.acctcfg/\n", "*.log", "# caf\udce9\n"])
def test_no_rule_of_before_lets_the_identity_be_staged(tmp_path, before):
    """Whatever .gitignore holds already, after `init` git leaves the identity alone, and the old rules are there."""
    (tmp_path / ".gitignore").write_text(before, errors="surrogateescape")
    assert run(["-C", str(tmp_path), "init"]) == 0
    after = (tmp_path / ".gitignore").read_text(errors="surrogateescape")
    assert after.startswith(before)
    assert leaves_out(after, IDENTITY)


def test_an_identity_is_made_outside_init_and_never_overwritten(tmp_path, capsys):
    """`secrets identity` writes a private file, prints the recipient that it opens, and leaves an older one alone."""
    assert run(["-C", str(tmp_path), "secrets", "identity"]) == 0
    said = capsys.readouterr()
    file = tmp_path / IDENTITY
    made = pyrage.x25519.Identity.from_str(file.read_text().splitlines()[-1])
    assert said.out == f"{made.to_public()}\n"
    assert ".gitignore" in said.err
    assert str(made) not in said.out + said.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    assert run(["-C", str(tmp_path), "secrets", "identity"]) == 64
    assert run(["-C", str(tmp_path), "secrets", "identity", "--out", "other.txt"]) == 0
    assert (file.read_bytes(), (tmp_path / "other.txt").exists()) == (before, True)
