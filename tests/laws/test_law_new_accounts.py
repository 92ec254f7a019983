"""Law 4 where the gate is cheaper: in no history does a write leave whose full gate would have failed."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from desk import Desk
from hypothesis import given
from hypothesis import strategies as st
from laws_world import HELD, HERE, Seen, World, at_desk, desks
from test_law_gate import LEVERAGE, prove_gates

from acctcfg.engine.apply import apply
from acctcfg.engine.workspace import Workspace

NAME, SWAP = "mmdesk01", "BTC-USDT-SWAP"
KEY = {"permissions": ["read", "trade"], "ip_allowlist": [HERE], "store": "vault"}
FORBIDS = {  # what of an account stops which write; all of it is under the scope of the leverage
    "/broker/dma/set-subaccount-level": {*HELD},
    "/account/set-position-mode": {*HELD},
    LEVERAGE: {"orders", "algos", "bots"},
}
GATE = ("/account/positions", "/account/balance", "/set-account-switch-precheck", "-pending", "/ongoing-list")
MOMENTS = (  # requests as which something happens: whose, and which of them at most
    ("@master", "*/subaccount/apikey", 0),
    ("@master", "*/set-subaccount-level", 0),
    ("@master", "*/subaccount-deposit-address", 1),
    (NAME, "*/account/config", 4),
    (NAME, "*/account/positions", 2),
    (NAME, "*/account/balance", 1),
    (NAME, "*/set-position-mode", 0),
    (NAME, "*/account/leverage-info", 1),
)
OPENS: dict[str, dict[str, Any]] = {
    "positions": {"instId": SWAP, "size": "3"},
    "orders": {"instId": SWAP},
    "algos": {"instId": SWAP, "ordType": "trigger"},
    "bots": {"instId": SWAP, "kind": "contract_grid"},
    "spreads": {"instId": "BTC-USDT_BTC-USDT-SWAP"},
}
STRANGER = {"label": "strangers", "perm": "read_only,trade", "ip": "", "env": "demo"}
SECRET = {"api_key": "key-of-a-stranger", "secret_key": "secret of a stranger", "passphrase": "Pass-word-1"}
DEEDS: list[tuple[str, str, dict[str, Any]]] = [
    *(("POST", what, row) for what, row in OPENS.items()),
    *(("DELETE", f"{what}/all", {}) for what in OPENS),
    ("POST", "balances", {"trading": {"USDT": "1000"}}),
    ("POST", "balances", {"debts": {"USDT": "5"}}),
    ("POST", "keys", {**STRANGER, **SECRET}),
]


@st.composite
def histories(draw: st.DrawFn) -> tuple[World, list[dict[str, Any]]]:
    """A new account, or one that is there already, and what somebody else does in it meanwhile."""
    account = {
        "account_mode": draw(st.sampled_from(["futures", "multi_currency"])),
        "position_mode": draw(st.sampled_from(["net", "long_short"])),
        "api_keys": {"trading": KEY, **({"bot": KEY} if draw(st.integers(0, 4)) == 0 else {})},
        "leverage": [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 7}],
        "deposit": {"addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]},
    }
    live = {NAME: {"acctLv": "1", "keys": []}} if draw(st.integers(0, 4)) == 0 else {}
    faults = []
    for owner, path, most in draw(st.lists(st.sampled_from(MOMENTS), min_size=1, max_size=3)):
        method, what, body = draw(st.sampled_from(DEEDS))
        deed = {"method": method, "path": f"accounts/{NAME}/{what}", "body": body}
        after = draw(st.integers(0, most))
        method = "*" if owner == NAME else "POST"
        match = {"path": path, "account": owner, "method": method}
        faults.append({"match": match, "after": after, "kind": "hook", "do": [deed]})
    if draw(st.integers(0, 3)) == 0:
        path = draw(st.sampled_from(["*/create-subaccount", "*/subaccount/apikey"]))
        faults.append({"match": {"path": path, "method": "POST"}, "kind": "reset_after"})
    return World({NAME: account}, live, ()), faults


def run(desk: Desk) -> None:
    """One apply, whatever it comes to."""
    workspace = Workspace.load(desk.folder, os.environ)
    asyncio.run(apply(workspace, approve=lambda _: True, skip_blocked=True, allow_sensitive=True))


def nothing_left_over_what_was_open(seen: list[Seen]) -> None:
    """No write follows a gate all of whose reads were answered while what forbids it was open."""
    for at, write in enumerate(seen):
        if write.path not in FORBIDS:
            continue
        mine = [one for one in seen[:at] if one.account == write.account]
        last = max(
            (i for i, one in enumerate(mine) if one.write and not write.path == one.path == LEVERAGE), default=-1
        )
        gate = [one for one in mine[last + 1 :] if any(part in one.path for part in GATE)]
        assert gate, write.path
        stood = FORBIDS[write.path].intersection(*(one.open for one in gate))
        assert not stood, f"{write.path} over {stood}"


@pytest.mark.slow
@desks(60)
@given(histories())
def test_no_write_leaves_that_the_full_gate_would_have_stopped(history: tuple[World, list[dict[str, Any]]]) -> None:
    """Whatever is opened, moved in, owed or made by somebody else between two steps of a new account, with answers
    lost: a mode or a leverage is not sent over it, and what the gate spared it had proven otherwise."""
    world, faults = history
    with at_desk(world) as (desk, witness):
        desk.sandbox.control_post("faults", faults)
        run(desk)
        seen = witness.take()
        nothing_left_over_what_was_open(seen)
        prove_gates(seen)
