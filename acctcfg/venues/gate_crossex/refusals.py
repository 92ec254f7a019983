"""What Gate's labels mean: to us, and for what may be done next. Sources: CrossEx v1.0, "Error codes"; Gate API v4.

Only labels decide anything; the texts beside them are for people. A label that is not listed is a refusal and nothing
more: it is never retried and never read as a known state.
"""

from __future__ import annotations

from typing import NamedTuple

from acctcfg.core.verdict import Explained, Verdict

__all__ = [
    "CLOCK",
    "ISOLATED_READ",
    "LABELS",
    "NOT_SERVED",
    "PRECONDITIONS",
    "TOO_MANY",
    "Meaning",
    "explain",
    "meaning",
]

TOO_MANY = "TOO_MANY_REQUESTS"
CLOCK = "REQUEST_EXPIRED"
UNKNOWN_KEY = frozenset({"INVALID_KEY", "INVALID_CREDENTIALS"})
"""No such key here: mistyped, deleted, or at home elsewhere."""
ISOLATED_READ = "QUERY_INVALID_EXCHANGE_TYPE"
"""A read of the account without an exchange was refused: the account is in isolated_exchange."""
NOT_SERVED = frozenset({"NOT_FOUND", "http_404"})
"""No such path here, with a label or as a gateway's bare 404. No status is documented for a label, so one that comes
with a 404 and says anything else is a refusal like any other."""


class Meaning(NamedTuple):
    """One label in our words, the way out, and its kind.

    kind: `precondition` (something must be cleared first), `request` (what was sent is wrong, or is so already),
    `absent` (the thing does not exist), `auth` (credentials, clock, address, rights), `limit`, `server`.
    """

    words: str
    hint: str = ""
    kind: str = "request"
    causes: tuple[str, ...] = ()


_CANCEL = "cancel the orders, then plan again"
_CLOSE = "close the positions and repay what was borrowed, then plan again"
_KEY = "check the API key and its secret"
_OLDER = "this is a mistake of acctcfg, or the venue's interface has changed"
_TRADING = "acctcfg sends no orders; another program's request was refused"
_SINCE = "it was opened since the prechecks were read"
_BUSINESS = "orders of every kind count: SPOT, FUTURE and MARGIN"
_DEBT = "a margin position of size zero with a liability counts, too"
_SWITCHED = "the account mode was changed since the plan, by somebody else"
_NOT_US = "acctcfg sends no such request: another program with the same key did"

