"""What a manifest may say about an account at Gate CrossEx. Sources: CrossEx v1.0; Gate API v4, sub-accounts.

The documents are silent on the length of names and remarks, and say 20 API keys in one place and 5 in another: the
manifest takes 20, the venue judges.
"""

from __future__ import annotations

from collections.abc import Mapping

from acctcfg.core.desired import Selector
from acctcfg.core.rules import ScopeNamed, TextRule, VenueRules
from acctcfg.core.vocabulary import Market
from acctcfg.key_groups import KEY_GROUPS, KeyGroups, amounts_to
from acctcfg.position_parts import POSITION_PARTS, PositionParts
from acctcfg.venues.gate_crossex.offline_checks import check_account
from acctcfg.venues.gate_crossex.settings import SWITCHES
from acctcfg.venues.gate_crossex.vocabulary import CROSS, EXCHANGES, ISOLATED, SUB_GROUPS
from acctcfg.venues.switch import settings_of

__all__ = ["GATE_CROSSEX_RULES"]


def _limits() -> Mapping[str, tuple[int, float]]:
    from acctcfg.venues.gate_crossex.endpoints import RATES  # validating seldom needs the table

    return {endpoint: (rate.count, rate.per_s) for endpoint, rate in RATES.items()}


def _scope_named(key: str) -> ScopeNamed | None:
    """`futures/OKX_FUTURE_ADA_USDT`: the symbol alone decides."""
    market, _, symbol = key.partition("/")
    return ScopeNamed(Market(market), None, Selector("symbol", symbol)) if symbol else None


_GROUPS = KeyGroups(
    names=SUB_GROUPS,
    refused={
        "crossx": "the venue does not document that a sub-account's key can be given crossx (set it on its web page)",
        "withdraw": "the venue documents no withdrawals for keys of sub-accounts",
        "withdrawal": "the venue documents no withdrawals for keys of sub-accounts",
    },
)

_PRECHECKS = {
    "no_margin_positions": "no margin positions or liabilities",
    "no_security_positions": "no stocks or ETFs",
    "no_initial_margin": "initial margin is zero",
    "no_maintenance_margin": "maintenance margin is zero",
    "account_status": "account status is normal",
    "account_unlocked": "account is not locked",
    "cross_margin_offered": "cross margin is offered for the symbol",
}

_CLEARING = frozenset({"no_margin_positions", "no_security_positions", "no_initial_margin", "no_maintenance_margin"})

GATE_CROSSEX_RULES = VenueRules(
    type="gate_crossex",
    environments=("live", "sandbox"),
    hosts=("api.gateio.ws",),
    limits=_limits,
    roles=("main", "sub_account"),
    fields=frozenset({"uid", "adopt", "state", "label", "api_keys", "api_keys_exclusive"}),
    main_fields=frozenset({"uid", "account_mode", "position_mode", "settings", "leverage"}),
    states={"present": "the default", "locked": "locked at the venue"},
    unsupported_states={
        "absent": "the venue has no call that deletes a sub-account (`locked` is as far as it goes)",
    },
    account_modes={
        CROSS: "one margin for the positions at all exchanges",
        ISOLATED: "each exchange has its own margin and its own position mode",
    },
    position_modes={
        "net": "one position a contract",
        "long_short": "a long and a short position of one contract side by side",
    },
    amounts_to=amounts_to,
    resources={
        KEY_GROUPS: _GROUPS,
        POSITION_PARTS: PositionParts(names=tuple(EXCHANGES), others=r"[a-z][a-z0-9]{1,31}"),
    },
    name=TextRule(r"[A-Za-z0-9_]{1,64}", "letters, digits and _"),
    label=TextRule(r"[^\x00-\x1f\x7f]{0,100}", "up to 100 characters, in one line"),
    key_label=TextRule(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", "up to 64 letters, digits, _ and -"),
    ips_per_key=20,
    keys_per_account=20,
    leverage_selectors=("symbol",),
    leverage_named=_scope_named,
    settings=settings_of(SWITCHES),
    prechecks=_PRECHECKS,
    clearing=_CLEARING,
    warnings={
        "account_locked": "the account is locked, and the manifest does not say whether it should be",
        "row_not_filled_in": "a listed instrument has no data yet; patterns skip it",
        "list_may_be_cut": "a list that decides a precheck may be longer than the venue showed",
    },
    check=check_account,
)
