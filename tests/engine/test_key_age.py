"""The age at which a key is due for rotation."""

from __future__ import annotations

import pytest

from acctcfg.core.key_age import due_at

MADE = 1_772_323_200.0


@pytest.mark.parametrize(
    ("after", "seconds"), [("90d", 7_776_000), ("2w", 1_209_600), ("36h", 129_600), ("30m", 1_800), ("60s", 60)]
)
def test_a_key_is_due_at_its_age(after: str, seconds: int) -> None:
    """Every unit of a duration counts from when the key was made."""
    assert due_at(after, MADE) == MADE + seconds


def test_what_is_not_known_is_not_due() -> None:
    """Without an age in the manifest, or a time at which it was made, nothing is due."""
    assert due_at(None, MADE) is None
    assert due_at("90d", None) is None