_ACCOUNT = {
    "USER_NOT_EXIST": Meaning(
        "this user has no CrossEx account",
        "open CrossEx on the venue's web page and set up its exchanges",
        "absent",
        causes=("CrossEx was never opened for this user", "the key is another user's"),
    ),
    "USER_DEACTIVATED": Meaning(
        "the user is deactivated", "ask the venue", "auth", causes=("the venue or the user closed the account",)
    ),
    ISOLATED_READ: Meaning(
        "in isolated_exchange the account is read by exchange (BINANCE, OKX, GATE, ...)",
        "leave an exchange that the account does not have out of position_mode, else plan again",
        causes=(_SWITCHED, "an exchange that the account does not have"),
    ),
    "TRADE_CHANGE_PZ_MODE_SAME_ERROR": Meaning(
        "the position mode is that already",
        "plan again",
        causes=("somebody else set it since the plan", "an earlier change came through late"),
    ),
    "TRADE_PZ_MODE_HAVE_ORDER_ERROR": Meaning(
        "open orders stand in the way of the position mode",
        _CANCEL,
        "precondition",
        causes=(_BUSINESS, "in isolated_exchange those of this exchange alone", _SINCE),
    ),
    "TRADE_PZ_MODE_HAVE_POSITION_ERROR": Meaning(
        "open positions stand in the way of the position mode",
        _CLOSE,
        "precondition",
        causes=("positions in contracts and in margin", _DEBT, _SINCE),
    ),
    "UPDATE_ACCOUNT_PARAMETERS_ALL_EMPTY_ERROR": Meaning(
        "the request named nothing to change", _OLDER, causes=(_NOT_US,)
    ),
    "UPDATE_ACCOUNT_PARAMETERS_ERROR": Meaning(
        "account mode and position mode came in one request", _OLDER, causes=(_NOT_US,)
    ),
    "UPDATE_ACCOUNT_EXCHANGE_TYPE_PARAMETERS_ERROR": Meaning(
        "an exchange came without a position mode", _OLDER, causes=(_NOT_US,)
    ),
    "UPDATE_ACCOUNT_ACCOUNT_MODE_ERROR": Meaning(
        "the venue does not know this account mode", _OLDER, causes=(_NOT_US,)
    ),
    "UPDATE_ACCOUNT_EXCHANGE_TYPE_ERROR": Meaning(
        "the venue does not know this exchange",
        "leave it out of position_mode",
        causes=("the venue has withdrawn the exchange", "the exchange was never set up for this user"),
    ),
    "UPDATE_ACCOUNT_PZ_ISOLATED_MODE_NOT_EXCHANGE_TYPE_ERROR": Meaning(
        "in isolated_exchange each exchange has a position mode of its own",
        "write position_mode as a map: {binance: net, ...}",
        causes=(_SWITCHED,),
    ),
    "UPDATE_ACCOUNT_MODE_OPEN_ORDERS_EXIST_ERROR": Meaning(
        "open orders stand in the way of the account mode",
        _CANCEL,
        "precondition",
        causes=(_BUSINESS, "orders at any exchange count", _SINCE),
    ),
    "UPDATE_ACCOUNT_MODE_POSITION_NOT_EMPTY_ERROR": Meaning(
        "open positions stand in the way of the account mode",
        _CLOSE,
        "precondition",
        causes=("positions in contracts and in margin, at any exchange", _DEBT, _SINCE),
    ),
    "UPDATE_ACCOUNT_MODE_INITIAL_MARGIN_NOT_ZERO_ERROR": Meaning(
        "the initial margin is not zero",
        _CLOSE,
        "precondition",
        causes=("a position, an order or a loan still binds margin", "the venue's figures lag behind a close"),
    ),
    "UPDATE_ACCOUNT_MODE_MAINTENANCE_MARGIN_NOT_ZERO_ERROR": Meaning(
        "the maintenance margin is not zero",
        _CLOSE,
        "precondition",
        causes=("a position or a loan still binds margin", "the venue's figures lag behind a close"),
    ),
    "UPDATE_ACCOUNT_MODE_ACCOUNT_STATUS_NOT_NORMAL_ERROR": Meaning(
        "the account's status is not normal",
        "no field shows it: ask the venue what is wrong",
        "precondition",
        causes=("a liquidation, a review or another change is under way",),
    ),
    "UPDATE_ACCOUNT_CROSSEX_MODE_EXCHANGE_TYPE_NOT_CROSSEX_ERROR": Meaning(
        "in cross_exchange the whole account has one position mode",
        "write position_mode as one word",
        causes=(_SWITCHED,),
    ),
    "UPDATE_ACCOUNT_ISOLATED_MODE_EXCHANGE_TYPE_NOT_CROSSEX_ERROR": Meaning(
        "in isolated_exchange CROSSEX is none of the exchanges that have a position mode",
        "write position_mode as a map: {binance: net, ...}",
        causes=(_NOT_US, _SWITCHED),
    ),
}

_LEVERAGE = {
    "TRADE_SET_LEVERAGE_ERROR": Meaning(
        "the venue does not take this leverage",
        "write a whole number of at least 1",
        causes=("a fraction, zero or a negative number",),
    ),
    "TRADE_SET_LEVERAGE_EXCEED_LIMIT_ERROR": Meaning(
        "the leverage is above the symbol's maximum",
        "lower it: the risk-limit tiers and an open position bound it",
        causes=(
            "the first risk-limit tier of the symbol ends lower",
            "an open position is in a higher tier, whose maximum is lower",
        ),
    ),
    "TRADE_INVALID_SYM_BUSINESSTYPE_ERROR": Meaning("the symbol is not a contract (FUTURE)", _OLDER, causes=(_NOT_US,)),
    "TRADE_INVALID_MARGIN_SYM_BUSINESSTYPE_ERROR": Meaning(
        "the symbol is not a margin pair (MARGIN)", _OLDER, causes=(_NOT_US,)
    ),
}

