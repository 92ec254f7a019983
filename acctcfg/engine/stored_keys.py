"""Stored secrets against the venue: do they still sign, and is a secret that somebody brings what it claims to be."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from acctcfg.core.address import Address, AddressPattern
from acctcfg.core.desired import AccountSpec, KeySpec
from acctcfg.core.secret import Credentials
from acctcfg.engine.progress import SILENT, Progress, safe
from acctcfg.engine.session import Session
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import AcctcfgError, Refused, UsageError
from acctcfg.venues.installed import venue

_Place = tuple[str, str]  # a store's name, and a path in it

STATES = {
    "elsewhere": "bound to other addresses: cannot be tried from here",
    "not_yet": "the venue lists it, but it does not sign yet",
    "locked": "its account is locked, as the manifest wants it: the venue lists it, and it does not sign",
}
"""What is said of a key that did not sign and is not wrong for that."""

__all__ = [
    "KeyReport",
    "StoredSecret",
    "check_at",
    "check_secrets",
    "list_secrets",
    "own_place",
    "place_beside",
    "proven",
    "recorded_places",
    "selected",
    "user_behind",
]


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """One file of a store. `state`: wanted (the manifest names its key), unnamed, or dead (moved aside).

    `place`: where the manifest would have it, if it is the secret of a wanted key and lies elsewhere. `by`: who says
    that it is there: the store, or the journal for one that cannot tell what it holds.
    """

    store: str
    path: str
    state: str
    place: str = ""
    by: str = "store"


@dataclass(frozen=True, slots=True)
class KeyReport:
    """What became of one key. `status`: signs, stored, exported, already, absent, refused, wrong or failed.

    Neither wrong nor lost: "elsewhere" is bound to addresses that are not ours, "not_yet" is listed and takes effect
    later, "locked" is listed, of an account that is to be locked. `rotating`: the secret is that of the key which takes
    this one's place once its rotation is over.
    """

    account: str
    label: str
    store: str
    status: str
    message: str = ""
    rotating: bool = False

    @property
    def good(self) -> bool:
        """Whether the key is as it should be."""
        return self.status in ("signs", "stored", "exported", "already", *STATES)


def list_secrets(workspace: Workspace) -> list[StoredSecret]:
    """What the stores hold; sends no request and opens no secret."""
    wanted = {
        (key.store, f"{spec.venue}/{spec.key}/{key.label}")
        for spec in workspace.manifest.accounts.values()
        for key in _wanted(spec)
    }
    users = {key: user_behind(workspace, key) for key in workspace.manifest.venues}
    places = {place: own for own, place in recorded_places(workspace, users).items()}
    found = []
    for name, store in sorted(workspace.stores().items()):
        paths, by = store.list(), "store"
        if paths is None:
            paths, by = _on_record(workspace, users, name), "journal"
        for path in paths:
            own = places.get((name, path), (name, path))
            place = "" if own == (name, path) else ":".join(own)
            state = "wanted" if place or (name, path) in wanted else "unnamed"
            found.append(StoredSecret(name, path, state, place, by))
        found += [StoredSecret(name, path, "dead") for path in store.dead()]
    return found


def _on_record(workspace: Workspace, users: Mapping[str, str], store: str) -> tuple[str, ...]:
    """Where the journal has secrets of living keys of these venue users, in a store that cannot tell."""
    with workspace.journal() as journal:
        known = [journal.knowledge(user).stored.values() for user in sorted({*users.values()} - {""})]
    return tuple(sorted(key.path for keys in known for key in keys if key.store == store))


def user_behind(workspace: Workspace, key: str) -> str:
    """The venue user behind a connection as the journal knows it; "" for one that it knows by another key, or never."""
    spec = workspace.manifest.venues[key]
    return workspace.user_behind(spec, venue(spec.type).base_url(spec))


def recorded_places(workspace: Workspace, users: Mapping[str, str]) -> dict[_Place, _Place]:
    """Where the manifest would have the secrets, and where they lie by what the journal recorded for each key.

    `users`: the venue user behind each connection, "" where nobody knows. The account goes by the venue's name here:
    no list is read that would tell its uid.
    """
    found: dict[_Place, _Place] = {}
    with workspace.journal() as journal:
        for user in journal.venue_users():
            known = journal.knowledge(user)
            names = {account.uid: account.name for account in known.all() if account.uid}
            lies = {(names.get(key.uid), key.label): (key.store, key.path) for key in known.stored.values()}
            for spec in workspace.manifest.accounts.values():
                for key in _wanted(spec) if users.get(spec.venue) in ("", user) else ():
                    recorded = lies.get((spec.name, key.label))
                    if recorded is not None and key.store:
                        own = own_place(spec, key.label, key.store)
                        if (place := _by_present_names(workspace, recorded, own)) is not None:
                            found[own] = place
    for spec in workspace.manifest.accounts.values():
        for key in _wanted(spec) if spec.formerly else ():
            if key.store and (own := own_place(spec, key.label, key.store)) not in found:
                found[own] = _former(workspace, spec, key.label, own)
    return found


def _by_present_names(workspace: Workspace, recorded: _Place, own: _Place) -> _Place | None:
    """The recorded place by the names that stores have now. A store that the manifest has no more may be the key's own
    under a former name: then the secret lies there at the recorded path."""
    if recorded[0] in workspace.manifest.secret_stores:
        return recorded
    here = _held(workspace, own, (recorded[1],))
    return here if here != own else None


def _former(workspace: Workspace, spec: AccountSpec, label: str, own: _Place) -> _Place:
    """Where the secret of a key lies whose account or connection was renamed: in its place, or still in the former."""
    return _held(workspace, own, [f"{venue}/{key}/{label}" for venue, key in spec.formerly])


def _held(workspace: Workspace, own: _Place, paths: Sequence[str]) -> _Place:
    """The first of these places in the key's own store that holds something, its present one before them."""
    store = workspace.store(own[0])
    return own[0], next((path for path in (own[1], *paths) if store.holds(path)), own[1])


