"""What a venue's refusal is about, in accounts as they are now: which position, order, bot or debt. Sends no write."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from difflib import get_close_matches

from acctcfg.core.address import Address, AddressPattern
from acctcfg.core.desired import AccountSpec
from acctcfg.core.plan import Precheck
from acctcfg.engine.session import Link, Session
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import UsageError, VenueError
from acctcfg.venues.blockers import KnowsBlockers, NamesBlockers
from acctcfg.venues.installed import venue

__all__ = ["accounts_asked_about", "find_blockers"]


def accounts_asked_about(workspace: Workspace, named: Sequence[str], family: str, code: str) -> list[AccountSpec]:
    """The accounts, by names or patterns; UsageError unless the error can be looked for in each. Sends nothing."""
    keys = dict.fromkeys(key for text in named for key in _matching(workspace, text))
    return [_askable(workspace, key, family, code) for key in keys]


def _matching(workspace: Workspace, text: str) -> list[str]:
    accounts = workspace.manifest.accounts
    pattern = AddressPattern(text)
    if found := [key for key in accounts if pattern.matches(Address(key))]:
        return found
    near = get_close_matches(text, accounts, n=1)
    meant = f" (did you mean {near[0]}?)" if near else ""
    raise UsageError(f"the manifest has no account {text}{meant}", hint="accounts are named by their keys")


def _askable(workspace: Workspace, account: str, family: str, code: str) -> AccountSpec:
    manifest = workspace.manifest
    spec = manifest.accounts[account]
    type_ = venue(manifest.venues[spec.venue].type)
    if type_.error_family != family:
        raise UsageError(f"{account} is an account of {type_.rules.type}, which has no error {family}:{code}")
    if not isinstance(type_, KnowsBlockers) or not type_.questions_of(code):
        hint = f"acctcfg explain {family}:{code} explains the error itself"
        raise UsageError(f"{family}:{code} is not about anything that can be read from an account", hint=hint)
    return spec


async def find_blockers(
    workspace: Workspace, specs: Sequence[AccountSpec], code: str
) -> list[tuple[Precheck, ...] | VenueError]:
    """Of each account each thing that the error may be about and what of it is there, or why nobody can tell."""
    async with Session(workspace, {spec.venue for spec in specs}) as session:
        return await asyncio.gather(*(_blockers(session.links[spec.venue], spec, code) for spec in specs))


async def _blockers(link: Link, spec: AccountSpec, code: str) -> tuple[Precheck, ...] | VenueError:
    if not isinstance(link.connection, NamesBlockers):
        return VenueError(f"the venue type {link.venue.rules.type} cannot tell what is in the way", code="no_list")
    try:
        return link.worded(await link.connection.blockers(spec, code))
    except VenueError as error:
        return error
