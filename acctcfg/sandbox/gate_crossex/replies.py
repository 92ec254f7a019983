"""What Gate answers: JSON as it is on success, {label, message} on refusal, and the HTTP status of each label.

Source: Gate CrossEx REST v1.0.0, "Error codes", and Gate API v4, "Error handling". The CrossEx document gives no HTTP
status for a label: they are 400 here, and a flag changes any of them. The wording of messages is ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from acctcfg.sandbox.values import Json

__all__ = ["ACCOUNT_LABELS", "LABELS", "LEVERAGE_LABELS", "Answer", "Refusal", "encode"]

ACCOUNT_LABELS: dict[str, tuple[int, str]] = {
    "USER_NOT_EXIST": (400, "The user does not exist: open a CrossEx account first"),
    "USER_DEACTIVATED": (400, "The user is disabled"),
    "QUERY_INVALID_EXCHANGE_TYPE": (400, "In isolated mode exchange_type must name an exchange: BINANCE, OKX, GATE"),
    "TRADE_CHANGE_PZ_MODE_SAME_ERROR": (400, "The position mode is already set"),
    "TRADE_PZ_MODE_HAVE_ORDER_ERROR": (400, "Position mode can not change: there are open orders"),
    "TRADE_PZ_MODE_HAVE_POSITION_ERROR": (400, "Position mode can not change: there are open positions"),
    "UPDATE_ACCOUNT_PARAMETERS_ALL_EMPTY_ERROR": (400, "position_mode, account_mode and exchange_type are all empty"),
    "UPDATE_ACCOUNT_PARAMETERS_ERROR": (400, "account_mode and position_mode can not be changed in one request"),
    "UPDATE_ACCOUNT_EXCHANGE_TYPE_PARAMETERS_ERROR": (400, "exchange_type needs position_mode"),
    "UPDATE_ACCOUNT_ACCOUNT_MODE_ERROR": (400, "Unknown account_mode"),
    "UPDATE_ACCOUNT_EXCHANGE_TYPE_ERROR": (400, "Unknown exchange_type"),
    "UPDATE_ACCOUNT_PZ_ISOLATED_MODE_NOT_EXCHANGE_TYPE_ERROR": (400, "In isolated mode exchange_type is needed"),
    "UPDATE_ACCOUNT_MODE_OPEN_ORDERS_EXIST_ERROR": (400, "Account mode can not change: there are open orders"),
    "UPDATE_ACCOUNT_MODE_POSITION_NOT_EMPTY_ERROR": (400, "Account mode can not change: there are open positions"),
    "UPDATE_ACCOUNT_MODE_INITIAL_MARGIN_NOT_ZERO_ERROR": (
        400,
        "Account mode can not change: initial margin is not zero",
    ),
    "UPDATE_ACCOUNT_MODE_MAINTENANCE_MARGIN_NOT_ZERO_ERROR": (
        400,
        "Account mode can not change: maintenance margin is not zero",
    ),
    "UPDATE_ACCOUNT_MODE_ACCOUNT_STATUS_NOT_NORMAL_ERROR": (
        400,
        "Account mode can not change: account status is not NORMAL",
    ),
    "UPDATE_ACCOUNT_CROSSEX_MODE_EXCHANGE_TYPE_NOT_CROSSEX_ERROR": (
        400,
        "In cross-exchange mode exchange_type can only be CROSSEX",
    ),
    "UPDATE_ACCOUNT_ISOLATED_MODE_EXCHANGE_TYPE_NOT_CROSSEX_ERROR": (
        400,
        "In isolated mode exchange_type can not be CROSSEX",
    ),
}
LEVERAGE_LABELS: dict[str, tuple[int, str]] = {
    "TRADE_SET_LEVERAGE_ERROR": (400, "Invalid leverage"),
    "TRADE_SET_LEVERAGE_EXCEED_LIMIT_ERROR": (400, "Leverage exceeds the maximum of the symbol"),
    "TRADE_INVALID_SYM_BUSINESSTYPE_ERROR": (400, "The symbol is not a FUTURE symbol"),
    "TRADE_INVALID_MARGIN_SYM_BUSINESSTYPE_ERROR": (400, "The symbol is not a MARGIN symbol"),
}
LABELS: dict[str, tuple[int, str]] = {
    **ACCOUNT_LABELS,
    **LEVERAGE_LABELS,
    "COMMON_PARAM_BIND_ERROR": (400, "Parameter missing or of the wrong type"),
    "TRADE_UNSUPPORTED_OPERATION": (400, "The operation is not supported at present"),
    "TRADE_SYM_NOT_SUPPORT": (400, "The symbol is not supported"),
    "TRADE_INVALID_PZ_MODE_ERROR": (400, "Unknown position_mode"),
    "INVALID_PARAM_VALUE": (400, "Invalid parameter value"),
    "INVALID_REQUEST_BODY": (400, "Invalid request body"),
    "INVALID_CONTENT_TYPE": (400, "Content-Type must be application/json"),
    "MISSING_REQUIRED_PARAM": (400, "Missing required parameter"),
    "SUB_ACCOUNT_LOCKED": (400, "The sub-account is locked"),
    "INVALID_CREDENTIALS": (401, "Invalid credentials"),
    "INVALID_KEY": (401, "Invalid key provided"),
    "INVALID_SIGNATURE": (401, "Signature mismatch"),
    "MISSING_REQUIRED_HEADER": (401, "Missing required header"),
    "REQUEST_EXPIRED": (401, "Gap between request Timestamp and server time exceeds 60 seconds"),
    "FORBIDDEN": (403, "The key has no permission for this"),
    "READ_ONLY": (403, "The key is read-only"),
    "IP_FORBIDDEN": (403, "Request IP not in whitelist"),
    "ACCOUNT_LOCKED": (403, "The account is locked"),
    "NOT_FOUND": (404, "Not found"),
    "SUB_ACCOUNT_NOT_FOUND": (404, "Sub-account not found"),
    "METHOD_NOT_ALLOWED": (405, "Method not allowed"),
    "TOO_MANY_REQUESTS": (429, "Request rate limit exceeded"),
    "INTERNAL": (500, "Internal server error"),
    "SERVER_ERROR": (500, "Internal server error"),
    "TOO_BUSY": (503, "Server is too busy"),
}


class Refusal(Exception):
    """The venue says no, with a label and an HTTP status (0: the label's own)."""

    def __init__(self, label: str, message: str = "", *, status: int = 0) -> None:
        self.label, self.message, self.status = label, message, status
        super().__init__(f"{label} {message}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What an accepted request answers, and what it will have done once `effect` is called.

    202 means accepted, not done: such an effect comes later.
    """

    data: Json
    status: int = 200
    effect: Callable[[], None] | None = None
    one_at_a_time: bool = False  # while its effect is awaited, the account takes no other of its kind


def encode(data: Json) -> bytes:
    """A value as the bytes of a JSON body; none for None."""
    return b"" if data is None else json.dumps(data, separators=(",", ":")).encode()
