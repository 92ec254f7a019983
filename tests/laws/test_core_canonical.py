"""Digests are over RFC 8785 bytes: the same value has the same text for every program that keeps the standard."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws_world import laws

from acctcfg.core.canonical import canonical, digest_of

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53) + 1, 2**53 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@laws(400)
@given(VALUES)
def test_the_text_is_that_of_the_standard(value: Any) -> None:
    """Byte for byte what an independent implementation writes."""
    assert canonical(value) == pytest.importorskip("rfc8785").dumps(value).decode()


@laws(200)
@given(VALUES)
def test_the_text_says_the_value(value: Any) -> None:
    """Nothing is lost in it: read back, it is equal."""
    assert json.loads(canonical(value), parse_int=float) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"), (0.1, "0.1"), (-0.0, "0"), (1e20, "100000000000000000000"), (1e21, "1e+21"), (1.5e-7, "1.5e-7"),
        (1e-6, "0.000001"), (333333333.33333329, "333333333.3333333"), ("\u20ac\u000f\n", '"\u20ac\\u000f\\n"'),
        ({"\ufb33": 1, "\U0001f600": 2, "a": 3}, '{"a":3,"\U0001f600":2,"\ufb33":1}'),
        ({"1.0": "1e+21"}, '{"1.0":"1e+21"}'),
    ],
)  # fmt: skip
def test_samples(value: Any, text: str) -> None:
    """The samples of the standard, and what json.dumps would write differently."""
    assert canonical(value) == canonical([value])[1:-1] == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_what_no_json_can_say_is_refused(value: Any) -> None:
    """Never a digest over something that another program could not read."""
    with pytest.raises(ValueError, match=r"."):
        digest_of([value])
