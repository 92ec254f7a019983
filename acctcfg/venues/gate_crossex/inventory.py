"""Everything under a user, by the lists of sub-accounts, keys and symbols. Source: Gate API v4, CrossEx v1.0.

No document says that an idle key is deleted. Two numbers stand for the keys that an account takes; the smaller counts,
until an account has more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from acctcfg.core.address import Address
from acctcfg.core.spelling import unix_seconds
from acctcfg.venues.contract import Survey
from acctcfg.venues.existing import Existing
from acctcfg.venues.gate_crossex.account import Account
from acctcfg.venues.gate_crossex.api_keys import MOST_KEYS, SURE_KEYS
from acctcfg.venues.gate_crossex.main_user import KeyRow, MainUser
from acctcfg.venues.inventory import ListedKey, ListedKeys
from acctcfg.venues.key_rotation import temporary_labels

__all__ = ["GateInventory"]


@dataclass(frozen=True, slots=True)
class GateInventory:
    """By the main user's own key."""

    main_user: MainUser
    most_keys: int = SURE_KEYS

    async def keys(self, account: Existing) -> ListedKeys:
        """By their list."""
        found = await self.main_user.key_list(account.uid)
        return ListedKeys(tuple(map(_key, found.rows)), found.odd)

    async def keys_of(self, survey: Survey) -> ListedKeys:
        """The same."""
        account: Account = survey.private
        if account.main or account.row is None:
            return ListedKeys()
        beside = temporary_labels(account)
        rows = tuple(_key(row) for row in await account.key_list() if row.label not in beside)
        return ListedKeys(rows, account.odd_keys, MOST_KEYS if len(rows) > SURE_KEYS else SURE_KEYS)

    def listings(self, survey: Survey) -> Iterable[str]:
        """All symbols that take leverage, where the account has patterns."""
        account: Account = survey.private
        if account.symbols is None or all(one.selector.exact for one in survey.spec.leverage):
            return
        for symbol in account.symbols.matching("*", round(account.now() * 1000)):
            yield str(symbol.market)
            yield f"{symbol.market}/{symbol.name}"

    def held_by(self, survey: Survey, address: Address) -> tuple[str, ...]:
        """The symbol."""
        decision = survey.private.decisions.get(address)
        return () if decision is None or decision.entry.selector.exact else (decision.address_key,)


def _key(row: KeyRow) -> ListedKey:
    return ListedKey(
        label=row.label,
        api_key=row.api_key,
        permissions=row.permissions,
        ip_allowlist=row.ip_allowlist,
        changed_s=unix_seconds(row.changed_s),
        made_s=unix_seconds(row.made_s),
    )
