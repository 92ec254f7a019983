"""The endpoints that acctcfg calls: path, limit, permission. Sources: CrossEx v1.0 and Gate API v4, sub-accounts.

Two generations of the documents write the paths differently (`/accounts` under a base that ends in `/crossex`, and
`/crossex/accounts`); the address that is signed and sent is the same. What a private limit is counted by is not said
for CrossEx: by user and endpoint, as everywhere else at the venue. Public calls have the venue's general limit.
`echoes` is what an answer repeats of its request.
"""

from __future__ import annotations

from acctcfg.wire.echo import NOTHING, OWNER, Echo, among, stripped
from acctcfg.wire.endpoint import Endpoint, Rate

__all__ = [
    "ACCOUNT",
    "ACCOUNT_DETAIL",
    "CREATE_KEY",
    "CREATE_SUB_ACCOUNT",
    "DELETE_KEY",
    "FEES",
    "GET_MARGIN_MODE",
    "KEY",
    "KEYS",
    "LEVERAGE",
    "LOCK",
    "MAIN_KEYS",
    "MARGIN_LEVERAGE",
    "MARGIN_POSITIONS",
    "MODIFY_KEY",
    "NEWER",
    "OPEN_ORDERS",
    "POSITIONS",
    "RATES",
    "RISK_LIMITS",
    "SECURITY_POSITIONS",
    "SET_ACCOUNT",
    "SET_LEVERAGE",
    "SET_MARGIN_LEVERAGE",
    "SET_MARGIN_MODE",
    "SUB_ACCOUNT",
    "SUB_ACCOUNTS",
    "SYMBOLS",
    "TIME",
    "UNLOCK",
]

_CROSSEX = "/api/v4/crossex"
_V4 = "/api/v4"
_PUBLIC = Rate(200, 10, "ip")
_READ = Rate(200, 10)
_SUB = Rate(80, 10)


def _exchange(asked: str, said: str) -> bool:
    """The exchange asked for, or the account as a whole: in cross_exchange mode the parameter is ignored."""
    return said in (asked, "CROSSEX")


# Fields of what an account holds that are numbers and no amounts.
_WORDS = ("create_time", "leverage", "max_leverage", "update_time", "user_id")

_MINE = Echo(OWNER, "user_id")
_PART = Echo("exchange_type", same=_exchange)
_NAMED = (Echo("symbols", "symbol", same=among, keyed=True),)
# The value is not compared: the venue's own documents show an answer with another one than was asked for.
_SYMBOL = Echo("symbol")
_USER = Echo("user_id")

# -- anybody's ---------------------------------------------------------------------------------------------------------
TIME = Endpoint("GET", f"{_V4}/spot/time", _PUBLIC, echoes=NOTHING)
SYMBOLS = Endpoint("GET", f"{_CROSSEX}/rule/symbols", _PUBLIC, echoes=(Echo("symbols", "symbol", same=among),))
RISK_LIMITS = Endpoint("GET", f"{_CROSSEX}/rule/risk_limits", _PUBLIC, echoes=(Echo("symbols", "symbol", same=among),))

