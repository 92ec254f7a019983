"""The endpoints of Toy Exchange API 1: path, limit, permission."""

from __future__ import annotations

from acctcfg.wire.endpoint import Endpoint, Rate

__all__ = [
    "ACCOUNT",
    "HEDGE",
    "LEVERAGE",
    "POSITIONS",
    "RATES",
    "SET_LEVERAGE",
    "SWEEP",
    "SYMBOLS",
    "TIME",
    "WITHDRAWALS",
]

TIME = Endpoint("GET", "/v1/time", Rate(20, 1, "ip"))
SYMBOLS = Endpoint("GET", "/v1/symbols", Rate(20, 1, "ip"))
ACCOUNT = Endpoint("GET", "/v1/account", Rate(20, 2), "read")
HEDGE = Endpoint("POST", "/v1/account/hedge", Rate(5, 2), "trade")
SWEEP = Endpoint("POST", "/v1/account/sweep", Rate(5, 2), "trade")
WITHDRAWALS = Endpoint("GET", "/v1/withdrawals", Rate(20, 2), "read")
LEVERAGE = Endpoint("GET", "/v1/leverage", Rate(20, 2), "read")
SET_LEVERAGE = Endpoint("POST", "/v1/leverage", Rate(20, 2, by=("symbol",)), "trade")
POSITIONS = Endpoint("GET", "/v1/positions", Rate(20, 2), "read")

_TABLE = (TIME, SYMBOLS, ACCOUNT, HEDGE, SWEEP, WITHDRAWALS, LEVERAGE, SET_LEVERAGE, POSITIONS)
RATES = {one.text: one.rate for one in _TABLE}
