"""The endpoints of Toy Exchange API 1: path, limit, permission."""

from __future__ import annotations

from acctcfg.wire.endpoint import Endpoint, Rate

__all__ = ["ACCOUNT", "HEDGE", "LEVERAGE", "POSITIONS", "RATES", "SET_LEVERAGE", "SYMBOLS", "TIME"]

TIME = Endpoint("GET", "/v1/time", Rate(20, 1, "ip"))
SYMBOLS = Endpoint("GET", "/v1/symbols", Rate(20, 1, "ip"))
ACCOUNT = Endpoint("GET", "/v1/account", Rate(20, 2), "read")
HEDGE = Endpoint("POST", "/v1/account/hedge", Rate(5, 2), "trade")
LEVERAGE = Endpoint("GET", "/v1/leverage", Rate(20, 2), "read")
SET_LEVERAGE = Endpoint("POST", "/v1/leverage", Rate(20, 2, by=("symbol",)), "trade")
POSITIONS = Endpoint("GET", "/v1/positions", Rate(20, 2), "read")

RATES = {one.text: one.rate for one in (TIME, SYMBOLS, ACCOUNT, HEDGE, LEVERAGE, SET_LEVERAGE, POSITIONS)}
