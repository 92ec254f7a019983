"""What tests of rehearsals share: rehearse, then apply for real, and compare."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from desk import Desk

from acctcfg.core.address import Focus
from acctcfg.engine.plan import draw_up
from acctcfg.engine.reading import venues_of
from acctcfg.engine.session import Session
from acctcfg.engine.workspace import Workspace
from acctcfg.rehearsal.rehearse import live_values

__all__ = ["compare", "state_of"]


def state_of(desk: Desk) -> dict[str, Any]:
    """Every managed value as it is live now."""

    async def look() -> dict[str, Any]:
        workspace, focus = Workspace.load(desk.folder, dict(os.environ)), Focus()
        async with Session(workspace, venues_of(workspace, focus)) as session:
            planned = await draw_up(session, focus, look_only=True)
        return {str(address): value for address, value in live_values(planned.surveys)}

    return asyncio.run(look())


def compare(desk: Desk) -> set[str]:
    """Rehearse, then apply: the same counts, blocked steps and values, but for accounts that the rehearsal names.

    Returns those. The rehearsal sends no write.
    """
    before = len(desk.writes())
    said = desk.plan("--rehearse", "--format", "json", "--allow-sensitive")
    assert said.json is not None, said.err
    assert "rehearsal" in said.json, said.err
    rehearsed = said.json["rehearsal"]
    assert len(desk.writes()) == before
    applied = desk.run("apply", "--auto-approve", "--allow-sensitive", "--skip-blocked", "--format", "json").json
    named = {one["address"].partition(".")[0] for one in rehearsed["not_copied"]}
    results = applied["results"]
    blocked = {one["address"] for one in results if one["status"] == "blocked"}

    def other(addresses: Any) -> dict[str, Any]:
        found = addresses if isinstance(addresses, dict) else dict.fromkeys(addresses)
        return {one: value for one, value in found.items() if one.partition(".")[0] not in named}

    assert other(rehearsed["blocked"]) == other(blocked)
    assert other(rehearsed["end_state"]) == other(state_of(desk))
    if not named:
        assert rehearsed["counts"] == applied["summary"]
    return named
