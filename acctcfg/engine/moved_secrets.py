"""Stored secrets that are written anew: for other recipients, into another store, or into one file to carry away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias, runtime_checkable

from acctcfg.core.desired import AccountSpec
from acctcfg.core.secret import Credentials
from acctcfg.engine.stored_keys import KeyReport, own_place, recorded_places, selected, user_behind
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import AcctcfgError, ConfigError, StoreError, UsageError

__all__ = ["Resealed", "export_to", "export_to_store", "reencrypt"]


Row: TypeAlias = tuple[str, str, Credentials]
"""Account, label and secret."""


@runtime_checkable
class Sealing(Protocol):
    """A store that encrypts for recipients of its own."""

    name: str

    def why_not_readable_here(self) -> str:
        """Why this process could not read back what it would write."""

    def reseal(self, path: str) -> None:
        """Write what is at `path` anew for the present recipients; a StoreError leaves it as it was."""

    def list(self) -> tuple[str, ...]:
        """The paths of live secrets."""

    def dead(self) -> tuple[str, ...]:
        """The paths of secrets that were moved aside, because their keys are gone."""


@dataclass(frozen=True, slots=True)
class Resealed:
    """One file of a store. `status`: reencrypted, or failed with the reason; it is then as it was."""

    store: str
    path: str
    status: str
    message: str = ""

    @property
    def good(self) -> bool:
        """Whether its present recipients, and nobody else, can read it."""
        return self.status == "reencrypted"


def reencrypt(workspace: Workspace, names: Sequence[str] = ()) -> list[Resealed]:
    """Write every secret of these stores anew for their present recipients, dead ones too; without names, of all.

    Each file is replaced whole. After a kill it is simply run again: nothing tells who can read an age file, so all
    are written once more.
    """
    stores = [store for store in _named(workspace, names) if isinstance(store, Sealing)]
    if not stores:
        raise UsageError("none of these stores has recipients", hint="name one of type age_file")
    for store in stores:
        if wrong := store.why_not_readable_here():
            raise StoreError(
                f"the store {store.name} cannot be re-encrypted here: {wrong}",
                hint="run it as somebody who can read its secrets and is one of the recipients",
            )
    return [_resealed(store, path) for store in stores for path in (*store.list(), *store.dead())]


def _named(workspace: Workspace, names: Sequence[str]) -> Iterator[object]:
    for name in names or sorted(workspace.manifest.secret_stores):
        _demand_known(workspace, name)
        yield workspace.store(name)


def _demand_known(workspace: Workspace, name: str) -> None:
    """UsageError for a name that somebody typed and the manifest does not have."""
    if name not in workspace.manifest.secret_stores:
        raise UsageError(f"there is no secret store {name}", hint="see `secret_stores` in the manifest")


def _resealed(store: Sealing, path: str) -> Resealed:
    try:
        store.reseal(path)
    except StoreError as error:
        return Resealed(store.name, path, "failed", error.told)
    return Resealed(store.name, path, "reencrypted")


def export_to_store(workspace: Workspace, accounts: Sequence[str], target: str) -> list[KeyReport]:
    """Copy the secrets of wanted keys to another store of the manifest, which never overwrites; none is removed."""
    _demand_known(workspace, target)
    store, proven = workspace.store(target), False
    if why := store.why_read_only():
        raise ConfigError(f"the store {target} {why}")
    reports = []
    for spec, label, found in _found(workspace, accounts):
        if isinstance(found, KeyReport):
            reports.append(found)
            continue
        path = own_place(spec, label, target)[1]
        report = KeyReport(spec.key, label, target, "stored")
        try:
            there = store.get(path)
            if there is None:
                if not proven:
                    store.prove_writable(f"{path}.probe")
                    proven = True
                store.put(path, found)
            elif there.same_as(found):
                report = replace(report, status="already")
            else:
                report = replace(report, status="failed", message="the store holds another secret for it")
        except AcctcfgError as error:
            report = replace(report, status="failed", message=error.told)
        reports.append(report)
    return reports


def export_to(workspace: Workspace, accounts: Sequence[str], write: Callable[[Sequence[Row]], None]) -> list[KeyReport]:
    """Hand the secrets of wanted keys to `write`, all at once; what could not be read is only reported."""
    rows: list[Row] = []
    reports: list[KeyReport] = []
    for spec, label, found in _found(workspace, accounts):
        if isinstance(found, KeyReport):
            reports.append(found)
        else:
            rows.append((spec.key, label, found))
            reports.append(KeyReport(spec.key, label, "", "exported"))
    write(rows)
    return reports


def _found(workspace: Workspace, accounts: Sequence[str]) -> Iterator[tuple[AccountSpec, str, Credentials | KeyReport]]:
    """The secrets of wanted keys, each from where the journal knows it, else from where the manifest has it."""
    users = {key: user_behind(workspace, key) for key in workspace.manifest.venues}
    places = recorded_places(workspace, users)
    for spec, key in selected(workspace, accounts):
        own = own_place(spec, key.label, str(key.store))
        found = _read(workspace, spec, key.label, places.get(own, own))
        if isinstance(found, KeyReport) and found.status == "absent" and own not in places.values():
            # It may have been moved since, as `secret_moved` asks; what another key is recorded at is that one's.
            found = _read(workspace, spec, key.label, own)
        yield spec, key.label, found


def _read(workspace: Workspace, spec: AccountSpec, label: str, place: tuple[str, str]) -> Credentials | KeyReport:
    try:
        found = workspace.store(place[0]).get(place[1])
    except AcctcfgError as error:
        return KeyReport(spec.key, label, place[0], "failed", error.told)
    return found or KeyReport(spec.key, label, place[0], "absent", "the store has no secret for it")
