"""Stored secrets against the venue: do they still sign, and is a secret that somebody brings what it claims to be."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from acctcfg.core.desired import AccountSpec, KeySpec
from acctcfg.core.secret import Credentials
from acctcfg.engine.progress import SILENT, Progress, safe
from acctcfg.engine.session import Session
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import AcctcfgError, Refused, StoreError, UsageError

STATES = {
    "elsewhere": "bound elsewhere: cannot be tried from here",
    "not_yet": "the venue lists it, and it does not sign yet",
}
"""What is said of a key that did not sign and is not wrong for that."""

__all__ = ["Brought", "KeyReport", "StoredSecret", "check_secrets", "import_secrets", "list_secrets"]


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """One file of a store. `state`: wanted (the manifest names its key), unnamed, or dead (moved aside).

    `place`: where the manifest would have it, if it is the secret of a wanted key and lies elsewhere.
    """

    store: str
    path: str
    state: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class KeyReport:
    """What became of one key. `status`: signs, stored, already, absent, refused, wrong or failed.

    Neither wrong nor lost: "elsewhere" is bound to addresses that are not ours, "not_yet" is listed and takes effect
    later.
    """

    account: str
    label: str
    store: str
    status: str
    message: str = ""

    @property
    def good(self) -> bool:
        """Whether the key is as it should be."""
        return self.status in ("signs", "stored", "already", "elsewhere", "not_yet")


def list_secrets(workspace: Workspace) -> list[StoredSecret]:
    """What the stores hold; sends no request and opens no secret."""
    wanted = {
        (key.store, f"{spec.venue}/{spec.key}/{key.label}")
        for spec in workspace.manifest.accounts.values()
        for key in _wanted(spec)
    }
    moved = _moved(workspace)
    found = []
    for name, store in sorted(workspace.stores().items()):
        for path in store.list():
            place = "" if (name, path) in wanted else moved.get((name, path), "")
            found.append(StoredSecret(name, path, "wanted" if place or (name, path) in wanted else "unnamed", place))
        found += [StoredSecret(name, path, "dead") for path in store.dead()]
    return found


def _moved(workspace: Workspace) -> dict[tuple[str, str], str]:
    """Where the secrets lie that an earlier manifest had elsewhere, by what the journal recorded for each key.

    Its account goes by the venue's name here: no request is sent that would tell its uid.
    """
    found: dict[tuple[str, str], str] = {}
    with workspace.journal() as journal:
        for known in map(journal.knowledge, journal.venue_users()):
            names = {account.uid: account.name for account in known.all() if account.uid}
            for key in known.stored.values():
                for spec in workspace.manifest.accounts.values():
                    if names.get(key.uid) == spec.name and any(one.label == key.label for one in _wanted(spec)):
                        store = next(one.store for one in _wanted(spec) if one.label == key.label)
                        found[key.store, key.path] = f"{store}:{spec.venue}/{spec.key}/{key.label}"
    return found


async def check_secrets(
    workspace: Workspace, accounts: Sequence[str] = (), *, progress: Progress = SILENT
) -> list[KeyReport]:
    """Sign once with every stored key that the manifest names."""
    specs = [_spec(workspace, name) for name in accounts] or list(workspace.manifest.accounts.values())
    keys = [(spec, key) for spec in specs for key in _wanted(spec) if key.store]
    moved = _moved(workspace)
    async with Session(workspace, {spec.venue for spec, _ in keys}) as session:
        progress = safe(progress)
        progress.phase("signing with stored keys", len(keys))

        async def one(spec: AccountSpec, label: str, store: str) -> KeyReport:
            report = await _check(session, spec, label, store, moved)
            progress.advance(1, spec.key)
            return report

        return list(await asyncio.gather(*(one(spec, key.label, str(key.store)) for spec, key in keys)))


async def _check(
    session: Session,
    spec: AccountSpec,
    label: str,
    store: str,
    moved: Mapping[tuple[str, str], str] | None = None,
) -> KeyReport:
    try:
        credentials, place = _held(session.workspace, spec, label, store, moved or {})
        if credentials is None:
            return KeyReport(spec.key, label, store, "absent", "the store holds nothing for it")
        report = await _proven(session, spec, label, store, credentials)
        return replace(report, message=place) if place and report.good and not report.message else report
    except Refused as error:
        return KeyReport(spec.key, label, store, "refused", error.told)
    except AcctcfgError as error:
        return KeyReport(spec.key, label, store, "failed", error.told)


def _held(
    workspace: Workspace, spec: AccountSpec, label: str, store: str, moved: Mapping[tuple[str, str], str]
) -> tuple[Credentials | None, str]:
    """What is stored for a key, and where, if that is not where the manifest would have it."""
    found = workspace.store(store).get(f"{spec.venue}/{spec.key}/{label}")
    if found is not None:
        return found, ""
    for (name, path), place in moved.items():
        if place == f"{store}:{spec.venue}/{spec.key}/{label}" and name in workspace.manifest.secret_stores:
            return workspace.store(name).get(path), f"its secret lies at {name}:{path}; the manifest has it at {place}"
    return None, ""


async def _proven(session: Session, spec: AccountSpec, label: str, store: str, credentials: Credentials) -> KeyReport:
    if (failed := session.failed.get(spec.venue)) is not None:
        raise failed
    proof = await session.links[spec.venue].connection.prove(spec, credentials)
    if not proof.belongs:
        message = f"it signs for the uid {proof.uid}; the venue lists {spec.name} as {proof.listed_uid or 'no account'}"
        return KeyReport(spec.key, label, store, "wrong", message)
    if proof.label != label:
        return KeyReport(spec.key, label, store, "wrong", f'it is the key "{proof.label}" of that account')
    return KeyReport(spec.key, label, store, proof.state, STATES.get(proof.state, ""))


class Brought(Protocol):
    """A key of an account, and what somebody says is its secret."""

    @property
    def account(self) -> str:
        """Its key in the manifest."""

    @property
    def label(self) -> str:
        """The key's label."""

    @property
    def credentials(self) -> Credentials:
        """The secret."""


