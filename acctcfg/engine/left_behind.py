"""Connections that have no account left in the manifest, though the journal knows accounts of ours there."""

from __future__ import annotations

from collections.abc import Collection

from acctcfg.core.plan import Warning_
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import AcctcfgError
from acctcfg.venues.installed import venue

__all__ = ["has_credentials", "left_behind", "unopened"]


def left_behind(workspace: Workspace) -> list[str]:
    """Those that can be opened: what is left there is still to be named."""
    return [key for key in _known(workspace) if has_credentials(workspace, key)]


def unopened(workspace: Workspace, opened: Collection[str]) -> list[Warning_]:
    """What the journal alone tells of those that cannot be opened."""
    message = "the manifest no longer names it, so it is left as it is; venues.{key} has no credentials to read it with"
    return [
        Warning_(name, "no_longer_managed", message.format(key=key))
        for key, names in _known(workspace).items()
        if key not in opened
        for name in names
    ]


def _known(workspace: Workspace) -> dict[str, list[str]]:
    """Connection -> the names of our accounts there, of each that the manifest gives no account."""
    manifest = workspace.manifest
    used = {spec.venue for spec in manifest.accounts.values()}
    found = {}
    for key, spec in manifest.venues.items():
        user = "" if key in used else workspace.user_behind(spec, venue(spec.type).base_url(spec))
        if user:
            found[key] = workspace.accounts_of(user)
    return {key: sorted(names) for key, names in found.items() if names}


def has_credentials(workspace: Workspace, key: str) -> bool:
    """Whether a connection can be opened here."""
    try:
        workspace.doors(key).load_own(workspace.manifest.venues[key].credentials)
    except AcctcfgError:
        return False
    return True
