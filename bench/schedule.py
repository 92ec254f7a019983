"""Onboarding and a refresh against the least time that the venue's rate limits allow; see `bench.simulation`.

One account's chain of requests is taken from a run of one account at a venue without limits: what asks for the next
only after the answer, the program does so there too. The simulation plays N such chains at the venue's limits, the
longest first. The program does the same work on the sandbox, under a clock that does not wait, so that no processor
has a part in it; and once over real sockets, where one has: `SCHEDULE_SPEED` below 1 makes the venue slower for a
machine that is busy. `SCHEDULE_ACCOUNTS=12,100,1000` tries a larger fleet.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import parse_qs

from acctcfg.core.plan import Plan
from acctcfg.engine.apply import apply
from acctcfg.engine.plan import make_plan
from acctcfg.engine.workspace import Workspace
from acctcfg.venues.okx.endpoints import RATES, SUB_ACCOUNTS
from bench.fleet import KEY, MASTER, fleet
from bench.simulation import Ask, Chain, Limit, list_schedule, lower_bound
from bench.virtual import ROUND_TRIP_S, Asked, Ground, ground

__all__ = ["onboarding", "run"]

FLEETS = tuple(int(one) for one in os.environ.get("SCHEDULE_ACCOUNTS", "12,100").split(","))
SPEED = float(os.environ.get("SCHEDULE_SPEED", "0.25"))
ON_SOCKETS = 12
GOAL = 1.05
PAGE = 100  # accounts of one page of the broker's list
UNLIMITED = 1e6
LIST = ("desk", SUB_ACCOUNTS.text)

PROFILE = {
    "venue": "desk",
    "account_mode": "multi_currency",
    "position_mode": "net",
    "leverage": [
        {"market": "swap", "family": family, "margin": "cross", "value": 5} for family in ("BTC-USDT", "ETH-USDT")
    ],
    "api_keys": {"trading": KEY},
    "deposit": {
        "credit_to": "trading",
        "addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}, {"currency": "BTC", "type": "segwit"}],
    },
}


def onboarding(accounts: int) -> dict[str, Any]:
    """The sections of a manifest as `examples/onboarding` has them, for so many customers."""
    names = [f"customer{n:05d}" for n in range(accounts)]
    customers = {name: {"profile": "customer", "label": name.capitalize()} for name in names}
    return {"profiles": {"customer": dict(PROFILE)}, "accounts": customers}


def run() -> Iterator[tuple[str, float, float, bool]]:
    """(name, value, goal, ok) for each figure."""
    found = _Work.on_one_account()
    for accounts in FLEETS:
        took = _Work.virtual(accounts)
        yield from _figures(accounts, found, took, "")
    took = asyncio.run(_on_sockets(ON_SOCKETS))
    yield from _figures(ON_SOCKETS, found, took, f", over sockets at speed {SPEED:g}")


@dataclass(frozen=True, slots=True)
class _Took:
    onboarding: float
    refresh: float


@dataclass(frozen=True, slots=True)
class _Work:
    """One account's chains."""

    onboarding: Chain
    refresh: Chain

    @classmethod
    def on_one_account(cls) -> _Work:
        with ground(speed=UNLIMITED) as place:
            asked, _ = place.run(lambda: _both(place, 1))
        return cls(*map(_chain, asked))

    @staticmethod
    def virtual(accounts: int) -> _Took:
        with ground() as place:
            _, took = place.run(lambda: _both(place, accounts))
        return took


async def _both(place: Ground, accounts: int) -> tuple[tuple[list[Asked], list[Asked]], _Took]:
    """Onboard them, and plan once more when every window is empty."""
    workspace = place.workspace(**onboarding(accounts))
    begun = 0.0

    def approve(_: Plan) -> bool:
        nonlocal begun
        begun = place.clock.monotonic()
        place.asks.clear()
        return True

    outcome = await apply(workspace, approve=approve)
    assert outcome.exit_code == 0, outcome.summary
    onboarded, made = place.clock.monotonic() - begun, list(place.asks)
    await place.rest()
    begun = place.clock.monotonic()
    plan = await make_plan(workspace)
    assert plan.matches, plan.conclusion
    assert not place.refused
    return (made, list(place.asks)), _Took(onboarded, place.clock.monotonic() - begun)


async def _on_sockets(accounts: int) -> _Took:
    with fleet((), {}, speed=SPEED) as ours:
        workspace: Workspace = ours.workspace(**onboarding(accounts))
        begun = 0.0

        def approve(_: Plan) -> bool:
            nonlocal begun
            begun = time.perf_counter()
            return True

        outcome = await apply(workspace, approve=approve)
        onboarded = time.perf_counter() - begun
        assert outcome.exit_code == 0, outcome.summary
        await asyncio.sleep(2.5 / SPEED)
        begun = time.perf_counter()
        plan = await make_plan(workspace)
        refreshed = time.perf_counter() - begun
        assert plan.matches, plan.conclusion
        assert not ours.control("requests")["rate_limited"]
    return _Took(onboarded * SPEED, refreshed * SPEED)


def _figures(accounts: int, work: _Work, took: _Took, where: str) -> Iterator[tuple[str, float, float, bool]]:
    shapes: tuple[tuple[str, Chain, float, dict[tuple[str, str], tuple[float, ...]]], ...] = (
        ("onboarding", work.onboarding, took.onboarding, {LIST: (0.0,)}),  # the plan has just read the list
        ("refresh", work.refresh, took.refresh, {}),
    )
    for name, chain, seconds, used in shapes:
        chains = [chain if name == "onboarding" else _on_page(chain, at // PAGE) for at in range(accounts)]
        limits = {ask.endpoint: _limit(ask.endpoint) for stage in chain for ask in stage}
        bound = lower_bound(chains, limits, round_trip_s=ROUND_TRIP_S)
        least = list_schedule(chains, limits, round_trip_s=ROUND_TRIP_S, used=used)
        title = f"{name} of {accounts}{where}: {seconds:.1f} s, simulated {least:.1f} s, bound {bound:.1f} s"
        yield title, seconds / least, GOAL, seconds / least <= GOAL


def _limit(bucket: str) -> Limit:
    rate = RATES[bucket.partition("?")[0]]
    return Limit(rate.count, rate.per_s)


def _chain(asked: Sequence[Asked]) -> Chain:
    """Requests that left at one moment are a stage."""
    return tuple(tuple(map(_ask, stage)) for _, stage in groupby(asked, key=lambda one: round(one.at / ROUND_TRIP_S)))


def _ask(asked: Asked) -> Ask:
    query = parse_qs(asked.target.partition("?")[2])
    by = "&".join(f"{name}={query[name][0]}" for name in RATES[asked.endpoint].by if name in query)
    bucket = f"{asked.endpoint}?{by}" if by else asked.endpoint
    if not asked.key:
        return Ask("anybody", bucket, shared=True)
    if asked.key != MASTER["api_key"]:
        return Ask("", bucket)
    of_all = asked.method == "GET" and (bucket == SUB_ACCOUNTS.text or "subAcct" not in query)
    return Ask("desk", bucket, shared=of_all)


def _on_page(chain: Chain, page: int) -> Chain:
    """The chain of an account that the broker's list has on a later page: each of them is asked for after the last."""
    return ((Ask(*LIST, shared=True),),) * page + chain


if __name__ == "__main__":
    for name, figure, goal, ok in run():
        print(f"{'ok ' if ok else 'NO '} {name}: {figure:.3f} (goal {goal:g})")
