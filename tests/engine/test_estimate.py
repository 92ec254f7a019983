"""The plan's estimate: runs on the sandbox under a clock that does not wait take as long, within a tenth."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctcfg.core.plan import Estimate, Plan
from acctcfg.engine.apply import apply
from acctcfg.engine.estimate import Chain, Stage, estimate
from acctcfg.engine.meter import Meter
from acctcfg.engine.progress import SILENT, Progress, safe
from acctcfg.venues.contract import Cost
from acctcfg.wire.endpoint import Endpoint, Rate
from bench.fleet import KEY, live_key
from bench.schedule import onboarding
from bench.simulation import Ask, Limit, list_schedule, lower_bound
from bench.virtual import Ground, ground

MODES: Final = {"account_mode": "multi_currency", "position_mode": "net"}
FAMILY: Final = {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 7}
EVERY: Final = [
    {"market": market, "family": "*", "margin": margin, "value": 4}
    for market, margin in (("swap", "isolated"), ("swap", "cross"), ("futures", "isolated"))
]
ADDRESS: Final = {"credit_to": "trading", "addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]}
FOR_OTHERS: Final = {**KEY, "ip_allowlist": ["192.0.2.9"]}
SHAPES: Final[dict[str, tuple[int, str, dict[str, Any]]]] = {
    "all modes, which broker and accounts set": (
        12,
        "2",
        {**MODES, "position_mode": "long_short", "leverage": [FAMILY]},
    ),
    "every leverage of a few": (2, "3", {**MODES, "leverage": EVERY}),
    "an account mode": (12, "2", MODES),
    "a new address of each": (25, "3", {"deposit": ADDRESS}),
    "another key, used elsewhere": (
        12,
        "3",
        {"api_keys": {"trading": KEY, "desk": {**KEY, "ip_allowlist": ["192.0.2.9"]}}},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_a_run_takes_as_long_as_its_plan_says(shape: str) -> None:
    """One field of all accounts, or several: within a tenth, and within the venue's limits."""
    accounts, level, profile = SHAPES[shape]
    names = [f"customer{n:02d}" for n in range(accounts)]
    with ground(names, {name: {"acctLv": level, "keys": [live_key(name)]} for name in names}) as place:
        said, took = _applied(
            place,
            profiles={"customer": {"api_keys": {"trading": KEY}, **profile}},
            accounts={name: {"venue": "desk", "profile": "customer"} for name in names},
        )
    assert said.seconds == pytest.approx(took, rel=0.1)


def test_onboarding_takes_as_long_as_its_plan_says() -> None:
    """The accounts, their keys, modes, leverage and addresses: each waits for the one before it."""
    with ground() as place:
        sections = onboarding(12)
        sections["profiles"]["customer"] |= {"position_mode": "long_short", "leverage": [FAMILY]}
        said, took = _applied(place, **sections)
    assert said.seconds == pytest.approx(took, rel=0.1)
    assert said.bottleneck == "set-subaccount-level of desk, 5 per 2 s"


@pytest.mark.slow
def test_the_longest_account_goes_first() -> None:
    """The last of the manifest has every leverage to set: the others fit in beside it."""
    with ground() as place:
        said, took = _applied(place, **onboarding(6, busy=1))
    assert said.seconds == pytest.approx(took, rel=0.1)


@pytest.mark.slow
def test_what_is_left_is_told_while_it_runs() -> None:
    """From a third of the run on, progress is right within a tenth, or the window of the limit that decides."""
    names = [f"customer{n:02d}" for n in range(30)]
    with ground(names, {name: {"acctLv": "2", "keys": [live_key(name)]} for name in names}) as place:
        meter = Meter(place.clock.monotonic)
        told: list[tuple[float, float | None]] = []

        async def look() -> None:
            while True:
                await place.clock.sleep(1)
                told.append((place.clock.monotonic(), meter.so_far().left_s))

        _, took = _applied(
            place,
            look,
            safe(meter),
            profiles={"customer": {"api_keys": {"trading": KEY}, **MODES}},
            accounts={name: {"venue": "desk", "profile": "customer"} for name in names},
        )
        end = place.clock.monotonic()
    late = [(end - at, left) for at, left in told if at > end - took * 2 / 3]
    assert len(late) > 5
    assert all(left == pytest.approx(real, rel=0.1, abs=2.0) for real, left in late)


