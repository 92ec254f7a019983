"""The venue's list of symbols for one account, looked at twice where it lacks one that is known to be there.

One answer may lose a row; what it lacks twice is believed gone, and noted.
"""

from __future__ import annotations

from collections.abc import Iterable

from acctcfg.core.remembered import UNLISTED
from acctcfg.venues.gate_crossex.account import Account
from acctcfg.venues.gate_crossex.symbols import Symbols

__all__ = ["listed"]


async def listed(account: Account, known: Iterable[str], names: Iterable[str] = ()) -> Symbols:
    """The list. `known`: names that earlier runs saw there, looked for twice until they are noted as gone; `names`:
    others, looked for twice each time."""
    found, known = await account.own.symbols(), set(known)
    lacks = {one for one in known - account.memory.all_seen(UNLISTED) | set(names) if found.find(one) is None}
    if not lacks:
        return found
    found = await account.own.symbols_of_two_looks()
    for name in lacks & known:
        if found.find(name) is None and not found.odd:
            account.survey.saw(UNLISTED, name)
    return found
