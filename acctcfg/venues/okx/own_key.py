"""The key that a connection signs with. Source: OKX v5, "Get account configuration" (`perm`, `ip`, `label`), 50110.

A key with trade or withdraw that is bound to no address is deleted after 14 days without use, but for demo keys;
regular sub-accounts and their keys are made by bound keys alone (50035).
"""

from __future__ import annotations

import re
from typing import Final

from acctcfg.errors import Refused
from acctcfg.venues.okx.account import ONLY_ELSEWHERE
from acctcfg.venues.okx.account_reads import Config
from acctcfg.venues.own_key import KeyFacts, Use

__all__ = ["address_seen", "own_key_of", "token_of"]

_ADDRESS: Final = re.compile(r"\bIP ([0-9A-Fa-f:.]{2,45})(?=\s|$)")


_READS: Final = "plan, drift, show, import"


def token_of(config: Config) -> KeyFacts | None:
    """What is told of an access token: its scope, which no sub-account is in. Label and addresses are a key's."""
    held = config.key_permissions
    if held is None:
        return None
    uses = (Use("read", _READS, "read" in held, vital=True), Use("trade", "apply, cap", "trade" in held))
    return KeyFacts(label="", uses=uses, spare=(), addresses=None, word="token")


def own_key_of(config: Config, *, live: bool, wants_bound: bool) -> KeyFacts | None:
    """None where the config does not describe its key."""
    held, addresses = config.key_permissions, config.key_ips
    if held is None or addresses is None:
        return None
    unbound = ""
    if not addresses and wants_bound:
        unbound = "the venue makes sub-accounts and keys by a bound key alone (50035)"
    elif not addresses and live and {"trade", "withdraw"} & {*held}:
        unbound = "the venue deletes such a key after 14 days without use"
    return KeyFacts(
        label=config.key_label,
        uses=(
            Use("read", _READS, "read" in held, vital=True),
            Use("trade", "apply, cap, rotate", "trade" in held),
        ),
        spare=tuple(one for one in held if one == "withdraw"),
        addresses=addresses,
        unbound=unbound,
    )


def address_seen(error: Refused) -> str:
    """The venue's words name it: "Your IP 203.0.113.7 is not included ..."."""
    found = _ADDRESS.search(error.text) if error.code == ONLY_ELSEWHERE else None
    return found[1] if found else ""