async def _nothing() -> None:
    """Nobody looks."""


def _applied(
    place: Ground,
    beside: Callable[[], Coroutine[object, object, None]] = _nothing,
    progress: Progress = SILENT,
    **sections: Any,
) -> tuple[Estimate, float]:
    workspace = place.workspace(**sections)
    told: list[tuple[Estimate, float]] = []

    def approve(plan: Plan) -> bool:
        told.append((plan.estimate, place.clock.monotonic()))
        return True

    async def run() -> None:
        looking = asyncio.create_task(beside())
        outcome = await apply(workspace, approve=approve, allow_sensitive=True, progress=progress)
        looking.cancel()
        assert outcome.exit_code == 0, outcome.summary

    place.run(run)
    assert not place.refused
    said, begun = told[0]
    return said, place.clock.monotonic() - begun


# -- the arithmetic ----------------------------------------------------------------------------------------------------

GATE = Endpoint("GET", "/gate", Rate(7, 2))
SHARED = Endpoint("POST", "/shared", Rate(5, 2))
PAGES = Endpoint("GET", "/pages", Rate(1, 1))


def _of(account: str, *stages: Cost) -> Chain:
    own = {"me": account}
    named = [Cost(own.get(c.owner, c.owner), c.label, c.endpoint, c.count, c.write, c.serves) for c in stages]
    return Chain(tuple(Stage((one,)) for one in named))


READS = Cost("me", "me", GATE, 7)
WRITES = Cost("desk", "desk", SHARED, 1, write=True)
LISTED = Cost("desk", "desk", PAGES, 1, serves=100)


@pytest.mark.parametrize(
    ("stages", "accounts", "seconds", "writes"),
    [
        pytest.param((), 0, 0.0, 0, id="nothing"),
        pytest.param((WRITES,), 5, 0.0, 5, id="one window"),
        pytest.param((WRITES,), 11, 4.0, 11, id="three windows of five in two seconds"),
        pytest.param((READS, WRITES), 11, 4.0, 11, id="each reads by itself"),
        pytest.param((READS, WRITES, READS), 11, 6.0, 11, id="the last one reads again, and has just read"),
        pytest.param((LISTED, WRITES, LISTED), 6, 4.0, 6, id="a page for all a second after the plan's, and another"),
    ],
)
def test_what_goes_before_and_after_a_limit_counts(
    stages: tuple[Cost, ...], accounts: int, seconds: float, writes: int
) -> None:
    """The slowest limit that accounts share, with what each of them does before it and after it."""
    found = estimate([_of(f"account {n}", *stages) for n in range(accounts)])
    assert (found.seconds, found.writes) == (seconds, writes)


@given(
    st.lists(
        st.lists(
            st.lists(st.sampled_from([Ask("desk", "a"), Ask("desk", "b"), Ask("", "c")]), min_size=1, max_size=4),
            max_size=4,
        ),
        max_size=6,
    )
)
def test_no_schedule_beats_the_bound(fleet: list[list[list[Ask]]]) -> None:
    """What the benchmark calls a bound is one: the simulation never ends sooner."""
    chains = [tuple(map(tuple, chain)) for chain in fleet]
    limits = {"a": Limit(2, 1.0), "b": Limit(1, 0.5), "c": Limit(3, 2.0)}
    least = Decimal(list_schedule(chains, limits, round_trip_s=0.25))
    assert Decimal(lower_bound(chains, limits, round_trip_s=0.25)) <= least
