"""docs/reference.md is what the declarations say, and its examples are sound."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from acctcfg.cli import run
from acctcfg.core.trust import trust_word

DOCS = Path(__file__).parents[2] / "docs"
FOLDERS = sorted(file.parent for file in (DOCS / "reference").glob("*/acctcfg.yaml"))
COMMANDS = (
    ["/usr/local/bin/acctcfg-vault", "secret/acctcfg"],
    ["/usr/local/bin/desk-key"],
    ["/usr/local/bin/desk-token"],
)


@pytest.fixture(autouse=True)
def _scripts(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(DOCS), *sys.path])


def test_the_page_is_what_the_declarations_say():
    """After a change of a field: make schemas."""
    from reference import reference

    assert (DOCS / "reference.md").read_text(encoding="utf-8") == reference()


def test_every_field_has_an_example():
    """A field that is new appears in a workspace of docs/reference/."""
    from reference import without_example

    assert without_example() == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_an_example_is_a_sound_workspace(folder, tmp_path, monkeypatch, capsys):
    """All of it is valid, once its programs are trusted."""
    words = [trust_word(command) for command in COMMANDS]
    monkeypatch.setenv("ACCTCFG_TRUST", " ".join([*words, "keyring:desk"]))
    shutil.copytree(folder, tmp_path / "desk")
    code = run(["-C", str(tmp_path / "desk"), "validate"])
    assert code == 0, capsys.readouterr().err


def test_every_example_of_the_page_is_of_such_a_workspace():
    """Line by line."""
    page = (DOCS / "reference.md").read_text(encoding="utf-8")
    files = [file.read_text(encoding="utf-8") for file in (DOCS / "reference").rglob("*.yaml")]
    for block in re.findall(r"```yaml\n(.+?)\n```", page, re.DOTALL):
        assert any(set(block.splitlines()) <= set(text.splitlines()) for text in files), block
