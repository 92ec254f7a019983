"""One process a client: it makes all its calls against a sandbox of its own, and each test claims one of the answers.

It takes seconds of a processor, so that the workers of a test run share what the first of them heard.

`make test` sets the clients' own environment up and names its interpreter in ACCTCFG_FOREIGN_PYTHON.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from foreign_client import ORDERS, Heard, key_of
from patience import PATIENCE_S

from acctcfg.sandbox.serve import Running

PYTHON = os.environ.get("ACCTCFG_FOREIGN_PYTHON")

Speak = Callable[[str, str, list[list[Any]]], dict[str, Any]]


@pytest.fixture(scope="session")
def speak() -> Speak:
    """Run a client's script against a base URL: its calls in, its answers out."""
    if not PYTHON:
        pytest.skip("ACCTCFG_FOREIGN_PYTHON names no interpreter (make test sets one up)")

    def run(script: str, base: str, calls: list[list[Any]]) -> dict[str, Any]:
        done = subprocess.run(
            [str(PYTHON), str(Path(__file__).parent / script)],
            input=json.dumps({"base": base, "calls": calls}),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
            env={**os.environ, "NO_PROXY": "127.0.0.1"},
        )
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout.splitlines()[-1]))

    return run


@pytest.fixture(scope="session")
def world() -> dict[str, Any]:
    """A broker with three accounts: one that holds a position, one that is flat, one full of orders."""
    held = {
        "acctLv": "3",
        "leverage": {"SWAP/cross/BTC-USDT-SWAP": "7", "MARGIN/cross/BTC": "3"},
        "positions": [{"instId": "BTC-USDT-SWAP", "size": "3"}, {"instId": "ETH-USDT-SWAP", "size": "-1"}],
        "keys": [key_of("held"), key_of("reading", perm="read_only"), key_of("elsewhere", ip="203.0.113.7")],
    }
    flat = {"acctLv": "3", "keys": [key_of("flat")]}
    orders = [{"instId": "BTC-USDT-SWAP", "size": str(size)} for size in range(1, ORDERS + 1)]
    busy = {"acctLv": "3", "orders": orders, "keys": [key_of("busy")]}
    subs = {"mmdesk01": held, "mmdesk02": flat, "mmdesk03": busy}
    return {"tenants": {"desk": {"keys": [key_of("master")], "sub_accounts": subs}}}


@pytest.fixture(scope="session")
def hear(speak: Speak, world: dict[str, Any]) -> Iterator[Callable[..., Heard]]:
    """Let a client make its calls on a fresh sandbox, whose limits last `speed` times shorter than the venue's."""

    def listened(script: str, calls: list[list[Any]], speed: float) -> Heard:
        with Running(world, speed=speed) as sandbox:
            answers = speak(script, sandbox.base_url, calls)
            names = sandbox.control_get("state")["tenants"]["desk"]["sub_accounts"]
            accounts = {name: sandbox.control_get(f"accounts/{name}") for name in names}
            return Heard(answers, accounts, sandbox.control_get("requests")["unlisted"])

    def listen(script: str, calls: list[list[Any]], speed: float = 4) -> Heard:
        asked = hashlib.sha256(json.dumps([script, calls, speed]).encode()).hexdigest()
        file = Path(os.environ["ACCTCFG_TESTS_HOME"]) / f"heard-{asked}.json"
        with file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists():
                file.write_text(json.dumps(asdict(listened(script, calls, speed))), encoding="utf-8")
        return Heard(**json.loads(file.read_text(encoding="utf-8")))

    return listen
