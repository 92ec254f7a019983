"""An account's own list of contracts, looked at twice where it lacks one that is known to be there.

One answer may lose a row. Whether what it lacks is gone, the public list tells: what neither has is believed gone, and
what only the public list has may be closed to the account, or be that row.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from acctcfg.core.remembered import LISTING
from acctcfg.core.vocabulary import Market
from acctcfg.errors import VenueError
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.instruments import Instruments
from acctcfg.venues.okx.leverage import missing_names
from acctcfg.venues.okx.missing_contracts import Name
from acctcfg.venues.second_look import some_seconds

__all__ = ["own_list"]


async def own_list(account: Account, markets: Iterable[str]) -> Instruments:
    """The contracts of these markets that the account may trade, as its own key reads them."""
    assert account.reader is not None  # noqa: S101 (the caller looked)
    found = await account.reader.instruments(markets)
    lacks = missing_names(account.spec.leverage, found) | _lost(account, found)
    if not lacks or not await _listed_elsewhere(account, frozenset(markets), lacks):
        return found
    await some_seconds(account.reader.client)
    return found.with_those_of(await account.reader.instruments(markets))


async def _listed_elsewhere(account: Account, markets: frozenset[str], names: Iterable[Name]) -> bool:
    """Whether the public list has one of them; where it cannot be read, it may."""
    try:
        public = await account.master.public.instruments(markets)
    except VenueError:
        return True
    return any(public.named(*name) for name in names)


def _lost(account: Account, found: Instruments) -> frozenset[Name]:
    """What the lists had when an apply last read them, of the markets that the account has patterns for."""
    entries = account.spec.leverage
    markets = {one.market for one in entries if one.market is not None and not one.selector.exact}
    return _not_in(found, account.memory.all_seen(LISTING), frozenset(markets)) if markets else frozenset()


@lru_cache(maxsize=64)  # most accounts have the same list
def _not_in(found: Instruments, known: frozenset[str], markets: frozenset[Market]) -> frozenset[Name]:
    named = (one.partition("/") for one in known)
    there = (Name(Market(market), "instrument", name) for market, _, name in named if name and market in markets)
    return frozenset(one for one in there if not found.named(*one))
