"""What the venue has frozen of a sub-account: said on every look, and no step is taken in it. Source: OKX v5, the list
of sub-accounts (`enable`, `frozenFunc`)."""

from __future__ import annotations

from acctcfg.core.address import Address
from acctcfg.venues.key_wishes import makes_key
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.listed import EVERYTHING

__all__ = ["tell_frozen"]

_FUNCTIONS = {
    "account_mode": "trading",
    "position_mode": "trading",
    "leverage": "trading",
    "settings": "trading",  # each is written by a call of the trading account that wants `trade`
    "deposit.addresses": "deposit",
    "deposit.credit_to": "deposit",
}
"""The function, in the venue's word, that each field is of, `settings` for all of them; what is not here is not frozen
with any. Which settings OKX takes from an account whose trading is frozen, it does not say: none is tried."""


def tell_frozen(account: Account) -> None:
    """A warning that names the functions, and a failing precheck at every address of one of them."""
    if account.row is None:
        return
    if account.row.may_be_frozen:
        message = "the venue does not say whether it is enabled: it may be frozen"
        account.survey.warn(account.address(), "account_frozen", message)
    if not account.row.frozen:
        return
    frozen = account.row.frozen
    named = "it, and does not say what of it" if EVERYTHING in frozen else ", ".join(frozen)
    account.survey.warn(account.address(), "account_frozen", f"the venue has frozen {named}")
    for address in account.survey.desired:
        function = _FUNCTIONS.get("settings" if address.field.startswith("settings.") else address.field)
        if function is not None and account.row.is_frozen(function):
            account.survey.block(address, "not_frozen", f"the venue has frozen {function} of {account.name}")
        elif address.field == "api_keys" and EVERYTHING in frozen and _makes(account, address):
            account.survey.block(address, "not_frozen", f"the venue has suspended {account.name}: it takes no new key")


def _makes(account: Account, address: Address) -> bool:
    return makes_key(account.survey.live[address], replaced=address in account.replace)
