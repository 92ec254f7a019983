"""A refresh of 200 accounts (modes and leverage) at the venue's own speed, with what a processor takes.

The bound is what the rate limits alone allow: the list of sub-accounts comes 100 to a page and one page a second, and
everything else is read with the accounts' own keys, side by side. The sandbox runs in a process of its own.
"""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import Any

from acctcfg.engine.collector import OWN_PROCESS, less_often
from acctcfg.engine.plan import make_plan
from acctcfg.engine.workspace import Workspace
from bench.fleet import KEY, Fleet, fleet, live_key

__all__ = ["run"]

ACCOUNTS = 200
REFRESHES = 5  # the median of them
PAGES_BOUND_S = 1.0  # two pages of 100, one page a second: the second is sent one second after the first
GOAL = 1.1
SCOPES = ("BTC-USDT", "ETH-USDT", "SOL-USDT")


def run() -> list[tuple[str, float, float, bool]]:
    """(name, value, goal, ok) for each figure."""
    names = [f"customer{n:03d}" for n in range(ACCOUNTS)]
    with fleet(names, _live(names)) as ours:
        return asyncio.run(_figures(ours))


async def _figures(ours: Fleet) -> list[tuple[str, float, float, bool]]:
    less_often(OWN_PROCESS)  # as the command does
    workspace = _workspace(ours)
    took_each = []
    for _ in range(REFRESHES):
        await asyncio.sleep(2.5)  # every window is empty again
        begun = time.perf_counter()
        plan = await make_plan(workspace)
        took_each.append(time.perf_counter() - begun)
        assert plan.matches, plan.unreadable[:3]
        assert not ours.control("requests")["rate_limited"]
    seconds = median(took_each)
    return [
        (
            f"refresh of {ACCOUNTS} accounts: seconds over the rate-limit bound",
            seconds / PAGES_BOUND_S,
            GOAL,
            seconds / PAGES_BOUND_S <= GOAL,
        ),
    ]


def _live(names: list[str]) -> dict[str, Any]:
    return {name: {"acctLv": "3", "keys": [live_key(name)]} for name in names}


def _workspace(ours: Fleet) -> Workspace:
    leverage = [{"market": "swap", "family": family, "margin": "cross", "value": 5} for family in SCOPES]
    profile = {"account_mode": "multi_currency", "position_mode": "net", "leverage": leverage}
    accounts = {
        f"customer{n:03d}": {"venue": "desk", "profile": "customer", "api_keys": {"trading": KEY}}
        for n in range(ACCOUNTS)
    }
    return ours.workspace(profiles={"customer": profile}, accounts=accounts)


if __name__ == "__main__":
    for name, figure, goal, ok in run():
        print(f"{'ok ' if ok else 'NO '} {name}: {figure:.3f} (goal {goal:g})")
