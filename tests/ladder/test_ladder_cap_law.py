"""The brake never raises: for any live values, positions, orders, modes and caps."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from desk import Desk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ladder_parts import KEY, settle

from examples import some

COINS = ("BTC", "ETH", "SOL")
SWAPS = [f"{coin}-USDT-SWAP" for coin in COINS]
SCOPES = [f"SWAP/{margin}/{swap}" for margin in ("cross", "isolated") for swap in SWAPS]
LEVERS = st.sampled_from(["1", "2", "3", "5", "20", "100"])
MARGINS = st.sampled_from(["cross", "isolated"])
OPEN = st.lists(st.fixed_dictionaries({"instId": st.sampled_from(SWAPS), "mode": MARGINS}), max_size=3)
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "market": st.just("swap"),
            "margin": MARGINS,
            "instrument": st.sampled_from(SWAPS),
            "value": st.sampled_from([2, 10, "max"]),
        }
    ),
    max_size=3,
    unique_by=lambda entry: (entry["margin"], entry["instrument"]),
)
counter = iter(range(10_000))


@settings(max_examples=some(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    live=st.dictionaries(st.sampled_from(SCOPES), LEVERS),
    positions=OPEN,
    orders=OPEN,
    entries=ENTRIES,
    cap=st.sampled_from(["1", "2", "2.5", "4", "50", "200"]),
    everything=st.booleans(),
)
def test_cap_never_raises(
    desk: Desk,
    live: dict[str, str],
    positions: list[dict[str, str]],
    orders: list[dict[str, str]],
    entries: list[dict[str, Any]],
    cap: str,
    everything: bool,
) -> None:
    """No scope is higher than before; one that is above the cap has an order in its way, or nothing open and no entry;
    a contract goes to the whole number below the cap; and what is open stays open."""
    name = f"capped{next(counter):04d}"
    held = [{"instId": one["instId"], "mgnMode": one["mode"], "pos": "2"} for one in positions]
    waiting = [{"instId": one["instId"], "tdMode": one["mode"]} for one in orders]
    settle(desk, name, acctLv="2", leverage=live, positions=held, orders=waiting)
    desk.write({name: {"api_keys": KEY, "leverage": entries}})
    said = desk.run("cap", cap, "--auto-approve", *(["--all"] if everything else []))
    account = desk.account(name)
    after = {scope: Decimal(account["leverage"].get(scope, "5")) for scope in SCOPES}
    for scope in SCOPES:
        before = Decimal(live.get(scope, "5"))  # the sandbox's default
        assert after[scope] <= before, (scope, said.out)
        _, margin, swap = scope.split("/")
        stuck = {"instId": swap, "mode": margin} in orders
        seen = everything or {"instId": swap, "mode": margin} in [*positions, *orders]
        seen = seen or any((one["margin"], one["instrument"]) == (margin, swap) for one in entries)
        if seen and not stuck:
            assert after[scope] == (before if before <= Decimal(cap) else Decimal(cap) // 1), (scope, said.out)
    assert len(account["positions"]) == len(positions)
    assert len(account["orders"]) == len(orders)
