"""Kill the brake anywhere: nothing is raised, and it can be run again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from desk import Desk
from dying_cap import every_moment
from fault_parts import keep
from patience import PATIENCE_S

HERE = Path(__file__).parent
KEY = {"api_key": "key-mmdesk01", "secret_key": "secret-mmdesk01", "passphrase": "Test-passphrase-2"}
TRADING = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
SLOW = [pytest.param(*one, marks=pytest.mark.slow) for one in (("intent", 1), ("recorded", 3), ("settled", 2))]
POINTS = [("recorded", 1), ("answered", 1), ("answered", 3), ("settled", 3), *SLOW]


def levers(desk: Desk) -> dict[str, Decimal]:
    return {scope: Decimal(value) for scope, value in desk.account("mmdesk01")["leverage"].items()}


BEFORE = {
    "SWAP/cross/BTC-USDT-SWAP": "20",
    "SWAP/cross/ETH-USDT-SWAP": "2",
    "SWAP/cross/SOL-USDT-SWAP": "10",
    "SWAP/cross/XRP-USDT-SWAP": "50",
}


def standing(desk: Desk) -> None:
    """An account with positions, three of them above the cap, and the secret of its key."""
    positions = [{"instId": scope.rpartition("/")[2], "pos": "1"} for scope in BEFORE]
    keys = [{"label": "trading", **KEY, "perm": "read_only,trade", "ip": "127.0.0.1"}]
    fields = {"acctLv": "2", "keys": keys, "leverage": BEFORE, "positions": positions}
    desk.sandbox.control_post("accounts/mmdesk01", fields)
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}})
    keep(desk, "mmdesk01", **KEY)


def the_brake_is_on(desk: Desk) -> None:
    """Once anything was lowered, the next apply of a manifest that would raise it says so first."""
    if levers(desk) == {scope: Decimal(value) for scope, value in BEFORE.items()}:
        return
    entry = {"market": "swap", "instrument": "BTC-USDT-SWAP", "margin": "cross", "value": 30}
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}, "leverage": [entry]}})
    assert "raises_after_cap" in desk.plan().out
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}})


def nothing_raised_and_the_next_lowers_the_rest(desk: Desk) -> None:
    """After a kill."""
    left = levers(desk)
    assert all(left[scope] <= Decimal(value) for scope, value in BEFORE.items())
    said = desk.run("cap", "3", "--auto-approve")
    assert said.code == 0, said.out + said.err
    assert sorted(levers(desk).values()) == [2, 3, 3, 3]


@pytest.mark.slow
@pytest.mark.parametrize(("where", "number"), POINTS)
def test_a_killed_brake_raises_nothing_and_can_be_run_again(desk: Desk, where: str, number: int) -> None:
    """Whatever point it dies at, no leverage is higher than before; the next one lowers the rest at once."""
    standing(desk)
    command = [sys.executable, str(HERE / "killed_apply.py"), where, str(number), str(desk.folder), "cap", "3"]
    ended = subprocess.run(command, capture_output=True, env=dict(os.environ), timeout=PATIENCE_S, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stdout + ended.stderr
    the_brake_is_on(desk)
    nothing_raised_and_the_next_lowers_the_rest(desk)


@pytest.mark.slow
def test_it_may_die_at_any_request(desk: Desk) -> None:
    """Before any request leaves, reads too, and after the answer of any write: the same holds."""
    standing(desk)
    moments = []
    for moment in every_moment(desk):
        nothing_raised_and_the_next_lowers_the_rest(desk)
        desk.sandbox.control_post("accounts/mmdesk01/set", leverage=BEFORE)
        moments.append(moment)
    assert len(moments) > 20
