"""What the venue answers: success, refusal and the two shapes of an envelope.

Source: OKX v5, "Error code" and "Response"; the wording of messages is ours, codes and HTTP statuses are the venue's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from acctcfg.sandbox.values import Json

__all__ = ["AT_GATEWAY", "CODES", "Answer", "Refusal", "bare_404", "encode", "failed_item", "gateway", "refused"]
__all__ += ["success"]

# Whatever has another HTTP status than 200 stands here, also where no rule raises it: a fault may be told to answer it.
CODES: dict[str, tuple[int, str]] = {
    "50000": (400, "Body for POST request can not be empty"),
    "50001": (503, "Service temporarily unavailable, please try again later"),
    "50002": (400, "JSON syntax error"),
    "50004": (400, "API endpoint request timeout (does not mean that the request was successful or failed)"),
    "50005": (410, "API is offline or unavailable"),
    "50006": (400, "Invalid Content-Type, please use application/json"),
    "50011": (429, "Too Many Requests"),
    "50013": (429, "Systems are busy. Please try again later"),
    "50014": (400, "Parameter can not be empty"),
    "50015": (400, "Either parameter of two is required"),
    "50016": (400, "Parameters do not match"),
    "50024": (200, "Parameters can not exist at the same time"),
    "50025": (200, "Parameter count exceeds the limit"),
    "50026": (500, "System error, please try again later"),
    "50027": (200, "The account is restricted from trading"),
    "50030": (200, "You do not have permission to use this endpoint"),
    "50035": (403, "This endpoint requires that the API key is bound to an IP"),
    "50038": (200, "This feature is unavailable in demo trading"),
    "50040": (200, "Too frequent operations, please try again later"),
    "50044": (200, "Broker type is needed"),
    "50050": (200, "Options trading is already activated"),
    "50053": (200, "This feature is only available in demo trading"),
    "50064": (200, "Borrowing is suspended"),
    "50072": (200, "Isolated margin is no longer supported in this account mode"),
    "50100": (400, "API frozen, please contact customer service"),
    "50101": (401, "API key does not match the current environment"),
    "50102": (401, "Timestamp request expired"),
    "50103": (401, 'Request header "OK-ACCESS-KEY" can not be empty'),
    "50104": (401, 'Request header "OK-ACCESS-PASSPHRASE" can not be empty'),
    "50105": (401, 'Request header "OK-ACCESS-PASSPHRASE" incorrect'),
    "50106": (401, 'Request header "OK-ACCESS-SIGN" can not be empty'),
    "50107": (401, 'Request header "OK-ACCESS-TIMESTAMP" can not be empty'),
    "50108": (401, "Exchange ID does not exist"),
    "50109": (401, "Exchange domain does not exist"),
    "50110": (401, "Your IP is not included in your API key's IP whitelist"),
    "50111": (401, "Invalid OK-ACCESS-KEY"),
    "50112": (401, "Invalid OK-ACCESS-TIMESTAMP"),
    "50113": (401, "Invalid signature"),
    "50114": (401, "Invalid authorization"),
    "50115": (405, "Invalid request method"),
    "50119": (200, "API key does not exist"),
    "50120": (200, "This API key does not have permission to use this function"),
    "51000": (400, "Parameter error"),
    "51001": (200, "Instrument ID does not exist"),
    "51010": (200, "Request unsupported under current account mode"),
    "51012": (200, "Token does not exist"),
    "51014": (200, "Index does not exist"),
    "51015": (200, "Instrument ID does not match the instrument type"),
    "51021": (200, "Contract to be listed"),
    "51022": (200, "Contract suspended"),
    "51039": (200, "Leverage can not be adjusted for cross positions of FUTURES and SWAP in portfolio margin"),
    "51041": (200, "Portfolio margin account only supports net mode"),
    "51054": (500, "Request timed out, please check the result later"),
    "51070": (200, "Account mode not activated: complete the steps on the web or app first"),
    "51147": (200, "Options trading needs more assets in the trading account first"),
    "51149": (500, "Order timed out"),
    "51158": (200, "Manual transfer is unavailable"),
    "51164": (200, "Lead traders can not switch to portfolio margin"),
    "53000": (400, "Invalid token"),
    "53001": (400, "Authorization canceled"),
    "53002": (400, "Token expired"),
    "53003": (400, "Token revoked"),
    "53004": (400, "Account frozen"),
    "53005": (400, "Wrong refresh token"),
    "53006": (401, "Token used on another device"),
    "53009": (400, "Authorization failed"),
    "53010": (400, "Parameter error"),
    "53011": (400, "Parameter can not be empty"),
    "53012": (400, "Authorization code expired"),
    "53013": (400, "The token has no permission for this"),
    "53014": (401, "Your IP is not allowed for this token"),
    "53015": (400, "Parameter is too long"),
    "53016": (400, "Wrong redirect_uri"),
    "53017": (400, "Fast API is not enabled for this app"),
    "54000": (200, "Margin trading is not supported"),
    "54001": (200, "Auto-borrow is only available in multi-currency margin mode"),
    "54074": (200, "Close USD-margined contract positions, bots and orders before changing the settle currency"),
    "58010": (200, "Chain is not supported"),
    "58102": (429, "Rate limit of the funding account reached"),
    "58114": (400, "The amount must be greater than 0"),
    "58300": (200, "The number of deposit addresses exceeds the limit"),
    "58301": (200, "Deposit address does not exist"),
    "58302": (200, "Deposit address needs a tag"),
    "58303": (200, "Deposit for this chain is currently unavailable"),
    "58310": (200, "Unable to create a deposit address now"),
    "59000": (200, "Setting failed. Cancel open orders, close positions and stop trading bots first"),
    "59001": (200, "Switching unavailable as you have borrowings"),
    "59002": (200, "Sub-account settings failed. Close positions, orders and trading bots first"),
    "59004": (200, "Only IDs with the same instrument type are supported"),
    "59101": (200, "Leverage can not be modified. Cancel all pending isolated margin orders first"),
    "59102": (200, "Leverage exceeds the maximum leverage"),
    "59105": (400, "Leverage can not be less than the minimum"),
    "59107": (200, "Leverage can not be modified. Cancel all pending cross-margin orders first"),
    "59111": (200, "Querying leverage is not supported in portfolio margin account"),
    "59112": (200, "Leverage can not be modified. Cancel all pending isolated or cross orders first"),
    "59113": (200, "Margin trading is not offered here, or the identity must be verified first"),
    "59114": (200, "Margin trading is not offered here"),
    "59132": (200, "Unable to switch. Close or cancel all open orders, algo orders and bots first"),
    "59133": (200, "Unable to switch. Total assets do not meet the requirement"),
    "59134": (200, "Unable to switch. Close incompatible positions first"),
    "59135": (200, "Unable to switch. Stop copy trading first"),
    "59136": (200, "Unable to switch. Preset the leverage of cross positions first"),
    "59137": (200, "Preset leverage is above the maximum of the positions held"),
    "59138": (200, "Unable to switch. Position tier check failed"),
    "59139": (200, "Unable to switch. Margin check failed"),
    "59500": (200, "Only the API key of the main account has permission"),
    "59501": (200, "Only 50 API keys can be created per account"),
    "59502": (200, "This API key label already exists"),
    "59503": (200, "Only 20 IP addresses can be bound to one API key"),
    "59505": (200, "Passphrase needs 8 to 32 characters with a digit, upper, lower and a special character"),
    "59506": (200, "API key does not exist"),
    "59508": (200, "Sub-account is suspended"),
    "59509": (200, "You do not have permission to reset market maker protection"),
    "59510": (200, "Sub-account does not exist"),
    "59512": (200, "Transfer-out of a broker's sub-accounts can not be changed"),
    "59515": (200, "A contract with the custodian is needed first"),
    "59518": (200, "Sub-accounts can only be created on the web or app"),
    "59519": (200, "This function of the sub-account is frozen"),
    "59520": (200, "Delta neutral is not available in this account mode"),
    "59521": (200, "Repay borrowings before switching to delta neutral"),
    "59523": (200, "Close isolated positions and orders before switching to delta neutral"),
    "59524": (200, "Close options positions and orders before switching to delta neutral"),
    "59525": (200, "Stop bots and copy trading before switching to delta neutral"),
    "59526": (200, "The delta ratio is too high for delta neutral"),
    "59527": (200, "Every currency must be collateral for delta neutral"),
    "59528": (200, "Borrowings exceed the limit of delta neutral"),
    "59529": (200, "The account is in a delta neutral risk unit"),
    "59601": (200, "Sub-account name already exists"),
    "59603": (200, "The maximum number of sub-accounts is reached"),
    "59604": (200, "Only the API key of the main account can operate"),
    "59606": (200, "Sub-account deletion failed: transfer all funds out first"),
    "59608": (200, "Only broker accounts have permission"),
    "59612": (200, "Invalid time format"),
    "59615": (200, "The time range is longer than 180 days"),
    "59616": (200, "The begin is after the end"),
    "59617": (200, "Sub-account created; setting its account mode failed"),
    "59618": (200, "Sub-account creation failed"),
    "59619": (200, "Use the broker's endpoints for this sub-account"),
    "59622": (200, "The parent sub-account does not exist or can not be a parent"),
    "59623": (200, "Delete the second-level sub-accounts first"),
    "59641": (200, "Unable to switch. Repay fixed loans first"),
    "59648": (200, "Too small: there is a risk of liquidation"),
    "59658": (200, "Currency can not be used as collateral"),
    "59659": (200, "Another currency must be enabled as collateral too"),
    "59660": (200, "Another currency must be disabled as collateral too"),
    "59661": (200, "This currency can not be disabled as collateral"),
    "59662": (200, "Orders or positions need this currency as collateral"),
    "59664": (200, "Repay borrowings of this currency first"),
    "59665": (200, "The remaining collateral would be too small"),
    "59666": (200, "Collateral can not be enabled and disabled at the same time"),
    "59668": (200, "Leverage can not be modified. Cancel isolated algo orders and stop trading bots first"),
    "59669": (200, "Leverage can not be modified. Cancel cross algo orders and stop trading bots first"),
    "59671": (200, "Auto-earn does not support this currency"),
    "59672": (200, "Auto-earn is off"),
    "59673": (200, "Auto-earn can not be turned off within 24 hours of turning it on"),
    "59675": (200, "Auto-earn is already on"),
    "59678": (200, "Cancel open spot orders first"),
    "59683": (200, "Enable the currency as collateral first"),
    "59686": (200, "This currency can not be used for settlement"),
    "59691": (200, "Demo balance can be increased three times a day"),
    "59692": (200, "Demo balance would be below zero"),
}


# Codes that the gateway answers, in a body without `data`: authentication, and the rate limit with HTTP 429.
AT_GATEWAY = frozenset(str(code) for code in (*range(50100, 50115), 50119))


class Refusal(Exception):
    """The venue says no. `at_gateway`: refused before the service saw it, so the body has no `data`.

    `in_item`: the refusal stands in the one row of a batch that failed. `bare`: the status alone, without a body.
    """

    in_item = False
    bare = False

    def __init__(self, code: str, msg: str = "", *, status: int = 0, at_gateway: bool = False) -> None:
        known_status, known_msg = CODES.get(code, (200, "Operation failed"))
        self.code = code
        self.msg = msg or known_msg
        self.status = status or known_status
        self.at_gateway = at_gateway
        super().__init__(f"{code} {self.msg}")


def bare_404() -> Refusal:
    """A path that this venue does not have: HTTP 404 without a message."""
    refusal = Refusal("404", "sandbox: a path that is switched off", status=404)
    refusal.bare = True
    return refusal


@dataclass(frozen=True, slots=True)
class Answer:
    """What an accepted request answers, and what it will have done once `effect` is called."""

    data: Json  # rows; always a list on success
    effect: Callable[[], None] | None = None


def encode(body: object) -> bytes:
    """A value as the bytes of a JSON body."""
    return json.dumps(body, separators=(",", ":")).encode()


def success(data: Json) -> bytes:
    """The envelope of success."""
    return encode({"code": "0", "msg": "", "data": data})


def gateway(code: str, msg: str) -> bytes:
    """The envelope of a refusal at the gateway: authentication and HTTP 429."""
    return encode({"msg": msg, "code": code})


def failed_item(code: str, msg: str) -> bytes:
    """A batch whose only item failed."""
    return encode({"code": "1", "msg": "Operation failed.", "data": [{"sCode": code, "sMsg": msg}]})


def refused(code: str, msg: str) -> bytes:
    """The envelope of a refusal by the service."""
    return encode({"code": code, "msg": msg, "data": []})