_COMMON = {
    "COMMON_PARAM_BIND_ERROR": Meaning("a parameter is missing, of another type or unreadable", _OLDER),
    "TRADE_UNSUPPORTED_OPERATION": Meaning(
        "the venue does not do this at present",
        "an earlier change may still be under way, or the symbol is suspended: try again later",
        causes=(
            "an earlier change of this account is still under way",
            "the symbol is suspended or being delisted",
            "margin in isolated_exchange",
        ),
    ),
    "TRADE_SYM_NOT_SUPPORT": Meaning(
        "the venue does not know this symbol",
        "check its spelling",
        "absent",
        causes=("a misspelt symbol", "the symbol was delisted"),
    ),
    "TRADE_INVALID_PZ_MODE_ERROR": Meaning("the venue does not know this position mode", _OLDER),
    "MARGIN_ORDER_NOT_SUPPORT": Meaning("isolated_exchange has no margin trading", "leave out `market: margin`"),
    "TRADE_MARGIN_INVALID_PZ_SIDE_ERROR": Meaning("margin is always two-sided", _TRADING),
}

_ORDERS = {
    label: Meaning(words, _TRADING)
    for label, words in {
        "TRADE_CLIENT_ORDER_ID_LENGTH_ERROR": "the client's order id is too long",
        "TRADE_CLIENT_ORDER_ID_MATCH_ERROR": "the client's order id has characters that are not allowed",
        "TRADE_INVALID_SIDE": "the order's side is wrong",
        "TRADE_INVALID_ORDER_TYPE": "the order's type is wrong",
        "TRADE_INVALID_TIME_IN_FORCE": "the order's time in force is wrong",
        "TRADE_INVALID_POC": "a post-only order would have taken",
        "TRADE_INVALID_ORDER_QTY": "the order's quantity is wrong",
        "TRADE_INVALID_QUOTE_ORDER_QTY": "the order's quantity in quote currency is wrong",
        "TRADE_INVALID_LIMIT_PRICE": "the order's limit price is wrong",
        "TRADE_INVALID_REDUCE_ONLY": "the order cannot be reduce-only",
        "TRADE_ORDER_DUPLICATE_ERROR": "the order exists already",
        "TRADE_DELIST_OPEN_PROHIBITED_ERROR": "the symbol is being delisted: positions can only be closed",
        "TRADE_INVALID_POSITION_SIDE": "the order's position side does not fit the position mode",
        "TRADE_REDUCE_ONLY_SIDE_ERROR": "a reduce-only order has the wrong side",
        "TRADE_REDUCE_ONLY_POSITION_QTY_ERROR": "a reduce-only order is larger than the position",
        "TRADE_ONE_OF_ORDER_ID_ERROR": "an order is named by exactly one of its ids",
        "TRADE_ORDER_NOT_FOUND_ERROR": "there is no such order",
        "TRADE_NOT_ALLOW_REPLACE": "the order cannot be replaced",
        "TRADE_ORDER_REPLACE_QTY_PRICE_ERROR": "a replacement names neither quantity nor price",
        "TRADE_ORDER_REPLACE_QTY_PRICE_SAME_ERROR": "a replacement changes nothing",
        "TRADE_ORDER_REPLACE_ALLOW_ERROR": "the order can no longer be replaced",
        "TRADE_ORDER_LOT_SIZE_ERROR": "the quantity is not a multiple of the lot size",
        "TRADE_ORDER_QUANTITY_MAX_ERROR": "the quantity is above the maximum",
        "TRADE_ORDER_QUANTITY_MIN_ERROR": "the quantity is below the minimum",
        "TRADE_ORDER_TICK_SIZE_ERROR": "the price is not a multiple of the tick size",
        "TRADE_ORDER_AMOUNT_MIN_ERROR": "the order's value is below the minimum",
        "TRADE_OKX_LIMIT_BUY_ORDER_PRICE_ERROR": "the price is outside the band of the exchange",
        "TRADE_MAX_ORDERS_ERROR": "there are too many open orders",
    }.items()
}

