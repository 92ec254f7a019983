"""The closed lists of codes that a plan may carry, each with its words. The plan's JSON Schema is made from them.

A venue package brings further ones with its rules (`VenueRules.prechecks`, `VenueRules.warnings`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = [
    "ALLOW_SENSITIVE",
    "APPROVALS",
    "CAP",
    "CLEARING",
    "GUARDRAIL",
    "OF_THE_MOMENT",
    "PRECHECKS",
    "UNREVIEWED",
    "WARNINGS",
    "WINDOWS",
    "precheck_words",
]

GUARDRAIL: Final = "guardrail:"
"""What a precheck's name starts with when a rule of the user's own asks it; the rule's name follows."""

ALLOW_SENSITIVE: Final = f"{GUARDRAIL}allow_sensitive"
"""Fails on a sensitive step that the user has not allowed. Who allows what is no part of a step."""

APPROVALS: Final = f"{GUARDRAIL}approvals"
"""Fails on a sensitive step of a plan that too few people signed."""

WINDOWS: Final = f"{GUARDRAIL}windows"
"""Fails on every step of a plan that may not begin now."""

CAP: Final = f"{GUARDRAIL}cap"
"""Fails on a step that raises what `acctcfg cap` lowered, where nobody is asked whether that is meant."""

OF_THE_MOMENT: Final = frozenset({ALLOW_SENSITIVE, WINDOWS})
"""What stands in a step's way and is no part of it: who allows what, and what time it is."""

PRECHECKS: Final[Mapping[str, str]] = {
    # what the venue would refuse, asked before the write
    "no_open_positions": "no open positions",
    "no_pending_orders": "no pending orders",
    "leverage_limit": "within the leverage limit",
    "way_back": "the present value can be left again",
    "empty": "account is empty",
    # what would lock us, or the user, out
    "access_ip": "the access key stays usable from here",
    "access_key_kept": "the signing key is kept",
    "no_credentials": "a key that can sign for it",
    # what would lose a secret
    "secret_lost": "the key's secret is known",
    "secret_mismatch": "the stored secret fits the key",
    "key_ambiguous": "one key of this name",
    "key_limit": "not more keys than the venue takes",
    "permissions_required": "permissions for a new key",
    "permissions_given": "permissions that a new key is given",
    "store_required": "a store for the secret",
    "store_read_only": "the store can be written",
    "rotation_over": "its rotation is over",
    "rotates_what_is_there": "there is a key to rotate",
    # what only the user can decide
    "adopt_explicit": "named for taking over",
    "uid_mismatch": "uid is the expected one",
    "uid_changed": "the account is the one that acctcfg knows",
    "protected": "not protected",
    # what this plan itself leaves open
    "target_dependency": "what it needs is targeted too",
}

CLEARING: Final = frozenset(
    {
        "no_open_positions",
        "no_pending_orders",
        "empty",
    }
)
"""Prechecks that pass once what is open is closed, filled, repaid or moved: `apply --wait-flat` waits for these."""

WARNINGS: Final[Mapping[str, str]] = {
    "adopted": "an account that exists already is taken over",
    "adopt_explicit": "an account that exists already is not taken over: its entry does not name it",
    "uid_mismatch": "the account's uid at the venue is not the one in the manifest",
    "uid_changed": "an account that acctcfg does not know has the name of one that it knows",
    "no_longer_managed": "an account that acctcfg managed is no longer in the manifest; it and its keys stay",
    "unknown_key": "a live API key that the manifest does not name",
    "unbound_key": "a key that can trade works from any address",
    "secret_moved": "a key's secret is stored where an earlier manifest put it",
    "secret_not_opened": "a stored secret cannot be opened here; its key was only compared with the venue's list",
    "not_yet_effective": "the venue lists a key that does not sign yet",
    "cannot_sign_here": "this process could not sign a step of this plan; apply refuses before its first write",
    "sensitive": "a step, or a new reader of a store, lets somebody do more; apply needs --allow-sensitive",
    "label_differs": "the label at the venue differs and cannot be changed",
    "open_position_on_scope": "leverage changes under an open position",
    "raises_after_cap": "a leverage goes above what `acctcfg cap` lowered it to",
    "instrument_not_live": "a named instrument takes no leverage now: delisted, suspended, or not open to the account",
    "account_frozen": "the venue has frozen functions of the account",
    "matches_nothing": "a pattern matches nothing",
    "key_not_usable": "the venue has frozen or locked a key",
    "guardrail": "a built-in rule is broken by what is there already, or by the manifest itself",
    "exception": "a rule would forbid this, and an exception of the manifest lets it pass",
    "window_closed": "the plan may not be applied now, by `guardrails.windows`",
    "until_over": "the `until` of an entry is over, and the entry no longer holds",
    "limit_raised": "a rate limit of the manifest is above the documented one",
    "token_ends": "the access token is over before the plan can be carried out",
    "not_served": "the venue does not serve a call to this user",
    "rate_limited": "the venue answered too many requests",
    "rotating": "a key's former secret still works beside the new one",
    "no_access": "no key can sign for this account yet",
    "not_undone": "something that a run did, and that the plan of its revert leaves as it is",
    "set_again": "the manifest says otherwise than a revert, so the next apply of it sets the value again",
}

UNREVIEWED: Final = frozenset(
    {
        "sensitive",
        "window_closed",
        "rate_limited",
        "not_served",
        "token_ends",
        "adopted",
        "adopt_explicit",
        "uid_changed",
        "no_longer_managed",
        "unknown_key",
        "rotating",
        "set_again",
    }
)
"""Warnings that do not make a reviewed plan another: one asks for a leave of its own, others are of the moment, or of
what the journal of this machine knows."""


def precheck_words(name: str, own: str = "") -> str:
    """A precheck's name in plain words: what must hold for the write to be sent. `own`: those of the venue's rules."""
    if name.startswith(GUARDRAIL):
        return f"guardrail: {name.removeprefix(GUARDRAIL)}"
    return PRECHECKS.get(name) or own or name
