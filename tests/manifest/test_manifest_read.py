"""Claims on the reader: YAML 1.2's scalars, places, and one clear message for whatever is no YAML."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from acctcfg.manifest import read
from acctcfg.manifest.nodes import Node, Sources
from acctcfg.manifest.read import parse


def plain(node: Node | None) -> Any:
    """The values without their places."""
    if node is None:
        return None
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    return [plain(child) for child in node.value] if isinstance(node.value, list) else node.value


def said(data: bytes) -> list[str]:
    """The problems of one file called f.yaml."""
    return [str(problem) for problem in parse(data, Sources(), "f.yaml")[1]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("0123", 123),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2026-01-02", "2026-01-02"),
        ("9.09", Decimal("9.09")),
        ("0.1", Decimal("0.1")),
        ("1e3", Decimal(1000)),
        ("true", True),
        ("~", None),
        ("", None),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("203.0.113.7", "203.0.113.7"),
    ],
)
def test_scalars_follow_the_core_schema(text: str, value: object) -> None:
    """A word means what YAML 1.2 says: `no` is text, a decimal keeps its exact digits."""
    node, problems = parse(f"a: {text}\n".encode(), Sources(), "f.yaml")
    assert problems == []
    assert plain(node) == {"a": value}
    assert type(plain(node)["a"]) is type(value)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"a:\n\tb: 1\n", "f.yaml:2:1: a tab in the indentation (YAML allows spaces only)"),
        (b"a: 1\nb: 2\na: 3\n", 'f.yaml:3:1: a: duplicate key "a" (first at f.yaml:1:1)'),
        (b"a: 1\n---\nb: 1\n", "f.yaml:2:1: more than one document (one document per file: remove the `---`)"),
        (b"a: caf\xe9\n", "f.yaml:1:7: the file is not UTF-8 text (save it as UTF-8)"),
        (b"a: \x07\n", "f.yaml:1:4: the file holds the control character U+0007 (remove it)"),
        (
            b"a: *x\n",
            "f.yaml:1:4: unknown alias *x: no anchor before it has this name (there is none in this file; text that "
            'begins with "*" goes in quotes)',
        ),
        (b"a: &x [*x]\n", "f.yaml:1:8: the alias *x refers to its own anchor"),
        (
            b"[1]: 2\n",
            "f.yaml:1:1: a key must be text, not a list or a map (text that begins with { or [ goes in quotes)",
        ),
        (b"- " * 200 + b"a\n", "f.yaml:1:201: nested more than 100 levels deep (a manifest is flat)"),
        (b"a: !x 1\n", 'f.yaml:1:4: a: the tag "!x" is not supported (remove it)'),
        (b"<<: 1\n", "f.yaml:1:1: `<<` takes a map or a list of maps"),
    ],
)
def test_bad_files_get_one_clear_message(data: bytes, line: str) -> None:
    """What cannot be read is one line with its place, never a traceback."""
    assert said(data) == [line]


@pytest.mark.parametrize("levels", [101, 5000, 200_000])
@pytest.mark.parametrize("pair", [(b"[", b"]"), (b"{a: ", b"}")], ids=["lists", "maps"])
def test_what_is_nested_too_deep_is_said_in_our_words(levels: int, pair: tuple[bytes, bytes]) -> None:
    """Whichever limit is met first, ours or that of the YAML parser at hand, the sentence is the same."""
    [line] = said(pair[0] * levels + pair[1] * levels)
    assert re.fullmatch(r"f\.yaml:1:\d+: nested more than 100 levels deep \(a manifest is flat\)", line)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"a: [1, 2\n", '2:1: "," or "]" is missing before this, for what was opened at line 1, column 4'),
        (b"a: 'x\n\nb: 1\n", "1:4: the quote that begins here is never closed"),
        (b"a: b: c\n", "1:5: a colon where no key can stand"),
        (b"a: @x\n", '1:4: a value cannot begin with "@" (put it in quotes)'),
        (b"a: *.yaml\n", '1:4: a value cannot begin with "*" (put it in quotes)'),
        (b"- a\nb: 1\n", '2:1: the list above goes on with "- " or ends'),
        (b"a: |x\n", "1:5: the file is not YAML: "),
    ],
)
def test_syntax_errors_name_their_place(data: bytes, line: str) -> None:
    """A syntax error says where the mistake is and what it is; else that this is no YAML, in the parser's words."""
    (found,) = said(data)
    assert found.startswith(f"f.yaml:{line}")


