"""Calls that the venue serves to some and not to others, and what an answer from there says. Source: OKX v5.

Since 2025 the public pages show six of the broker's calls; the others are "on application". A host of one region does
not serve "Get leverage". Such an answer is the venue's no to this user, and proves that nothing was executed. A run
says once what to do about it, however many accounts it is about.
"""

from __future__ import annotations

from acctcfg.errors import Refused
from acctcfg.venues.okx.endpoints import (
    CREATE_DEPOSIT_ADDRESS,
    CREATE_SUB_ACCOUNT,
    DELETE_KEY,
    DELETE_SUB_ACCOUNT,
    DEPOSIT_ADDRESSES,
    DEPOSIT_HISTORY,
    LEVERAGE_INFO,
    MODIFY_DEPOSIT_ADDRESS,
    MODIFY_KEY,
    OWN_DEPOSIT_ADDRESSES,
    SET_SUB_ACCOUNT_LEVEL,
    WITHDRAWAL_HISTORY,
)
from acctcfg.wire.endpoint import Endpoint
from acctcfg.wire.failures import NotServed
from acctcfg.wire.message import GARBLED_HINT

__all__ = ["CALL", "NOT_PUBLIC", "not_served", "of_a_page"]

NOT_PUBLIC = frozenset(
    (
        CREATE_SUB_ACCOUNT,
        DELETE_SUB_ACCOUNT,
        SET_SUB_ACCOUNT_LEVEL,
        MODIFY_KEY,
        DELETE_KEY,
        DEPOSIT_ADDRESSES,
        CREATE_DEPOSIT_ADDRESS,
        MODIFY_DEPOSIT_ADDRESS,
        DEPOSIT_HISTORY,
        WITHDRAWAL_HISTORY,
    )
)
"""Of a broker's calls those that the public pages have no longer."""
CALL = "call"
"""As what the journal has that such a call was answered with success."""
_GONE = frozenset({"404", "50005", "50115", "59608"})
_ASK = "nothing was executed; ask your broker manager at OKX whether this call is open to you"
_OR_A_PAGE = ", and OKX no longer documents this call publicly: ask your broker manager whether it is open to you"
_REGION = (
    "the venue's host of this region does not serve it, so leverage cannot be managed here: "
    "leave `leverage` out for its accounts, or ask OKX"
)


def not_served(endpoint: Endpoint, code: str, status: int, text: str = "") -> Refused | None:
    """What an answer says of a call that this user may not have; None where it says something else.

    `code` is the venue's, or "404" for an answer without a message.
    """
    said = f'; the venue says "{text}"' if text else ""
    if endpoint in NOT_PUBLIC and code in _GONE:
        message = f"{endpoint.text} was refused: {code}, OKX no longer documents this call publicly{said}"
        return NotServed(message, hint=_ASK, code=code, status=status, text=text)
    if endpoint is OWN_DEPOSIT_ADDRESSES and code == "404":  # nothing to do about it: the broker's list is read, then
        return Refused(f"{endpoint.text} is not served here: 404", code=code, status=status)
    if endpoint is LEVERAGE_INFO and code == "404":
        return NotServed(f"{endpoint.text} is not served here: 404{said}", hint=_REGION, code=code, status=status)
    return None


def of_a_page(endpoint: Endpoint, status: int) -> tuple[str, str]:
    """What a 404 that is a web page may mean for such a call: more words for the message, and a hint of its own.

    A page may be from something in between, so it proves nothing: whether a write happened is settled by reading.
    """
    if status == 404 and endpoint in NOT_PUBLIC:
        return _OR_A_PAGE, ""
    if status == 404 and endpoint is LEVERAGE_INFO:
        return "", f"{_REGION}. Or {GARBLED_HINT}"
    return "", ""