# -- the CrossEx account -----------------------------------------------------------------------------------------------
ACCOUNT = Endpoint("GET", f"{_CROSSEX}/accounts", _READ, "read", echoes=(_MINE, _PART), holdings=_WORDS)
SET_ACCOUNT = Endpoint(
    "PUT",
    f"{_CROSSEX}/accounts",
    Rate(100, 60),
    "trade",
    echoes=(Echo("position_mode"), Echo("account_mode"), _PART),
)
LEVERAGE = Endpoint("GET", f"{_CROSSEX}/positions/leverage", _READ, "read", echoes=_NAMED)
SET_LEVERAGE = Endpoint("POST", f"{_CROSSEX}/positions/leverage", Rate(100, 10), "trade", echoes=(_SYMBOL,))
MARGIN_LEVERAGE = Endpoint("GET", f"{_CROSSEX}/margin_positions/leverage", _READ, "read", echoes=_NAMED)
GET_MARGIN_MODE = Endpoint("GET", f"{_CROSSEX}/positions/margin_mode", _READ, "read", echoes=(_SYMBOL,))
SET_MARGIN_MODE = Endpoint(
    "POST",
    f"{_CROSSEX}/positions/margin_mode",
    Rate(100, 10),
    "trade",
    echoes=(_SYMBOL, Echo("margin_mode")),
)
SET_MARGIN_LEVERAGE = Endpoint(
    "POST", f"{_CROSSEX}/margin_positions/leverage", Rate(100, 10), "trade", echoes=(_SYMBOL,)
)
POSITIONS = Endpoint("GET", f"{_CROSSEX}/positions", _READ, "read", echoes=(_MINE,), holdings=_WORDS)
MARGIN_POSITIONS = Endpoint("GET", f"{_CROSSEX}/margin_positions", _READ, "read", echoes=(_MINE,), holdings=_WORDS)
SECURITY_POSITIONS = Endpoint("GET", f"{_CROSSEX}/security_positions", _READ, "read", echoes=(_MINE,), holdings=_WORDS)
NEWER = frozenset({GET_MARGIN_MODE, SECURITY_POSITIONS})
"""Reads that came after the first contract: a venue that has them not yet answers 404, with or without a body."""
FEES = Endpoint("GET", f"{_CROSSEX}/fee", _READ, "read", echoes=NOTHING)
OPEN_ORDERS = Endpoint("GET", f"{_CROSSEX}/open_orders", _READ, "read", echoes=(_MINE,), holdings=_WORDS)

# -- the main user's, for its sub-accounts -----------------------------------------------------------------------------
# Whose this is, is what the first one is asked for: another user's answer is compared where it is read.
ACCOUNT_DETAIL = Endpoint("GET", f"{_V4}/account/detail", _SUB, "read", echoes=NOTHING)
MAIN_KEYS = Endpoint("GET", f"{_V4}/account/main_keys", _SUB, "read", echoes=NOTHING)
SUB_ACCOUNTS = Endpoint("GET", f"{_V4}/sub_accounts", _SUB, "read", echoes=NOTHING)
SUB_ACCOUNT = Endpoint("GET", f"{_V4}/sub_accounts/{{user_id}}", _SUB, "read", echoes=(_USER,))
CREATE_SUB_ACCOUNT = Endpoint(
    "POST", f"{_V4}/sub_accounts", _SUB, "trade", echoes=(Echo("login_name"), Echo("remark", same=stripped))
)
LOCK = Endpoint("POST", f"{_V4}/sub_accounts/{{user_id}}/lock", _SUB, "trade", bare=True, echoes=(_USER,))
UNLOCK = Endpoint("POST", f"{_V4}/sub_accounts/{{user_id}}/unlock", _SUB, "trade", bare=True, echoes=(_USER,))
KEYS = Endpoint("GET", f"{_V4}/sub_accounts/{{user_id}}/keys", _SUB, "read", echoes=(_USER,))
KEY = Endpoint("GET", f"{_V4}/sub_accounts/{{user_id}}/keys/{{key}}", _SUB, "read", echoes=(_USER, Echo("key")))
CREATE_KEY = Endpoint(
    "POST",
    f"{_V4}/sub_accounts/{{user_id}}/keys",
    _SUB,
    "trade",
    echoes=(_USER, Echo("name", same=stripped)),
    secrets=("secret",),
)
MODIFY_KEY = Endpoint("PUT", f"{_V4}/sub_accounts/{{user_id}}/keys/{{key}}", _SUB, "trade", echoes=(_USER, Echo("key")))
DELETE_KEY = Endpoint(
    "DELETE", f"{_V4}/sub_accounts/{{user_id}}/keys/{{key}}", _SUB, "trade", echoes=(_USER, Echo("key"))
)

RATES = {row.text: row.rate for row in tuple(globals().values()) if isinstance(row, Endpoint)}
"""Every limit of the table, by method and path."""