def own_place(spec: AccountSpec, label: str, store: str) -> _Place:
    """Where the manifest has the secret of a key."""
    return store, f"{spec.venue}/{spec.key}/{label}"


async def check_secrets(
    workspace: Workspace, accounts: Sequence[str] = (), *, progress: Progress = SILENT
) -> list[KeyReport]:
    """Sign once with every stored key that the manifest names: all of them, or those of accounts and patterns."""
    keys = selected(workspace, accounts)
    async with Session(workspace, {spec.venue for spec, _ in keys}) as session:
        recorded = recorded_places(workspace, {key: link.connection.user for key, link in session.links.items()})
        progress = safe(progress)
        progress.phase("signing with stored keys", len(keys))

        async def one(spec: AccountSpec, label: str, store: str) -> KeyReport:
            own = own_place(spec, label, store)
            report = await _check(session, spec, label, own, recorded.get(own, own))
            progress.advance(1, spec.key)
            return report

        return list(await asyncio.gather(*(one(spec, key.label, str(key.store)) for spec, key in keys)))


async def _check(session: Session, spec: AccountSpec, label: str, own: _Place, recorded: _Place) -> KeyReport:
    """By the secret that lies where the manifest has it; where that is not the key's, by the one that was recorded."""
    report = await check_at(session, spec, label, own, own[0])
    if report.good or recorded == own or recorded[0] not in session.workspace.manifest.secret_stores:
        return report
    other = await check_at(session, spec, label, recorded, own[0])
    if not other.good:
        return other if report.status == "absent" else report
    place = f"its secret is at {':'.join(recorded)}; the manifest expects it at {':'.join(own)}"
    return replace(other, message="; ".join(filter(None, (other.message, place))))


async def check_at(session: Session, spec: AccountSpec, label: str, place: _Place, store: str) -> KeyReport:
    """Whether what is kept at `place` is this key's."""
    try:
        credentials = session.workspace.store(place[0]).get(place[1])
        if credentials is None:
            return KeyReport(spec.key, label, store, "absent", "the store has no secret for it")
        return await proven(session, spec, label, store, credentials)
    except Refused as error:
        return KeyReport(spec.key, label, store, "refused", error.told)
    except AcctcfgError as error:
        return KeyReport(spec.key, label, store, "failed", error.told)


async def proven(session: Session, spec: AccountSpec, label: str, store: str, credentials: Credentials) -> KeyReport:
    """Whether these credentials are this key's: the account's own config, read with them, shows uid and label."""
    if (failed := session.failed.get(spec.venue)) is not None:
        raise failed
    proof = await session.links[spec.venue].connection.prove(spec, credentials)
    if not proof.belongs:
        message = f"it signs for the uid {proof.uid}; the venue lists {spec.name} as {proof.listed_uid or 'no account'}"
        return KeyReport(spec.key, label, store, "wrong", message)
    if spec.uid not in (None, proof.uid):
        message = f"it signs for the uid {proof.uid}; the manifest says {spec.uid}"
        return KeyReport(spec.key, label, store, "wrong", message)
    if proof.label not in (label, _temporary(session, spec, proof.uid, label)):
        return KeyReport(spec.key, label, store, "wrong", f'it is the key "{proof.label}" of that account')
    message, rotating = STATES.get(proof.state, ""), proof.label != label
    return KeyReport(spec.key, label, store, proof.state, message, rotating=rotating)


def _temporary(session: Session, spec: AccountSpec, uid: str, label: str) -> str:
    """The label that a new key has until the one whose place it takes is deleted; that of the key itself else."""
    known = session.known(session.links[spec.venue])
    return next((one.temporary for one in known.rotations(uid) if one.label == label), label)


def place_beside(session: Session, spec: AccountSpec, label: str, store: str) -> _Place:
    """Where the secret of a new key waits until it takes the place of the one that is rotated."""
    known = session.known(session.links[spec.venue]).named(spec.name)
    return own_place(spec, _temporary(session, spec, known.uid if known is not None else "", label), store)


def _wanted(spec: AccountSpec) -> list[KeySpec]:
    """The keys that should be there: none of an account that should not."""
    return [key for key in spec.api_keys if key.state == "present" and spec.state != "absent"]


def selected(workspace: Workspace, names: Sequence[str]) -> list[tuple[AccountSpec, KeySpec]]:
    """The stored keys that accounts, addresses or patterns name; without any all of them."""
    accounts = workspace.manifest.accounts.values()
    patterns = [AddressPattern(name) for name in names]
    for pattern in patterns:
        if not any(pattern.matches(one) for spec in accounts for one in (Address(spec.key), *_addresses(spec))):
            raise UsageError(
                f"{pattern.text} selects nothing",
                hint="accounts are named as in the manifest, keys by ACCOUNT.api_keys[LABEL]; * and ? are allowed",
            )
    keys = [(spec, key) for spec in accounts for key in _wanted(spec) if key.store]
    return [
        (spec, key)
        for spec, key in keys
        if not patterns or any(one.matches(Address(spec.key, "api_keys", key.label)) for one in patterns)
    ]


def _addresses(spec: AccountSpec) -> list[Address]:
    return [Address(spec.key, "api_keys", key.label) for key in _wanted(spec)]
