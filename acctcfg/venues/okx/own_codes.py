"""Codes of prechecks and warnings that only OKX has, each in words; those of its settings and of its switch of account
modes are beside these."""

from __future__ import annotations

__all__ = ["CLEARING", "PRECHECKS", "WARNINGS"]

PRECHECKS = {
    "no_algo_orders": "no algo orders",
    "no_bots": "no trading bots",
    "no_spot_orders": "no pending spot orders",
    "no_borrowings": "nothing is borrowed",
    "account_mode_switch": "the venue allows the switch",
    "mode_activated": "account mode is activated",
    "position_mode_in_spot": "not in account mode spot",
    "position_mode_in_portfolio": "net, or not in account mode portfolio",
    "no_second_level": "no second-level sub-accounts",
    "first_level_parent": "the parent is a first-level sub-account",
    "no_funds_incoming": "no funds on their way in",
    "no_funds_outgoing": "no funds on their way out",
    "not_frozen": "the venue has not frozen this",
    "chain_open": "the chain takes deposits",
    "address_limit": "not more addresses of a currency than the venue takes",
    "master_key_bound": "the master's key is bound to an address",
    "regular_account": "a regular sub-account",
}
CLEARING = frozenset(
    "no_algo_orders no_bots no_spot_orders no_borrowings account_mode_switch no_funds_incoming no_funds_outgoing"
    " no_usd_margined strategy_switch".split()
)
"""Prechecks that pass once what is open is closed, filled, repaid or moved."""

WARNINGS = {
    "account_kind": "a sub-account of another kind than the regular one",
    "row_not_filled_in": "a listed instrument has no data yet; patterns skip it",
    "chain_closed": "an address is on a chain that takes no deposits",
    "chain_unknown": "an address is on a chain of which the venue does not say whether it takes deposits",
    "odd_row": "a listed address has no chain, or no address",
    "never_listed": "an address that an earlier run was answered with is on no list; apply may make another",
    "no_address_named": "where deposits are credited cannot be seen: the manifest names no address",
    "currency_unknown": "a setting that cannot be read yet is by a currency that is not on the venue's list",
    "credit_not_seen": "where deposits are credited cannot be seen, and a new address may move it for all",
    "withdraw_not_given": "a key of a sub-account is to get `withdraw`, which the venue no longer grants",
    "key_calls_unseen": "a key is to be made where no run has seen that keys can be changed and deleted",
    "parent_differs": "the parent at the venue differs and cannot be changed",
}
