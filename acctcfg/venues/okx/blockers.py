"""What a refusal is about, asked in one account without any change in mind. Source: OKX v5, "Error code".

The codes whose answer is a list of what is open, owed or held; what other codes are about no list shows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeAlias

from acctcfg.core.plan import Precheck
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.account_reads import OwnKey
from acctcfg.venues.okx.open_things import FLAT, Row, Snapshot, position_words
from acctcfg.venues.okx.prechecks import deletable
from acctcfg.venues.okx.row_fields import number
from acctcfg.venues.okx.setting_questions import borrowings, spot_orders, usd_margined
from acctcfg.venues.okx.switch_items import Item, item_of

__all__ = ["POSITIONS_OF", "answers", "questions_of"]

_Of: TypeAlias = Callable[[Row], bool | None]
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


def _held(margin: str, *types: str) -> _Of:
    """Positions of these types, under that margin mode."""

    def of_it(row: Row) -> bool | None:
        type_, mode = row.get("instType"), row.get("mgnMode")
        return type_ in types and mode == margin if type_ and mode else None

    return of_it


def _per_side(row: Row) -> bool | None:
    type_, side = row.get("instType"), row.get("posSide")
    return type_ in _CONTRACTS and side in ("long", "short") if type_ and side else None


def _long_option(row: Row) -> bool | None:
    held = _held("cross", "OPTION")(row)
    return held and number(row.get("pos")) > 0


def _trial_funds(row: Row) -> bool | None:
    said = [row[name] for name in ("bizRefType", "bizRefId") if name in row]
    return any(said) if said else None


_CONTRACTS: Final = ("SWAP", "FUTURES")
POSITIONS_OF: Final[Mapping[str, _Of]] = {
    "isolated_margin": _held("isolated", "MARGIN"),
    "isolated_contract": _held("isolated", *_CONTRACTS),
    "contract_long_short": _per_side,
    "cross_margin": _held("cross", "MARGIN"),
    "cross_option_buyer": _long_option,
    "isolated_option": _held("isolated", "OPTION"),
    "growth_fund": _trial_funds,
    "all_positions": lambda _: True,
}
"""Which positions a type of the venue's precheck is about. None: the row does not say."""


def questions_of(code: str) -> Sequence[str]:
    """By the code, or by the venue's word for what forbids a switch of the account mode."""
    found = item_of(code.lower())
    if found is None:
        return _QUESTIONS.get(code.partition("_")[0], ())
    type_, item = found
    if type_ in POSITIONS_OF or item.check in _OWN:
        return (item.check,)
    return tuple(name for name, (where, _) in FLAT.items() if where in item.lists)


async def answers(account: Account, code: str) -> tuple[Precheck, ...]:
    """Each question, answered by reads made now; with the account's own key, but for what its master lists."""
    if _OF_A_DELETE.issuperset(questions_of(code)):
        return tuple(one for one in await deletable(account) if one.name in questions_of(code))
    if account.reader is None:
        raise await account.why_no_access()
    if (found_item := item_of(code.lower())) is not None and found_item[0] in POSITIONS_OF:
        return (await _positions(account, *found_item),)
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


async def _positions(account: Account, type_: str, item: Item) -> Precheck:
    """The positions that the type is about, and no others: nobody need close those."""
    snapshot = await Snapshot.of(account, names=["positions"])
    return snapshot.question(item.check, "positions", position_words, POSITIONS_OF[type_])


def _answer(snapshot: Snapshot, name: str, margin: str) -> Precheck:
    def under(row: Row) -> bool | None:
        said = row.get("tdMode")
        return None if not said else said == margin

    where, say = FLAT[name]
    return (
        snapshot.question(name, where, say, under) if margin and name != _BOTS else snapshot.question(name, where, say)
    )
