"""What the journal knows, as a plan asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

from acctcfg.core.json_types import JsonObject
from acctcfg.core.remembered import Cap, Creating, KnownAccount, Lasting, NeverShown, Replaced, Rotation, StoredKey
from acctcfg.journal.knowledge import Knowledge
from acctcfg.journal.known_json import known_from_json, known_to_json

__all__ = ["JournalMemory"]


class JournalMemory:
    """What the journal knows about one venue user, read once."""

    def __init__(self, known: Knowledge, running: str = "") -> None:
        self._known = known
        self._seen: dict[str, frozenset[str]] = {}  # by kind
        self.running = running

    @classmethod
    def of_json(cls, facts: Mapping[str, Any]) -> Self:
        """What `to_json` gave, without whoever is running."""
        return cls(known_from_json(facts))

    def to_json(self) -> dict[str, object]:
        """What a plan needs of it, without any secret."""
        return known_to_json(self._known)

    def account(self, uid: str) -> KnownAccount | None:
        """The account with this uid, if it is ours."""
        return self._known.accounts.get(uid)

    def named(self, name: str) -> KnownAccount | None:
        """The account last known under that name at the venue."""
        return self._known.named(name)

    def accounts(self) -> tuple[KnownAccount, ...]:
        """All that acctcfg created or took over and did not delete."""
        return self._known.all()

    def last_access(self, uid: str) -> StoredKey | None:
        """The stored key that signed last for it."""
        return self._known.access.get(uid)

    def stored_key(self, api_key: str) -> StoredKey | None:
        """Where the secret of the key with this id lies."""
        return self._known.stored_key(api_key)

    def stored_keys(self, uid: str) -> tuple[StoredKey, ...]:
        """Where the secrets of the account's keys lie, newest last."""
        return self._known.stored_keys(uid)

    def rotations(self, uid: str) -> tuple[Rotation, ...]:
        """The rotations of the account's keys that are not finished."""
        return tuple(one for (whose, _), one in self._known.rotations.items() if uid and whose == uid)

    def creating(self, name: str, label: str) -> Creating | None:
        """The last creation of this key, or account, of which no end is known."""
        begun = self._known.creating(name, label)
        return replace(begun, running=self.running) if begun else None

    def created(self, uid: str, field: str) -> tuple[JsonObject, ...]:
        """What creates of that field answered, oldest first."""
        return self._known.created(uid, field)

    def kept(self, api_key: str) -> bool:
        """Whether the secret of the key with this id was stored."""
        return self._known.kept(api_key)

    def gone(self, name: str, label: str = "") -> bool:
        """Whether the last run that had to do with the account's key of that label, or with itself, deleted it."""
        return (name, label) in self._known.gone

    def replaced(self, uid: str, label: str) -> Replaced | None:
        """That key, if a replacement of it was begun and no new one's secret is stored."""
        return self._known.replaced.get((uid, label))

    def never_shown(self, uid: str, field: str) -> tuple[NeverShown, ...]:
        """What creates of that field answered and no read showed in time, oldest first."""
        return self._known.never_shown(uid, field)

    def lasting(self, uid: str, environment: str, field: str) -> tuple[Lasting, ...]:
        """What the venue's lists showed of that field and cannot be deleted, oldest first."""
        return self._known.lasting(uid, environment, field)

    def cap(self, uid: str) -> Cap | None:
        """The brake that is on for an account."""
        return self._known.caps.get(uid)

    def seen(self, kind: str, name: str) -> str:
        """The day on which a run last saw it on a venue's list; "" never."""
        return self._known.sightings.get((kind, name), "")

    def all_seen(self, kind: str) -> frozenset[str]:
        """The names of all that any run saw of that kind."""
        if kind not in self._seen:
            self._seen[kind] = frozenset(name for what, name in self._known.sightings if what == kind)
        return self._seen[kind]
