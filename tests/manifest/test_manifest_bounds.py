"""A manifest comes from whoever can propose a change: reading it ends, soon, and stays in the workspace."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from manifest_folder import HEAD, Folder
from patience import PATIENCE_S

from acctcfg.core.address import Address, AddressPattern
from acctcfg.engine.policy import violations
from acctcfg.manifest import files, includes
from acctcfg.manifest.rule_schemas import schema_error

ONE = "accounts: {mmdesk01: {venue: desk}}\n"


@pytest.fixture
def soon() -> Any:
    """Fails a test that took long."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < PATIENCE_S  # what is not bounded takes hours


# -- includes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("links", [1, 2, 5])
@pytest.mark.parametrize("pattern", ["**", "accounts/**/*.yaml", "**/*.yaml", "accounts/**"])
@pytest.mark.usefixtures("soon")
def test_links_that_lead_back_are_not_followed(folder: Folder, pattern: str, links: int) -> None:
    """One account, read once, however many links lead round."""
    folder.write(acctcfg=HEAD + f"include: ['{pattern}']\n", accounts__one=ONE)
    for number in range(links):
        (folder.path / "accounts" / f"back{number}").symlink_to(".", target_is_directory=True)
    assert folder.problems() == []
    assert folder.load().files == ("accounts/one.yaml", "acctcfg.yaml")


@pytest.mark.parametrize("pattern", ["accounts/*/*.yaml", "accounts/*.yaml", "accounts/[ab]*/*.yaml", "*/*.yaml"])
@pytest.mark.usefixtures("soon")
def test_a_file_is_read_once_by_its_real_path(folder: Folder, pattern: str) -> None:
    """Links to a file, and to its folder, say nothing a second time."""
    folder.write(acctcfg=HEAD + f"include: ['{pattern}', 'accounts/**/*.yaml']\n", accounts__a__one=ONE)
    (folder.path / "accounts" / "b").symlink_to("a", target_is_directory=True)
    (folder.path / "accounts" / "link.yaml").symlink_to("a/one.yaml")
    (folder.path / "accounts" / "a" / "again.yaml").symlink_to("one.yaml")
    assert folder.problems() == []
    assert list(folder.load().accounts) == ["mmdesk01"]


