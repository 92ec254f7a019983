"""A rehearsal of 1,000 accounts against the real apply: the same blocked steps and end state, the time within 10 %.

Each account changes its modes and three leverages; one in twenty has a position, which blocks it. The venue is a
sandbox in a process of its own, five times as fast; its seconds are told at the pace of the venue.
`REHEARSAL_ACCOUNTS=50` tries it small.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

from acctcfg.core.address import Focus
from acctcfg.core.outcome import Outcome
from acctcfg.core.rehearsal import Rehearsal
from acctcfg.engine.apply import apply
from acctcfg.engine.plan import draw_up
from acctcfg.engine.reading import venues_of
from acctcfg.engine.session import Session
from acctcfg.engine.workspace import Workspace
from acctcfg.rehearsal.rehearse import live_values, rehearse
from bench.fleet import KEY, Fleet, fleet, live_key

__all__ = ["run"]

ACCOUNTS = int(os.environ.get("REHEARSAL_ACCOUNTS", "1000"))
SPEED = 5.0
BLOCKED = 20  # one in so many
GOAL = 0.10
FAMILIES = ("BTC-USDT", "ETH-USDT", "SOL-USDT")


def run() -> list[tuple[str, float, float, bool]]:
    """(name, value, goal, ok) for each figure."""
    names = [f"customer{n:04d}" for n in range(ACCOUNTS)]
    subs = {name: _account(at, name) for at, name in enumerate(names)}
    with fleet(names, subs, speed=SPEED) as ours:
        return asyncio.run(_figures(_workspace(ours, names), len(names)))


async def _figures(workspace: Workspace, accounts: int) -> list[tuple[str, float, float, bool]]:
    rehearsed = (await rehearse(workspace)).rehearsal
    assert rehearsed is not None
    await asyncio.sleep(10 / SPEED)  # every window is empty again
    begun = time.perf_counter()
    outcome = await apply(workspace, approve=lambda _: True, skip_blocked=True, allow_warnings=True)
    seconds = (time.perf_counter() - begun) * SPEED
    wrong = _wrong(rehearsed, outcome, await _state(workspace))
    off = abs(rehearsed.seconds - seconds) / seconds
    return [
        (f"rehearsal of {accounts}: steps and values that end otherwise", wrong, 0, wrong == 0),
        (f"rehearsal: {rehearsed.seconds:.0f} s, really {seconds:.0f} s: off by", off, GOAL, off <= GOAL),
    ]


async def _state(workspace: Workspace) -> dict[str, Any]:
    async with Session(workspace, venues_of(workspace, Focus())) as session:
        planned = await draw_up(session, Focus(), look_only=True)
    return {str(address): value for address, value in live_values(planned.surveys)}


def _wrong(rehearsed: Rehearsal, outcome: Outcome, state: dict[str, Any]) -> int:
    blocked = {str(one.step.address) for one in outcome.results if one.status == "blocked"}
    other = {one for one in state | dict(rehearsed.end_state) if state.get(one) != rehearsed.end_state.get(one)}
    return len(other) + len(blocked ^ set(rehearsed.blocked)) + len(rehearsed.not_copied)


def _account(at: int, name: str) -> dict[str, Any]:
    held = [{"instId": "BTC-USDT-SWAP"}] if at % BLOCKED == 0 else []
    return {"acctLv": "2", "keys": [live_key(name)], "positions": held}


def _workspace(ours: Fleet, names: list[str]) -> Workspace:
    leverage = [{"market": "swap", "family": family, "margin": "cross", "value": 3} for family in FAMILIES]
    profile = {"account_mode": "multi_currency", "position_mode": "long_short", "leverage": leverage}
    return ours.workspace(
        profiles={"customer": {**profile, "api_keys": {"trading": KEY}}},
        accounts={name: {"venue": "desk", "profile": "customer"} for name in names},
    )
