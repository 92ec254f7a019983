"""Generated passphrases fit the venue's rules and are not guessable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctcfg.secrets.passphrase import SPECIALS, generate
from acctcfg.secrets.stored_form import flaw


@given(st.integers(8, 32))
def test_each_has_one_of_every_kind(length: int) -> None:
    """A digit, an upper and a lower case letter and a special character, of the wanted length, safe to send."""
    text = generate(length).reveal()
    assert len(text) == length
    assert any(c.isdigit() for c in text)
    assert any(c.isupper() for c in text)
    assert any(c.islower() for c in text)
    assert any(c in SPECIALS for c in text)
    assert text[0].isalpha()
    assert not set(text) & set("\"'\\,` $")
    assert not flaw(text)


def test_no_two_are_alike() -> None:
    """A thousand passphrases are a thousand different ones, 24 characters each."""
    texts = {generate().reveal() for _ in range(1000)}
    assert len(texts) == 1000
    assert {len(text) for text in texts} == {24}


@pytest.mark.parametrize("length", [0, 7, 33])
def test_lengths_that_the_venue_refuses(length: int) -> None:
    """A length outside the venue's 8 to 32 is refused."""
    with pytest.raises(ValueError, match="8 to 32"):
        generate(length)
