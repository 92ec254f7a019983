"""What all rows about one venue user add up to: a pure fold, so that nothing depends on which run wrote what.

Accounts go by their uid. Rows of earlier versions name the account only; its uid is then the one that the journal
had for that name at that time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from acctcfg.core.json_types import JsonObject
from acctcfg.core.remembered import Cap, Creating, KnownAccount, Lasting, NeverShown, Replaced, Rotation, StoredKey
from acctcfg.core.state import KeyValue
from acctcfg.journal.chain import Row
from acctcfg.journal.facts import entries, mapping, number, text, word

__all__ = ["Knowledge"]

_KEYS = "api_keys"


@dataclass(slots=True)
class _Intent:
    """One write that was begun, with what became of it so far."""

    seq: int
    name: str
    address: str
    field: str  # "" for the account itself
    action: str
    key_label: str
    body: JsonObject
    sent_at: float | None
    run: str
    at: str
    answered: JsonObject = dataclasses.field(default_factory=dict)


@dataclass(slots=True)
class Knowledge:
    """The sum of the rows of one venue user, in their order."""

    accounts: dict[str, KnownAccount] = field(default_factory=dict)  # by uid
    names: dict[str, str] = field(default_factory=dict)  # venue's name -> uid
    stored: dict[tuple[str, str], StoredKey] = field(default_factory=dict)  # by store and path, newest last
    access: dict[str, StoredKey] = field(default_factory=dict)  # by uid: the key that signed last
    sightings: dict[tuple[str, str], str] = field(default_factory=dict)  # kind and name -> day
    rotations: dict[tuple[str, str], Rotation] = field(default_factory=dict)  # by uid and label: those not finished
    caps: dict[str, Cap] = field(default_factory=dict)  # by uid: the last brake that was not lifted since
    last: int = 0  # the number of the last row that is in it
    gone: set[tuple[str, str]] = field(default_factory=set)
    """Name and label of each key, and name and "" of each account, that a run of ours deleted and none made since."""
    replaced: dict[tuple[str, str], Replaced] = field(default_factory=dict)
    """By uid and label: keys whose replacement was begun, while no new one's secret is stored."""
    _had_secret: set[str] = field(default_factory=set)  # ids of keys whose secret reached a store
    _lies: dict[str, tuple[str, str]] = field(default_factory=dict)  # key's id -> its place, if `stored` has it there
    _intents: dict[int | None, _Intent] = field(default_factory=dict)
    _open: dict[tuple[str, str], _Intent] = field(default_factory=dict)  # creations: name and label
    _made: dict[tuple[str, str], list[JsonObject]] = field(default_factory=dict)  # uid and field -> what was answered
    _never_shown: dict[tuple[str, str], list[NeverShown]] = field(default_factory=dict)  # uid and field -> those
    _lasting: dict[tuple[str, str, str], list[Lasting]] = field(
        default_factory=dict
    )  # uid, environment, field -> shown

    def __post_init__(self) -> None:
        """Where keys lie, of what is known already."""
        self._lies = {one.api_key: place for place, one in self.stored.items()}

    @classmethod
    def of(cls, rows: Iterable[Row], known: Knowledge | None = None) -> Knowledge:
        """The sum, or `known` with what came after it. Altered rows raise ValueError, KeyError or TypeError."""
        known = known or cls()
        for row in rows:
            known.add(row)
        return known

    # -- what it says --------------------------------------------------------------------------------------------------

    def named(self, name: str) -> KnownAccount | None:
        """The account last known under that name; its uid is "" where its creation was never answered."""
        if name in self.names:
            return self.accounts[self.names[name]]
        begun = self._open.get((name, ""))
        return KnownAccount(name=name, uid="", key=begun.address, since=begun.at) if begun else None

    def all(self) -> tuple[KnownAccount, ...]:
        """Every account, by name; those whose creation was begun and never answered too."""
        begun = {name for name, label in self._open if not label and name not in self.names}
        found = [*self.accounts.values(), *filter(None, map(self.named, begun))]
        return tuple(sorted(found, key=lambda one: (one.name, one.uid)))

    def stored_key(self, api_key: str) -> StoredKey | None:
        """Where the secret of the key with this id lies."""
        found = self.stored.get(self._lies.get(api_key, ("", "")))
        return found if found is not None and found.api_key == api_key != "" else None

    def stored_keys(self, uid: str) -> tuple[StoredKey, ...]:
        """Where the secrets of an account's keys lie, newest last."""
        return tuple(one for one in self.stored.values() if uid and one.uid == uid)

    def creating(self, name: str, label: str) -> Creating | None:
        """The last creation of this key, or of the account where `label` is "", if its end is not known."""
        intent = self._open.get((name, label))
        if intent is None:
            return None
        return Creating(
            name=name,
            label=label,
            uid=str(intent.body.get("uid") or ""),
            sent_at=intent.sent_at,
            params=dict(mapping(intent.body.get("creates"))),
            answered=dict(intent.answered),
            run=intent.run,
        )

    def created(self, uid: str, field_: str) -> tuple[JsonObject, ...]:
        """What creates of that field answered, oldest first, but for what was deleted since."""
        return tuple(self._made.get((uid, field_), ()))

    def kept(self, api_key: str) -> bool:
        """Whether the secret of the key with this id is on record as stored, wherever that was."""
        return api_key in self._had_secret

    def never_shown(self, uid: str, field_: str) -> tuple[NeverShown, ...]:
        """What creates of that field answered and no read showed in time, oldest first."""
        return tuple(self._never_shown.get((uid, field_), ()))

    def lasting(self, uid: str, environment: str, field_: str) -> tuple[Lasting, ...]:
        """What the venue's lists showed of that field and cannot be deleted, oldest first."""
        return tuple(self._lasting.get((uid, environment, field_), ()))

    # -- the fold ------------------------------------------------------------------------------------------------------

    def add(self, row: Row) -> None:
        """Take in one more row, in the order of the journal."""
        self.last = row.seq
        match row.kind:
            case "intent":
                self._begin(row, row.facts())
            case "answered":
                self._answer(row, row.facts())
            case "done" | "refused" | "failed" | "resolved":
                self._end(row)
            case "account":
                facts = row.facts()
                self._account(row.account, text(facts, "uid"), text(facts, "key"), row.at)
            case "account_gone":
                self._gone(row.account)
                self.gone.add((row.account, ""))
            case "access":
                self._sign(row, row.facts())
            case "key_stored":
                self._store(row, row.facts())
            case "rotated":
                facts = row.facts()
                self._rotated(text(facts, "uid"), text(facts, "label"), text(facts, "api_key"))
            case "key_gone":
                facts = row.facts()
                self._drop_keys(row.account, text(facts, "label"), word(facts, "api_key") or "")
            case "lasting":
                facts = row.facts()
                place = text(facts, "uid"), text(facts, "environment"), text(facts, "field")
                shown = [Lasting(facts=mapping(one), since=row.at) for one in entries(facts, "shown")]
                self._lasting.setdefault(place, []).extend(shown)
            case "cap":
                most = mapping(row.facts()["most"])
                self.caps |= {uid: Cap(most=Decimal(text(most, uid)), run=row.run, at=row.at) for uid in most}
            case "cap_lifted":
                facts = row.facts()
                lifted = entries(facts, "uids") if "uids" in facts else list(self.caps)
                self.caps = {uid: cap for uid, cap in self.caps.items() if uid not in lifted}
            case "seen":
                facts = row.facts()
                kind, names = text(facts, "kind"), mapping(facts["names"])
                self.sightings.update({(kind, name): text(names, name) for name in names})

    def _begin(self, row: Row, facts: JsonObject) -> None:
        intent = _Intent(
            seq=row.seq,
            name=row.account,
            address=row.address,
            field=_field(row.address),
            action=text(facts, "action"),
            key_label=text(facts, "creates_key"),
            body=mapping(facts["body"]),
            sent_at=number(facts, "sent_at"),
            run=row.run,
            at=row.at,
        )
        self._intents[row.seq] = intent
        self._rotate(intent)
        self._replace(intent)
        if intent.key_label:
            self._open[row.account, intent.key_label] = intent
            self.gone.discard((row.account, intent.key_label))
        elif not intent.field and intent.action == "create":
            self._open[row.account, ""] = intent
            self.gone.discard((row.account, ""))

    def _answer(self, row: Row, facts: JsonObject) -> None:
        intent = self._intents[row.entry]
        intent.answered = facts
        if not intent.field:
            if facts.get("uid"):
                self._account(intent.name, str(facts["uid"]), intent.address, row.at)
            return
        uid = str(intent.body.get("uid") or "") or self.names.get(intent.name, "")
        self._made.setdefault((uid, intent.field), []).append(facts)
        self._rotate(intent, new=str(facts.get("api_key") or ""))

    def _end(self, row: Row) -> None:
        intent = self._intents.get(row.entry)
        if intent is None:
            return
        happened = row.kind == "done" or (row.kind == "resolved" and row.facts()["finding"] == "happened")
        missed = row.kind in ("refused", "failed") or (row.kind == "resolved" and not happened)
        deletes = str(intent.body.get("deletes") or "")
        if happened and intent.action == "delete" and not intent.field:
            self._gone(intent.name, str(intent.body.get("uid") or ""))
        elif happened and deletes:
            self._drop_key(deletes)
        if missed and not intent.answered:
            self._not_rotated(intent)
        if missed and intent.answered:
            self._take_back(intent, row.at)
        if happened and (renames := mapping(intent.body.get("renames"))):
            self._rename(str(intent.body.get("uid") or ""), text(renames, "api_key"), text(renames, "label"))
        if row.kind == "done" and intent.key_label:
            self._kept(str(intent.answered.get("api_key") or ""))
        key = (intent.name, intent.key_label)
        if self._open.get(key) is not intent:
            return
        # An account's creation is over once its uid is known; a key's once its secret was stored, or it was undone.
        if missed or (row.kind == "done" and intent.key_label):
            del self._open[key]

    def _take_back(self, intent: _Intent, at: str) -> None:
        """What a create answered and no read showed in time: it was not made, so it does not count as there."""
        for place, some in self._made.items():
            if any(facts is intent.answered for facts in some):
                self._never_shown.setdefault(place, []).append(NeverShown(facts=intent.answered, since=at))
        self._drop_made(lambda facts: facts is intent.answered)
        if not intent.field and self.names.get(intent.name) == intent.answered.get("uid"):
            self._gone(intent.name)

    def _account(self, name: str, uid: str, key: str, at: str) -> None:
        if not uid:
            return
        before = self.accounts.get(uid)
        if before is not None and self.names.get(before.name) == uid:
            del self.names[before.name]
        if (other := self.names.get(name, uid)) != uid:
            del self.accounts[other]  # a name has one account: that one is gone
        self.accounts[uid] = KnownAccount(name=name, uid=uid, key=key, since=before.since if before else at)
        self.names[name] = uid
        self.gone.discard((name, ""))
        self._open.pop((name, ""), None)

    def _gone(self, name: str, uid: str = "") -> None:
        """Deleted, or no longer ours; its keys went along. `uid`: where the name may be another account's by now."""
        uid = uid or self.names.get(name, "")
        if self.names.get(name, uid) == uid:
            self._open.pop((name, ""), None)
            self.names.pop(name, None)
        self.accounts.pop(uid, None)
        if uid:
            self._made = {place: some for place, some in self._made.items() if place[0] != uid}
            self._lasting = {place: some for place, some in self._lasting.items() if place[0] != uid}
            self._never_shown = {place: some for place, some in self._never_shown.items() if place[0] != uid}
            self.stored = {place: one for place, one in self.stored.items() if one.uid != uid}
            self.access.pop(uid, None)
            self.rotations = {key: one for key, one in self.rotations.items() if key[0] != uid}
            self.replaced = {key: one for key, one in self.replaced.items() if key[0] != uid}

    def _replace(self, intent: _Intent) -> None:
        """The present key goes before the new one is made: what the manifest left to it is known here alone then."""
        uid, after = str(intent.body.get("uid") or ""), mapping(intent.body.get("after"))
        if intent.action == "replace" and intent.body.get("deletes") and uid and after:
            permissions, addresses = (tuple(map(str, entries(after, name))) for name in ("permissions", "ip_allowlist"))
            becomes, keeps = KeyValue(permissions, addresses, word(after, "store")), mapping(intent.body.get("keeps"))
            self.replaced[uid, _key(intent.address)] = Replaced(becomes=becomes, keeps=keeps)

    # -- rotations: a creation under a temporary label begins one; it ends once reads showed the key under its own -----

    def _rotate(self, intent: _Intent, new: str = "") -> None:
        creates = mapping(intent.body.get("creates"))
        label, uid = str(creates.get("rotates") or ""), str(intent.body.get("uid") or "")
        if label:
            self.rotations[uid, label] = Rotation(
                label=label,
                temporary=intent.key_label,
                old=text(creates, "old"),
                new=new,
                until=number(creates, "until") or 0.0,
                overlap_s=number(creates, "overlap_s") or 0.0,
                store=str(creates.get("store") or ""),
                path=str(creates.get("path") or ""),
            )

    def _kept(self, new: str) -> None:
        """The secret of that key is in a store: whether it takes another one's place or not, it is not half made."""
        self._had_secret.add(new)
        for place, one in self.rotations.items():
            if one.new == new != "":
                self.rotations[place] = dataclasses.replace(one, kept=True)

    def _rotated(self, uid: str, label: str, api_key: str) -> None:
        begun = self.rotations.get((uid, label))
        if begun is not None and begun.new == api_key:
            del self.rotations[uid, label]

    def _not_rotated(self, intent: _Intent) -> None:
        """The creation did not happen: the key has its old secret."""
        creates = mapping(intent.body.get("creates"))
        place = str(intent.body.get("uid") or ""), str(creates.get("rotates") or "")
        begun = self.rotations.get(place)
        if begun is not None and begun.temporary == intent.key_label and not begun.new:  # else a later one did
            del self.rotations[place]

    def _rename(self, uid: str, api_key: str, label: str) -> None:
        made = self._made.get((uid, _KEYS), ())
        self._made[uid, _KEYS] = [{**one, "label": label} if one.get("api_key") == api_key else one for one in made]
        self.stored = {
            place: dataclasses.replace(one, label=label) if one.api_key == api_key else one
            for place, one in self.stored.items()
        }

    def _sign(self, row: Row, facts: JsonObject) -> None:
        uid = word(facts, "uid") or self.names.get(row.account, "")
        if uid:
            self.access[uid] = _stored(facts, uid, row.at)

    def _store(self, row: Row, facts: JsonObject) -> None:
        key = _stored(facts, word(facts, "uid") or self.names.get(row.account, ""), row.at)
        if (moved := self.stored_key(key.api_key)) is not None:  # a secret lies in one place
            del self.stored[moved.store, moved.path]
        self.stored.pop((key.store, key.path), None)
        self.stored[key.store, key.path] = key
        self._lies[key.api_key] = key.store, key.path
        self.replaced.pop((key.uid, key.label), None)
        self._kept(key.api_key)
        self._open.pop((row.account, key.label), None)

    def _drop_keys(self, name: str, label: str, api_key: str) -> None:
        uid = self.names.get(name, "")
        self.gone.add((name, label))
        self.rotations.pop((uid, label), None)
        self.replaced.pop((uid, label), None)
        if api_key:
            self._drop_key(api_key)
        else:
            self.stored = {p: one for p, one in self.stored.items() if (one.uid, one.label) != (uid, label)}
            made = self._made.get((uid, _KEYS), ())
            self._made[uid, _KEYS] = [one for one in made if one.get("label") != label]
        self._open.pop((name, label), None)

    def _drop_key(self, api_key: str) -> None:
        self.stored = {place: one for place, one in self.stored.items() if one.api_key != api_key}
        self._drop_made(lambda facts: facts.get("api_key") == api_key)  # a rotation goes on, with another new key

    def _drop_made(self, gone: Callable[[JsonObject], bool]) -> None:
        self._made = {place: [one for one in some if not gone(one)] for place, some in self._made.items()}


def _field(address: str) -> str:
    """The field of an address: "deposit.addresses" of "x.deposit.addresses[USDT/USDT-TRC20/1]"."""
    return address.partition("[")[0].partition(".")[2]


def _key(address: str) -> str:
    """What an address has in brackets: "trading" of "x.api_keys[trading]"."""
    return address.partition("[")[2].removesuffix("]")


def _stored(facts: JsonObject, uid: str, at: str) -> StoredKey:
    return StoredKey(
        store=text(facts, "store"),
        path=text(facts, "path"),
        label=text(facts, "label"),
        api_key=word(facts, "api_key") or "",
        uid=uid,
        since=at,
    )
