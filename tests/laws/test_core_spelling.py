"""Numbers and times that somebody else wrote: in plain digits and of a countable size, or none."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import acctcfg
from acctcfg.core.spelling import decimal_of, unix_seconds, whole_of

TEXT = st.text(max_size=20) | st.from_regex(r"\A[+-]?[0-9_.٣５²]*([eE][+-]?[0-9]*)?\Z")
PACKAGE = Path(acctcfg.__file__).parent
READS_TEXT_OF_VENUES = sorted([*(PACKAGE / "venues").rglob("*.py"), *(PACKAGE / "wire").rglob("*.py")])


@given(TEXT)
@example("9" * 5000)
@example("²")
@example("1_0")
@example("５")
@example("1e-999999999")
@example("nan")
def test_any_text_is_a_number_or_none(text: str) -> None:
    """Nothing raises, and what is taken has plain digits only; a time has a day."""
    whole, number, at = whole_of(text), decimal_of(text), unix_seconds(text, per_s=1000)
    if whole is not None:
        assert text.isascii()
        assert Decimal(whole) == decimal_of(text)
    if number is not None:
        assert number.is_finite()
        assert set(text.strip()) <= set("0123456789+-.eE")
        assert f"{number:f}"
    if at is not None:
        assert datetime.fromtimestamp(at, UTC).date().isoformat()


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=12))
def test_a_number_is_read_exactly(number: Decimal) -> None:
    """However Python writes it."""
    assert decimal_of(str(number)) == number == decimal_of(f" {number:f} ")


@pytest.mark.parametrize("file", READS_TEXT_OF_VENUES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_numbers_of_venues_are_read_in_one_place(file: Path) -> None:
    """`Decimal("1_0")` is 10, `"²".isdigit()` is true, `int()` of 5,000 digits fails: not here."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("isdigit", "isnumeric"), f"line {node.lineno}: use whole_of"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Decimal", "int"):
            given_text = any(isinstance(one, ast.Call | ast.Subscript) for one in node.args)
            texts = [one for one in ast.walk(node) if isinstance(one, ast.Name) and one.id in ("str", "row", "data")]
            assert not (given_text and texts), f"line {node.lineno}: use whole_of, decimal_of or unix_seconds"
