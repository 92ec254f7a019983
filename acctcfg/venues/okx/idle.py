"""What proves, without their thirteen lists, that an account has no algo order and no bot.

Source: OKX v5, "Precheck account mode switch", whose item `pending_algos` stands for both, and "Get balance".

| proof | read |
| --- | --- |
| the account leaves spot, which both forbid | the venue's precheck of that switch |
| this run made it and its only key, and it has nothing to trade with | its balance; a precheck of a switch to spot |

Neither goes further than it says: after any other answer, and after none, the lists are read. Positions and orders are
read in any case. Why that is no less strict, and where it does not hold: docs/architecture.md, "The cheaper gate".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from acctcfg.errors import Garbled, VenueError
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.account_reads import OwnKey
from acctcfg.venues.okx.switch_verdict import Verdict
from acctcfg.venues.okx.vocabulary import ACCOUNT_LEVEL
from acctcfg.venues.snapshot import Rows

__all__ = ["PROVEN", "VERDICT", "Proof", "of_a_new_account", "of_a_switch"]

Found = Mapping[str, Rows | VenueError | None]
PROVEN = ("algos", "bots")
"""The lists that a proof stands for."""
VERDICT, _MONEY = "verdict", "money"
_SPOT = ACCOUNT_LEVEL.venue("spot")


@dataclass(frozen=True, slots=True)
class Proof:
    """What is read for it, by name, and whether that says so in full."""

    reads: Mapping[str, Callable[[], Awaitable[Rows]]]
    holds: Callable[[Found], bool]


def of_a_switch(own: OwnKey, level: str) -> Proof:
    """Of an account in spot that a broker switches to that level."""
    return Proof({VERDICT: partial(own.switch_verdict, level)}, _leaves_spot)


def of_a_new_account(account: Account) -> Proof | None:
    """Of an account that this run made, and its only key with it; None of any other."""
    own = account.reader
    if own is None or not _ours_alone(account):
        return None
    return Proof({VERDICT: partial(own.switch_verdict, _SPOT), _MONEY: own.money}, _has_nothing)


def _ours_alone(account: Account) -> bool:
    """Whether the venue answered to this run that it made the account, and then its only key, which signs.

    A second key speaks against it, one that was brought, and a creation without an answer.
    """
    traces, labels = account.traces, [key.label for key in account.spec.api_keys if key.state == "present"]
    return (
        account.uid == account.made_uid != ""
        and len(labels) == 1
        and [*traces.made] == labels
        and {*traces.made.values()} == account.in_use
        and not traces.attempts
    )


def _leaves_spot(found: Found) -> bool:
    verdict = _clear(found)
    return verdict is not None and verdict.present == _SPOT


def _has_nothing(found: Found) -> bool:
    return _clear(found) is not None and found[_MONEY] == []


def _clear(found: Found) -> Verdict | None:
    """The verdict, where it was read and nothing forbids the switch."""
    rows = found[VERDICT]
    if rows is None or isinstance(rows, VenueError):
        return None
    try:
        verdict = Verdict.of(rows)
    except Garbled:
        return None
    return verdict if verdict.clear else None
