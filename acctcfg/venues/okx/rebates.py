"""Whether an FD broker gets its rebate for a user's key. Source: OKX v5, "FD broker", "Get rebate information".

Which fee levels the numbers 2 and 3 mean has changed over the years: the number is shown, and no level.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from acctcfg.core.json_types import JsonObject
from acctcfg.errors import Garbled
from acctcfg.venues.okx.endpoints import IF_REBATE
from acctcfg.venues.rebates import Rebate
from acctcfg.wire.endpoint import Call

__all__ = ["rebate_call", "rebate_of"]

_WORDS: Final = {
    "0": "rebate is paid",
    "1": "the broker's identification has expired",
    "2": "the month's cap of the user's fee level is reached",
    "3": "the user's fee level is too high",
    "4": "the user has an MSA account",
}


def rebate_call(api_key: str, kind: str) -> Call:
    """The question for one key."""
    return Call(IF_REBATE, {"apiKey": api_key, **({"brokerType": kind} if kind else {})})


def rebate_of(rows: Sequence[JsonObject]) -> Rebate:
    """The answer; a number without words is shown as it is."""
    number = rows[0].get("type") if len(rows) == 1 else None
    if not isinstance(number, str) or not number.isdecimal() or len(number) > 9:
        raise Garbled("an answer about a rebate without its number", code="no_number")
    words = _WORDS.get(number, "no rebate, for a reason that acctcfg has no words for")
    return Rebate(paid=number == "0", told=f"{words} (type {number})")
