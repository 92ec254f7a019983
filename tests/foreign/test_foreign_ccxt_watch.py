"""ccxt's WebSocket client hears of positions, orders and balances as they change."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from foreign_client import key_of, signer

from acctcfg.sandbox.serve import Running

PYTHON = os.environ.get("ACCTCFG_FOREIGN_PYTHON")
SWAP = {"instId": "BTC-USDT-SWAP"}


@pytest.mark.skipif(not PYTHON, reason="ACCTCFG_FOREIGN_PYTHON names no interpreter (make test sets one up)")
def test_ccxt_watches_an_account() -> None:
    """It logs in, subscribes to three channels, and hears each change that the control API makes."""
    held = {"acctLv": "3", "keys": [key_of("held")], "positions": [SWAP], "trading": {"USDT": "100"}}
    seed = {"tenants": {"desk": {"keys": [key_of("master")], "sub_accounts": {"mmdesk01": held}}}}
    with Running(seed) as sandbox:
        asked = json.dumps({"base": sandbox.base_url, "key": signer("held")})
        process = subprocess.Popen(
            [str(PYTHON), str(Path(__file__).parent / "speak_ccxt_watch.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "NO_PROXY": "127.0.0.1"},
        )
        assert process.stdin is not None
        process.stdin.write(asked)
        process.stdin.close()
        process.stdin = None
        deadline = time.monotonic() + 40
        while sum(len(one["channels"]) for one in sandbox.control_get("sockets")) < 3:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.1)
        time.sleep(0.5)  # it takes what is there before anything changes
        sandbox.control_post("accounts/mmdesk01/orders", SWAP)
        time.sleep(0.3)
        sandbox.control_delete("accounts/mmdesk01/orders/all")
        sandbox.control_delete("accounts/mmdesk01/positions/all")
        sandbox.control_post("accounts/mmdesk01/balances", trading={"USDT": "50"})
        heard = json.loads(process.communicate(timeout=40)[0].splitlines()[-1])
        unlisted = sandbox.control_get("requests")["unlisted"]
    assert (heard["positions"][0], heard["positions"][-1]) == ("1", "0")
    assert (heard["orders"][0], heard["orders"][-1]) == ("open", "canceled")
    assert (heard["balance"][0], heard["balance"][-1], unlisted) == (100, 50, [])
