"""What is wrong in a manifest, for editors, code scanning and the runners of GitHub and GitLab."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctcfg import __version__
from acctcfg.cli import run
from acctcfg.render import annotations, gitlab, sarif

PROBLEM = {"file": "accounts/a,b.yaml", "line": 7, "column": 34, "address": "mmdesk01.label", "message": "100% wrong"}
PLACE = {"file": "acctcfg.yaml", "line": 1, "column": 1}
WARNING = {**PLACE, "address": "x.api_keys[k]", "message": "open", "code": "unbound_key"}
SHOWN = {"valid": False, "problems": [PROBLEM], "warnings": [WARNING]}


def test_github_makes_a_note_of_each() -> None:
    """A note at the file, line and column; `%`, `:` and `,` are written as the runner reads them."""
    assert annotations.validation(SHOWN).splitlines() == [
        "::error file=accounts/a%2Cb.yaml,line=7,col=34::mmdesk01.label: 100%25 wrong",
        "::warning file=acctcfg.yaml,line=1,col=1::x.api_keys[k]: open",
    ]


def test_github_takes_ten_notes_a_step() -> None:
    """What is beyond stands there as plain lines: nothing is lost."""
    many = [{**PROBLEM, "line": number} for number in range(1, 26)]
    lines = annotations.validation({"problems": many}).splitlines()
    assert [line.startswith("::error ") for line in lines] == [True] * 10 + [False] * 15
    assert lines[-1] == "error: accounts/a,b.yaml:25:34: mmdesk01.label: 100% wrong"
    assert len(annotations.failure({"problems": many, "message": "m"}).splitlines()) == 10


def test_gitlab_gets_an_issue_for_each() -> None:
    """Code quality: description, check, severity, place, and a fingerprint that no other issue has."""
    first, second = json.loads(gitlab.validation(SHOWN))
    assert re.fullmatch("[0-9a-f]{64}", first.pop("fingerprint"))
    assert first == {
        "description": "mmdesk01.label: 100% wrong",
        "check_name": "manifest",
        "severity": "blocker",
        "location": {"path": "accounts/a,b.yaml", "lines": {"begin": 7}},
    }
    assert (second["check_name"], second["severity"]) == ("unbound_key", "minor")


def test_a_fingerprint_outlives_a_move_and_tells_twins_apart() -> None:
    """The same problem two lines further down is the same issue; the same words twice are two."""
    moved = {**PROBLEM, "line": 9}

    def marks(*problems: dict[str, object]) -> list[str]:
        return [one["fingerprint"] for one in json.loads(gitlab.validation({"problems": problems}))]

    assert marks(PROBLEM) == marks(moved)
    assert len({*marks(PROBLEM, moved), *marks({**PROBLEM, "message": "other"})}) == 3


def test_sarif() -> None:
    """SARIF 2.1.0: rule, level, file, line and column of each result; a rule is listed once."""
    document = json.loads(sarif.validation(SHOWN))
    (found,) = document["runs"]
    assert (document["version"], found["columnKind"]) == ("2.1.0", "unicodeCodePoints")
    driver = found["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("acctcfg", __version__)
    assert [rule["id"] for rule in driver["rules"]] == ["manifest", "unbound_key"]
    first, second = found["results"]
    assert set(first.pop("partialFingerprints")) == {"acctcfg/v1"}
    assert first == {
        "ruleId": "manifest",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "mmdesk01.label: 100% wrong"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "accounts/a%2Cb.yaml"},
                    "region": {"startLine": 7, "startColumn": 34},
                }
            }
        ],
    }
    assert (second["ruleId"], second["ruleIndex"], second["level"]) == ("unbound_key", 1, "warning")
    assert json.loads(sarif.validation({"problems": [], "warnings": []}))["runs"][0]["results"] == []


@given(st.lists(st.fixed_dictionaries({name: st.text() for name in ("file", "address", "message")}), max_size=13))
def test_no_name_steers_a_runner(problems: list[dict[str, str]]) -> None:
    """One line a problem, whatever stands in it, and no command but our own notes."""
    rows = [{**one, "line": 1, "column": 1} for one in problems]
    rows += [{**PROBLEM, "file": "\udce4\ud800"}, {**PROBLEM, "message": "x\n::stop-commands::y\r##[add-path]z"}]
    lines = annotations.validation({"problems": rows}).splitlines()
    assert len(lines) == len(rows)
    assert all(re.match("::error file=[^:,]*,line=(1|7),col=(1|34)::|error: ", line) for line in lines)
    assert not any("##[" in line for line in lines)
    assert len(json.loads(gitlab.validation({"problems": rows}))) == len(rows)
    assert len(json.loads(sarif.validation({"problems": rows}))["runs"][0]["results"]) == len(rows)


@pytest.fixture
def wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose folder `desk` is a workspace with a mistake."""
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / "acctcfg.yaml").write_text("version: 1\naccounts: {x: {vanue: desk}}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_files_are_named_as_the_repository_knows_them(wrong: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With -C, by a relative or an absolute folder, a program finds the file from where it was started."""
    for folder in ("desk", str(wrong / "desk")):
        assert run(["-C", folder, "validate", "--format", "sarif"]) == 1
        said = capsys.readouterr()
        (found,) = json.loads(said.out)["runs"]
        location = found["results"][0]["locations"][0]["physicalLocation"]
        assert location["artifactLocation"]["uri"] == "desk/acctcfg.yaml"
        assert said.err.startswith("error: acctcfg.yaml:")  # the log has the words
    assert run(["-C", "desk", "validate", "--format", "gitlab"]) == 1
    assert json.loads(capsys.readouterr().out)[0]["location"]["path"] == "desk/acctcfg.yaml"


def test_github_hears_of_a_manifest_that_no_plan_comes_of(wrong: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The summary stays empty; the notes are on stderr, which the runner reads, too."""
    assert run(["-C", "desk", "plan", "--format", "github"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "\n::error file=desk/acctcfg.yaml,line=2,col=" in said.err
    assert run(["-C", "desk", "validate", "--format", "github"]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("::error file=desk/acctcfg.yaml,line=")
    assert said.err == ""
    assert run(["-C", "desk", "plan", "--format", "terraform-json"]) == 1
    assert capsys.readouterr().out == ""
