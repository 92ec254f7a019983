"""The endpoints that acctcfg calls: path, limit, permission. Sources: CrossEx v1.0 and Gate API v4, sub-accounts.

Two generations of the documents write the paths differently (`/accounts` under a base that ends in `/crossex`, and
`/crossex/accounts`); the address that is signed and sent is the same. What a private limit is counted by is not said
for CrossEx: by user and endpoint, as everywhere else at the venue. Public calls have the venue's general limit.
"""

from __future__ import annotations

from acctcfg.wire.endpoint import Endpoint, Rate

__all__ = [
    "ACCOUNT",
    "ACCOUNT_DETAIL",
    "CREATE_KEY",
    "CREATE_SUB_ACCOUNT",
    "DELETE_KEY",
    "KEY",
    "KEYS",
    "LEVERAGE",
    "LOCK",
    "MARGIN_LEVERAGE",
    "MARGIN_POSITIONS",
    "MODIFY_KEY",
    "OPEN_ORDERS",
    "POSITIONS",
    "RATES",
    "RISK_LIMITS",
    "SET_ACCOUNT",
    "SET_LEVERAGE",
    "SET_MARGIN_LEVERAGE",
    "SUB_ACCOUNT",
    "SUB_ACCOUNTS",
    "SYMBOLS",
    "TIME",
    "UNLOCK",
]

_CROSSEX = "/api/v4/crossex"
_V4 = "/api/v4"
_PUBLIC = Rate(200, 10, "ip")
_SUB = Rate(80, 10)

# -- anybody's ---------------------------------------------------------------------------------------------------------
TIME = Endpoint("GET", f"{_V4}/spot/time", _PUBLIC)
SYMBOLS = Endpoint("GET", f"{_CROSSEX}/rule/symbols", _PUBLIC)
RISK_LIMITS = Endpoint("GET", f"{_CROSSEX}/rule/risk_limits", _PUBLIC)

# -- the CrossEx account -----------------------------------------------------------------------------------------------
ACCOUNT = Endpoint("GET", f"{_CROSSEX}/accounts", Rate(200, 10), "read")
SET_ACCOUNT = Endpoint("PUT", f"{_CROSSEX}/accounts", Rate(100, 60), "trade")
LEVERAGE = Endpoint("GET", f"{_CROSSEX}/positions/leverage", Rate(200, 10), "read")
SET_LEVERAGE = Endpoint("POST", f"{_CROSSEX}/positions/leverage", Rate(100, 10), "trade")
MARGIN_LEVERAGE = Endpoint("GET", f"{_CROSSEX}/margin_positions/leverage", Rate(200, 10), "read")
SET_MARGIN_LEVERAGE = Endpoint("POST", f"{_CROSSEX}/margin_positions/leverage", Rate(100, 10), "trade")
POSITIONS = Endpoint("GET", f"{_CROSSEX}/positions", Rate(200, 10), "read")
MARGIN_POSITIONS = Endpoint("GET", f"{_CROSSEX}/margin_positions", Rate(200, 10), "read")
OPEN_ORDERS = Endpoint("GET", f"{_CROSSEX}/open_orders", Rate(200, 10), "read")

# -- the main user's, for its sub-accounts -----------------------------------------------------------------------------
ACCOUNT_DETAIL = Endpoint("GET", f"{_V4}/account/detail", _SUB, "read")
SUB_ACCOUNTS = Endpoint("GET", f"{_V4}/sub_accounts", _SUB, "read")
SUB_ACCOUNT = Endpoint("GET", f"{_V4}/sub_accounts/{{user_id}}", _SUB, "read")
CREATE_SUB_ACCOUNT = Endpoint("POST", f"{_V4}/sub_accounts", _SUB, "trade")
LOCK = Endpoint("POST", f"{_V4}/sub_accounts/{{user_id}}/lock", _SUB, "trade", bare=True)
UNLOCK = Endpoint("POST", f"{_V4}/sub_accounts/{{user_id}}/unlock", _SUB, "trade", bare=True)
KEYS = Endpoint("GET", f"{_V4}/sub_accounts/{{user_id}}/keys", _SUB, "read")
KEY = Endpoint("GET", f"{_V4}/sub_accounts/{{user_id}}/keys/{{key}}", _SUB, "read")
CREATE_KEY = Endpoint("POST", f"{_V4}/sub_accounts/{{user_id}}/keys", _SUB, "trade")
MODIFY_KEY = Endpoint("PUT", f"{_V4}/sub_accounts/{{user_id}}/keys/{{key}}", _SUB, "trade")
DELETE_KEY = Endpoint("DELETE", f"{_V4}/sub_accounts/{{user_id}}/keys/{{key}}", _SUB, "trade")

RATES = {row.text: row.rate for row in tuple(globals().values()) if isinstance(row, Endpoint)}
"""Every limit of the table, by method and path."""
