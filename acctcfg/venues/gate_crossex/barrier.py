"""What has to change before a symbol's value can be read: the modes that this plan changes."""

from __future__ import annotations

from acctcfg.core.state import After, Unreadable
from acctcfg.venues.gate_crossex.account import Account

__all__ = ["barrier"]


def barrier(account: Account, exchange: str) -> After | None:
    """The mode change of this plan that stands before the symbols of an exchange ("OKX"): of the account, or of it.

    The venue does not say what a mode change does to leverage and margin modes. The position modes are surveyed first.
    """
    if account.mode_barrier is not None:
        return account.mode_barrier
    survey = account.survey
    for key in ("", exchange.lower()):
        address = account.address("position_mode", key)
        found = survey.live.get(address)
        if found is not None and not isinstance(found, Unreadable) and found != survey.desired[address]:
            return After(address.within)
    return None
