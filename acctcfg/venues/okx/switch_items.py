"""What the venue's precheck of an account mode names, item by item. Source: OKX v5, "Precheck account mode switch".

Each type has the code of its precheck here, what must hold in words, how a person clears it, the lists that show which
one it is, and the error with which the switch itself is refused for it. `acctcfg explain okx:TYPE` reads this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

__all__ = ["ITEMS", "SWITCH_CLEARING", "SWITCH_PRECHECKS", "SWITCH_WARNINGS", "Item", "item_of"]

_CLOSE: Final = "close them"
_PAGE: Final = "a person settles it on OKX's web page or app"
_POSITIONS: Final = ("positions",)


class Item(NamedTuple):
    """A type of the venue's list of what forbids the switch: its precheck, its words and the way out."""

    check: str  # the code of its precheck
    holds: str  # what must hold, in words
    remedy: str
    refusal: str = "59134"  # with which the switch itself is refused
    lists: tuple[str, ...] = ()  # of what is open, those that name it


ITEMS: Mapping[str, Item] = {
    "asset_validation": Item("enough_assets", "enough assets for the account mode", "add funds", "59133"),
    "pending_orders": Item("no_pending_orders", "no pending orders", "cancel them", "59132", ("orders",)),
    "pending_algos": Item(
        "no_algo_orders", "no algo orders and no bots", "cancel or stop them", "59132", ("algos", "bots")
    ),
    "all_positions": Item("no_open_positions", "no open positions", _CLOSE, lists=_POSITIONS),
    "isolated_margin": Item("no_isolated_margin", "no isolated margin positions", _CLOSE, lists=_POSITIONS),
    "isolated_contract": Item(
        "no_isolated_contracts", "no isolated contracts with margin moved by hand", _CLOSE, lists=_POSITIONS
    ),
    "contract_long_short": Item(
        "no_contracts_per_side",
        "no contracts held per side",
        "close them, then set position_mode net",
        lists=_POSITIONS,
    ),
    "cross_margin": Item("no_cross_margin", "no cross margin positions", _CLOSE, lists=_POSITIONS),
    "cross_option_buyer": Item("no_long_options", "no long options under cross", _CLOSE, lists=_POSITIONS),
    "isolated_option": Item("no_isolated_options", "no isolated options", _CLOSE, lists=_POSITIONS),
    "growth_fund": Item("no_trial_funds", "no positions with trial funds", _CLOSE, lists=_POSITIONS),
    "spot_lead_copy_only_simple_single": Item(
        "no_copy_trading", "no copy trading and no lead trading", "stop it; only spot and futures have it", "59135"
    ),
    "stop_spot_custom": Item("no_spot_copying", "no custom copy trading of spot", "stop it", "59135"),
    "stop_futures_custom": Item("no_contract_copying", "no custom copy trading of contracts", "stop it", "59135"),
    "lead_portfolio": Item("no_lead_trading", "the account is not a lead trader", "give up that role first", "51164"),
    "futures_smart_sync": Item("no_smart_sync", "no smart sync of contracts", "stop it"),
    "vip_fixed_loan": Item("no_fixed_loan", "no fixed loan", "repay it", "59641"),
    "repay_borrowings": Item("no_borrowings", "nothing is borrowed", "repay it", "59001"),
    "compliance_restriction": Item(
        "mode_in_region", "the account mode is offered where the user lives", _PAGE, "59114"
    ),
    "compliance_kyc2": Item("identity_verified", "the user is verified (level 2)", _PAGE, "59113"),
}

_SHARED = frozenset({"no_pending_orders", "no_algo_orders", "no_open_positions", "no_borrowings"})
"""Prechecks that other changes have, too."""

SWITCH_PRECHECKS: Mapping[str, str] = {
    **{item.check: item.holds for item in ITEMS.values() if item.check not in _SHARED},
    "leverage_preset": "a leverage for the cross positions",
    "position_tiers": "within the position tiers",
    "margin_suffices": "the margin suffices",
}
"""The prechecks that only a change of the account mode has, each in words."""

_LASTING = frozenset({"asset_validation", "lead_portfolio", "compliance_restriction", "compliance_kyc2"})
SWITCH_CLEARING = frozenset({item.check for type_, item in ITEMS.items() if type_ not in _LASTING}) | {
    "position_tiers",
    "margin_suffices",
}
"""Those that pass once what is open is closed, stopped or repaid."""

SWITCH_WARNINGS: Mapping[str, str] = {
    "positions_kept": "the account mode changes under open positions",
    "position_mode_lost": "the account mode takes along a position mode that the manifest does not name",
}


def item_of(word: str) -> tuple[str, Item] | None:
    """A type of the venue's, or the precheck that it comes to, as `explain` is asked for it."""
    for type_, item in ITEMS.items():
        if word == type_ or (word == item.check and word not in _SHARED):
            return type_, item
    return None
