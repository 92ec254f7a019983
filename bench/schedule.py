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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from acctcfg.core.plan import Plan
from acctcfg.engine.apply import apply
from acctcfg.engine.plan import make_plan
from acctcfg.venues.okx.endpoints import RATES, SUB_ACCOUNTS
from bench.fleet import KEY, MASTER, fleet
from bench.simulation import Ask, Chain, Limit, list_schedule, lower_bound
from bench.virtual import ROUND_TRIP_S, Asked, Ground, ground

__all__ = ["Chains", "Figure", "chains_of", "limits_of", "onboarding", "run"]

Figure: TypeAlias = tuple[str, float, float, bool]
"""Name, value, goal, whether it is reached."""

FLEETS = tuple(int(one) for one in os.environ.get("SCHEDULE_ACCOUNTS", "12,100").split(","))
SPEED = float(os.environ.get("SCHEDULE_SPEED", "0.25"))
ON_SOCKETS = 12
GOAL = 1.05
ESTIMATE_GOAL = 0.10
PAGE = 100  # accounts of one page of the broker's list
UNLIMITED = 1e6
LIST = ("desk", SUB_ACCOUNTS.text)

CUSTOMER = {
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

BUSY = {
    **CUSTOMER,
    "leverage": [
        {"market": market, "family": "*", "margin": margin, "value": 4}
        for market, margin in (("swap", "isolated"), ("swap", "cross"), ("futures", "isolated"), ("futures", "cross"))
    ],
}
"""As many leverages as there are."""


def onboarding(accounts: int, busy: int = 0) -> dict[str, Any]:
    """The sections of a manifest as `examples/onboarding` has them, for so many customers; the last ones are busy."""
    names = [f"customer{n:05d}" for n in range(accounts)]
    kinds = ["customer"] * (accounts - busy) + ["busy"] * busy
    customers = {name: {"profile": kind, "label": name.capitalize()} for name, kind in zip(names, kinds, strict=True)}
    return {"profiles": {"customer": dict(CUSTOMER), "busy": dict(BUSY)}, "accounts": customers}


def run() -> Iterator[Figure]:
    """(name, value, goal, ok) for each figure."""
    customer, busy = chains_of(onboarding(1)), chains_of(onboarding(1, busy=1))
    for accounts in FLEETS:
        some = -(-accounts // 10)
        took = _virtual(onboarding(accounts))
        mixed = _virtual(onboarding(accounts, busy=some))
        yield _onboarding([customer.apply] * accounts, took, "onboarding")
        yield _onboarding([customer.apply] * (accounts - some) + [busy.apply] * some, mixed, "mixed onboarding")
        yield _refresh([customer.plan] * accounts, took, "refresh")
        yield _estimate(accounts, took, "onboarding")
    took = asyncio.run(_on_sockets(ON_SOCKETS))
    where = f"onboarding, over sockets at speed {SPEED:g},"
    yield _onboarding([customer.apply] * ON_SOCKETS, took, where)
    yield _estimate(ON_SOCKETS, took, where)


@dataclass(frozen=True, slots=True)
class _Took:
    """Seconds of the venue: an apply from its approval on, and a plan of what is right."""

    apply: float
    plan: float
    estimate: float  # what the plan said of the apply


@dataclass(frozen=True, slots=True)
class Chains:
    """What one account asks."""

    apply: Chain
    plan: Chain


def chains_of(sections: dict[str, Any]) -> Chains:
    """What the one account of a manifest asks, by a run at a venue without limits."""
    with ground(speed=UNLIMITED) as place:
        asked, _ = place.run(lambda: _both(place, sections))
    return Chains(*map(_chain, asked))


def limits_of(chains: Iterable[Chain]) -> dict[str, Limit]:
    """The limits that they count at, by the names that they have there."""
    return {ask.endpoint: _limit(ask.endpoint) for chain in set(chains) for stage in chain for ask in stage}


def _virtual(sections: dict[str, Any]) -> _Took:
    with ground() as place:
        _, took = place.run(lambda: _both(place, sections))
    return took


async def _both(place: Ground, sections: dict[str, Any]) -> tuple[tuple[list[Asked], list[Asked]], _Took]:
    """Onboard them, and plan once more when every window is empty."""
    workspace = place.workspace(**sections)
    begun = said = 0.0

    def approve(plan: Plan) -> bool:
        nonlocal begun, said
        begun, said = place.clock.monotonic(), plan.estimate.seconds
        place.asks.clear()
        return True

    outcome = await apply(workspace, approve=approve)
    assert outcome.exit_code == 0, outcome.summary
    applied, made = place.clock.monotonic() - begun, list(place.asks)
    await place.rest()
    begun = place.clock.monotonic()
    plan = await make_plan(workspace, refresh=True)
    assert plan.matches, plan.conclusion
    assert not place.refused
    return (made, list(place.asks)), _Took(applied, place.clock.monotonic() - begun, said)


async def _on_sockets(accounts: int) -> _Took:
    with fleet((), {}, speed=SPEED) as ours:
        workspace = ours.workspace(**onboarding(accounts))
        begun = said = 0.0

        def approve(plan: Plan) -> bool:
            nonlocal begun, said
            begun, said = time.perf_counter(), plan.estimate.seconds
            return True

        outcome = await apply(workspace, approve=approve)
        applied = time.perf_counter() - begun
        assert outcome.exit_code == 0, outcome.summary
        await asyncio.sleep(2.5 / SPEED)
        begun = time.perf_counter()
        plan = await make_plan(workspace, refresh=True)
        planned = time.perf_counter() - begun
        assert plan.matches, plan.conclusion
        assert not ours.control("requests")["rate_limited"]
    return _Took(applied * SPEED, planned * SPEED, said * SPEED)


def _onboarding(chains: Sequence[Chain], took: _Took, name: str) -> Figure:
    return _figure(name, chains, took.apply, {LIST: (0.0,)})  # the plan has just read the list


def _refresh(chains: Sequence[Chain], took: _Took, name: str) -> Figure:
    """Each page of the list is asked for after the one before it."""
    pages = [((Ask(*LIST, shared=True),),) * (at // PAGE) for at in range(len(chains))]
    return _figure(name, [page + chain for page, chain in zip(pages, chains, strict=True)], took.plan, {})


def _estimate(accounts: int, took: _Took, name: str) -> Figure:
    off = abs(took.estimate - took.apply) / took.apply
    return f"{name} of {accounts}: the plan's estimate is off by", off, ESTIMATE_GOAL, off <= ESTIMATE_GOAL


def _figure(
    name: str, chains: Sequence[Chain], seconds: float, used: dict[tuple[str, str], tuple[float, ...]]
) -> Figure:
    limits = limits_of(chains)
    bound = lower_bound(chains, limits, round_trip_s=ROUND_TRIP_S)
    least = list_schedule(chains, limits, round_trip_s=ROUND_TRIP_S, used=used)
    title = f"{name} of {len(chains)}: {seconds:.1f} s, simulated {least:.1f} s, bound {bound:.1f} s"
    return title, seconds / least, GOAL, seconds / least <= GOAL


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


if __name__ == "__main__":
    for name, figure, goal, ok in run():
        print(f"{'ok ' if ok else 'NO '} {name}: {figure:.3f} (goal {goal:g})")
