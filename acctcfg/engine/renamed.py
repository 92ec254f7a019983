"""What a run did, by the keys that its accounts have in the manifest now. The journal knows accounts by their uid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
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
    entries = _Entries(accounts.values(), names)
    return [entries.now(deed) for deed in found]


class _Entries:
    """The manifest's entries, by what tells whose they are. `names`: what the journal calls each uid at the venue."""

    def __init__(self, specs: Iterable[AccountSpec], names: Mapping[str, str]) -> None:
        self._names = names
        self._of: dict[tuple[str, str], list[AccountSpec]] = defaultdict(list)
        for spec in specs:
            for key in {spec.key, *(key for _, key in spec.formerly)}:
                self._of["key", key].append(spec)
            if spec.uid is not None:
                self._of["uid", spec.uid].append(spec)
            elif spec.role != "main":
                self._of["name", spec.name].append(spec)

    def now(self, deed: Deed) -> Deed:
        """The deed at the entry's address: the one called so then, if nothing speaks against it, else the only one of
        that very account."""
        was = deed.address.account
        called = [one for one in self._of.get(("key", was), ()) if self._may_be(one, deed.uid)]
        known = [*self._of.get(("uid", deed.uid), ()), *self._of.get(("name", self._names.get(deed.uid, "")), ())]
        one = next(iter(called or (known if len(known) == 1 else [])), None)
        if one is None or one.key == was:
            return deed
        return replace(deed, address=Address(one.key, deed.address.field, deed.address.key), recorded=deed.address)

    def _may_be(self, spec: AccountSpec, uid: str) -> bool:
        """Whether an entry may be of the account with that uid."""
        if spec.uid is not None and uid:
            return spec.uid == uid
        return spec.role == "main" or uid not in self._names or spec.name == self._names[uid]
