"""What stands in the way of a regular master, said before anything is written. Source: OKX v5, "Sub-account".

| what | the venue's refusal |
| --- | --- |
| the master's key is bound to no address | 50035 |
| a sub-account of custody or of managed trading | 59614 and its neighbours |
| a broker's sub-account | 59512, 59619 |
"""

from __future__ import annotations

from acctcfg.venues.okx.account import Account

__all__ = ["tell_regular"]

_KINDS = {
    "2": "managed trading",
    "5": "custody (Copper)",
    "9": "managed trading (Copper)",
    "12": "custody (Komainu)",
}
_BY_THE_MASTER = ("api_keys", "transfer_out")
_UNBOUND = (
    "the key of venues.{venue} works from any address, and OKX lets only one that is bound to some create sub-accounts "
    "and change keys (50035): bind it on OKX's web page"
)


def tell_regular(account: Account, *, bound: bool) -> None:
    """Block what the venue would refuse; warn of an account that its own key alone can set up."""
    survey, kind = account.survey, _kind(account)
    if kind:
        told = f"it is {kind}: OKX lets the master do nothing for it, so only what its own key reaches is managed"
        survey.warn(account.address(), "account_kind", told)
    for address in survey.desired:
        if kind and address.field in _BY_THE_MASTER:
            survey.block(address, "regular_account", f"it is {kind}")
        if not bound and address.field in ("", "api_keys"):
            survey.block(address, "master_key_bound", _UNBOUND.format(venue=account.spec.venue))


def _kind(account: Account) -> str:
    """What a sub-account is that is no regular one, in words; "" for one that is."""
    row = account.row
    if row is None:
        return ""
    if row.of_broker:
        return "a broker's sub-account (`type: okx_dma_broker` is for these)"
    return "" if row.kind in ("", "1") else f"a sub-account of {_KINDS.get(row.kind, 'another kind')}, type {row.kind}"