def test_a_byte_order_mark_is_no_content() -> None:
    """A file that an editor began with a byte order mark reads as any other."""
    node, problems = parse(b"\xef\xbb\xbfversion: 1\n", Sources(), "f.yaml")
    assert (plain(node), problems) == ({"version": 1}, [])


def test_billion_laughs_are_refused_early() -> None:
    """Aliases that multiply are one error, in no time and no memory."""
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
    (line,) = said(bomb.encode())
    assert "the aliases of this file expand to more than 1,000,000 values" in line


def test_merge_keys_and_aliases() -> None:
    """`<<` brings other maps' keys in; own keys win, then the earlier map; an alias is the value itself."""
    text = b"x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y], a: 0}\nl: *x\n"
    node, problems = parse(text, Sources(), "f.yaml")
    assert problems == []
    assert plain(node)["z"] == {"a": 0, "b": 1, "c": 2}
    assert plain(node)["l"] == {"a": 1, "b": 1}


@pytest.mark.parametrize("pad", [10, 65_500, 65_530, 65_536, 200_000])
def test_places_in_a_file_of_one_line(pad: int) -> None:
    """However far to the right, as a program writes JSON, a value has a place and a text of its own."""
    text = f'\n{{"pad": "{"x" * pad}", "a": 0x1F, "b": 007, "c": {{"a": 1, "a": 2}}, "d": [}}]'
    line = text[1:]
    (broken,) = said(text.encode())
    assert broken.startswith(f"f.yaml:2:{line.index('}]') + 1}: ")
    sources = Sources()
    node, problems = parse(text.replace("[}]", "[]}").encode(), sources, "f.yaml")
    assert node is not None
    places = (line.rindex('"a"') + 1, line.index('{"a": 1') + 2)
    assert [str(one) for one in problems] == [
        f'f.yaml:2:{places[0]}: c.a: duplicate key "a" (first at f.yaml:2:{places[1]})'
    ]
    for key, written in (("a", "0x1F"), ("b", "007")):
        assert sources.written(node.value[key]) == written
        assert sources.place(node.value[key].mark) == ("f.yaml", 2, line.index(written) + 1)


def test_places_are_those_of_the_text() -> None:
    """Every value knows the line and column of itself and of its key."""
    sources = Sources()
    node, _ = parse(b"a:\n  b:\n    - x\n    - {c: 1}\n", sources, "f.yaml")
    assert node is not None
    item = node.value["a"].value["b"].value[1]
    assert str(sources.place(item.mark)) == "f.yaml:4:7"
    assert str(sources.place(item.value["c"].mark)) == "f.yaml:4:11"
    assert str(sources.place(node.value["a"].value["b"].key_mark)) == "f.yaml:2:3"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_what_is_written_is_what_is_read(value: Any) -> None:
    """Any JSON value, written as YAML 1.2, comes back as itself."""
    import json

    node, problems = parse(json.dumps({"a": value}, ensure_ascii=True).encode(), Sources(), "f.yaml")
    if problems:  # what YAML cannot hold, such as lone surrogates, is said
        assert node is None
    else:
        assert plain(node) == {"a": value}


@given(st.binary(max_size=60) | st.text("a:-[]{}&*!|>'\"%@`#,?\t\n 1<~", max_size=40).map(str.encode))
def test_no_input_raises(data: bytes) -> None:
    """Whatever the bytes: a node or a problem, never an exception."""
    node, problems = parse(data, Sources(), "f.yaml")
    assert node is None or isinstance(problems, list)


@pytest.mark.parametrize(
    "data", [b"a: &x {b: [1, 2.5, no]}\nc: {<<: *x}\n", b"a:\n\tb: 1\n", b"a: 1\na: 2\n", b"a: 'x\n"]
)
def test_the_pure_parser_reads_the_same(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without libyaml everything is slower and otherwise the same."""
    fast = parse(data, Sources(), "f.yaml")
    monkeypatch.setattr(read, "_loader", lambda: yaml.SafeLoader)
    slow = parse(data, Sources(), "f.yaml")
    assert plain(fast[0]) == plain(slow[0])
    assert [problem.line for problem in fast[1]] == [problem.line for problem in slow[1]]
