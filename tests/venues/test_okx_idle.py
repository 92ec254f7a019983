"""What counts as a proof that an account has no algo order and no bot: full answers alone."""

from __future__ import annotations

from typing import Any

import pytest

from acctcfg.errors import Garbled
from acctcfg.venues.okx.account_reads import OwnKey
from acctcfg.venues.okx.idle import VERDICT, of_a_switch

CLEAR: dict[str, Any] = {"sCode": "0", "curAcctLv": "1", "acctLv": "3", "unmatchedInfoCheck": []}


@pytest.mark.parametrize(
    ("rows", "holds"),
    [
        ([CLEAR], True),
        ([], False),
        ([CLEAR, CLEAR], False),
        ([{**CLEAR, "sCode": "1"}], False),
        ([{**CLEAR, "sCode": "4"}], False),
        ([{**CLEAR, "sCode": None}], False),
        ([{**CLEAR, "unmatchedInfoCheck": [{"type": "pending_algos"}]}], False),
        ([{**CLEAR, "unmatchedInfoCheck": None}], False),
        ([{**CLEAR, "curAcctLv": "2"}], False),  # of another switch it does not name all
        ([{**CLEAR, "curAcctLv": "3"}], False),  # its own mode: nothing was looked at
        ([{**CLEAR, "curAcctLv": ""}], False),
        ([{name: value for name, value in CLEAR.items() if name != "acctLv"}], False),
        (Garbled("no answer"), False),
    ],
)
def test_a_verdict_that_does_not_say_all_is_no_proof(rows: Any, holds: bool) -> None:
    """Of a switch out of spot: clear, with its empty list of items, and of an account that is in spot."""
    proof = of_a_switch(OwnKey.__new__(OwnKey), "3")
    assert proof.holds({VERDICT: rows}) is holds
