"""What guards a setting: what is open, the account's own configuration, and the venue's verdicts.

Source: OKX v5, the page of each endpoint under "Trading Account".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final

from acctcfg.core.diff import Change
from acctcfg.core.plan import Precheck
from acctcfg.core.quoting import quoted
from acctcfg.core.setting import ALL
from acctcfg.errors import VenueError
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.account_reads import OwnKey
from acctcfg.venues.okx.open_things import FLAT, Row, Snapshot, listed, order_words, traded
from acctcfg.venues.okx.row_fields import boolean
from acctcfg.venues.okx.settings import STRATEGY

__all__ = ["LISTS", "borrowings", "question", "spot_orders", "usd_margined"]

USD_MARGINED: Final = "no_usd_margined"
STRATEGY_SWITCH: Final = "strategy_switch"
LISTS = frozenset({*FLAT, USD_MARGINED})
"""The questions that a snapshot of what is open answers."""

_ITEMS = {
    "spot_mode": "account mode spot",
    "futures_mode": "account mode futures",
    "isolated_margin": "isolated margin positions",
    "isolated_contract": "isolated contract positions",
    "isolated_pending_orders": "isolated orders",
    "positions_options": "options positions",
    "pending_orders_options": "options orders",
    "trading_bot": "trading bots or copy trading",
    "loan": "a flexible loan",
    "delta_risk": "the delta is too large for the equity",
    "collateral_all": "a currency that is not collateral",
    "repay_borrowings": "borrowings",
    "risk_unit_type": "the account sits in a delta-neutral risk unit",
}
"""The items of the venue's own precheck of a strategy, in words; one that is not here is shown as it is."""
_MODES = frozenset({"spot_mode", "futures_mode"})
_OFF = frozenset({"collateral_all"})
_LASTING = _MODES | _OFF | {"risk_unit_type"}
"""Those that stay whatever is closed or repaid."""


async def question(name: str, account: Account, snapshot: Snapshot | None, change: Change) -> Precheck:
    """The answer to one; what cannot be read is unknown."""
    own = account.reader
    assert own is not None  # noqa: S101 (the caller looked)
    if name in LISTS and snapshot is None:
        return Precheck(name, "unknown", "what is open was not read")
    try:
        if name in FLAT and snapshot is not None:
            return snapshot.question(name, *FLAT[name])
        if name == USD_MARGINED and snapshot is not None:
            return await usd_margined(own, snapshot)
        if name == STRATEGY_SWITCH:
            return await _strategy_switch(account, own, change)
        return await QUESTIONS[name](own, change)
    except VenueError as error:
        return Precheck(name, "unknown", error.message)


async def usd_margined(own: OwnKey, snapshot: Snapshot) -> Precheck:
    """Nothing open in contracts that settle in a currency of the user's choice: their families end in _UM (54074)."""
    instruments = await own.instruments({"swap", "futures"})

    def usd_margined(row: Row) -> bool | None:
        inst_type = str(row.get("instType") or "")
        if inst_type not in ("SWAP", "FUTURES", ""):
            return False
        kinds = [inst_type] if inst_type else ["SWAP", "FUTURES"]
        families = [
            next(filter(None, (instruments.family_of(kind, one) for kind in kinds)), None) for one in traded(row)
        ]
        if any(family is not None and family.endswith("_UM") for family in families):
            return True
        return None if None in families else False

    answers = [snapshot.question(USD_MARGINED, name, say, usd_margined) for name, say in FLAT.values()]
    return next((one for status in ("fail", "unknown") for one in answers if one.status == status), answers[0])


async def spot_orders(own: OwnKey, _: Change | None = None) -> Precheck:
    """What is not of the spot market the venue may list all the same."""
    rows = await own.spot_orders()
    found = [order_words(row) for row in rows if row.get("instType") in ("SPOT", "", None)]
    return Precheck("no_spot_orders", "fail" if found else "pass", listed(found))


async def borrowings(own: OwnKey, _: Change | None = None) -> Precheck:
    """Nothing is owed, in any currency."""
    debts = await own.debts()
    return Precheck("no_borrowings", "fail" if debts else "pass", listed(debts))


async def _spot_borrowing(own: OwnKey, _: Change) -> Precheck:
    on = boolean((await own.config()).row.get("enableSpotBorrow"))
    if on is None:
        return Precheck("spot_borrowing", "unknown", "the account's configuration does not say whether it is on")
    why = "no call switches it on: a person does, on the venue's web page, in account mode spot"
    return Precheck("spot_borrowing", "pass" if on else "fail", "" if on else why)


