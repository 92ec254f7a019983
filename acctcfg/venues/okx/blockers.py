"""What a refusal is about, asked in one account without any change in mind. Source: OKX v5, "Error code".

The codes whose answer is a list of what is open, owed or held; what other codes are about no list shows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from acctcfg.core.plan import Precheck
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.account_reads import OwnKey
from acctcfg.venues.okx.open_things import FLAT, Row, Snapshot
from acctcfg.venues.okx.prechecks import deletable
from acctcfg.venues.okx.setting_questions import borrowings, spot_orders, usd_margined
from acctcfg.venues.okx.switch_items import ITEMS, item_of

__all__ = ["answers", "questions_of"]

_POSITIONS, _ORDERS, _ALGOS, _BOTS = "no_open_positions", "no_pending_orders", "no_algo_orders", "no_bots"
_OPEN: Final = (_POSITIONS, _ORDERS, _ALGOS, _BOTS)
_BORROWINGS, _SPOT, _USD = "no_borrowings", "no_spot_orders", "no_usd_margined"
_QUESTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("59000", "59002", "59007"), _OPEN),
    **dict.fromkeys(("51163", "59100", "59104", "59106", "59134", "59138", "59247"), (_POSITIONS,)),
    **dict.fromkeys(("51162", "59101", "59107", "59112"), (_ORDERS,)),
    **dict.fromkeys(("59668", "59669"), (_ALGOS, _BOTS)),
    **dict.fromkeys(("59132", "59670"), (_ORDERS, _ALGOS, _BOTS)),
    **dict.fromkeys(("59001", "59664"), (_BORROWINGS,)),
    "59606": ("empty", "no_funds_incoming", "no_funds_outgoing"),
    "59623": ("no_second_level",),
    "54074": (_USD,),
    "59678": (_SPOT,),
}
_OF_A_DELETE: Final = frozenset({*_QUESTIONS["59606"], *_QUESTIONS["59623"]})
_MARGIN: Final = {"59101": "isolated", "59668": "isolated", "59107": "cross", "59669": "cross"}
"""Codes about one margin mode alone; a bot's row does not say its own reliably, so bots of both count."""
_OWN: Final[Mapping[str, Callable[[OwnKey], Awaitable[Precheck]]]] = {_BORROWINGS: borrowings, _SPOT: spot_orders}


def questions_of(code: str) -> Sequence[str]:
    """By the code, or by the venue's word for what forbids a switch of the account mode."""
    item = item_of(code.lower())
    if item is None:
        return _QUESTIONS.get(code.partition("_")[0], ())
    lists = ITEMS[item[0]].lists
    return tuple(name for name, (where, _) in FLAT.items() if where in lists)


async def answers(account: Account, code: str) -> tuple[Precheck, ...]:
    """Each question, answered by reads made now; with the account's own key, but for what its master lists."""
    if _OF_A_DELETE.issuperset(questions_of(code)):
        return tuple(one for one in await deletable(account) if one.name in questions_of(code))
    if account.reader is None:
        raise await account.why_no_access()
    asked, margin = questions_of(code), _MARGIN.get(code.partition("_")[0], "")
    flat = [name for name in asked if name in FLAT]
    found: list[Precheck] = []
    if flat or _USD in asked:
        lists = [FLAT[name][0] for name in (FLAT if _USD in asked else flat)]
        snapshot = await Snapshot.of(account, names=lists, spreads=not margin)
        found += [_answer(snapshot, name, margin) for name in flat]
        found += [await usd_margined(account.reader, snapshot)] if _USD in asked else []
    found += [await _OWN[name](account.reader) for name in asked if name in _OWN]
    return tuple(found)


def _answer(snapshot: Snapshot, name: str, margin: str) -> Precheck:
    def under(row: Row) -> bool | None:
        said = row.get("tdMode")
        return None if not said else said == margin

    where, say = FLAT[name]
    return (
        snapshot.question(name, where, say, under) if margin and name != _BOTS else snapshot.question(name, where, say)
    )
