"""What an account has open: the reads that a client checks before it changes a mode.

Source: Gate CrossEx, "Query Contract Positions", "Query Margin Positions", "Query Current Open Orders". All values are
strings, none of the lists is paged. The first wire format's examples have a few names that its schemas do not: there
both are served.
"""

from __future__ import annotations

from decimal import Decimal

from acctcfg.sandbox.gate_crossex.leverage import max_leverage
from acctcfg.sandbox.gate_crossex.params import Call, one_of, text
from acctcfg.sandbox.gate_crossex.replies import Answer
from acctcfg.sandbox.gate_crossex.state import MarginPosition, Order, Position, Security
from acctcfg.sandbox.gate_crossex.universe import BUSINESSES, MARKETS
from acctcfg.sandbox.values import Row, plain

__all__ = ["adl_rank", "margin_positions", "nothing", "open_orders", "positions", "security_positions"]

POSITION_NAMES = {"avg_price": "entry_price"}  # example -> schema
ORDER_NAMES = {"client_order_id": "text", "tif": "time_in_force", "fee_currency": "fee_coin"}


def _wanted(call: Call) -> tuple[str, str]:
    exchanges = [*call.venue.flags.exchanges, *MARKETS, *(symbol.exchange for symbol in call.venue.symbols.values())]
    return text(call, "symbol"), one_of(call, "exchange_type", exchanges)


def positions(call: Call) -> Answer:
    """Futures positions. A closed one may stay a while with quantity 0."""
    symbol, exchange = _wanted(call)
    found = [p for p in call.account.positions if symbol in ("", p.symbol) and exchange in ("", p.exchange)]
    return Answer([_with(call, _position(call, position), POSITION_NAMES) for position in found])


def margin_positions(call: Call) -> Answer:
    """Margin positions. Quantity 0 with a liability is a debt that is left."""
    symbol, exchange = _wanted(call)
    found = [p for p in call.account.margin_positions if symbol in ("", p.symbol) and exchange in ("", p.exchange)]
    return Answer([_margin_position(call, position) for position in found])


def security_positions(call: Call) -> Answer:
    """Stocks and ETFs, in their listing currency."""
    symbol, market = _wanted(call)
    held = call.account.security_positions
    found = [s for s in held if symbol in ("", s.symbol) and market in ("", s.exchange)]
    return Answer([_security(call, position) for position in found])


def open_orders(call: Call) -> Answer:
    """Open orders of every business."""
    symbol, exchange = _wanted(call)
    business = one_of(call, "business_type", (*BUSINESSES, "CONVERT"))
    found = [
        order
        for order in call.account.orders
        if symbol in ("", order.symbol) and exchange in ("", order.exchange) and business in ("", order.business)
    ]
    return Answer([_with(call, _order(call, order), ORDER_NAMES) for order in found])


def adl_rank(call: Call) -> Answer:
    """How soon a symbol's position would be reduced: a list in the first wire format, an object since."""
    row: Row = {"user_id": call.account.uid, "symbol": text(call, "symbol", needed=True)}
    row.update(crossex_adl_rank="1", exchange_adl_rank="1")
    return Answer(row if call.profile == "current" else [row])


def nothing(_call: Call) -> Answer:
    """A list that is always empty here: nothing is traded, transferred or booked."""
    return Answer([])


def _with(call: Call, row: Row, example_names: dict[str, str]) -> Row:
    if call.profile == "current":
        return row
    return {**row, **{name: row[schema] for name, schema in example_names.items()}}


def _leverage(call: Call, name: str, position: Position) -> tuple[str, str]:
    """Present and highest leverage of a position's symbol."""
    symbol = call.venue.symbols.get(name)
    if symbol is None:
        return "1", "1"
    return call.venue.leverage_of(call.account, symbol), plain(max_leverage(symbol, position))


def _position(call: Call, position: Position) -> Row:
    leverage, highest = _leverage(call, position.symbol, position)
    return {
        "user_id": call.account.uid,
        "position_id": position.id,
        "symbol": position.symbol,
        "position_side": position.side,
        "initial_margin": plain(position.initial_margin),
        "maintenance_margin": plain(position.maintenance_margin),
        "position_qty": plain(position.qty),
        "position_value": plain(position.value),
        "upnl": "0",
        "upnl_rate": "0",
        "entry_price": "1",
        "mark_price": "1",
        "leverage": leverage,
        "max_leverage": highest,
        "risk_limit": "1",
        "fee": "0",
        "funding_fee": "0",
        "funding_time": "0",
        "create_time": str(position.time),
        "update_time": str(position.time),
        "closed_pnl": "0",
        **_isolated(call, position),
        **position.extra,
    }


def _isolated(call: Call, position: Position) -> Row:
    """What the wire format since August 2026 adds to a position."""
    if call.profile != "current":
        return {}
    mode = call.account.margin_mode.get(position.symbol, "CROSS")
    isolated = mode == "ISOLATED"
    margin = plain(position.initial_margin) if isolated else "0"
    return {"isolated_margin": margin, "margin_mode": mode, "liq_price": "1" if isolated else "0"}


def _security(call: Call, position: Security) -> Row:
    row: Row = {"user_id": call.account.uid, "symbol": position.symbol, "price": "1", "entry_price": "1"}
    row.update(diluted_cost_price="1", upnl="0", position_qty=plain(position.qty), position_value=plain(position.qty))
    return {**row, **position.extra}


def _margin_position(call: Call, position: MarginPosition) -> Row:
    leverage, highest = _leverage(call, position.symbol, position)
    base, quote = position.symbol.split("_")[2], position.symbol.rpartition("_")[2]
    return {
        "user_id": call.account.uid,
        "position_id": position.id,
        "symbol": position.symbol,
        "position_side": position.side,
        "initial_margin": plain(position.initial_margin),
        "maintenance_margin": plain(position.maintenance_margin),
        "asset_qty": plain(position.qty),
        "asset_coin": base,
        "position_value": plain(position.value),
        "liability": plain(position.liability),
        "liability_coin": quote,
        "interest": "0",
        "max_position_qty": "1000000",
        "entry_price": "1",
        "index_price": "1",
        "upnl": "0",
        "upnl_rate": "0",
        "leverage": leverage,
        "max_leverage": highest,
        "create_time": str(position.time),
        "update_time": str(position.time),
        **position.extra,
    }


def _order(call: Call, order: Order) -> Row:
    symbol = call.venue.symbols.get(order.symbol)
    leverage = call.venue.leverage_of(call.account, symbol) if symbol and symbol.tiers else "1"
    zero = plain(Decimal(0))
    return {
        "user_id": call.account.uid,
        "order_id": order.id,
        "text": f"t-{order.id}",
        "state": "OPEN",
        "symbol": order.symbol,
        "side": "BUY",
        "type": "LIMIT",
        "attribute": "COMMON",
        "exchange_type": order.exchange,
        "business_type": order.business,
        "qty": plain(order.qty),
        "quote_qty": zero,
        "price": "1",
        "time_in_force": "GTC",
        "executed_qty": zero,
        "executed_amount": zero,
        "executed_avg_price": zero,
        "fee_coin": "USDT",
        "fee": zero,
        "reduce_only": "false",
        "leverage": leverage,
        "reason": "",
        "last_executed_qty": zero,
        "last_executed_price": zero,
        "last_executed_amount": zero,
        "position_side": "NONE",
        "create_time": str(order.time),
        "update_time": str(order.time),
        **order.extra,
    }
