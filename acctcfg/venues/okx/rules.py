"""What a manifest may say about an account of an OKX DMA broker. Source: OKX v5, "DMA broker" and "Trading account"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from acctcfg.core.own_field import Ip, OwnField, Upper
from acctcfg.core.rules import TextRule, VenueRules
from acctcfg.core.setting import Flag
from acctcfg.deposit import DEPOSIT, DepositRules
from acctcfg.signing import SIGNING, Signing
from acctcfg.venues.okx.offline_checks import check_account
from acctcfg.venues.okx.own_codes import CLEARING, PRECHECKS, WARNINGS
from acctcfg.venues.okx.scope_named import scope_named
from acctcfg.venues.okx.settings import SETTING_PRECHECKS, SWITCHES
from acctcfg.venues.okx.switch_items import SWITCH_CLEARING, SWITCH_PRECHECKS, SWITCH_WARNINGS
from acctcfg.venues.okx.unmanaged import UNMANAGED
from acctcfg.venues.switch import settings_of

__all__ = ["ACCOUNT_MODES", "OKX_DMA_BROKER_RULES", "OKX_RULES"]

ACCOUNT_MODES = {
    "spot": "spot only; a new sub-account starts here",
    "futures": "contracts and margin, each currency backs its own positions (OKX: futures mode)",
    "multi_currency": "contracts and margin, all currencies back all positions",
    "portfolio": "portfolio margin; positions are net only, cross leverage of contracts is fixed by the venue",
}

_MAIN = frozenset({"uid", "account_mode", "position_mode", "settings", "leverage"})
_SUB = _MAIN | {"adopt", "state", "protect", "label", "access", "api_keys", "api_keys_exclusive"}
"""What accounts of every type of user have."""

_BROKERS_OWN = (
    OwnField(name="parent", doc="The account that it is a second-level sub-account of", kind=Upper()),
    OwnField(name="client_ip", doc="Sent when it is created, and only then", kind=Ip()),
)

_ADDRESSES = DepositRules(
    most_per_currency=20, types={"regular": (), "segwit": ("BTC", "LTC")}, chain_prefix="{currency}-"
)
_PRECHECKS = {**PRECHECKS, **SETTING_PRECHECKS, **SWITCH_PRECHECKS}
_WARNINGS = {**WARNINGS, **SWITCH_WARNINGS}
"""Of all types of user: pipelines know one list of codes of this venue."""

_REGULARS_OWN = (
    OwnField(name="transfer_out", doc="Whether it may transfer to other sub-accounts", kind=Flag(), live=True),
)
_ON_THE_PAGE = "OKX has no call for it"
_NOT_REGULAR = {
    "deposit": f"{_ON_THE_PAGE}: make deposit addresses on OKX's web page, in the sub-account",
    "parent": "a regular sub-account can only be under its master; leave it out",
    "client_ip": "it is a broker's report; leave it out",
}

_HOSTS = {  # the first of a region is used
    "global": ("openapi.okx.com", "www.okx.com"),
    "eea": ("eea.okx.com",),
    "us": ("us.okx.com", "app.okx.com"),
    "tr": ("tr.okx.com",),
}


def _limits() -> Mapping[str, tuple[int, float]]:
    from acctcfg.venues.okx.endpoints import RATES  # validating seldom needs the table

    return {endpoint: (rate.count, rate.per_s) for endpoint, rate in RATES.items()}


_SIGNING = Signing(
    passphrase=True, bearer_excludes="OKX leaves all sub-account calls out of what an OAuth token may do"
)

OKX_DMA_BROKER_RULES = VenueRules(
    type="okx_dma_broker",
    regions=tuple(_HOSTS),
    region_hosts=_HOSTS,
    hosts=tuple(host for hosts in _HOSTS.values() for host in hosts),
    ended_hosts={"aws.okx.com": "it ended on 2025-04-28; www.okx.com, or no base_url at all, takes its place"},
    closed_ports={8443: "port 8443 is closed since 2026-10-31; leave the port out"},
    limits=_limits,
    roles=("sub_account", "main"),
    fields=_SUB | {one.name for one in _BROKERS_OWN} | {"deposit"},
    main_fields=_MAIN,
    own_fields=_BROKERS_OWN,
    account_modes=ACCOUNT_MODES,
    position_modes={
        "net": "one position a contract",
        "long_short": "a long and a short position of one contract side by side",
    },
    permissions=("read", "trade", "withdraw"),
    name=TextRule(r"(?!\d+\Z)[A-Za-z0-9]{6,20}", "6 to 20 letters and digits, not digits alone"),
    label=TextRule(r"[A-Za-z0-9]{0,50}", "up to 50 letters and digits"),
    key_label=TextRule(r"[A-Za-z0-9]{1,50}", "up to 50 letters and digits"),
    ips_per_key=20,
    keys_per_account=50,
    resources={DEPOSIT: _ADDRESSES, SIGNING: _SIGNING},
    warnings=_WARNINGS,
    leverage_selectors=("instrument", "instruments", "family", "currency"),
    leverage_named=scope_named,
    settings=settings_of(SWITCHES),
    unmanaged=UNMANAGED,
    prechecks=_PRECHECKS,
    clearing=CLEARING | SWITCH_CLEARING,
    check=check_account,
)

OKX_RULES = replace(
    OKX_DMA_BROKER_RULES,
    type="okx",
    fields=_SUB | {one.name for one in _REGULARS_OWN},
    own_fields=_REGULARS_OWN,
    unsupported_fields=_NOT_REGULAR,
    states={"present": "the default"},
    unsupported_states={
        "absent": f"{_ON_THE_PAGE}: delete the sub-account on OKX's web page, then take its entry out of the manifest"
    },
    permissions=("read", "trade"),
    label=TextRule(r"[!-~]{6,32}", "6 to 32 letters, digits and signs, without blanks"),
    resources={SIGNING: _SIGNING},
)
