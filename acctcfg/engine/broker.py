"""What a broker asks of its venue about users' keys. Sends no write."""

from __future__ import annotations

from collections.abc import Sequence

from acctcfg.engine.session import Session
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import UsageError
from acctcfg.venues.rebates import Rebate, TellsRebates

__all__ = ["rebates"]


async def rebates(workspace: Workspace, keys: Sequence[str], *, venue: str | None, kind: str) -> dict[str, Rebate]:
    """By users' keys, in the order given. `venue`: a key of `venues`, where there are several."""
    name = _venue(workspace, venue)
    async with Session(workspace, [name]) as session:
        connection = session.links[name].connection
        if not isinstance(connection, TellsRebates):
            raise UsageError(f"venue type {connection.spec.type} has no rebates")
        return {key: await connection.rebate(key, kind) for key in keys}


def _venue(workspace: Workspace, named: str | None) -> str:
    venues = sorted(workspace.manifest.venues)
    if named is None and len(venues) == 1:
        return venues[0]
    if named is None or named not in venues:
        what = "which connection is meant?" if named is None else f"{named!r} is not a key of `venues`"
        raise UsageError(what, hint=f"--venue takes one of: {', '.join(venues)}")
    return named
