"""What comes with a later version, or was left by another program, is told as such: never as unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from acctcfg.cli import run

VENUES = "venues: {desk: {type: okx_dma_broker, environment: demo, credentials: {env: DESK}}}\n"
LATER = [
    f"{VENUES}accounts: {{mmdesk01: {{venue: desk, access: {{credentials: {{token: {{env: TOKEN}}}}}}}}}}",
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
