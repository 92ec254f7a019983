"""ccxt's WebSocket client hears of positions, orders and balances as they change."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from foreign_client import key_of, signer
from patience import PATIENCE_S, until

from acctcfg.sandbox.serve import Running

PYTHON = os.environ.get("ACCTCFG_FOREIGN_PYTHON")
SWAP = {"instId": "BTC-USDT-SWAP"}


@contextmanager
def listening(base: str) -> Iterator[dict[str, list[Any]]]:
    """What the client hears, by name, as it hears it; in the end it has heard all."""
    heard: dict[str, list[Any]] = defaultdict(list)
    with subprocess.Popen(
        [str(PYTHON), str(Path(__file__).parent / "speak_ccxt_watch.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        thread = threading.Thread(target=read, args=[process.stdout, heard])
        thread.start()
        try:
            process.stdin.write(json.dumps({"base": base, "key": signer("held")}))
            process.stdin.close()
            yield heard
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()
            thread.join()


def read(lines: IO[str], heard: dict[str, list[Any]]) -> None:
    """Line by line, until there are no more."""
    for line in lines:
        name, value = json.loads(line)
        heard[name].append(value)


@pytest.mark.skipif(not PYTHON, reason="ACCTCFG_FOREIGN_PYTHON names no interpreter (make test sets one up)")
def test_ccxt_watches_an_account() -> None:
    """It logs in, subscribes to three channels, and hears each change that the control API makes."""
    held = {"acctLv": "3", "keys": [key_of("held")], "positions": [SWAP], "trading": {"USDT": "100"}}
    seed = {"tenants": {"desk": {"keys": [key_of("master")], "sub_accounts": {"mmdesk01": held}}}}
    with Running(seed) as sandbox:
        with listening(sandbox.base_url) as heard:
            until(lambda: sum(len(one["channels"]) for one in sandbox.control_get("sockets")) == 3)
            until(lambda: heard["positions"] and heard["balance"])
            sandbox.control_post("accounts/mmdesk01/orders", SWAP)
            until(lambda: heard["orders"])
            sandbox.control_delete("accounts/mmdesk01/orders/all")
            sandbox.control_delete("accounts/mmdesk01/positions/all")
            sandbox.control_post("accounts/mmdesk01/balances", trading={"USDT": "50"})
        unlisted = sandbox.control_get("requests")["unlisted"]
    assert (heard["positions"][0], heard["positions"][-1]) == ("1", "0")
    assert (heard["orders"][0], heard["orders"][-1]) == ("open", "canceled")
    assert (heard["balance"][0], heard["balance"][-1], unlisted) == (100, 50, [])
