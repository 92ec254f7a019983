"""The brake: 1,000 accounts x 20 leverages, 5 % of them with an order in the way, against the sandbox on loopback.

The bound is the larger of what the rate limits allow (the list of sub-accounts comes 100 to a page, one page a second)
and the requests at the engine's raw rate, measured in the same run: the same client, reading as the same accounts, with
nothing around it. The sandbox runs in a process of its own. `BRAKE_ACCOUNTS=50` tries it small.
"""

from __future__ import annotations

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any, NamedTuple

from acctcfg.cli.event_loop import THREADS
from acctcfg.core.brake import Braked
from acctcfg.core.secret import Credentials
from acctcfg.engine.cap import cap
from acctcfg.engine.session import Session
from acctcfg.engine.workspace import Workspace
from acctcfg.venues.brake import AT_ONCE
from acctcfg.venues.okx.account_reads import OwnKey
from bench.fleet import KEY, Fleet, fleet, live_key

__all__ = ["run"]

ACCOUNTS = int(os.environ.get("BRAKE_ACCOUNTS", "1000"))
SCOPES = 20
BLOCKED = 20  # one in so many
GOAL = 1.2
PAGE = 100
RAW_READS = 12  # of each account
FROM, MOST = "10", Decimal(3)
COINS = [f"C{n:02d}" for n in range(SCOPES)]


def run() -> list[tuple[str, float, float, bool]]:
    """(name, value, goal, ok) for each figure."""
    names = [f"customer{n:04d}" for n in range(ACCOUNTS)]
    subs = {name: _account(at, name) for at, name in enumerate(names)}
    instruments = [
        {"instType": "SWAP", "instId": f"{coin}-USDT-SWAP", "instFamily": f"{coin}-USDT", "settleCcy": "USDT"}
        for coin in COINS
    ]
    with fleet(names, subs, instruments={"add": instruments}) as ours:
        return asyncio.run(_figures(ours, names))


async def _figures(ours: Fleet, names: list[str]) -> list[tuple[str, float, float, bool]]:
    profiles = {"customer": {"api_keys": {"trading": KEY}}}
    accounts = {name: {"venue": "desk", "profile": "customer"} for name in names}
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))  # as the command does
    workspace = ours.workspace(profiles=profiles, accounts=accounts)
    raw = await _raw_rate(workspace, names)
    await asyncio.sleep(2.5)  # every window is empty again
    before = _requests(ours)
    begun, cpu = time.perf_counter(), time.process_time()
    outcome = await cap(workspace, MOST, approve=lambda _: True)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    requests = _requests(ours) - before
    wrong = _wrong(outcome, names, ours)
    bound = max(-(-len(names) // PAGE) - 1, requests / raw.a_second)
    took = f"{seconds:.1f} s for {requests} requests of {cpu / requests * 1000:.2f} ms CPU"
    return [
        (f"brake of {len(names)} x {SCOPES}: leverages that are not as they should be", wrong, 0, wrong == 0),
        (
            f"brake: {took}, over its bound (raw: {raw.a_second:.0f} requests a second of {raw.cpu_ms:.2f} ms)",
            seconds / bound,
            GOAL,
            seconds / bound <= GOAL,
        ),
    ]


class Raw(NamedTuple):
    """The engine's client with nothing around it."""

    a_second: float
    cpu_ms: float  # of this process, a request


async def _raw_rate(workspace: Workspace, names: list[str]) -> Raw:
    """Signed reads as the accounts themselves."""
    async with Session(workspace, ["desk"]) as session:
        link = session.links["desk"]
        keys = [
            OwnKey(
                link.client,
                _stored(workspace, name),
                f"{link.connection.user}/{name}",
            )
            for name in names[:200]
        ]
        turns = asyncio.Semaphore(AT_ONCE)

        async def read(key: OwnKey) -> None:
            async with turns:
                await key.orders(spreads=False)

        begun, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(read(key) for key in keys for _ in range(RAW_READS)))
        count = len(keys) * RAW_READS
        return Raw(count / (time.perf_counter() - begun), (time.process_time() - cpu) / count * 1000)


def _stored(workspace: Workspace, name: str) -> Credentials:
    credentials = workspace.store("vault").get(f"desk/{name}/trading")
    assert credentials is not None
    return credentials


def _wrong(outcome: Braked, names: list[str], ours: Fleet) -> int:
    """Free ones that were not lowered, and any that is higher than before."""
    wrong = 0
    for at, name in enumerate(names):
        live = ours.control(f"accounts/{name}")["leverage"]
        for number, coin in enumerate(COINS):
            wanted = FROM if _is_blocked(at, number) else str(MOST)
            wrong += live[f"SWAP/cross/{coin}-USDT-SWAP"] != wanted
    return wrong + (outcome.exit_code != 3)


def _requests(ours: Fleet) -> int:
    return sum(ours.control("requests")["by_path"].values())


def _is_blocked(account: int, scope: int) -> bool:
    return (account * SCOPES + scope) % BLOCKED == 0


def _account(at: int, name: str) -> dict[str, Any]:
    swaps = [f"{coin}-USDT-SWAP" for coin in COINS]
    return {
        "acctLv": "2",
        "keys": [live_key(name)],
        "leverage": {f"SWAP/cross/{swap}": FROM for swap in swaps},
        "positions": [{"instId": swap, "pos": str(1 + number)} for number, swap in enumerate(swaps)],
        "orders": [{"instId": swap} for number, swap in enumerate(swaps) if _is_blocked(at, number)],
    }


if __name__ == "__main__":
    for title, figure, goal, ok in run():
        print(f"{'ok ' if ok else 'NO '} {title}: {figure:.3f} (goal {goal:g})")
