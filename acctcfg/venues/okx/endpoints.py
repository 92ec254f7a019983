"""The endpoints that acctcfg calls: path, limit, permission. Source: OKX v5, "Rate limit" and "Permission" of each.

Private limits count per user id, and each sub-account is a user of its own; public ones count per address. Where the
documents of two years disagree the lower number stands here. The last part of a row is what the answer repeats.
"""

from __future__ import annotations

from acctcfg.core.spelling import one_ip
from acctcfg.wire.echo import NOTHING, OWNER, Echo, among, comma_set, decimal, stripped
from acctcfg.wire.endpoint import Endpoint, Rate

__all__ = [
    "ACCOUNT_INSTRUMENTS",
    "ACTIVATE_OPTION",
    "ADJUST_LEVERAGE",
    "ALGO_ORDERS",
    "ASK_DMA_FILE",
    "ASK_FD_FILE",
    "BALANCE",
    "COLLATERAL",
    "CONFIG",
    "CREATE_DEPOSIT_ADDRESS",
    "CREATE_KEY",
    "CREATE_REGULAR_KEY",
    "CREATE_REGULAR_SUB_ACCOUNT",
    "CREATE_SUB_ACCOUNT",
    "CURRENCIES",
    "DCA_BOTS",
    "DELETE_KEY",
    "DELETE_REGULAR_KEY",
    "DELETE_SUB_ACCOUNT",
    "DEPOSIT_ADDRESSES",
    "DEPOSIT_HISTORY",
    "DMA_FILES",
    "FD_FILES",
    "FUNDING_BALANCES",
    "GRID_BOTS",
    "IF_REBATE",
    "KEYS",
    "LEVERAGE_INFO",
    "MMP_CONFIG",
    "MODIFY_DEPOSIT_ADDRESS",
    "MODIFY_KEY",
    "MODIFY_REGULAR_KEY",
    "OWN_DEPOSIT_ADDRESSES",
    "PENDING_ORDERS",
    "POSITIONS",
    "POSITION_TIERS",
    "PRECHECK_DELTA_NEUTRAL",
    "PUBLIC_INSTRUMENTS",
    "RATES",
    "RECURRING_BOTS",
    "REGULAR_KEYS",
    "REGULAR_SUB_ACCOUNTS",
    "SET_ACCOUNT_LEVEL",
    "SET_AUTO_EARN",
    "SET_AUTO_LOAN",
    "SET_AUTO_REPAY",
    "SET_COLLATERAL",
    "SET_FEE_TYPE",
    "SET_GREEKS",
    "SET_ISOLATED_MODE",
    "SET_LEVERAGE",
    "SET_MMP_CONFIG",
    "SET_POSITION_MODE",
    "SET_SETTLE_CURRENCY",
    "SET_SPOT_OFFSET",
    "SET_SUB_ACCOUNT_LEVEL",
    "SET_TRADING_CONFIG",
    "SET_TRANSFER_OUT",
    "SIGNAL_BOTS",
    "SPREAD_ORDERS",
    "STATUS",
    "SUB_ACCOUNTS",
    "SUB_ACCOUNT_FEES",
    "SWITCH_PRECHECK",
    "SWITCH_PRESET",
    "TIME",
    "TRADE_FEE",
    "WITHDRAWAL_HISTORY",
]

_V5 = "/api/v5"


def _permissions(asked: str, said: str) -> bool:
    """The same permissions: in any order, "read" for "read_only", which is part of all of them."""
    return {_READ, *_listed(asked)} == {_READ, *_listed(said)}


def _addresses(asked: str, said: str) -> bool:
    """The same IP addresses, in any order and however each is written."""
    return comma_set(*(",".join(map(one_ip, text.split(","))) for text in (asked, said)))


def _listed(text: str) -> set[str]:
    return {_READ if one.strip() == "read" else one.strip() for one in text.split(",")}


def _same_address(asked: str, said: str) -> bool:
    """The same deposit address; the request writes `address:tag`, the answer the address alone."""
    return asked.partition(":")[0] == said.partition(":")[0]


_READ = "read_only"

# Fields of what an account holds that are numbers and no amounts: words of the venue, times, levels.
_WORDS = ("acctLv", "curAcctLv", "cTime", "lever", "sCode", "state", "ts", "type", "uTime")

_ACCOUNT = Echo("subAcct")
_KEY = (_ACCOUNT, Echo("apiKey"), Echo("label", same=stripped))
_PAGES = (Echo("page"), Echo("subAcct", within="details"), Echo("uid", within="details"))
_MMP = tuple(Echo(name, same=decimal) for name in ("timeInterval", "frozenInterval", "qtyLimit"))
_SCOPE = (Echo("instId"), Echo("ccy"), Echo("mgnMode"), Echo("posSide"))


def _get(path: str, count: int, per_s: float, *echoes: Echo, by: tuple[str, ...] = ()) -> Endpoint:
    return Endpoint("GET", _V5 + path, Rate(count, per_s, "user", by), "read", echoes=echoes)


