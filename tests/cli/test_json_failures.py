"""Whoever asks for JSON gets JSON, also where nothing else comes of it, with the exit status of the failure."""

from __future__ import annotations

import json

import pytest

from acctcfg.cli import run

COMMANDS = [
    ("validate",), ("plan",), ("apply", "--auto-approve"), ("show",), ("output",), ("history",), ("secrets", "list"),
    ("secrets", "check"),
]  # fmt: skip
PLACED = {"file", "line", "column", "address", "message"}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("option", [("--format", "json"), ("--format=json",)])
def test_a_manifest_that_is_wrong_is_a_document(tmp_path, capsys, command, option):
    """`error` with code, message, hint and each problem with its place; the same words on stderr as without JSON."""
    (tmp_path / "acctcfg.yaml").write_text("version: 1\naccounts: {x: {vanue: desk}}\n", encoding="utf-8")
    if command == ("history",):
        (tmp_path / ".acctcfg").mkdir()
        (tmp_path / ".acctcfg" / "journal.sqlite").write_text("no journal", encoding="utf-8")
    assert run(["-C", str(tmp_path), *command, *option]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert set(error) == {"code", "message", "hint", "problems"}
    assert error["message"]
    if command != ("history",):
        assert error["code"] == "manifest"
        assert error["problems"]
        assert all(set(one) == PLACED and one["file"] == "acctcfg.yaml" for one in error["problems"])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_wrong_usage_is_a_document_too(tmp_path, capsys, command):
    """64 stays 64."""
    assert run(["-C", str(tmp_path), *command, "--format", "json", "--surprise"]) == 64
    said = capsys.readouterr()
    assert json.loads(said.out)["error"]["code"] == "usage"
    assert said.err.startswith("error: ")


def test_text_stays_text(tmp_path, capsys):
    """Without --format json nothing of it is on stdout."""
    assert run(["-C", str(tmp_path), "plan"]) == 1
    assert capsys.readouterr().out == ""
