"""Leverage of futures and margin symbols: one value per symbol, whatever the side.

Source: Gate CrossEx, "Query/Modify Contract Trading Pair Leverage Multiplier" and the same for margin. The ceiling is
the first risk-limit tier's, and for an open position its own `max_leverage`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from acctcfg.sandbox.gate_crossex.params import Call, names, text
from acctcfg.sandbox.gate_crossex.replies import Answer, Refusal
from acctcfg.sandbox.gate_crossex.state import ISOLATED, Account, Position
from acctcfg.sandbox.gate_crossex.universe import Symbol, split
from acctcfg.sandbox.values import Row

__all__ = ["WRONG_BUSINESS", "max_leverage", "read_leverage", "set_leverage"]

WHOLE = re.compile(r"[1-9][0-9]{0,30}")
WRONG_BUSINESS = {
    "FUTURE": "TRADE_INVALID_SYM_BUSINESSTYPE_ERROR",
    "MARGIN": "TRADE_INVALID_MARGIN_SYM_BUSINESSTYPE_ERROR",
}


def read_leverage(business: str) -> Callable[[Call], Answer]:
    """The handler for one kind of symbol. Unknown symbols are left out of the answer.

    Without `symbols` only those appear that were ever set. The first wire format is a list, in which futures carry
    numbers and margin strings; the current one is a map of strings.
    """

    def handler(call: Call) -> Answer:
        account, symbols = call.account, call.venue.symbols
        asked = names(call, "symbols")
        wanted = sorted(account.leverage) if asked is None else dict.fromkeys(asked)
        found = [symbols[name] for name in wanted if name in symbols and symbols[name].business == business]
        kept = {symbol.name: call.venue.leverage_of(account, symbol) for symbol in found}
        if call.profile == "current":
            return Answer(kept)
        rows: list[Row] = [
            {"symbol": name, "leverage": int(value) if business == "FUTURE" and value.isdecimal() else value}
            for name, value in kept.items()
        ]
        return Answer(rows)

    return handler


def set_leverage(business: str) -> Callable[[Call], Answer]:
    """The handler for one kind of symbol: 202 with an echo of the request."""

    def handler(call: Call) -> Answer:
        name, value = text(call, "symbol", needed=True), text(call, "leverage", needed=True)
        symbol = _symbol(call, name, business)
        if not WHOLE.fullmatch(value):
            raise Refusal("TRADE_SET_LEVERAGE_ERROR")
        account = call.account
        if Decimal(value) > _ceiling(account, symbol):
            raise Refusal("TRADE_SET_LEVERAGE_EXCEED_LIMIT_ERROR")
        if not call.venue.flags.leverage_with_positions and _in_use(account, name):
            raise Refusal("TRADE_UNSUPPORTED_OPERATION", "The symbol has positions or orders")

        def effect() -> None:
            account.leverage[name] = value

        return Answer({"symbol": name, "leverage": value}, 202, effect)

    return handler


def _symbol(call: Call, name: str, business: str) -> Symbol:
    """The symbol that may be set now."""
    parts = split(name)
    if parts is not None and parts[1] != business:
        raise Refusal(WRONG_BUSINESS[business])
    symbol = call.venue.symbols.get(name)
    if symbol is None:
        raise Refusal("TRADE_SYM_NOT_SUPPORT")
    if not symbol.tradable(call.now_ms):
        raise Refusal("TRADE_UNSUPPORTED_OPERATION", "The symbol is suspended or delisted")
    if business == "MARGIN" and call.account.account_mode == ISOLATED:
        raise Refusal("TRADE_UNSUPPORTED_OPERATION", "Isolated mode has no margin trading")
    return symbol


def max_leverage(symbol: Symbol, position: Position) -> Decimal:
    """What a position of its size may have."""
    fixed = position.extra.get("max_leverage")
    return Decimal(fixed) if fixed else symbol.ceiling(position.value)


def _ceiling(account: Account, symbol: Symbol) -> Decimal:
    held = [max_leverage(symbol, position) for position in account.held() if position.symbol == symbol.name]
    return min([symbol.ceiling(), *held])


def _in_use(account: Account, name: str) -> bool:
    return name in {position.symbol for position in account.held()} | {order.symbol for order in account.orders}