@pytest.mark.parametrize("pattern", ["out/*.yaml", "out/x.yaml", "*/x.yaml", "link.yaml", "*.yaml", "**/link.yaml"])
def test_a_link_leads_nowhere_outside(folder: Folder, pattern: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A link out of the workspace is named and not read, to a file or to a folder, by name or by pattern."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "x.yaml").write_text("never: read\n")
    folder.write(acctcfg=HEAD + f"include: ['{pattern}']\n")
    (folder.path / "out").symlink_to(outside, target_is_directory=True)
    (folder.path / "link.yaml").symlink_to(outside / "x.yaml")
    (line,) = folder.problems()
    assert line.startswith("acctcfg.yaml:6:11: include[0]: ")
    assert "is a link to a place outside the workspace" in line


def test_the_root_file_is_in_the_workspace(folder: Folder, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Not even the root file may be a link to somewhere else."""
    outside = tmp_path_factory.mktemp("outside") / "x.yaml"
    outside.write_text("never: read\n")
    (folder.path / "acctcfg.yaml").symlink_to(outside)
    assert folder.problems() == ["acctcfg.yaml:1:1: is a link to a place outside the workspace"]


@pytest.mark.usefixtures("soon")
def test_a_pattern_that_looks_at_too_much_is_refused(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """`**` over a whole disk ends."""
    monkeypatch.setattr(includes, "MOST_LOOKED_AT", 50)
    folder.write(acctcfg=HEAD + "include: ['**/*.yaml']\n", accounts__one=ONE)
    for number in range(60):
        (folder.path / f"{number}.txt").touch()
    (line,) = folder.problems()
    assert "matches against more than" in line


def test_a_file_that_is_too_large_is_refused(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file is read that no workspace has."""
    monkeypatch.setattr(files, "LARGEST", 2 << 20)
    folder.write(acctcfg=HEAD + "include: [big.yaml]\n", big="# " + "x" * (3 << 20))
    (line,) = folder.problems()
    assert line.endswith('"big.yaml" cannot be read: it is larger than 2 MiB')


@pytest.mark.usefixtures("soon")
def test_includes_end(folder: Folder) -> None:
    """A chain of files that include each other ends in words, not in an exhausted stack."""
    folder.write(acctcfg=HEAD + "include: [f0.yaml]\n")
    for number in range(60):
        (folder.path / f"f{number}.yaml").write_text(f"include: [f{number + 1}.yaml]\n")
    (line,) = folder.problems()
    assert f"includes are nested more than {files.DEEPEST} files deep" in line


@pytest.mark.skipif(os.name == "nt", reason="/dev/zero")
def test_a_device_is_no_file(folder: Folder) -> None:
    """What never ends is not read."""
    folder.write(acctcfg=HEAD + "include: [zero.yaml]\n")
    (folder.path / "zero.yaml").symlink_to("/dev/zero")
    (line,) = folder.problems()
    assert "is a link to a place outside the workspace" in line


def pipe(place: Path) -> None:
    os.mkfifo(place)


def gigabyte(place: Path) -> None:
    with place.open("wb") as file:
        file.truncate(1 << 30)


@pytest.mark.skipif(os.name == "nt", reason="named pipes")
@pytest.mark.parametrize("names", ["include: [{}]", "accounts_from: [{{csv: {}, name: '{{id}}'}}]"])
@pytest.mark.parametrize(("plant", "words"), [(pipe, "it is not a regular file"), (gigabyte, "it is larger than 256")])
def test_what_never_ends_is_not_begun(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, names: str, plant: Callable[[Path], None], words: str
) -> None:
    """A pipe that nobody writes to, and a file of a gigabyte, whoever names it: not a byte is read."""
    folder.write(acctcfg=HEAD + names.format("planted") + "\n")
    plant(folder.path / "planted")
    sizes: list[bytes] = []
    read = os.read
    monkeypatch.setattr(os, "read", lambda handle, size: sizes.append(part := read(handle, size)) or part)
    (line,) = folder.problems()
    assert f'"planted" cannot be read: {words}' in line
    assert sum(map(len, sizes)) < 4096


def test_every_problem_has_a_real_place(folder: Folder) -> None:
    """Lines and columns count from 1: an editor, or an annotation, can go there."""
    texts = [
        "",
        "[]",
        "version: 1\ninclude: [no.yaml]",
        "include: ['*.no']",
        "version: 1\n<<<<<<< HEAD\n",
        "\t",
        "a: &b *b",
    ]
    for text in texts:
        folder.write(acctcfg=text)
        for line in folder.problems():
            _, row, column, _ = line.split(":", 3)
            assert (int(row) > 0, int(column) > 0) == (True, True), line
    (folder.path / "acctcfg.yaml").unlink()
    assert folder.problems()[0].startswith("acctcfg.yaml:1:1: there is no such file")


# -- patterns ------------------------------------------------------------------------------------------------------

GREEDY = [
    "*a*a*a*a*a*a*a*a*a*a*a*!",
    "*" * 500 + "!",
    "*?" * 100 + "!",
    "*aa*aaa*a?a*aa*!",
    "?" * 300 + "*" * 300 + "!",
]


@pytest.mark.parametrize("pattern", GREEDY, ids=range(len(GREEDY)))
@pytest.mark.usefixtures("soon")
def test_no_pattern_of_addresses_takes_long(pattern: str) -> None:
    """Targets and the `when` of a guardrail, over a long address that nearly fits."""
    address = Address("a" * 3000, "leverage", "a" * 3000)
    assert not AddressPattern(pattern).matches(address)
    assert not AddressPattern(pattern).may_reach("a" * 3000, "a" * 300)


@given(st.text("ab*?[]", max_size=8), st.text("ab[]", max_size=8))
def test_only_stars_and_question_marks_are_special(pattern: str, text: str) -> None:
    """Law: a pattern of addresses matches what the plain definition says."""

    def fits(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return any(fits(pattern[1:], text[at:]) for at in range(len(text) + 1))
        return bool(text) and pattern[0] in ("?", text[0]) and fits(pattern[1:], text[1:])

    assert AddressPattern(pattern).matches(Address(text)) == fits(pattern, text)


@pytest.mark.usefixtures("soon")
def test_no_pattern_of_includes_takes_long(folder: Folder) -> None:
    """`include` too."""
    folder.write(acctcfg=HEAD + "include: ['**/*a*a*a*a*a*a*a*a*a*a*.yam']\n")
    for number in range(20):
        (folder.path / ("a" * (200 + number) + ".yaml")).touch()
    assert "matches no file" in folder.problems()[0]


# -- schemas of rules ----------------------------------------------------------------------------------------------


def doubling(levels: int) -> dict[str, Any]:
    """A small schema that stands for 2**levels."""
    defs: dict[str, Any] = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(levels)}
    return {"$ref": "#/$defs/a0", "$defs": {**defs, f"a{levels}": {"type": "object"}}}


def chained(length: int) -> dict[str, Any]:
    """References one behind the other."""
    defs: dict[str, Any] = {f"a{n}": {"$ref": f"#/$defs/a{n + 1}"} for n in range(length)}
    return {"$ref": "#/$defs/a0", "$defs": {**defs, f"a{length}": {}}}


REFUSED = [
    ({"$ref": "#"}, "it refers to itself"),
    ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}, "it refers to itself"),
    ({"properties": {"a": {"$ref": "#"}}}, "it refers to itself"),
    ({"$ref": "#a", "$defs": {"x": {"$anchor": "a", "not": {"$ref": "#a"}}}}, "it refers to itself"),
    ({"$dynamicRef": "#a", "$dynamicAnchor": "a"}, "`$dynamicRef` is not supported"),
    ({"$defs": {"x": {"$id": "https://example.com/x", "$ref": "#"}}}, "`$id` inside it"),
    ({"$ref": "https://example.com/schema.json"}, "acctcfg fetches nothing"),
    ({"$ref": "file:///etc/passwd"}, "acctcfg fetches nothing"),
    ({"$schema": "https://example.com/meta"}, "nknown meta-schema"),
    ({"$ref": "#/$defs/none"}, "which is not in it"),
    (doubling(25), "its references expand to more than"),
    (chained(3000), "nests deeper than"),
    ({"pattern": "(?=a)b"}, "no look-around"),
    ({"pattern": r"(a+)\1"}, "no look-around"),
    ({"pattern": "((a{1,1000}){1,1000}){1,1000}"}, "no look-around"),
    ({"properties": {"x": {"pattern": "("}}}, "is not a"),
    ({"type": "nonsense"}, "is not valid"),
    (3, "a schema is a map"),
]


