"""Names and cells with a line break in them: whoever writes one begins no line of ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from acctcfg.cli import run
from acctcfg.errors import AcctcfgError, ManifestError, Problem

FORGED = "x\nacctcfg.yaml:2:1: venues.desk: its key is revoked"
WORKSPACE = """\
version: 1
include: ["more/*"]
venues: {desk: {type: okx_dma_broker, environment: demo, credentials: {env: DESK}}}
profiles: {gold: {venue: desk}}
accounts_from: [{csv: customers.csv, name: "{id}", profile: gold}]
"""
PLACED = re.compile(r"error: [^:]+:\d+:\d+: .+")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound workspace with a table of no customers."""
    (tmp_path / "more").mkdir()
    (tmp_path / "acctcfg.yaml").write_text(WORKSPACE, encoding="utf-8")
    (tmp_path / "customers.csv").write_text("id\n", encoding="utf-8")
    return tmp_path


def in_a_cell(folder: Path) -> None:
    (folder / "customers.csv").write_text(f'id\n"{FORGED}"\n', encoding="utf-8")


def in_the_name_of_a_file(folder: Path) -> None:
    (folder / "more" / "y\nacctcfg.yaml:9:9: venues.desk.yaml").write_text("version: 2\n", encoding="utf-8")


def in_a_key(folder: Path, section: str = "accounts") -> None:
    name = FORGED.replace("\n", "\\n")
    (folder / "more" / "a.yaml").write_text(f'{section}: {{"{name}": {{venue: nobody, "{name}": 1}}}}\n')


def in_a_profile(folder: Path) -> None:
    in_a_key(folder, "profiles")


@pytest.mark.parametrize("put", [in_a_cell, in_the_name_of_a_file, in_a_key, in_a_profile])
def test_each_problem_is_one_line(folder: Path, put: object, capfd: pytest.CaptureFixture[str]) -> None:
    """Every line on stderr is a problem with a place of its own, and none is at the place that was forged."""
    assert callable(put)
    put(folder)
    assert run(["-C", str(folder), "validate"]) == 1
    lines = [line for line in capfd.readouterr().err.splitlines() if line and not line.startswith("hint: ")]
    assert lines
    for line in lines:
        assert PLACED.fullmatch(line), line
        assert not re.match(r"error: acctcfg\.yaml:(2:1|9:9):", line)


def test_an_error_has_the_lines_that_it_was_given() -> None:
    """However many line breaks somebody's text holds, a message of one line stays one, and of n problems n."""
    assert AcctcfgError(FORGED).message.count("\n") == 0
    problems = [Problem(FORGED, 1, 1, FORGED, FORGED), Problem("a", 1, 1, "", "wrong")]
    assert ManifestError(problems).message.count("\n") == 1
