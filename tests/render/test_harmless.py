"""What is printed cannot steer who reads it: a terminal, a spreadsheet, a parser of JSON."""

from __future__ import annotations

import csv
import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctcfg.render.harmless import cell, harmless, json_text

ANY = st.text(st.characters())  # half pairs too
STEERING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2K", "\\x1b[2K"),  # an escape
        ("a\x9b8mb", "a\\x9b8mb"),  # the same in one character of C1
        ("\x7f", "\\x7f"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("abc\u202edcba", "abc\\u202edcba"),  # right to left
        ("pay\u2066x\u2069", "pay\\u2066x\\u2069"),
        ("mm\u200bdesk", "mm\\u200bdesk"),  # nothing of it is seen
        ("a\u2028b\u2029c\u0085d", "a\\u2028b\\u2029c\\x85d"),  # ends a line for many readers
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),  # a tag: invisible text
        ("\u3164\u2800", "\\u3164\\u2800"),  # letters that show nothing
        ("Кошелёк · 財布 · é", "Кошелёк · 財布 · é"),
    ],
)
def test_what_would_not_be_seen_as_itself_is_named(text: str, shown: str) -> None:
    """Each of the ways to move, hide, reorder or split text."""
    assert harmless(text) == shown


@given(ANY, st.booleans())
def test_nothing_that_steers_is_left(text: str, lines: bool) -> None:
    """Whatever the text holds; a page keeps its line ends and tabs, and no more lines than it had."""
    shown = harmless(text, lines=lines)
    left = {unicodedata.category(c) for c in shown if not (lines and c in "\n\t")}
    assert not left & STEERING
    assert shown.count("\n") == (text.count("\n") if lines else 0)
    assert harmless(shown, lines=lines) == shown


@given(ANY)
def test_only_our_own_colours_pass(text: str) -> None:
    """A page for a terminal may be coloured; a label's codes that hide or move are not among them."""
    shown = harmless(f"\x1b[31m{text}\x1b[8m\x1b[0m", styles=True)
    assert shown.startswith("\x1b[31m")
    assert shown.endswith("\\x1b[8m\x1b[0m")
    assert shown.replace("\x1b[31m", "").replace("\x1b[0m", "").count("\x1b") == text.count("\x1b[") * 0 + sum(
        text.count(f"\x1b[{code}m") for code in (1, 2, 32, 33, 36)
    )


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | ANY, lambda inner: st.lists(inner) | st.dictionaries(ANY, inner)
    )
)
@pytest.mark.slow
def test_json_is_taken_by_every_reader(value: object) -> None:
    """It is valid in the strict sense (no NaN, no half pair), means the same, and steers no terminal."""
    text = json_text(value)
    text.encode("utf-8")
    assert harmless(text, lines=True) == text

    def refuse(word: str) -> None:
        raise AssertionError(word)

    json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "\uff1d1"])
def test_no_cell_is_a_formula(text: str) -> None:
    """A spreadsheet shows the text."""
    assert cell(text).startswith("'")


@given(ANY)
def test_a_cell_is_one_cell(text: str) -> None:
    """Whatever it holds, a row of it is one line and reads back as what was shown."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow([cell(text), "end"])
    assert list(csv.reader(io.StringIO(out.getvalue()))) == [[cell(text), "end"]]
