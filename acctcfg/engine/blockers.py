"""What a venue's refusal is about, in one account as it is now: which position, order, bot or debt. Sends no write."""

from __future__ import annotations

from difflib import get_close_matches

from acctcfg.core.desired import AccountSpec
from acctcfg.core.plan import Precheck
from acctcfg.engine.session import Session
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import UsageError, VenueError
from acctcfg.venues.blockers import KnowsBlockers, NamesBlockers
from acctcfg.venues.installed import venue

__all__ = ["account_asked_about", "find_blockers"]


def account_asked_about(workspace: Workspace, account: str, family: str, code: str) -> AccountSpec:
    """The account, where the error can be looked for in it. Sends nothing."""
    manifest = workspace.manifest
    spec = manifest.accounts.get(account)
    if spec is None:
        near = get_close_matches(account, manifest.accounts, n=1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        raise UsageError(f"the manifest has no account {account}{meant}", hint="accounts are named by their keys")
    type_ = venue(manifest.venues[spec.venue].type)
    if type_.error_family != family:
        raise UsageError(f"{account} is an account of {type_.rules.type}, which has no error {family}:{code}")
    if not isinstance(type_, KnowsBlockers) or not type_.questions_of(code):
        hint = f"acctcfg explain {family}:{code} explains the error itself"
        raise UsageError(f"{family}:{code} is not about anything that can be read from an account", hint=hint)
    return spec


async def find_blockers(workspace: Workspace, spec: AccountSpec, code: str) -> tuple[Precheck, ...]:
    """Each thing that the error may be about, and what of it is there."""
    async with Session(workspace, [spec.venue]) as session:
        link = session.links[spec.venue]
        if not isinstance(link.connection, NamesBlockers):
            raise VenueError(f"the venue type {link.venue.rules.type} cannot tell what is in the way", code="no_list")
        return link.worded(await link.connection.blockers(spec, code))