async def _options_assets(_: OwnKey, __: Change) -> Precheck:
    """The documents of two years name two amounts, so the venue is left to judge."""
    why = "the trading account must hold more than 10,000 USD (20,000 by older documents)"
    return Precheck("options_assets", "venue", why)


async def _settlement_offered(own: OwnKey, change: Change) -> Precheck:
    listed = (await own.config()).row.get("settleCcyList")
    if not isinstance(listed, list):
        return Precheck("settlement_offered", "unknown", "the account's configuration does not list the currencies")
    if change.after in listed:
        return Precheck("settlement_offered", "pass")
    offered = ", ".join(quoted(one) for one in listed)
    return Precheck("settlement_offered", "fail", f"OKX offers {offered}" if offered else "OKX offers none")


async def _strategy_switch(account: Account, own: OwnKey, change: Change) -> Precheck:
    """The venue's precheck, item by item, with the positions and orders that it names. What steps before this one take
    away is no answer yet."""
    items = await own.unmatched(STRATEGY.venue(str(change.after)))
    gone = await _taken_away(account, own, {str(item["type"]) for item in items})
    left = [item for item in items if item["type"] not in gone]
    off = _collateral(account, wanted=False) if change.after == "delta_neutral" else []
    said = [
        *map(_item, left),
        *([f"{_ITEMS['collateral_all']}: the manifest wants {', '.join(off)} off"] if off else []),
    ]
    status = "fail" if said else "deferred" if items else "pass"
    lasting = bool(off) or any(str(item["type"]) in _LASTING for item in left)
    return Precheck(STRATEGY_SWITCH, status, "; ".join(said or map(_item, items)), lasting=lasting)


def _item(item: Row) -> str:
    """`isolated contract positions (2100000000000000001)`."""
    lists = (item.get(part) for part in ("posList", "ordList"))
    named = [str(one) for some in lists if isinstance(some, list) for one in some]
    named += [f"delta-to-equity {item['deltaLever']}"] if item.get("deltaLever") else []
    word = _ITEMS.get(str(item["type"]), str(item["type"]))
    return f"{word} ({', '.join(named)})" if named else word


async def _taken_away(account: Account, own: OwnKey, types: Collection[str]) -> frozenset[str]:
    """The items that are gone once the mode is switched, and the currencies are collateral, that this plan wants so."""
    desired, mode = account.survey.desired, account.address("account_mode")
    switches = mode in desired and account.config is not None and desired[mode] != account.config.account_mode
    gone = _MODES if switches else frozenset()
    on = set(_collateral(account, wanted=True))
    if "collateral_all" not in types or not on:
        return gone
    if not switches and ALL not in on:
        off = {currency for currency, counts in (await own.collateral()).items() if not counts}
        return gone | _OFF if off <= on else gone
    return gone | _OFF


def _collateral(account: Account, *, wanted: bool) -> list[str]:
    """The currencies that this plan wants to count as margin, or not to."""
    desired = account.survey.desired.items()
    return [one.key for one, value in desired if one.field == "settings.collateral" and value is wanted]


async def _balance_shown(own: OwnKey, change: Change) -> Precheck:
    currency = change.address.key
    if currency in await own.balances([currency]):
        return Precheck("balance_shown", "pass")
    return Precheck("balance_shown", "unknown", f"the venue shows no balance of {currency}: hold some of it")


async def _auto_earn_offered(own: OwnKey, change: Change) -> Precheck:
    currency = change.address.key
    row = (await own.balances([currency])).get(currency)
    if row is None:
        return Precheck("auto_earn_offered", "unknown", f"the venue shows no balance of {currency}")
    if row.get("autoLendStatus") == "unsupported" and change.after is True:
        return Precheck("auto_earn_offered", "fail", f"the venue does not offer it for {currency}")
    return Precheck("auto_earn_offered", "pass")


QUESTIONS: Mapping[str, Callable[[OwnKey, Change], Awaitable[Precheck]]] = {
    "auto_earn_offered": _auto_earn_offered,
    "balance_shown": _balance_shown,
    "no_borrowings": borrowings,
    "no_spot_orders": spot_orders,
    "options_assets": _options_assets,
    "settlement_offered": _settlement_offered,
    "spot_borrowing": _spot_borrowing,
}
"""Those of the rows of `settings.py` that need no list of what is open."""
