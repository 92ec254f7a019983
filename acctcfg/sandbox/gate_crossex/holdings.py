"""Positions and orders from the little that a person wants to write down.

A row needs only `symbol`; quantity, value and margins have defaults, and any further field is shown as it stands in
the rows that the venue answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TypedDict

from acctcfg.sandbox.gate_crossex.state import Account, MarginPosition, Order, Position, Security, State
from acctcfg.sandbox.gate_crossex.universe import BUSINESSES, CROSSEX, SECURITIES, Symbol
from acctcfg.sandbox.values import Json, did_you_mean, number, text

__all__ = ["margin_position_from", "order_from", "position_from", "security_from"]

PRICE = Decimal(100)  # in USDT, of everything: enough for a value and a margin
TAKEN = ("symbol", "qty", "size", "count")
OF_POSITIONS = ("value", "side", "initial_margin", "maintenance_margin", "liability")


def _symbol(venue: State, row: Mapping[str, Json], *businesses: str) -> Symbol:
    name = text(row, "symbol")
    symbol = venue.symbols.get(name)
    if symbol is None:
        raise ValueError(f"unknown symbol {name!r}{did_you_mean(name, venue.symbols)}")
    if symbol.business not in businesses:
        raise ValueError(f"{symbol.name} is none of {', '.join(businesses)}")
    return symbol


def _number(row: Mapping[str, Json], default: Decimal | int, *names: str) -> Decimal:
    for name in names:
        if name in row:
            return number(row[name], (name,))
    return Decimal(default)


def _rest(row: Mapping[str, Json], *taken: str) -> dict[str, str]:
    return {name: str(value) for name, value in row.items() if name not in (*TAKEN, *taken)}


class _Fields(TypedDict):
    id: str
    symbol: str
    exchange: str
    qty: Decimal
    value: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal


def _fields(venue: State, account: Account, symbol: Symbol, row: Mapping[str, Json], qty: Decimal) -> _Fields:
    value = _number(row, abs(qty) * PRICE, "value", "position_value")
    leverage = Decimal(venue.leverage_of(account, symbol))
    return {
        "id": venue.next_id(),
        "symbol": symbol.name,
        "exchange": symbol.exchange,
        "qty": qty,
        "value": value,
        "initial_margin": _number(row, (value / leverage).quantize(Decimal("0.0001")), "initial_margin"),
        "maintenance_margin": _number(row, value / 100, "maintenance_margin"),
    }


def position_from(venue: State, account: Account, row: Mapping[str, Json], now_ms: int) -> Position:
    """An open futures position: `qty` (1), negative for a short in SINGLE mode; `side` in DUAL mode."""
    symbol = _symbol(venue, row, "FUTURE")
    qty = _number(row, 1, "qty", "size", "position_qty")
    kept = symbol.exchange if account.account_mode != "CROSS_EXCHANGE" else CROSSEX
    dual = account.position_mode.get(kept) == "DUAL"
    side = str(row.get("side") or row.get("position_side") or ("LONG" if dual else "NONE"))
    rest = _rest(row, *OF_POSITIONS, "position_qty", "position_value", "position_side")
    return Position(**_fields(venue, account, symbol, row, qty), side=side, time=now_ms, extra=rest)


def margin_position_from(venue: State, account: Account, row: Mapping[str, Json], now_ms: int) -> MarginPosition:
    """An open margin position: `qty` (1) and `liability` (0). `{qty: 0, liability: 5}` is a debt that is left."""
    symbol = _symbol(venue, row, "MARGIN")
    qty = _number(row, 1, "qty", "size", "asset_qty")
    return MarginPosition(
        **_fields(venue, account, symbol, row, qty),
        side=text(row, "side") or text(row, "position_side", "LONG"),  # margin is two-sided in every mode
        time=now_ms,
        extra=_rest(row, *OF_POSITIONS, "asset_qty", "position_value", "position_side"),
        liability=_number(row, 0, "liability"),
    )


def security_from(venue: State, _account: Account, row: Mapping[str, Json], now_ms: int) -> Security:
    """A position in a stock or an ETF: `qty` (1)."""
    symbol = _symbol(venue, row, *SECURITIES)
    qty = _number(row, 1, "qty", "size", "position_qty")
    return Security(venue.next_id(), symbol.name, symbol.exchange, qty, now_ms, _rest(row, "position_qty"))


def order_from(venue: State, _account: Account, row: Mapping[str, Json], now_ms: int) -> Order:
    """An open order on a symbol of any business."""
    symbol = _symbol(venue, row, *BUSINESSES)
    qty = _number(row, 1, "qty", "size")
    return Order(venue.next_id(), symbol.name, symbol.exchange, symbol.business, qty, now_ms, _rest(row))
