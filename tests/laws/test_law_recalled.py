"""Law of memory: a plan from memory has the steps of one that reads everything anew, whatever was done meanwhile."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest
from desk import Desk
from hypothesis import given
from hypothesis import strategies as st
from laws_world import World, at_desk, desks

NAME = "payee001"
KEY = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}
CHAINS = {"USDT": ("USDT-TRC20", "USDT-ERC20"), "BTC": ("BTC-Bitcoin",)}
Deed: TypeAlias = tuple[str, Any]

WISHES = st.builds(
    lambda entries, credit_to, key: {
        **({"api_keys": KEY, "position_mode": "net"} if key else {}),
        "deposit": {
            "addresses": [{"currency": ccy, "chain": chain, "count": count} for (ccy, chain), count in entries.items()],
            **({"credit_to": credit_to} if credit_to else {}),
        },
    },
    st.dictionaries(
        st.sampled_from([(ccy, chain) for ccy, some in CHAINS.items() for chain in some]),
        st.integers(1, 2),
        min_size=1,
    ),
    st.sampled_from(["", "funding", "trading"]),
    st.booleans(),
)
DEEDS = st.one_of(
    st.tuples(st.just("want"), WISHES),
    st.tuples(st.just("apply"), st.sampled_from([(), ("--refresh",)])),
    st.tuples(st.just("to"), st.sampled_from(["6", "18"])),
    st.tuples(st.just("address"), st.sampled_from(sorted(CHAINS))),
    st.tuples(st.just("anew"), st.none()),
)


def do(desk: Desk, deed: str, what: Any) -> None:
    """What we do, and what somebody does at the venue."""
    if deed == "want":
        desk.write({NAME: {"adopt": True, **what}}, guardrails={"max_deletes": 9})
    elif deed == "apply":
        desk.apply(*what)
    elif NAME not in desk.sandbox.control_get("state")["tenants"]["desk"]["sub_accounts"]:
        return
    elif deed == "to":
        desk.sandbox.control_post(f"accounts/{NAME}/set", {"to": what})
    elif deed == "anew":
        desk.sandbox.control_delete(f"accounts/{NAME}")
        desk.sandbox.control_post(f"accounts/{NAME}", {"acctLv": "1"})
    else:
        there = [{name: row[name] for name in ("ccy", "chain", "addr")} for row in desk.account(NAME)["addresses"]]
        new = {"ccy": what, "chain": CHAINS[what][0], "addr": f"another{len(there)}"}
        desk.sandbox.control_post(f"accounts/{NAME}/set", {"addresses": [*there, new]})


def told(desk: Desk, *options: str) -> dict[str, Any]:
    """What a plan finds, without how it found it."""
    plan = desk.plan("--format", "json", *options).json
    return {name: plan[name] for name in ("digest", "steps", "warnings", "unreadable")}


@pytest.mark.slow
@desks(25)
@given(WISHES, st.lists(DEEDS, min_size=1, max_size=4))
def test_memory_finds_what_a_new_look_finds(first: dict[str, Any], deeds: list[Deed]) -> None:
    """Applies, other wishes, another value of where deposits go, addresses that others made, and the account deleted
    and made anew by somebody: after each, steps, warnings and digest are those of `--refresh`."""
    with at_desk(World({}, {}, ())) as (desk, _):
        for deed, what in [("want", first), ("apply", ()), *deeds]:
            do(desk, deed, what)
            assert told(desk) == told(desk, "--refresh"), (deed, what)
