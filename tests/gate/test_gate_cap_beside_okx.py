"""The brake at two venues: one whose connection does not open holds up no other, and is lowered when it comes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from decimal import Decimal

import pytest
from gate_desk import ADA, GateDesk

from acctcfg import load
from acctcfg.core.brake import Braked
from acctcfg.engine.cap import cap
from acctcfg.engine.workspace import Workspace

SECRET = {"api_key": "test-own-key", "secret_key": "test-own-secret", "passphrase": "Test-passphrase-2"}
KEYS = [{"label": "own", **SECRET, "perm": "read_only,trade", "ip": "127.0.0.1"}]
SWAP = "BTC-USDT-SWAP"
OKX = {"acctLv": "2", "leverage": {f"SWAP/cross/{SWAP}": "20"}, "positions": [{"instId": SWAP}], "keys": KEYS}


@pytest.fixture
def hung(make_gate: Callable[..., GateDesk]) -> GateDesk:
    """A workspace with a connection of each type, of which Gate's opens only after a write at OKX."""
    gate = make_gate(okx=True, leverage={ADA: "10"}, positions=[{"symbol": ADA, "qty": "10", "value": "100"}])
    gate.monkeypatch.setattr("acctcfg.engine.cap.QUIET_S", 0.3)
    gate.sandbox.control_post("accounts/mmdesk01", OKX)
    for name, value in SECRET.items():
        gate.monkeypatch.setenv(f"OWN_{name.upper()}", value)
    gate.write({"mmdesk01": {"venue": "desk", "access": {"credentials": {"env": "OWN"}}}, "cx": {}})
    gate.fault(match={"path": "*/crossex/accounts"}, kind="delay", seconds=86_400, times=0)
    let_go = {"method": "DELETE", "path": "faults/1"}
    gate.fault(match={"path": "*/set-leverage"}, kind="hook", do=[let_go])
    return gate


def levers(gate: GateDesk) -> tuple[str, str]:
    """What each venue has now: OKX, then Gate."""
    return gate.account("mmdesk01")["leverage"][f"SWAP/cross/{SWAP}"], gate.crossex()["leverage"][ADA]


def test_a_connection_that_does_not_open_holds_up_no_other(hung: GateDesk) -> None:
    """What the others have is lowered meanwhile; what comes late is lowered as it comes, on record like the rest."""
    said = hung.run("cap", "3", "--auto-approve")
    assert said.code == 0, said.out + said.err
    assert levers(hung) == ("3", "3")
    assert [row["path"].rpartition("/")[2] for row in hung.writes()] == ["set-leverage", "leverage"]
    (run,) = hung.run("history", "--format", "json").json
    shown = hung.run("history", run["id"]).out
    assert (shown.count("20 -> 3"), shown.count("10 -> 3")) == (1, 1), shown


def test_a_late_connection_whose_lock_is_held_is_left_alone(hung: GateDesk) -> None:
    """Another run at its user is named, and nothing is written there; the other venue stays lowered."""
    workspace = Workspace.load(hung.folder, os.environ)

    async def beside() -> Braked:
        async with workspace.lock(hung.sandbox.base_url, hung.crossex()["uid"], timeout_s=0.0):
            return await cap(load(hung.folder, os.environ), Decimal(3), approve=lambda _: True)

    done = asyncio.run(beside())
    (unread,) = done.unreadable
    assert (done.exit_code, unread.address, unread.code) == (1, "cx", "lock_held"), done.unreadable
    assert levers(hung) == ("3", "10")
