"""Leverage scopes: what the venue keeps one leverage value for, under each account mode and position mode.

Sources: OKX v5, "Set leverage" (its list of eleven cases) and "Get leverage"; the trading guide for spot mode. Where
they differ, the stricter one: isolated futures are kept by contract, spot has none but borrowed cross margin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from acctcfg.core.vocabulary import MarginMode, Market, PositionMode, Side, Words
from acctcfg.venues.okx.instruments import INST_TYPES, Instrument, Instruments

__all__ = [
    "ACCOUNT_MODES",
    "MARGIN_WORDS",
    "SIDE_WORDS",
    "Keyed",
    "Limit",
    "Modes",
    "Refusal",
    "Scope",
    "Shape",
    "covers",
    "limit_of",
    "members",
    "shape_of",
]

MARGIN_WORDS = Words("margin mode", {MarginMode.CROSS: "cross", MarginMode.ISOLATED: "isolated"})
SIDE_WORDS = Words("position side", {Side.LONG: "long", Side.SHORT: "short"})


class Keyed(StrEnum):
    """What the venue keys a value by."""

    CURRENCY = "currency"
    FAMILY = "family"
    INSTRUMENT = "instrument"


class Modes(NamedTuple):
    """The modes that decide which scopes exist: those that the account has when the write is sent."""

    account_mode: str  # "spot" | "futures" | "multi_currency" | "portfolio"
    position_mode: PositionMode
    borrow_in_spot: bool  # counts in spot only; switched in the venue's own pages, no endpoint sets it


class Shape(NamedTuple):
    """How the scopes of one market and margin mode look."""

    keyed: Keyed
    per_side: bool  # a value for long and one for short


class Refusal(NamedTuple):
    """Why an entry names no scope that exists, and which of its fields is to blame ("" for the whole entry)."""

    field: str
    reason: str


class Scope(NamedTuple):
    """What one leverage value belongs to."""

    market: Market
    key: str  # a family, a currency or an instrument, as the venue keys it
    margin: MarginMode
    side: Side | None = None

    @property
    def address_key(self) -> str:
        """The part in brackets of its address: "swap/BTC-USDT/cross", "futures/BTC-USD-261225/isolated/long"."""
        return _address_key(self)


@lru_cache(maxsize=4096)  # one text for all accounts
def _address_key(scope: Scope) -> str:
    return "/".join((scope.market, scope.key, scope.margin, *((scope.side,) if scope.side else ())))


_CURRENCY, _FAMILY, _INSTRUMENT = Keyed.CURRENCY, Keyed.FAMILY, Keyed.INSTRUMENT
_COLUMNS = [(market, margin) for market in (Market.MARGIN, Market.FUTURES, Market.SWAP) for margin in MarginMode]
_ROWS: Mapping[str, tuple[Keyed | None, ...]] = {
    # margin cross, isolated; futures cross, isolated; swap cross, isolated. A swap is its family: there is one of each.
    "spot": (_CURRENCY, None, None, None, None, None),  # with borrowing only
    "futures": (_INSTRUMENT, _INSTRUMENT, _FAMILY, _INSTRUMENT, _FAMILY, _FAMILY),
    "multi_currency": (_CURRENCY, None, _FAMILY, _INSTRUMENT, _FAMILY, _FAMILY),
    "portfolio": (_CURRENCY, None, None, _INSTRUMENT, None, _FAMILY),
}
_NO_ISOLATED_MARGIN = ("multi_currency", "portfolio")  # the venue's 50072; isolated contracts are taken
ACCOUNT_MODES = tuple(_ROWS)
_KEYED = {(mode, *column): keyed for mode, row in _ROWS.items() for column, keyed in zip(_COLUMNS, row, strict=True)}


@lru_cache(maxsize=2048)
def shape_of(
    market: Market | None, margin: MarginMode | None, by: str, side: Side | None, modes: Modes
) -> Shape | Refusal:
    """How the scopes look that an entry with these fields names, or why there is none under these modes."""
    if market is None:
        return Refusal("market", "`market` is missing (margin, futures or swap)")
    if margin is None:
        return Refusal("margin", "`margin` is missing (cross or isolated)")
    if by not in ("instrument", "family", "currency"):
        return Refusal(by, f"OKX has no `{by}` (instrument, instruments, family or currency)")
    keyed = _KEYED[modes.account_mode, market, margin]
    if keyed is None or (modes.account_mode == "spot" and not modes.borrow_in_spot):
        return Refusal("", _no_scope(market, margin, modes))
    if by == "currency" and keyed is not Keyed.CURRENCY:
        return Refusal("currency", _no_currency(market, margin, modes))
    contracts = market is not Market.MARGIN and margin is MarginMode.ISOLATED
    if contracts and modes.account_mode == "portfolio" and modes.position_mode is PositionMode.LONG_SHORT:
        return Refusal("", "portfolio mode takes position mode net only, so there is no scope under long_short")
    per_side = contracts and modes.position_mode is PositionMode.LONG_SHORT
    if side is not None and not per_side:
        return Refusal("side", _no_side(market, margin))
    return Shape(keyed, per_side)


def _no_scope(market: Market, margin: MarginMode, modes: Modes) -> str:
    if market is Market.MARGIN and margin is MarginMode.ISOLATED and modes.account_mode in _NO_ISOLATED_MARGIN:
        return (
            f"{modes.account_mode} mode has no isolated margin: the venue withdrew it on 2025-07-30 "
            "(`margin: cross` exists; isolated contracts do too)"
        )
    if modes.account_mode == "portfolio":
        return f"cross leverage of {market} does not exist in portfolio mode, where the venue fixes it (isolated does)"
    if market is not Market.MARGIN:
        return (
            f"spot mode has no {market}, so no leverage of it (account_mode futures, multi_currency or portfolio has)"
        )
    if not modes.borrow_in_spot:
        return (
            "spot mode has margin leverage only where borrowing is on (switch it on at the venue; no API call does, "
            "or leave the entry out)"
        )
    return "spot mode has no isolated margin (with borrowing on, `margin: cross` exists)"


def _no_currency(market: Market, margin: MarginMode, modes: Modes) -> str:
    where = "`currency` names cross margin in multi_currency, portfolio, or spot with borrowing"
    if market is Market.MARGIN and margin is MarginMode.CROSS:
        return f"{where}; in {modes.account_mode} mode it is kept by pair (use instrument or family)"
    return f"{where}; this entry is {market}, {margin} (use instrument or family)"


def _no_side(market: Market, margin: MarginMode) -> str:
    if market is Market.MARGIN:
        return "margin has no sides: it is always net (leave `side` out)"
    if margin is MarginMode.CROSS:
        return "under cross both sides share one value (leave `side` out)"
    return "position mode net has one value for both sides (leave `side` out, or position_mode: long_short)"


def members(scope: Scope, instruments: Instruments) -> tuple[Instrument, ...]:
    """The instruments that a scope's value holds for, of those that take leverage, sorted by id.

    A currency's are the pairs that may borrow it. Which kind of key a scope has shows in the list: no id of an
    instrument is a currency or, within one market, a family of another instrument's.
    """
    row = instruments.find(scope.market, scope.key)
    if row is not None and scope.market is not Market.SWAP:
        found: Iterable[Instrument] = (row,)
    elif scope.market is Market.MARGIN:
        found = instruments.with_currency(scope.key)
    else:
        found = instruments.of_family(scope.market, scope.key)
    return tuple(row for row in found if row.takes_leverage)


class Limit(NamedTuple):
    """The greatest leverage that a scope takes, and the instrument that says so."""

    most: Decimal
    instrument: str


@lru_cache(maxsize=1 << 14)  # before every write of leverage, and many accounts have the same list
def limit_of(scope: Scope, instruments: Instruments) -> Limit | None:
    """The greatest leverage that the scope takes by the list, whatever the present position; None where unknown.

    A family takes what all its contracts take, since one call sets them all: the smallest maximum. A currency takes
    what any pair with it takes: the greatest, for the list has no maximum of a currency, and what the venue would
    allow must not be blocked here. Fractions are real (9.09). The lower end is the venue's to judge (59105).
    """
    rows = members(scope, instruments)
    found = [Limit(row.max_leverage, row.inst_id) for row in rows if row.max_leverage is not None]
    if not found:
        return None
    by_currency = scope.market is Market.MARGIN and instruments.find(Market.MARGIN, scope.key) is None
    return max(found) if by_currency else min(found)


def covers(
    scope: Scope, *, inst_type: str, inst_id: str, family: str, margin_mode: str, currencies: tuple[str, ...]
) -> bool:
    """Whether an order or a position of this kind stands under the scope. Arguments are the venue's words.

    Sides are not told apart: an order of either side stands in the way of both. Margin orders may be listed as SPOT
    with a margin mode. Where the list no longer knows the instrument (`family` is ""), an id that begins with the
    scope's family counts, since a write that should have waited is worse than one that waits too long.
    """
    if margin_mode != MARGIN_WORDS.venue(scope.margin):
        return False
    if scope.market is Market.MARGIN:
        return inst_type in ("MARGIN", "SPOT") and (scope.key == inst_id or scope.key in currencies)
    if inst_type != INST_TYPES[scope.market]:
        return False
    return scope.key in (inst_id, family) or (not family and inst_id.startswith(f"{scope.key}-"))