@pytest.mark.parametrize(("schema", "why"), REFUSED, ids=[why + str(n) for n, (_, why) in enumerate(REFUSED)])
@pytest.mark.usefixtures("soon")
def test_a_schema_that_could_run_for_ever_is_refused(
    complaints: Callable[..., list[str]], schema: Any, why: str
) -> None:
    """`validate` says so, at its place, and no request is sent for it."""
    assert why in schema_error(schema)
    (line,) = complaints(f"guardrails: {{rules: [{{name: r, schema: {json.dumps(schema)}}}]}}\n")
    assert line.startswith("guardrails.rules[0].schema: ")
    assert "is not a valid JSON Schema: " in line


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "(.*a){20}b", "^(([a-z])+.)+[A-Z]([a-z])+$"])
@pytest.mark.usefixtures("soon")
def test_a_pattern_of_a_schema_takes_linear_time(pattern: str) -> None:
    """What makes other engines go back and forth is matched in one pass."""
    assert schema_error({"pattern": pattern}) == ""
    assert violations({"pattern": pattern}, "a" * 30_000 + "!?")


def test_a_sound_schema_checks() -> None:
    """References inside, anchors and alternatives are as useful as ever."""
    schema = {
        "$defs": {"low": {"type": "number", "maximum": 5}, "named": {"$anchor": "named", "minimum": 1}},
        "properties": {
            "after": {"allOf": [{"$ref": "#/$defs/low"}, {"$ref": "#named"}]},
            "$ref": {"const": {"$ref": "#"}},
        },
    }
    assert schema_error(schema) == ""
    assert violations(schema, {"after": 3}) == []
    assert len(violations(schema, {"after": 7})) == 1


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(
    "line", ["  mm{0:05d}: {{venue: desk, lable: x}}\n", "  mm00001: {{venue: desk, label: n{0:05d}}}\n"]
)
def test_a_mistake_in_every_account_is_said_soon(folder: Folder, line: str) -> None:
    """Thousands of problems cost thousands of lines, not thousands of walks through the file."""
    text = HEAD + "accounts:\n" + "".join(line.format(number) for number in range(5000))
    folder.write(acctcfg=text)
    assert len(folder.problems()) >= 4999
