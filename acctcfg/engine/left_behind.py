"""Accounts that the journal knows as ours, where the manifest has no account left, or not even the connection."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from acctcfg.core.plan import Warning_
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import AcctcfgError
from acctcfg.venues.installed import venue
from acctcfg.venues.resources import no_longer_managed

__all__ = ["gone", "has_credentials", "left_behind", "unopened"]


def left_behind(workspace: Workspace) -> list[str]:
    """Those that can be opened: what is left there is still to be named."""
    return [key for key in _known(workspace) if has_credentials(workspace, key)]


def gone(workspace: Workspace, opened: Collection[str]) -> list[Warning_]:
    """Of the connections that the manifest no longer has: nobody can read what is left there, and it is named.

    `opened`: the users behind the connections that it does have. A journal in a database may be that of other
    workspaces, too, whose connections these are: only the embedded one is of this workspace alone.
    """
    manifest = workspace.manifest
    if manifest.journal.url:
        return []
    keys = {key for spec in manifest.venues.values() for key in (spec.key, *spec.formerly)}
    with workspace.journal() as journal:
        workspace.demand_intact(journal)
        known = journal.connections()
    kept = {*opened, *(one.user for one in known if one.venue in keys)}
    places = {one.user: one for one in known if one.user not in kept}
    memory, found = workspace.memories(), []
    for user, one in sorted(places.items()):
        there = memory(one.base_url, user)
        for account in there.accounts():
            told = no_longer_managed(there, account.name, account.uid)
            where = (
                f"It is of venue user {user}, whose connection, venues.{one.venue}, the manifest no longer has either"
            )
            found.append(replace(told, message=f"{told.message}. {where}"))
    return found


def unopened(workspace: Workspace, opened: Collection[str], users: Collection[str]) -> list[Warning_]:
    """What the journal alone tells of those that cannot be opened.

    `users`: those behind the connections that are open. Who asks one of them what is left there asks for all.
    """
    message = "the manifest no longer names it, so it is left as it is; venues.{key} has no credentials to read it with"
    found: dict[str, list[Warning_]] = {}  # of each user once, by the first of its connections
    for key, (user, names) in _known(workspace).items():
        if key not in opened and user not in users:
            told = message.format(key=key)
            found.setdefault(user, [Warning_(name, "no_longer_managed", told) for name in names])
    return [warning for some in found.values() for warning in some]


def _known(workspace: Workspace) -> dict[str, tuple[str, list[str]]]:
    """Connection -> its user and the names of our accounts there, of each that the manifest gives no account.

    Not of another connection of a user whose accounts the manifest does name: that one asks for both.
    """
    manifest = workspace.manifest
    used = {spec.venue for spec in manifest.accounts.values()}
    if used.issuperset(manifest.venues):
        return {}
    users = {key: workspace.user_behind(spec, venue(spec.type).base_url(spec)) for key, spec in manifest.venues.items()}
    named = {"", *(users[key] for key in used)}
    found = {key: (user, sorted(workspace.accounts_of(user))) for key, user in users.items() if user not in named}
    return {key: (user, names) for key, (user, names) in found.items() if names}


def has_credentials(workspace: Workspace, key: str) -> bool:
    """Whether a connection can be opened here."""
    try:
        workspace.doors(key).load_own(workspace.manifest.venues[key].credentials)
    except AcctcfgError:
        return False
    return True