_OTHER_TRADES = {
    label: Meaning(words, _TRADING)
    for label, words in {
        "CONVERT_TRADE_QUOTE_UNKNOWN_ERROR": "a conversion's quote failed",
        "CONVERT_TRADE_QUOTE_EXCHANGE_INVALID_ERROR": "a conversion names an exchange that has none",
        "CONVERT_TRADE_QUOTE_FROM_COIN_INVALID_ERROR": "a conversion's source currency is wrong",
        "CONVERT_TRADE_QUOTE_TO_COIN_INVALID_ERROR": "a conversion's target currency is wrong",
        "CONVERT_TRADE_QUOTE_FROM_AMOUNT_INVALID_ERROR": "a conversion's amount is wrong",
        "CONVERT_TRADE_QUOTE_FROM_AMOUNT_LIMIT_ERROR": "a conversion's amount is outside the limits",
        "CONVERT_TRADE_QUOTE_FROM_AMOUNT_MAX_ERROR": "a conversion's amount is above the maximum",
        "CONVERT_TRADE_QUOTE_EXCHANGE_REJECT_ERROR": "the exchange refused a conversion",
        "CAN_NOT_DELETE_POSITION": "there is no position to close",
        "CAN_NOT_DELETE_LARGE_POSITION": "the position is too large to be closed at once",
        "OPEN_ORDERS_CAN_NOT_DELETE_POSITION": "open orders stand in the way of closing the position",
    }.items()
}

_GENERAL = {
    "INVALID_PARAM_VALUE": Meaning("the venue does not take a value that was sent"),
    "INVALID_PROTOCOL": Meaning("the request is not as the venue wants it", _OLDER),
    "INVALID_ARGUMENT": Meaning("an argument is wrong"),
    "INVALID_REQUEST_BODY": Meaning("the body cannot be read", _OLDER),
    "MISSING_REQUIRED_PARAM": Meaning("a parameter is missing", _OLDER),
    "BAD_REQUEST": Meaning("the venue does not take the request"),
    "INVALID_CONTENT_TYPE": Meaning("the content type is wrong", _OLDER),
    "NOT_ACCEPTABLE": Meaning("the venue cannot answer in the form that was asked for", _OLDER),
    "METHOD_NOT_ALLOWED": Meaning("the path does not have this method", _OLDER),
    "NOT_FOUND": Meaning("there is no such thing", "check base_url, then plan again", "absent"),
    "INVALID_CREDENTIALS": Meaning("the credentials are not valid", _KEY, "auth"),
    "INVALID_KEY": Meaning(
        "the API key is not valid",
        _KEY,
        "auth",
        causes=("the key was deleted", "the key was made lately: that takes up to 5 minutes"),
    ),
    "INVALID_SIGNATURE": Meaning(
        "the signature is wrong: the secret key does not belong to the API key",
        _KEY,
        "auth",
        causes=("the stored secret is another key's",),
    ),
    "MISSING_REQUIRED_HEADER": Meaning("a header is missing", _OLDER, "auth"),
    CLOCK: Meaning(
        "the request's time is off by more than 60 s",
        "set this host's clock (NTP)",
        "auth",
        causes=("this host's clock is off",),
    ),
    "FORBIDDEN": Meaning(
        "the key may not do this",
        "give the key the permission that it lacks",
        "auth",
        causes=(
            "the key lacks the group (crossx, sub_accounts, ...)",
            "the key was changed lately: that takes up to 5 minutes",
        ),
    ),
    "READ_ONLY": Meaning(
        "the key can only read",
        "give the key write access",
        "auth",
        causes=("the key has no write access to this group",),
    ),
    "IP_FORBIDDEN": Meaning(
        "the calling address is not on the key's allow-list",
        "add the address that you call from",
        "auth",
        causes=("the program runs elsewhere than it did", "the allow-list was changed"),
    ),
    "ACCOUNT_LOCKED": Meaning("the account is locked", "ask the venue", "auth"),
    "SUB_ACCOUNT_NOT_FOUND": Meaning("there is no such sub-account", "plan again", "absent"),
    "SUB_ACCOUNT_LOCKED": Meaning("the sub-account is locked", "unlock it first (`state: present`)", "precondition"),
    TOO_MANY: Meaning(
        "too many requests",
        "something else uses the same user's limits; lower rate_share",
        "limit",
        causes=("another program, or another acctcfg on another host, uses the limits of the same user",),
    ),
    "INTERNAL": Meaning("the venue failed", "try again", "server"),
    "SERVER_ERROR": Meaning("the venue failed", "try again", "server"),
    "TOO_BUSY": Meaning("the venue is busy", "try again", "server"),
}

