"""The key that a connection signs with, by the main user's list of its own keys. Source: Gate API v4, account.

The list is there to look at only; a main user's key has groups that a sub-account's cannot have.
"""

from __future__ import annotations

from collections.abc import Iterable

from acctcfg.venues.gate_crossex.main_user import KeyRow
from acctcfg.venues.own_key import KeyFacts, Use

__all__ = ["own_key_of"]

_CROSSEX, _SUBS = "the CrossEx account", "sub-accounts and their keys"


def own_key_of(rows: Iterable[KeyRow], api_key: str, *, crossex: bool, sub_accounts: bool) -> KeyFacts | None:
    """None where the list does not have it. Asked is only for what the manifest has of this user."""
    row = next((one for one in rows if one.api_key == api_key), None)
    if row is None:
        return None
    uses = []
    for group, what, wanted in (("crossx", _CROSSEX, crossex), ("sub_accounts", _SUBS, sub_accounts)):
        if wanted:
            writes = f"{group}:write" in row.permissions
            reads = writes or f"{group}:read" in row.permissions
            uses += [
                Use(f"{group}:read", f"plan, drift and show of {what}", reads, vital=True),
                Use(f"{group}:write", f"apply of {what}", writes),
            ]
    return KeyFacts(label=row.label, uses=tuple(uses), spare=(), addresses=row.ip_allowlist, unbound="")
