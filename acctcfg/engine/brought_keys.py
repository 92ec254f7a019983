"""Secrets that somebody brings, one or thousands: each is proven against the venue by uid and label, then kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from acctcfg.core.desired import AccountSpec
from acctcfg.core.secret import Credentials
from acctcfg.engine.progress import SILENT, Progress, safe
from acctcfg.engine.session import Session
from acctcfg.engine.stored_keys import KeyReport, place_beside, proven
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import AcctcfgError, AuthRefused, Refused, StoreError
from acctcfg.signing import signing_of

__all__ = ["Brought", "import_secrets"]

AT_ONCE = 64
"""Accounts that are proven side by side: each signs with a key of its own, and the client paces what they share."""

UNTRIED = "not tried: bound to other addresses; the venue lists its id under this label"


class Brought(Protocol):
    """A key of an account, and what somebody says is its secret."""

    @property
    def account(self) -> str:
        """Its key in the manifest."""

    @property
    def label(self) -> str: ...

    @property
    def place(self) -> str:
        """Where it was read: "line 7"; "" where there is only one."""

    @property
    def credentials(self) -> Credentials | str:
        """The secret; in words what is wrong with it where it is none."""


async def import_secrets(
    workspace: Workspace, keys: Sequence[Brought], *, progress: Progress = SILENT
) -> list[KeyReport]:
    """Prove each secret against the venue, then keep it; one that is wrong holds up none of the others.

    A store never overwrites. A stored secret that no longer signs is moved aside for the new one.
    """
    specs = workspace.manifest.accounts
    asked = [one.account for one in keys if one.account in specs and not isinstance(one.credentials, str)]
    async with Session(workspace, {specs[account].venue for account in asked}) as session:
        progress = safe(progress)
        progress.phase("proving secrets", len(keys))
        reports: dict[int, KeyReport] = {}
        places = asyncio.Semaphore(AT_ONCE)

        async def of_account(rows: Iterable[int]) -> None:
            for row in rows:  # one after another: two lines may be about one key
                async with places:
                    reports[row] = await _judged(session, keys[row])
                progress.advance(1, keys[row].account)

        rows_of: dict[str, list[int]] = {}
        for row, one in enumerate(keys):
            rows_of.setdefault(one.account, []).append(row)
        await asyncio.gather(*map(of_account, rows_of.values()))
    return [reports[row] for row in range(len(keys))]


async def _judged(session: Session, brought: Brought) -> KeyReport:
    spec = session.workspace.manifest.accounts.get(brought.account)
    if isinstance(brought.credentials, str):
        report = KeyReport(brought.account, brought.label, "", "failed", brought.credentials)
    elif spec is None:
        message = f"the manifest has no account {brought.account}"
        report = KeyReport(brought.account, brought.label, "", "failed", message)
    else:
        report = await _import(session, spec, brought.label, brought.credentials)
    if report.good or not brought.place:
        return report
    return replace(report, message=f"{brought.place}: {report.message}")


async def _import(session: Session, spec: AccountSpec, label: str, credentials: Credentials) -> KeyReport:
    key = next((one for one in spec.api_keys if one.label == label and one.state == "present"), None)
    if key is None or key.store is None:
        message = f"the manifest has no api_keys.{label} with a store under {spec.key}"
        return KeyReport(spec.key, label, "", "failed", message)
    try:
        if signing_of(session.links[spec.venue].venue.rules).passphrase and credentials.passphrase is None:
            return KeyReport(spec.key, label, key.store, "failed", "keys of this venue have a passphrase: include it")
        doors = session.workspace.doors(spec.venue)
        if wrong := doors.flaw(credentials):  # kept, it could not be read back
            return KeyReport(spec.key, label, key.store, "failed", f"its {wrong}")
        report = await proven(session, spec, label, key.store, credentials)
        if report.status not in ("signs", "elsewhere"):
            status = "refused" if report.good else report.status
            return replace(report, status=status)
        return await _keep(session, spec, report, credentials)
    except Refused as error:
        return KeyReport(spec.key, label, key.store, "refused", error.message)
    except AcctcfgError as error:
        return KeyReport(spec.key, label, key.store, "failed", error.message)


async def _keep(session: Session, spec: AccountSpec, proof: KeyReport, credentials: Credentials) -> KeyReport:
    """Put a proven secret in its place, which that of no other living key leaves but for its successor."""
    label, name, path = proof.label, proof.store, f"{spec.venue}/{spec.key}/{proof.label}"
    doors = session.workspace.doors(spec.venue)
    untried = UNTRIED if proof.status == "elsewhere" else ""  # its id is proven by the venue's list
    stored = _stored(session, name, path)
    if isinstance(stored, Credentials) and stored.same_as(credentials):
        return KeyReport(spec.key, label, name, "already", untried)
    if stored is None:
        doors.put(name, path, credentials)
        return KeyReport(spec.key, label, name, "stored", untried)
    try:
        present = await _present(session, spec, proof, stored, credentials)
    except AcctcfgError as error:  # it may sign: what could not be read is never taken for dead
        message = f"the store holds another secret, and whether it still signs is not known: {error.told}"
        return KeyReport(spec.key, label, name, "failed", message)
    if present is None:
        doors.retire(name, path)
        doors.put(name, path, credentials)
    elif present.good and proof.rotating and not present.rotating:  # the new key of a rotation: in one move
        _, beside = place_beside(session, spec, label, name)
        doors.put(name, beside, credentials)
        doors.supersede(name, path, beside)
    else:  # whoever's it is, it is not moved aside while it signs
        whose = "for this key" if present.good else f"and is another key's ({present.message}): move it first"
        signs = "may sign" if present.status == "elsewhere" else "signs"
        message = f"the store holds another secret that {signs} {whose}"
        return KeyReport(spec.key, label, name, "failed", message)
    return KeyReport(spec.key, label, name, "stored", untried)


async def _present(
    session: Session, spec: AccountSpec, proof: KeyReport, stored: Credentials | StoreError, brought: Credentials
) -> KeyReport | None:
    """What the stored secret signs for; None where it is of no use: nobody can open it, or the venue refuses its key.

    A key has one secret: beside one that signs, another of the same key does not. Raises where nobody can tell.
    """
    same_key = isinstance(stored, Credentials) and stored.api_key == brought.api_key
    if isinstance(stored, StoreError) or (same_key and proof.status == "signs"):
        return None
    try:
        return await proven(session, spec, proof.label, proof.store, stored)
    except AuthRefused as error:
        if session.links[spec.venue].connection.client.dialect.is_clock_refusal(error):
            raise
        return None


def _stored(session: Session, store: str, path: str) -> Credentials | StoreError | None:
    """What is kept there; the error of one that is damaged, or not for us: a proven secret may take its place."""
    try:
        return session.workspace.store(store).get(path)
    except StoreError as error:
        return error
