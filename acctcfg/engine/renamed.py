"""What a run did, by the keys that its accounts have in the manifest now. The journal knows accounts by their uid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from acctcfg.core.address import Address
from acctcfg.core.desired import AccountSpec
from acctcfg.engine.deeds import Deed

if TYPE_CHECKING:
    from acctcfg.journal import Journal
    from acctcfg.journal.records import RunRecord

__all__ = ["as_named_now"]


def as_named_now(
    found: Iterable[Deed], record: RunRecord, journal: Journal, accounts: Mapping[str, AccountSpec]
) -> list[Deed]:
    """The deeds at the addresses of the accounts that they were about, whatever those were called then."""
    users = {one.intent.venue_user for one in record.entries} or set(journal.venue_users())
    names = {uid: one.name for user in users for uid, one in journal.knowledge(user).accounts.items()}
    return [_now(deed, names, list(accounts.values())) for deed in found]


def _now(deed: Deed, names: Mapping[str, str], specs: Sequence[AccountSpec]) -> Deed:
    was = deed.address.account
    fitting = [one for one in specs if _fits(one, deed.uid, names)]
    called = [one for one in fitting if was in _keys(one)]
    one = next(iter(called or (fitting if len(fitting) == 1 else [])), None)
    if one is None or one.key == was:
        return deed
    return replace(deed, address=Address(one.key, deed.address.field, deed.address.key), recorded=deed.address)


def _fits(spec: AccountSpec, uid: str, names: Mapping[str, str]) -> bool:
    """Whether an entry may be of the account with that uid; where nothing tells, what it is called decides."""
    if spec.uid is not None and uid:
        return spec.uid == uid
    if spec.role == "main" or uid not in names:
        return True
    return spec.name == names[uid]


def _keys(spec: AccountSpec) -> set[str]:
    """What it is, and was, called in the manifest."""
    return {spec.key, *(key for _, key in spec.formerly)}
