"""What the sandbox costs whoever tests with it: its start as a command, its coming and going in a test, its answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from itertools import count
from statistics import median

from acctcfg.core.secret import Secret
from acctcfg.sandbox.app import App, Request
from acctcfg.sandbox.control import act
from acctcfg.sandbox.serve import Running
from acctcfg.venues.okx.auth import signature, timestamp

ROUNDS = 5
START_GOAL = 2.0
SERVERS, SERVERS_GOAL = 20, 2.0
REQUESTS, REQUESTS_GOAL = 1000, 0.5
COMMAND = [sys.executable, "-m", "acctcfg", "sandbox", "--port", "0"]
KEY, SECRET, PASSPHRASE = "sandbox-api-key", "sandbox-secret-key", "Sandbox-passphrase-1"
TARGET = "/api/v5/broker/dma/report-subaccount-ip"

Row = tuple[str, float, float, bool]


def run() -> list[Row]:
    """One row each. Processor time where nothing is waited for, since other programs may have the machine."""
    return [
        _row("acctcfg sandbox until it listens, processor s", median(_start() for _ in range(ROUNDS)), START_GOAL),
        _row(f"{SERVERS} servers come and go, s", _come_and_go(), SERVERS_GOAL),
        _row(f"{REQUESTS} signed requests, processor s", _answers(), REQUESTS_GOAL),
    ]


def _row(name: str, value: float, goal: float) -> Row:
    return f"sandbox: {name}", value, goal, value <= goal


def _start() -> float:
    """Of this one child: what the operating system says when it is waited for."""
    process = subprocess.Popen(COMMAND, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        process.stdout.readline()
        process.terminate()
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime


def _come_and_go() -> float:
    begun = time.perf_counter()
    for _ in range(SERVERS):
        with Running():
            pass
    return time.perf_counter() - begun


def _answers() -> float:
    """What a request at the rate that the venue promises would take a fifth of a second for."""
    now = time.time()
    app = App(wall=lambda: now, ticks=count().__next__)  # beyond every rate window
    act(app, "POST", "accounts/mmdesk01", {})
    body = json.dumps({"subAcct": "mmdesk01", "clientIP": "203.0.113.7"}).encode()
    headers = {
        "ok-access-key": KEY,
        "ok-access-sign": signature(Secret(SECRET), timestamp(now), "POST", TARGET, body),
        "ok-access-timestamp": timestamp(now),
        "ok-access-passphrase": PASSPHRASE,
        "content-type": "application/json",
        "x-simulated-trading": "1",
    }
    begun = time.process_time()
    for _ in range(REQUESTS):
        app.handle(Request("POST", TARGET, headers, body))
    return time.process_time() - begun