_BESIDE = {
    label: Meaning(words, "acctcfg does not set up this part of the venue; another program's request was refused", kind)
    for label, (words, kind) in {
        "USER_LIAB": ("the user has debts", "precondition"),
        "USER_PENDING_ORDERS": ("the user has open orders", "precondition"),
        "MODE_SET": ("the unified account is in that mode already", "request"),
        "USER_NOT_FOUND": ("this user has no futures account yet", "absent"),
        "CONTRACT_NOT_FOUND": ("there is no such contract", "absent"),
        "LEVERAGE_TOO_HIGH": ("the leverage is above the contract's maximum", "request"),
        "LEVERAGE_TOO_LOW": ("the leverage is below the contract's minimum", "request"),
        "RISK_LIMIT_EXCEEDED": ("the position is above its risk limit", "request"),
        "LIQUIDATE_IMMEDIATELY": ("the position would be liquidated at once", "request"),
        "POSITION_DUAL_MODE": ("the positions are in dual mode", "request"),
        "POSITION_CROSS_MARGIN": ("the position is in cross margin", "request"),
        "ORDER_PENDING": ("open orders stand in the way", "precondition"),
        "POSITION_HOLDING": ("open positions stand in the way", "precondition"),
        "POSITION_EMPTY": ("there is no such position", "absent"),
        "NO_CHANGE": ("it is so already", "request"),
    }.items()
}
"""Of the venue's own futures and unified account, beside CrossEx. Source: Gate API v4, "Labels"."""

LABELS = {**_COMMON, **_ACCOUNT, **_LEVERAGE, **_ORDERS, **_OTHER_TRADES, **_GENERAL, **_BESIDE}
"""Every label of the venue's documents that CrossEx and sub-accounts can answer with."""

PRECONDITIONS = frozenset(label for label, known in LABELS.items() if known.kind == "precondition")
"""The venue wants a blocker cleared first. Such a refusal counts as blocked, not as failed."""


_KINDS = {  # kind -> the likely causes, the way out and the verdict, where a label has none of its own
    "precondition": (("something that is open or owed in this account",), _CLOSE, Verdict.BLOCKED),
    "request": (("a value in the manifest is not what the venue takes", _OLDER), "plan again", Verdict.FAILED),
    "absent": (("somebody else took it away since the plan",), "plan again", Verdict.FAILED),
    "auth": (("the API key, its rights, or the user behind it",), _KEY, Verdict.FAILED),
    "limit": ((), "nothing, unless it lasts", Verdict.RETRIED),
    "server": (("the venue failed while it worked on the request",), "try again", Verdict.UNCLEAR),
}


def meaning(label: str) -> Meaning:
    """Our words for a label; for one that is not listed, that it is not."""
    return LABELS.get(label, Meaning("a label that acctcfg has no words for"))


def explain(label: str) -> Explained | None:
    """All that is known of a label, for people."""
    label = label.upper()
    known = LABELS.get(label)
    if known is None:
        return None
    causes, remedy, verdict = _KINDS[known.kind]
    if known.hint == _TRADING:
        causes = ("another program that trades in this account",)
    return Explained(
        code=label,
        meaning=known.words,
        causes=known.causes or causes,
        remedy=known.hint or remedy,
        verdict=Verdict.CLOCK if label == CLOCK else verdict,
    )