def _holdings(path: str, count: int, per_s: float, *echoes: Echo) -> Endpoint:
    """What an account holds, or what is open in it."""
    return Endpoint("GET", _V5 + path, Rate(count, per_s), "read", echoes=echoes, holdings=_WORDS)


def _post(path: str, count: int, per_s: float, *echoes: Echo, secrets: tuple[str, ...] = ()) -> Endpoint:
    return Endpoint("POST", _V5 + path, Rate(count, per_s), "trade", echoes=echoes, secrets=secrets)


def _files(path: str) -> Endpoint:
    """A list of files; the link of each lets whoever has it have the file."""
    return Endpoint("GET", _V5 + path, Rate(2, 60), "read", echoes=NOTHING, secrets=("fileHref",))


def _ask(path: str) -> Endpoint:
    """Asks for a file: reading is permission enough."""
    return Endpoint("POST", _V5 + path, Rate(1, 3600), "read", once=True, echoes=NOTHING)


def _public(path: str, count: int, per_s: float, *echoes: Echo, by: tuple[str, ...] = ()) -> Endpoint:
    return Endpoint("GET", _V5 + path, Rate(count, per_s, "ip", by), echoes=echoes)


# -- anybody's ---------------------------------------------------------------------------------------------------------
TIME = _public("/public/time", 10, 2, *NOTHING)
STATUS = _public("/system/status", 1, 5, Echo("state"))
PUBLIC_INSTRUMENTS = _public("/public/instruments", 20, 2, Echo("instType"), by=("instType",))
POSITION_TIERS = _public(
    "/public/position-tiers",
    10,
    2,
    Echo("instType"),
    Echo("tdMode"),
    Echo("instFamily", same=among),
    Echo("ccy", same=among),
)

# -- the account's own -------------------------------------------------------------------------------------------------
CONFIG = _get("/account/config", 5, 2, Echo(OWNER, "uid"))
SET_POSITION_MODE = _post("/account/set-position-mode", 5, 2, Echo("posMode"))
SET_LEVERAGE = _post("/account/set-leverage", 20, 2, *_SCOPE, Echo("lever", same=decimal))
LEVERAGE_INFO = _get(
    "/account/leverage-info", 20, 2, Echo("instId", same=among), Echo("ccy", same=among), Echo("mgnMode")
)
ADJUST_LEVERAGE = _get("/account/adjust-leverage-info", 5, 2, *NOTHING)
ACCOUNT_INSTRUMENTS = _get("/account/instruments", 20, 2, Echo("instType"), by=("instType",))
SWITCH_PRECHECK = _holdings("/account/set-account-switch-precheck", 5, 2, Echo("acctLv"))
SWITCH_PRESET = _post("/account/account-level-switch-preset", 5, 2, Echo("acctLv"), Echo("lever", same=decimal))
SET_ACCOUNT_LEVEL = _post("/account/set-account-level", 5, 2, Echo("acctLv"))
SET_AUTO_LOAN = _post("/account/set-auto-loan", 5, 2, Echo("autoLoan"))
SET_GREEKS = _post("/account/set-greeks", 5, 2, Echo("greeksType"))
SET_FEE_TYPE = _post("/account/set-fee-type", 5, 2, Echo("feeType"))
SET_AUTO_REPAY = _post("/account/set-auto-repay", 5, 2, Echo("autoRepay"))
SET_ISOLATED_MODE = _post("/account/set-isolated-mode", 5, 2, Echo("isoMode"))
SET_SETTLE_CURRENCY = _post("/account/set-settle-currency", 20, 2, Echo("settleCcy"))
SET_TRADING_CONFIG = _post("/account/set-trading-config", 1, 2, Echo("type"), Echo("stgyType"))
PRECHECK_DELTA_NEUTRAL = _holdings("/account/precheck-set-delta-neutral", 1, 2, *NOTHING)
ACTIVATE_OPTION = _post("/account/activate-option", 5, 2, *NOTHING)
SET_SPOT_OFFSET = _post("/account/set-riskOffset-amt", 10, 2, Echo("ccy"), Echo("clSpotInUseAmt", same=decimal))
SET_AUTO_EARN = _post("/account/set-auto-earn", 2, 2, Echo("ccy"), Echo("action"))
COLLATERAL = _get("/account/collateral-assets", 5, 2, *NOTHING)
SET_COLLATERAL = _post("/account/set-collateral-assets", 5, 2, Echo("type"), Echo("collateralEnabled"))
MMP_CONFIG = _get("/account/mmp-config", 5, 2, *NOTHING)
SET_MMP_CONFIG = _post("/account/mmp-config", 2, 10, Echo("instFamily"), *_MMP)
POSITIONS = _holdings("/account/positions", 10, 2, *NOTHING)
BALANCE = _holdings("/account/balance", 10, 2, Echo("ccy", same=among, within="details"))
TRADE_FEE = _get("/account/trade-fee", 5, 2, Echo("instType"))
FUNDING_BALANCES = _holdings("/asset/balances", 6, 1, Echo("ccy", same=among))
OWN_DEPOSIT_ADDRESSES = _get("/asset/deposit-address", 6, 1, Echo("ccy"))
CURRENCIES = _get("/asset/currencies", 6, 1, Echo("ccy", same=among))
PENDING_ORDERS = _holdings("/trade/orders-pending", 60, 2, Echo("instType"))
ALGO_ORDERS = _holdings("/trade/orders-algo-pending", 20, 2, Echo("ordType", same=among))
GRID_BOTS = _holdings("/tradingBot/grid/orders-algo-pending", 20, 2, Echo("algoOrdType"))
RECURRING_BOTS = _holdings("/tradingBot/recurring/orders-algo-pending", 20, 2, *NOTHING)
SIGNAL_BOTS = _holdings("/tradingBot/signal/orders-algo-pending", 20, 2, Echo("algoOrdType"))
DCA_BOTS = _holdings("/tradingBot/dca/ongoing-list", 20, 2, Echo("algoOrdType"))
SPREAD_ORDERS = _holdings("/sprd/orders-pending", 10, 2, *NOTHING)