async def import_secrets(workspace: Workspace, keys: Sequence[Brought]) -> list[KeyReport]:
    """Prove each secret against the venue, then keep it.

    A store never overwrites. A stored secret that no longer signs is moved aside for the new one.
    """
    specs = [_spec(workspace, one.account) for one in keys]
    async with Session(workspace, {spec.venue for spec in specs}) as session:
        return [await _import(session, spec, one.label, one.credentials) for spec, one in zip(specs, keys, strict=True)]


async def _import(session: Session, spec: AccountSpec, label: str, credentials: Credentials) -> KeyReport:
    key = next((one for one in spec.api_keys if one.label == label and one.state == "present"), None)
    if key is None or key.store is None:
        message = f"the manifest has no api_keys.{label} with a store under {spec.key}"
        return KeyReport(spec.key, label, "", "failed", message)
    path = f"{spec.venue}/{spec.key}/{label}"
    try:
        if session.links[spec.venue].venue.rules.passphrase and credentials.passphrase is None:
            return KeyReport(spec.key, label, key.store, "failed", "a key of this venue has a passphrase: give it too")
        doors = session.workspace.doors(spec.venue)
        if wrong := doors.flaw(credentials):  # kept, it could not be read back
            return KeyReport(spec.key, label, key.store, "failed", f"its {wrong}")
        report = await _proven(session, spec, label, key.store, credentials)
        if report.status != "signs":
            status = "refused" if report.good else report.status
            return replace(report, status=status)  # only a secret that signs is proven
        stored = _stored(session, key.store, path)
        if isinstance(stored, Credentials) and stored.same_as(credentials):
            return KeyReport(spec.key, label, key.store, "already")
        if stored is not None:
            if (await _check(session, spec, label, key.store)).good:
                message = "the store holds another secret that signs for this key"
                return KeyReport(spec.key, label, key.store, "failed", message)
            doors.retire(key.store, path)
        doors.put(key.store, path, credentials)
        return KeyReport(spec.key, label, key.store, "stored")
    except Refused as error:
        return KeyReport(spec.key, label, key.store, "refused", error.message)
    except AcctcfgError as error:
        return KeyReport(spec.key, label, key.store, "failed", error.message)


def _wanted(spec: AccountSpec) -> list[KeySpec]:
    """The keys that should be there: none of an account that should not."""
    return [key for key in spec.api_keys if key.state == "present" and spec.state != "absent"]


def _stored(session: Session, store: str, path: str) -> Credentials | StoreError | None:
    """What is kept there; the error of one that is damaged, or not for us: a proven secret may take its place."""
    try:
        return session.workspace.store(store).get(path)
    except StoreError as error:
        return error


def _spec(workspace: Workspace, name: str) -> AccountSpec:
    spec = workspace.manifest.accounts.get(name)
    if spec is None:
        raise UsageError(f"the manifest has no account {name}", hint="accounts go by their keys in the manifest")
    return spec
