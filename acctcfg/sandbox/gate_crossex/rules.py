"""Public rules and read-only reports: symbols, risk limits, coins, fees, haircuts, interest.

Source: Gate CrossEx, "Query Trading Pair Information", "Query Risk Limit Information", "Query Supported Transfer
Coins", "Query User Fees", "Query Coin Discount Rate", "Query Interest Rates"; Gate API v4, "Get server current time".
"""

from __future__ import annotations

from acctcfg.sandbox.gate_crossex.params import Call, names, text
from acctcfg.sandbox.gate_crossex.replies import Answer
from acctcfg.sandbox.gate_crossex.universe import Symbol, Tier
from acctcfg.sandbox.values import Row, plain

__all__ = ["discount_rates", "fee", "interest_rates", "risk_limits", "server_time", "symbols", "transfer_coins"]


def symbols(call: Call) -> Answer:
    """All symbols, or those named; unknown ones are left out."""
    asked = names(call, "symbols")
    known = {
        name: symbol
        for name, symbol in call.venue.symbols.items()
        if not (symbol.is_security and call.profile == "seed")
    }
    found = known.values() if asked is None else [known[name] for name in asked if name in known]
    return Answer([_symbol(symbol, call.profile) for symbol in found])


def _symbol(symbol: Symbol, profile: str) -> Row:
    row: Row = {
        "symbol": symbol.name,
        "exchange_type": symbol.exchange,
        "business_type": symbol.business,
        "state": symbol.state,
        "min_size": "0.001",
        "min_notional": "5",
        "lot_size": "0.001",
        "tick_size": "0.0001",
        "max_num_orders": "200",
        "max_market_size": "100000",
        "max_limit_size": "1000000",
        "contract_size": "1",
        "liquidation_fee": "0.0125",
        "delist_time": str(symbol.delist_time),
    }
    if profile == "seed":
        row["default_leverage"] = symbol.default_leverage
    else:
        row.update(tag="main" if symbol.exchange == "HYPERLIQUID" else "", support_rpi="false", support_cross="true")
    newer = ("tag", "support_rpi", "support_cross")
    return {**row, **{name: value for name, value in symbol.extra.items() if profile != "seed" or name not in newer}}


def risk_limits(call: Call) -> Answer:
    """Tiers of the futures and margin symbols that are named; naming none is refused."""
    asked = names(call, "symbols", needed=True) or []
    known = call.venue.symbols
    found = [known[name] for name in asked if name in known and known[name].tiers]
    return Answer([{"symbol": s.name, "tiers": [_tier(tier, call.profile) for tier in s.tiers]} for s in found])


def _tier(tier: Tier, profile: str) -> Row:
    row: Row = {
        "min_risk_limit_value": plain(tier.lowest),
        "max_risk_limit_value": plain(tier.highest),
        "leverage_max": plain(tier.leverage_max),
        "maintenance_rate": "0.01",
        "tier": str(tier.number),
    }
    return row if profile == "seed" else {**row, "quick_cal_amount": "0"}


def server_time(call: Call) -> Answer:
    """The venue's clock in Unix milliseconds."""
    return Answer({"server_time": call.now_ms})


def transfer_coins(call: Call) -> Answer:
    """Coins that can be moved; these values are numbers."""
    coin = text(call, "coin")
    row: Row = {"min_trans_amount": 1.0, "est_fee": 0.0, "precision": 8, "is_disabled": 0}
    return Answer([{"coin": name, **row} for name in ("USDT", "BTC", "ETH", "ADA") if coin in ("", name)])


def fee(call: Call) -> Answer:
    """Fee rates: one object in the first wire format, one per exchange since."""
    row: Row = {"spot_maker_fee": "0.001", "spot_taker_fee": "0.001"}
    row.update(future_maker_fee="0.0002", future_taker_fee="0.0005", special_fee_list=[])
    if call.profile == "seed":
        return Answer(row)
    return Answer([{"exchange_type": exchange, **row} for exchange in call.venue.flags.exchanges])


def discount_rates(call: Call) -> Answer:
    """Haircuts of collateral in isolated mode, by tier."""
    row: Row = {"tier": "1", "min_value": "0", "max_value": "1000000", "discount_rate": "0.95"}
    return Answer([{**place, **row} for place in _places(call)])


def interest_rates(call: Call) -> Answer:
    """What borrowing costs an hour."""
    row: Row = {"hour_interest_rate": "0.000001", "time": str(call.now_ms)}
    return Answer([{**place, **row} for place in _places(call)])


def _places(call: Call) -> list[Row]:
    coin, exchange = text(call, "coin"), text(call, "exchange_type")
    return [
        {"coin": name, "exchange_type": place}
        for place in call.venue.flags.exchanges
        if exchange in ("", place)
        for name in ("BTC", "ETH", "USDT")
        if coin in ("", name)
    ]
