"""What a worker takes from the process that queued a part, in place of reading it."""

from __future__ import annotations

import json

from acctcfg.venues.okx.listed import SubAccount
from acctcfg.workers.parts import LISTED_S, Handed

ROW = {"subAcct": "a", "uid": "7", "label": "A", "acctLv": "3", "ts": "1700000000000", "frozenFunc": ["trading"]}
NOW = 1_800_000_000.0


def handed(listed: dict[str, object]) -> Handed:
    return Handed.of(
        {
            "number": 1,
            "user": "7000",
            "base_url": "http://127.0.0.1:1",
            "lock": 1,
            "accounts": ["a", "b"],
            "allow_warnings": False,
            "listed": listed,
            "listed_at": NOW,
            "plan": {},
        }
    )


def test_a_row_of_the_list_survives_the_journal() -> None:
    """As JSON and back it is the same row; one with a word that is new to us is read again instead."""
    row = SubAccount.of(ROW)
    assert SubAccount.told(json.loads(json.dumps(SubAccount.facts(row)))) == row
    assert SubAccount.told(json.loads(json.dumps(SubAccount.facts(None)))) is None
    assert SubAccount.facts(SubAccount.of({**ROW, "acctLv": "9"})) is None


def test_what_is_old_or_written_to_is_read_again() -> None:
    """After ten minutes, by a clock that was set back, and of an account that the run wrote to since."""
    part = handed({"a": {}, "b": {}})
    assert part.still_listed(NOW + LISTED_S, ()).keys() == {"a", "b"}
    assert part.still_listed(NOW, {"b"}).keys() == {"a"}
    assert not part.still_listed(NOW + LISTED_S + 1, ())
    assert not part.still_listed(NOW - 60, ())
