"""What OKX's error codes mean: to us, and for what may be done next. Source: OKX v5, "Error code".

The texts that the venue sends change over the years and may be localised: only codes decide anything here.
"""

from __future__ import annotations

from acctcfg.core.verdict import Explained, Verdict
from acctcfg.venues.okx.codes import TRADING, Kind, Meaning
from acctcfg.venues.okx.codes_account import ACCOUNT, STRATEGY, SUB_ACCOUNT
from acctcfg.venues.okx.codes_general import GENERAL
from acctcfg.venues.okx.codes_newer import NEWER
from acctcfg.venues.okx.codes_trading import TRADING_AND_FUNDING
from acctcfg.venues.okx.switch_items import Item, item_of

__all__ = [
    "BUSY",
    "CLOCK",
    "CODES",
    "CREDENTIALS",
    "NOT_EXECUTED",
    "PRECONDITIONS",
    "STRATEGY",
    "TOKEN_OVER",
    "UNKNOWN_KEY",
    "UNKNOWN_OUTCOME",
    "explain",
    "meaning",
]

CODES = {**GENERAL, **TRADING_AND_FUNDING, **ACCOUNT, **NEWER}
"""Every code of the venue's documents that settings, keys, sub-accounts and deposit addresses can meet."""


def _of(kind: Kind) -> frozenset[str]:
    return frozenset(code for code, known in CODES.items() if known.kind is kind)


NOT_EXECUTED = _of(Kind.NOT_EXECUTED)
BUSY = frozenset({"50013"})
"""Not executed either, but not for what this user asks: no limit of ours was met."""
UNKNOWN_OUTCOME = _of(Kind.UNKNOWN)
CLOCK = frozenset({"50102", "50112"})
UNKNOWN_KEY = frozenset({"50101", "50111", "50119"})
"""No such key here: mistyped, deleted, or at home in another region or environment."""
TOKEN_OVER = frozenset({"53000", "53002", "53003"})
"""The access token is not valid, over, or revoked."""
CREDENTIALS = _of(Kind.CREDENTIALS)
"""The key, its permissions, its address, or the user behind it."""
PRECONDITIONS = _of(Kind.PRECONDITION)
"""The venue wants a blocker cleared first. Such a refusal counts as blocked, not as failed."""

_VERDICTS = {
    Kind.NOT_EXECUTED: Verdict.RETRIED,
    Kind.UNKNOWN: Verdict.UNCLEAR,
    Kind.PRECONDITION: Verdict.BLOCKED,
}
_ELSEWHERE = ("another program that trades in this account",)


def meaning(code: str, *, strategy: bool = False) -> Meaning:
    """Our words for a code, which may mean something else where the strategy of an account is set; for one that is
    not listed, that it is not."""
    apart = STRATEGY if strategy else SUB_ACCOUNT
    return apart.get(code) or CODES.get(code, Meaning("a code that acctcfg has no words for"))


def _of_switch(type_: str, item: Item) -> Explained:
    """An item of the venue's precheck of an account mode."""
    return Explained(
        code=type_,
        meaning=f"a change of the account mode wants: {item.holds}",
        causes=(f"what the plan names at the precheck {item.check}; the switch itself is refused with {item.refusal}",),
        remedy=f"{item.remedy}, then plan again",
        verdict=Verdict.BLOCKED,
    )


def explain(code: str) -> Explained | None:
    """All that is known of a code, for people; the part behind an underscore is a finer code of the same."""
    if (found := item_of(code.lower())) is not None:
        return _of_switch(*found)
    code = code.partition("_")[0]
    known = CODES.get(code)
    if known is None:
        return None
    return Explained(
        code=code,
        meaning=known.words,
        causes=known.causes or (_ELSEWHERE if known.hint == TRADING else known.kind.causes),
        remedy=known.hint or known.kind.hint,
        verdict=Verdict.CLOCK if code in CLOCK else _VERDICTS.get(known.kind, Verdict.FAILED),
    )
