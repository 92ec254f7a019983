"""The endpoints that acctcfg calls: path, limit, permission. Source: OKX v5, "Rate limit" and "Permission" of each.

Private limits count per user id, and each sub-account is a user of its own; public ones count per address. Where the
documents of two years disagree the lower number stands here.
"""

from __future__ import annotations

from acctcfg.wire.endpoint import Endpoint, Rate

__all__ = [
    "ACCOUNT_INSTRUMENTS",
    "ALGO_ORDERS",
    "BALANCE",
    "CONFIG",
    "CREATE_DEPOSIT_ADDRESS",
    "CREATE_KEY",
    "CREATE_SUB_ACCOUNT",
    "CURRENCIES",
    "DCA_BOTS",
    "DELETE_KEY",
    "DELETE_SUB_ACCOUNT",
    "DEPOSIT_ADDRESSES",
    "FUNDING_BALANCES",
    "GRID_BOTS",
    "KEYS",
    "LEVERAGE_INFO",
    "MODIFY_DEPOSIT_ADDRESS",
    "MODIFY_KEY",
    "PENDING_ORDERS",
    "POSITIONS",
    "POSITION_TIERS",
    "PUBLIC_INSTRUMENTS",
    "RATES",
    "RECURRING_BOTS",
    "SET_ACCOUNT_LEVEL",
    "SET_LEVERAGE",
    "SET_POSITION_MODE",
    "SET_SUB_ACCOUNT_LEVEL",
    "SIGNAL_BOTS",
    "SPREAD_ORDERS",
    "STATUS",
    "SUB_ACCOUNTS",
    "SWITCH_PRECHECK",
    "TIME",
]

_V5 = "/api/v5"


def _get(path: str, count: int, per_s: float, *by: str) -> Endpoint:
    return Endpoint("GET", _V5 + path, Rate(count, per_s, "user", by), "read")


def _post(path: str, count: int, per_s: float) -> Endpoint:
    return Endpoint("POST", _V5 + path, Rate(count, per_s), "trade")


def _public(path: str, count: int, per_s: float, *by: str) -> Endpoint:
    return Endpoint("GET", _V5 + path, Rate(count, per_s, "ip", by))


# -- anybody's ---------------------------------------------------------------------------------------------------------
TIME = _public("/public/time", 10, 2)
STATUS = _public("/system/status", 1, 5)
PUBLIC_INSTRUMENTS = _public("/public/instruments", 20, 2, "instType")
POSITION_TIERS = _public("/public/position-tiers", 10, 2)

# -- the account's own -------------------------------------------------------------------------------------------------
CONFIG = _get("/account/config", 5, 2)
SET_POSITION_MODE = _post("/account/set-position-mode", 5, 2)
SET_LEVERAGE = _post("/account/set-leverage", 20, 2)
LEVERAGE_INFO = _get("/account/leverage-info", 20, 2)
ACCOUNT_INSTRUMENTS = _get("/account/instruments", 20, 2, "instType")
SWITCH_PRECHECK = _get("/account/set-account-switch-precheck", 5, 2)
SET_ACCOUNT_LEVEL = _post("/account/set-account-level", 5, 2)
POSITIONS = _get("/account/positions", 10, 2)
BALANCE = _get("/account/balance", 10, 2)
FUNDING_BALANCES = _get("/asset/balances", 6, 1)
CURRENCIES = _get("/asset/currencies", 6, 1)
PENDING_ORDERS = _get("/trade/orders-pending", 60, 2)
ALGO_ORDERS = _get("/trade/orders-algo-pending", 20, 2)
GRID_BOTS = _get("/tradingBot/grid/orders-algo-pending", 20, 2)
RECURRING_BOTS = _get("/tradingBot/recurring/orders-algo-pending", 20, 2)
SIGNAL_BOTS = _get("/tradingBot/signal/orders-algo-pending", 20, 2)
DCA_BOTS = _get("/tradingBot/dca/ongoing-list", 20, 2)
SPREAD_ORDERS = _get("/sprd/orders-pending", 10, 2)

# -- the broker's, for its sub-accounts --------------------------------------------------------------------------------
SUB_ACCOUNTS = _get("/broker/dma/subaccount-info", 1, 1)
CREATE_SUB_ACCOUNT = _post("/broker/dma/create-subaccount", 40, 1)
DELETE_SUB_ACCOUNT = _post("/broker/dma/delete-subaccount", 10, 1)
SET_SUB_ACCOUNT_LEVEL = _post("/broker/dma/set-subaccount-level", 5, 2)
KEYS = _get("/broker/dma/subaccount/apikey", 1, 1)
CREATE_KEY = _post("/broker/dma/subaccount/apikey", 40, 1)
MODIFY_KEY = _post("/broker/dma/subaccount/modify-apikey", 10, 1)
DELETE_KEY = _post("/broker/dma/subaccount/delete-apikey", 10, 1)
DEPOSIT_ADDRESSES = _get("/asset/broker/dma/subaccount-deposit-address", 6, 1)
CREATE_DEPOSIT_ADDRESS = _post("/asset/broker/dma/subaccount-deposit-address", 10, 1)
MODIFY_DEPOSIT_ADDRESS = _post("/asset/broker/dma/modify-subaccount-deposit-address", 6, 1)

RATES = {row.text: row.rate for row in tuple(globals().values()) if isinstance(row, Endpoint)}
"""Every limit of the table, by method and path."""
