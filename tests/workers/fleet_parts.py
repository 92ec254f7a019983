"""A fleet of accounts with a journal in PostgreSQL, and workers as processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Self

from desk import Desk
from patience import PATIENCE_S

__all__ = ["Worker", "apply_elsewhere", "fleet", "workers"]

TRADING = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}


def fleet(count: int) -> dict[str, dict[str, Any]]:
    """So many new accounts, each with a key, both modes, leverage and a deposit address."""
    fields = {
        "api_keys": {"trading": TRADING},
        "account_mode": "multi_currency",
        "position_mode": "long_short",
        "leverage": [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 7}],
        "deposit": {"addresses": [{"currency": "USDT", "chain": "USDT-TRC20", "count": 1}]},
    }
    return {f"customer{number:03d}": dict(fields) for number in range(count)}


@dataclass
class Worker:
    """`acctcfg worker` in a process of its own; `lines` is what it printed so far."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, desk: Desk, **environ: str) -> Self:
        """Start one, and wait until it takes parts."""
        command = [sys.executable, "-m", "acctcfg", "-C", str(desk.folder), "worker"]
        made = cls(
            subprocess.Popen(
                command,
                env={**os.environ, **environ},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        threading.Thread(target=made._read, daemon=True).start()
        return made

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def until(self, met: Callable[[], bool]) -> None:
        """Wait for something that it is to do."""
        end = time.monotonic() + PATIENCE_S
        while not met():
            assert time.monotonic() < end, self.lines
            time.sleep(0.02)

    def ready(self) -> Self:
        """Wait until it takes parts."""
        self.until(lambda: any(line.startswith("ready") for line in self.lines) or self.process.poll() is not None)
        assert self.process.poll() is None, self.lines
        return self

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send it a signal, and wait for its end."""
        self.process.send_signal(how)
        return self.process.wait(PATIENCE_S)


@contextmanager
def workers(desk: Desk, count: int) -> Iterator[list[Worker]]:
    """So many, which are there when this begins; they, and those that are added, are gone when it ends."""
    made = [Worker.of(desk) for _ in range(count)]
    some = list(made)
    try:
        for one in made:
            one.ready()
        yield some
    finally:
        for one in [*made, *(one for one in some if one not in made)]:
            if one.process.poll() is None:
                one.process.kill()
            one.process.wait()
            with suppress(OSError):
                one.process.stdout.close()  # type: ignore[union-attr]


def apply_elsewhere(desk: Desk) -> subprocess.Popen[str]:
    """`acctcfg apply --queue` in a process of its own."""
    command = [sys.executable, "-m", "acctcfg", "-C", str(desk.folder), "apply", "--queue", "--auto-approve"]
    return subprocess.Popen(
        command,
        env=dict(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
