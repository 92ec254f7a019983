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
from fault_parts import keep

HERE = Path(__file__).parent
COINS = ("BTC", "ETH", "SOL")
KEY = {"api_key": "key-mmdesk01", "secret_key": "secret-mmdesk01", "passphrase": "Test-passphrase-2"}
TRADING = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
SLOW = [pytest.param(*one, marks=pytest.mark.slow) for one in (("intent", 1), ("recorded", 3), ("settled", 2))]
POINTS = [("recorded", 1), ("answered", 1), ("answered", 3), ("settled", 3), *SLOW]


def levers(desk: Desk) -> dict[str, Decimal]:
    return {scope: Decimal(value) for scope, value in desk.account("mmdesk01")["leverage"].items()}


@pytest.mark.parametrize(("where", "number"), POINTS)
@pytest.mark.sample(1)
def test_a_killed_brake_raises_nothing_and_can_be_run_again(desk: Desk, where: str, number: int) -> None:
    """Whatever point it dies at, no leverage is higher than before; the next one lowers the rest at once."""
    before = {f"SWAP/cross/{coin}-USDT-SWAP": str(value) for coin, value in zip(COINS, (20, 2, 10), strict=True)}
    positions = [{"instId": f"{coin}-USDT-SWAP", "pos": "1"} for coin in COINS]
    before["SWAP/cross/XRP-USDT-SWAP"] = "50"
    positions.append({"instId": "XRP-USDT-SWAP", "pos": "5"})
    keys = [{"label": "trading", **KEY, "perm": "read_only,trade", "ip": "127.0.0.1"}]
    fields = {"acctLv": "2", "keys": keys, "leverage": before, "positions": positions}
    desk.sandbox.control_post("accounts/mmdesk01", fields)
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}})
    keep(desk, "mmdesk01", **KEY)
    command = [sys.executable, str(HERE / "killed_apply.py"), where, str(number), str(desk.folder), "cap", "3"]
    ended = subprocess.run(command, capture_output=True, env=dict(os.environ), timeout=30, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stdout + ended.stderr
    left = levers(desk)
    assert all(left[scope] <= Decimal(value) for scope, value in before.items())
    said = desk.run("cap", "3", "--auto-approve")
    assert said.code == 0, said.out + said.err
    assert sorted(levers(desk).values()) == [2, 3, 3, 3]
