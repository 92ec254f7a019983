"""The first two minutes: a starter workspace that works as it is, and the demo."""

from __future__ import annotations

import re
import stat
import subprocess
import sys

from acctcfg.cli import run


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


def test_the_demo_ends_with_no_changes_and_leaves_nothing(tmp_path, monkeypatch):
    """Plan, apply, plan again: the whole job in one command, in its own processes."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    said = subprocess.run([sys.executable, "-m", "acctcfg", "demo"], capture_output=True, text=True, timeout=60)
    assert (said.returncode, said.stderr) == (0, "")
    commands = re.findall(r"^\$ acctcfg (\w+)", said.stdout, re.M)
    assert commands == ["sandbox", "validate", "plan", "apply", "plan", "output"]
    assert "No changes. Live accounts match the manifest." in said.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_demo_stage_that_fails_fails_the_demo(monkeypatch, capsys):
    """The exit status is not 0 where the demo did not do what it shows."""
    import acctcfg.cli.demo as demo

    monkeypatch.setattr(demo, "STAGES", ((("plan", "--no-such-option"), "A stage that fails."),))
    assert run(["demo"]) == 1
    assert "the demo stops here" in capsys.readouterr().err
