"""Margin mode of a futures symbol: CROSS or ISOLATED, on Hyperliquid alone.

Source: the official SDK of 2026-08-13, GET and POST /crossex/positions/margin_mode (200 and 100 calls / 10 s / user);
its status and labels are not documented: 202, and TRADE_UNSUPPORTED_OPERATION where something stands in the way.
"""

from __future__ import annotations

from acctcfg.sandbox.gate_crossex.leverage import WRONG_BUSINESS
from acctcfg.sandbox.gate_crossex.params import Call, text
from acctcfg.sandbox.gate_crossex.replies import Answer, Refusal
from acctcfg.sandbox.gate_crossex.state import MARGIN_MODES
from acctcfg.sandbox.gate_crossex.universe import Symbol, split

__all__ = ["read_margin_mode", "set_margin_mode"]

ITS_EXCHANGE = "HYPERLIQUID"


def _symbol(call: Call) -> Symbol:
    """The futures symbol that is named."""
    name = text(call, "symbol", needed=True)
    parts = split(name)
    if parts is not None and parts[1] != "FUTURE":
        raise Refusal(WRONG_BUSINESS["FUTURE"])
    symbol = call.venue.symbols.get(name)
    if symbol is None:
        raise Refusal("TRADE_SYM_NOT_SUPPORT")
    return symbol


def read_margin_mode(call: Call) -> Answer:
    """One symbol's mode; other exchanges' symbols are always CROSS."""
    symbol = _symbol(call)
    return Answer({"symbol": symbol.name, "margin_mode": call.account.margin_mode.get(symbol.name, "CROSS")})


def set_margin_mode(call: Call) -> Answer:
    """Change it: 202 with an echo of the request; an equal value has no effect."""
    account, mode = call.account, text(call, "margin_mode", needed=True)
    if mode not in MARGIN_MODES:
        raise Refusal("COMMON_PARAM_BIND_ERROR")
    symbol = _symbol(call)
    echo = {"symbol": symbol.name, "margin_mode": mode}
    if symbol.exchange != ITS_EXCHANGE:
        raise Refusal("TRADE_UNSUPPORTED_OPERATION", "Only Hyperliquid symbols have a margin mode")
    if not symbol.tradable(call.now_ms):
        raise Refusal("TRADE_UNSUPPORTED_OPERATION", "The symbol is suspended or delisted")
    if mode == "CROSS" and symbol.extra.get("support_cross") == "false":
        raise Refusal("TRADE_UNSUPPORTED_OPERATION", "The symbol has no cross margin")
    if account.margin_mode.get(symbol.name, "CROSS") == mode:
        return Answer(echo, 202)
    if _in_use(call, symbol):
        raise Refusal("TRADE_UNSUPPORTED_OPERATION", "There are open orders or positions")

    def effect() -> None:
        account.margin_mode[symbol.name] = mode

    return Answer(echo, 202, effect)


def _in_use(call: Call, symbol: Symbol) -> bool:
    """Orders and positions of the symbol, or by a flag of its whole exchange."""
    account = call.account
    held, orders = account.held(symbol.exchange), account.open_orders(symbol.exchange)
    if call.venue.flags.margin_mode_scope == "exchange":
        return bool(held or orders)
    return symbol.name in {*(position.symbol for position in held), *(order.symbol for order in orders)}