# -- the broker's, for its sub-accounts --------------------------------------------------------------------------------
SUB_ACCOUNTS = _get("/broker/dma/subaccount-info", 1, 1, *_PAGES)
SUB_ACCOUNT_FEES = _get("/broker/dma/subaccount-trade-fee", 1, 1, Echo("subAcct", within="details"))
IF_REBATE = _get("/broker/fd/if-rebate", 2, 1, *NOTHING)
FD_FILES = _files("/broker/fd/rebate-per-orders")
ASK_FD_FILE = _ask("/broker/fd/rebate-per-orders")
DMA_FILES = _files("/broker/dma/rebate-per-orders")
ASK_DMA_FILE = _ask("/broker/dma/trades")
CREATE_SUB_ACCOUNT = _post("/broker/dma/create-subaccount", 40, 1, _ACCOUNT, Echo("label", same=stripped))
DELETE_SUB_ACCOUNT = _post("/broker/dma/delete-subaccount", 10, 1, _ACCOUNT)
SET_SUB_ACCOUNT_LEVEL = _post("/broker/dma/set-subaccount-level", 5, 2, _ACCOUNT, Echo("acctLv"))
KEYS = _get("/broker/dma/subaccount/apikey", 1, 1, _ACCOUNT, Echo("apiKey"))
CREATE_KEY = _post(
    "/broker/dma/subaccount/apikey", 40, 1, *_KEY, Echo("passphrase"), secrets=("secretKey", "passphrase")
)
MODIFY_KEY = _post(
    "/broker/dma/subaccount/modify-apikey", 10, 1, *_KEY, Echo("perm", same=_permissions), Echo("ip", same=_addresses)
)
DELETE_KEY = _post("/broker/dma/subaccount/delete-apikey", 10, 1, *_KEY)
DEPOSIT_ADDRESSES = _get("/asset/broker/dma/subaccount-deposit-address", 6, 1, _ACCOUNT, Echo("ccy"))
CREATE_DEPOSIT_ADDRESS = _post(
    "/asset/broker/dma/subaccount-deposit-address", 10, 1, _ACCOUNT, Echo("ccy"), Echo("chain"), Echo("to")
)
MODIFY_DEPOSIT_ADDRESS = _post(
    "/asset/broker/dma/modify-subaccount-deposit-address",
    6,
    1,
    _ACCOUNT,
    Echo("ccy"),
    Echo("chain"),
    Echo("addr", same=_same_address),
    Echo("to"),
)
DEPOSIT_HISTORY = _holdings("/asset/broker/dma/subaccount-deposit-history", 5, 2, _ACCOUNT)
WITHDRAWAL_HISTORY = _holdings("/asset/broker/dma/subaccount-withdrawal-history", 5, 2, _ACCOUNT)

# -- the regular master's, for its sub-accounts; where the documents of two years disagree, the lower number -----------
REGULAR_SUB_ACCOUNTS = _get("/users/subaccount/list", 2, 2, _ACCOUNT)
CREATE_REGULAR_SUB_ACCOUNT = _post("/users/subaccount/create-subaccount", 1, 1, _ACCOUNT, Echo("label", same=stripped))
REGULAR_KEYS = _get("/users/subaccount/apikey", 20, 2, _ACCOUNT, Echo("apiKey"))
CREATE_REGULAR_KEY = _post(
    "/users/subaccount/apikey", 1, 1, *_KEY, Echo("passphrase"), secrets=("secretKey", "passphrase")
)
MODIFY_REGULAR_KEY = _post(
    "/users/subaccount/modify-apikey", 1, 1, *_KEY, Echo("perm", same=_permissions), Echo("ip", same=_addresses)
)
DELETE_REGULAR_KEY = _post("/users/subaccount/delete-apikey", 1, 1, *_KEY)
SET_TRANSFER_OUT = _post("/users/subaccount/set-transfer-out", 1, 1, Echo("subAcct", same=among), Echo("canTransOut"))

RATES = {row.text: row.rate for row in tuple(globals().values()) if isinstance(row, Endpoint)}
"""Every limit of the table, by method and path."""
