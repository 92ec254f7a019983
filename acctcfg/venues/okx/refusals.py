"""What OKX's error codes mean: to us, and for what may be done next. Source: OKX v5, "Error code".

The texts that the venue sends change over the years and may be localised: only codes decide anything here.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CLOCK", "CREDENTIALS", "NOT_EXECUTED", "PRECONDITIONS", "UNKNOWN_OUTCOME", "Meaning", "meaning"]


class Meaning(NamedTuple):
    """One code in our words, and the way out."""

    words: str
    hint: str = ""


NOT_EXECUTED = frozenset({"50011", "50013", "50040", "58102"})
UNKNOWN_OUTCOME = frozenset({"50001", "50004", "50026", "51054", "51149", "58112", "58124", "59617"})
CLOCK = frozenset({"50102", "50112"})
CREDENTIALS = frozenset(
    {str(code) for code in range(50100, 50122)}
    | set("50030 50035 50041 59500 59509 59604 59608 59609 59610 59611".split())
)
"""Class A: the key, its permissions, its address, or the user behind it."""
PRECONDITIONS = frozenset(
    "50048 50072 51010 51036 51037 51038 51039 51040 51041 51042 51055 51057 51128 51133 51139 51147 51158 51162 "
    "51163 51164 51167 51168 51186 51295 51310 51313 54000 54001 54005 54024 54025 54026 54027 54028 54074 58116 "
    "58117 58119 58121 58122 58300 59000 59001 59002 59005 59007 59100 59101 59103 59104 59106 59107 59108 59109 "
    "59111 59112 59128 59132 59133 59134 59135 59136 59137 59138 59139 59200 59201 59202 59247 59256 59258 59283 "
    "59286 59288 59300 59301 59302 59410 59411 59412 59413 59414 59415 59416 59417 59501 59520 59521 59522 59523 "
    "59524 59525 59526 59527 59528 59529 59603 59606 59623 59641 59642 59643 59648 59649 59650 59651 59652 59659 "
    "59660 59661 59662 59664 59665 59668 59669 59670 59678 59683".split()
)
"""Class P: the venue wants a blocker cleared first. Such a refusal counts as blocked, not as failed."""

_CLOSE = "cancel or close what is in the way, then plan again"
_KEY = "check the key's secret and passphrase, and that it belongs to this environment"

_MEANINGS = {
    "50001": Meaning("the service is unavailable", "see the venue's status page, then try again"),
    "50004": Meaning("the endpoint timed out; whether it was executed is not known"),
    "50005": Meaning("the endpoint is no longer served"),
    "50011": Meaning("too many requests", "something else uses the same user's limits; lower rate_share"),
    "50013": Meaning("the venue is busy", "try again"),
    "50014": Meaning("a parameter is empty"),
    "50026": Meaning("the venue's system failed", "try again"),
    "50030": Meaning("this user may not use the endpoint", "ask the venue whether the account is enabled for it"),
    "50035": Meaning("this endpoint wants a key that is bound to addresses", "bind the calling key to your addresses"),
    "50038": Meaning("not available in demo trading"),
    "50053": Meaning("only available in demo trading"),
    "50100": Meaning("the API is frozen for this user", "ask the venue"),
    "50101": Meaning(
        "the key belongs to the other environment", "set `environment: live` or `demo` to what the key was made for"
    ),
    "50102": Meaning("the request's time is off by more than 30 s", "set this host's clock"),
    "50103": Meaning("the API key is missing", _KEY),
    "50105": Meaning("the passphrase is wrong", _KEY),
    "50110": Meaning("the calling address is not on the key's allow-list", "add the address that you call from"),
    "50111": Meaning("the API key is not valid", _KEY),
    "50113": Meaning("the signature is wrong: the secret key does not belong to the API key", _KEY),
    "50119": Meaning("the API key does not exist", "it was deleted, or it is of another environment"),
    "50120": Meaning("the key lacks the permission", "give the key the permission `trade`"),
    "51000": Meaning("a parameter is wrong"),
    "51001": Meaning("the instrument does not exist"),
    "51010": Meaning("not possible in the present account mode"),
    "51039": Meaning("under portfolio margin the cross leverage of contracts is fixed"),
    "51041": Meaning("portfolio margin takes position mode net only"),
    "51070": Meaning(
        "this account mode was never activated", "answer the venue's questions for it on its web page or app once"
    ),
    "54000": Meaning("margin trading is not supported for this account"),
    "58300": Meaning("the limit of 20 deposit addresses per currency is reached"),
    "59000": Meaning("positions, orders or bots are in the way", _CLOSE),
    "59001": Meaning("borrowings are in the way", "repay them, then plan again"),
    "59002": Meaning("the sub-account has positions, orders or bots", _CLOSE),
    "59101": Meaning("pending isolated orders are in the way", _CLOSE),
    "59102": Meaning("the leverage is above the venue's maximum"),
    "59105": Meaning("the leverage is below the venue's minimum"),
    "59107": Meaning("pending cross orders are in the way", _CLOSE),
    "59108": Meaning("the margin would not suffice at that leverage"),
    "59112": Meaning("pending orders are in the way", _CLOSE),
    "59132": Meaning("orders or bots stand in the way of the account mode", _CLOSE),
    "59133": Meaning("too few assets for the account mode"),
    "59134": Meaning("positions stand in the way of the account mode", _CLOSE),
    "59136": Meaning("the positions need a leverage preset for the account mode"),
    "59138": Meaning("a position is above its tier in the account mode"),
    "59139": Meaning("the margin would not suffice in the account mode"),
    "59501": Meaning("the account has 50 API keys, which is the limit"),
    "59502": Meaning("the account has a key of that label already"),
    "59503": Meaning("a key takes at most 20 addresses"),
    "59505": Meaning("the passphrase has not the form that the venue wants"),
    "59506": Meaning("the API key is not known"),
    "59510": Meaning("the sub-account is not known"),
    "59601": Meaning("the name of the sub-account is taken"),
    "59603": Meaning("the broker has as many sub-accounts as it may have"),
    "59606": Meaning("the sub-account is not empty", "move all funds out, then plan again"),
    "59608": Meaning("only a broker may do this", "are these the credentials of the broker's main account?"),
    "59617": Meaning("the sub-account was created, its level was not set"),
    "59622": Meaning("the parent sub-account is not known"),
    "59623": Meaning("second-level sub-accounts must be deleted first"),
    "59668": Meaning("isolated algo orders or bots are in the way", _CLOSE),
    "59669": Meaning("cross algo orders or bots are in the way", _CLOSE),
    "59670": Meaning("too many open orders on the pair", _CLOSE),
}


def meaning(code: str) -> Meaning:
    """Our words for a code; for one that is not listed, that it is not."""
    return _MEANINGS.get(code, Meaning("a code that acctcfg has no words for"))
