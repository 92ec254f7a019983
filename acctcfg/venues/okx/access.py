"""Which key signs as an account, and the proof that it is that account's. Source: the design of `access`.

A key is used for nothing before the config read with it shows the uid that the broker's list has under the account's
name: a key stored under the wrong name would set up somebody else's account.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from acctcfg.errors import ConfigError, StoreError
from acctcfg.venues.okx.account import Account, Signing

__all__ = ["find_access", "try_stored_keys"]


async def try_stored_keys(account: Account) -> None:
    """Let every key of the manifest that has a stored secret answer for itself; a config read each."""
    keys = [key for key in account.spec.api_keys if key.store is not None and key.state == "present"]

    async def one(label: str, store: str) -> tuple[str, Signing]:
        try:
            stored = account.secrets.get(store, account.secret_path(label))
        except StoreError as error:
            account.survey.cannot_read(account.address("api_keys", label), "store", error.message)
            return label, Signing(illegible=error.message)
        return label, await account.try_key(stored)

    for label, signing in await asyncio.gather(*(one(key.label, str(key.store)) for key in keys)):
        account.signings[label] = signing


async def find_access(account: Account, *, needed: bool) -> bool:
    """Settle `reader` and `writer`, or which step they wait for. False where a key signs for another account.

    `needed`: something is read or written as the account; else a key that the manifest does not name is left alone.
    """
    spec = account.spec
    if account.main:
        account.reader = account.writer = account.own(account.broker.credentials)
        return True
    access = spec.access
    write = access.write if access else None
    read = access.read if access else None
    chosen = await _chosen(account, write) if write is not None else await _default(account, needed=needed)
    if chosen is None and (account.access_after is not None or account.row is None):
        return True
    if chosen is not None:
        if not _belongs(account, chosen):
            return False
        account.writer = account.reader = chosen.own if chosen.config else None
        account.config = chosen.config
    if read is not None and read != write:
        reading = await _chosen(account, read)
        if reading is None or not _belongs(account, reading):
            return reading is None
        account.reader, account.config = (reading.own, reading.config) if reading.config else (None, None)
    return True


async def _default(account: Account, *, needed: bool) -> Signing | None:
    candidates = account.candidates()
    for key in candidates:
        signing = account.signings.get(key.label, Signing())
        if signing.config is not None:
            account.access_label = key.label
            account.access_from = (str(key.store), account.secret_path(key.label), key.label)
            return signing
    if candidates:
        account.access_label = candidates[0].label
        account.access_after = account.address("api_keys", candidates[0].label)
        return None
    return await _last_that_signed(account) if needed else None


async def _last_that_signed(account: Account) -> Signing | None:
    last = account.memory.last_access(account.uid)
    if last is None:
        return None
    try:
        stored = account.secrets.get(last.store, last.path)
    except (StoreError, ConfigError):
        return None
    account.access_from = (last.store, last.path, last.label)
    account.access_label = last.label
    signing = await account.try_key(stored)
    return signing if signing.config is not None else None


async def _chosen(account: Account, source: Mapping[str, Any]) -> Signing | None:
    """The key that `access` names: one of the manifest's by label, or credentials from elsewhere."""
    label = source.get("key")
    if label is None:
        return await account.try_key(account.secrets.load(source.get("credentials", source)))
    account.access_label = str(label)
    signing = account.signings.get(str(label), Signing())
    if signing.config is None:
        account.access_after = account.address("api_keys", str(label))
        return None
    key = next(key for key in account.spec.api_keys if key.label == label)
    account.access_from = (str(key.store), account.secret_path(key.label), key.label)
    return signing


def _belongs(account: Account, signing: Signing) -> bool:
    """Whether the key's account is the one of that name; says so where it is not."""
    if signing.config is None:
        error = signing.refused
        if error is not None:
            account.survey.cannot_read(account.address(), error.code or "access", error.message)
        return error is None
    if signing.config.uid == account.uid:
        account.signs_with.add(signing.config.key_label)
        return True
    account.survey.cannot_read(
        account.address(),
        "access_wrong_account",
        f"the key that signs as {account.spec.key} belongs to the account with the uid {signing.config.uid}; "
        f"the venue lists {account.name} with the uid {account.uid or '(no such account)'}. "
        "Nothing was done with it: put the right secret in its place",
    )
    return False
