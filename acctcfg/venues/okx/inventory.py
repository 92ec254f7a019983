"""Everything under a master, by its lists. Source: OKX v5, sub-accounts and their API keys, "Get instruments".

A key with trade or withdraw that is bound to no address is deleted after 14 days without use, but for demo keys; an
account takes 50 keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from acctcfg.core.address import Address
from acctcfg.core.vocabulary import Market
from acctcfg.venues.contract import Survey
from acctcfg.venues.existing import Existing
from acctcfg.venues.inventory import ListedKey, ListedKeys
from acctcfg.venues.key_rotation import temporary_labels
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.api_keys import MOST_KEYS
from acctcfg.venues.okx.instruments import Instruments
from acctcfg.venues.okx.listed import KeyList, KeyRow, seconds
from acctcfg.venues.okx.master import Master

__all__ = ["OkxInventory"]

IDLE_S = 14 * 86_400.0


@dataclass(frozen=True, slots=True)
class OkxInventory:
    """By the credentials of the connection."""

    master: Master
    environment: str
    most_keys: int = MOST_KEYS

    async def keys(self, account: Existing) -> ListedKeys:
        """By the slow list."""
        return self._listed(await self.master.key_list(account.name))

    async def keys_of(self, survey: Survey) -> ListedKeys:
        """The same; a stored key that answered for itself was used just now."""
        account: Account = survey.private
        if account.main or account.row is None:
            return ListedKeys()
        await account.key_list()
        assert account.keys is not None  # noqa: S101 (just read)
        used = {one.api_key for one in account.signings.values() if one.config is not None}
        return self._listed(account.keys, without=temporary_labels(account), used=used, now=account.now())

    def _listed(
        self, found: KeyList, *, without: Iterable[str] = (), used: Iterable[str] = (), now: float = 0.0
    ) -> ListedKeys:
        rows = (row for row in found.rows.values() if row.label not in without)
        keys = [self._key(row, now if row.api_key in used else None) for row in rows]
        return ListedKeys(tuple(sorted(keys, key=lambda key: key.label)), found.odd)

    def _key(self, row: KeyRow, used_s: float | None) -> ListedKey:
        lapses = self.environment == "live" and not row.ip_allowlist and {"trade", "withdraw"} & set(row.permissions)
        return ListedKey(
            label=row.label,
            api_key=row.api_key,
            permissions=row.permissions,
            ip_allowlist=row.ip_allowlist,
            changed_s=seconds(row.changed_ms),
            used_s=used_s,
            idle_s=IDLE_S if lapses else None,
        )

    def listings(self, survey: Survey) -> Iterable[str]:
        """The account's own lists of the markets that it has patterns for."""
        account: Account = survey.private
        markets = {one.market for one in survey.spec.leverage if one.market is not None and not one.selector.exact}
        for market in markets if account.instruments is not None else ():
            yield from _names(account.instruments, market)

    def held_by(self, survey: Survey, address: Address) -> tuple[str, ...]:
        """The instruments of a scope."""
        decision = survey.private.decisions.get(address)
        if decision is None or decision.entry.selector.exact:
            return ()
        return tuple(f"{decision.scope.market}/{one}" for one in decision.instruments)


@lru_cache(maxsize=64)
def _names(instruments: Instruments, market: Market) -> frozenset[str]:
    return frozenset(
        {str(market), *(f"{market}/{row.inst_id}" for row in instruments.market(market) if row.takes_leverage)}
    )
