"""Whether a key that nobody has the secret of is one that acctcfg itself was creating. Evidence, never a name.

That a run meant to create a key of this label proves nothing: a person may have made one since. What proves it is the
id that our create was answered with; or, where no answer came, the venue's own time of the key, within which our
request could be executed, in the account of that uid, with the permissions and addresses that were sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from acctcfg.core.json_types import JsonObject
from acctcfg.core.state import KeyValue
from acctcfg.venues.contract import Creating, Memory, StoredKey

__all__ = ["Traces", "sent_with"]

CLOCKS_S = 2.0
"""How far the venue's clock and our notion of it may lie apart."""


@dataclass(slots=True, kw_only=True)
class Traces:
    """What this run and earlier ones left of their key creations in one account."""

    memory: Memory
    name: str  # the account's
    uid: str
    window_s: float  # how long the venue takes a signed request
    made: dict[str, str] = field(default_factory=dict)  # label -> id of the key that this run created
    attempts: dict[str, Creating] = field(default_factory=dict)  # label -> this run's create that was not answered

    def begin(self, label: str, value: KeyValue, sent_at: float) -> None:
        """A create was sent and not answered."""
        self.attempts[label] = Creating(
            name=self.name, label=label, uid=self.uid, sent_at=sent_at, params=sent_with(label, value)
        )

    def running(self, label: str) -> str:
        """Who is creating that key right now; "" where nobody is."""
        begun = self.memory.creating(self.name, label)
        return begun.running if begun is not None else ""

    def half_made(self, label: str, api_key: str, value: KeyValue, changed_s: float | None) -> bool:
        """Whether this very key is what is left of a create of ours whose secret was never stored."""
        if self._answered(api_key):
            return True
        begun = (self.attempts.get(label), self.memory.creating(self.name, label))
        return any(self._fits(one, value, changed_s) for one in begun if one is not None)

    def _answered(self, api_key: str) -> bool:
        """Whether a create of ours was answered with this id, and its secret never reached a store that the journal
        knows of: one that did, in another checkout, is in use by whoever has that."""
        if api_key in self.made.values():
            return True
        if self.memory.kept(api_key):
            return False
        labels = {facts.get("label") for facts in self._created() if facts.get("api_key") == api_key}
        unnamed = any(not one.api_key and one.label in labels for one in self.stored())  # an earlier version's record
        return bool(labels) and not unnamed and self.memory.stored_key(api_key) is None

    def _fits(self, begun: Creating, value: KeyValue, changed_s: float | None) -> bool:
        """Whether the venue made it while it still took our request; one that was changed since shows a later time."""
        if begun.sent_at is None or changed_s is None or changed_s > begun.sent_at + self.window_s + CLOCKS_S:
            return False
        live = {"permissions": list(value.permissions), "ip_allowlist": list(value.ip_allowlist)}
        return begun.fits(uid=self.uid, created_s=changed_s, slack_s=CLOCKS_S, **live)

    # -- what the journal has ------------------------------------------------------------------------------------------

    def stored(self) -> tuple[StoredKey, ...]:
        """Where the secrets of the account's keys lie, newest first."""
        return self.memory.stored_keys(self.uid)[::-1] if self.uid else ()

    def stored_at(self, label: str, store: str, path: str) -> str:
        """The id of the key whose secret the journal knows to lie there; "" where it knows of none."""
        for one in self.stored():
            if (one.store, one.path) == (store, path):
                return one.api_key or self.created_last(label)
        return ""

    def created_last(self, label: str) -> str:
        """The id of the key of that label that acctcfg created last and did not delete; "" where there is none."""
        made = [str(facts.get("api_key") or "") for facts in self._created() if facts.get("label") == label]
        return made[-1] if made else ""

    def _created(self) -> tuple[JsonObject, ...]:
        return self.memory.created(self.uid, "api_keys") if self.uid else ()


def sent_with(label: str, value: KeyValue) -> JsonObject:
    """What of a creation is kept on record, by our words; no secret is among it."""
    return {"label": label, "permissions": list(value.permissions), "ip_allowlist": list(value.ip_allowlist)}
