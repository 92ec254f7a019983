"""Stored secrets as people read them."""

from __future__ import annotations

from acctcfg.engine.stored_keys import KeyReport
from acctcfg.render.formats import PLAIN
from acctcfg.render.stored import keys


def test_the_keys_stand_in_one_column() -> None:
    """However long the word before them is: `elsewhere` is longer than the rest."""
    found = [KeyReport("mm01", "trading", "vault", word) for word in ("signs", "elsewhere", "exported", "locked")]
    *lines, last = keys(found, PLAIN).split("\n")
    assert {line.index("mm01") for line in lines} == {10}
    assert last == "4 of 4 keys are as they should be."
