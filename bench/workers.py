"""A fleet applied by one process and by 1, 2 and 3 workers, at a sandbox so fast that the CPU alone is the bound.

Each account changes its position mode and three leverage scopes. `BENCH_WORKERS_ACCOUNTS` says how many there are;
2,000 where it does not. In one row a worker is killed on the way. Needs a PostgreSQL server on this machine.
"""

from __future__ import annotations

import os
import resource
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from bench.fleet import KEY, Fleet, fleet, live_key

__all__ = ["run"]

ACCOUNTS = int(os.environ.get("BENCH_WORKERS_ACCOUNTS", "2000"))
SPEED = 5  # of the sandbox: any faster, and a busy machine is later than a signed time may be
GOAL = 1.9  # two workers to one, where each has a core, and so have the sandbox and the database
FAMILIES = ("BTC-USDT", "ETH-USDT", "SOL-USDT")


class Took(NamedTuple):
    """Seconds from the start of an apply to its end, and of CPU: its own, and those of the busiest worker."""

    seconds: float
    own: float
    busiest: float

    @property
    def path(self) -> float:
        """Seconds of CPU that come one after the other, however many cores there are."""
        return self.own + self.busiest


def run() -> list[tuple[str, float, float, bool]]:
    """(name, value, goal, ok) for each figure."""
    tests = Path(__file__).parents[1] / "tests"
    sys.path.append(str(tests))
    postgres = runpy.run_path(str(tests / "postgres.py"))
    if (folder := postgres["binaries"]()) is None:
        print("no PostgreSQL server is installed: workers are not measured", file=sys.stderr)
        return []
    names = [f"customer{number:05d}" for number in range(ACCOUNTS)]
    live = {name: {"acctLv": "3", "keys": [live_key(name)]} for name in names}
    with postgres["serve"](folder) as server, fleet(names, live, speed=SPEED) as ours:
        url = server.database()
        took = {workers: _took(ours, names, url, workers) for workers in (0, 1, 2, 3)}
        killed = _took(ours, names, url, 3, kill=True)
    what = f"apply to {ACCOUNTS} accounts"
    rows = [_row(f"{what}, {workers} workers", one) for workers, one in took.items()]
    rows.append(_row(f"{what}, 3 workers of which one is killed", killed))
    ratio, enough = took[1].seconds / took[2].seconds, (os.cpu_count() or 1) >= 4
    cpu = took[1].busiest / took[2].busiest
    return [
        *rows,
        ("two workers against one: seconds (a goal on 4 cores or more)", ratio, GOAL, not enough or ratio >= GOAL),
        ("two workers against one: CPU of the busiest", cpu, 0.0, True),
    ]


def _row(name: str, took: Took) -> tuple[str, float, float, bool]:
    return f"{name}: seconds (CPU {took.own:.1f} + {took.busiest:.1f})", took.seconds, 0.0, True


def _took(ours: Fleet, names: list[str], url: str, workers: int, *, kill: bool = False) -> Took:
    """What an apply by so many workers takes; 0: by the process itself. A plan right after it is empty."""
    _want(ours, names, url)
    some = [_worker(ours) for _ in range(workers)]
    begun, cpu = time.perf_counter(), _cpu()
    with _acctcfg(ours, "apply", "--auto-approve", *(["--queue"] if workers else [])) as applying:
        if kill:
            time.sleep(8)
            some[0].kill()
        out, err = applying.communicate()
    seconds, own = time.perf_counter() - begun, _cpu() - cpu
    assert applying.returncode == 0, (out + err)[-2000:]
    assert f"{4 * len(names)} changed, 0 deleted, 0 blocked, 0 failed." in out, out[-500:]
    each = [_ended(one) for one in some]
    with _acctcfg(ours, "plan") as planning:
        assert planning.communicate()[0].rstrip().endswith("No changes. Live accounts match the manifest.")
    assert not ours.control("requests")["rate_limited"]
    return Took(seconds, own, max(each, default=0.0))


def _cpu() -> float:
    """Seconds of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ended(worker: subprocess.Popen[str]) -> float:
    """Stop it; seconds of CPU that it used."""
    before = _cpu()
    worker.send_signal(signal.SIGTERM)
    worker.communicate()
    return _cpu() - before


_turn = 0


def _want(ours: Fleet, names: list[str], url: str) -> None:
    """A manifest that wants other values than the last one."""
    global _turn
    _turn += 1
    leverage = [{"market": "swap", "family": one, "margin": "cross", "value": 10 + _turn} for one in FAMILIES]
    profile = {"position_mode": ("net", "long_short")[_turn % 2], "leverage": leverage}
    accounts: dict[str, Any] = {
        name: {"venue": "desk", "profile": "customer", "api_keys": {"trading": KEY}} for name in names
    }
    ours.workspace(profiles={"customer": profile}, accounts=accounts, journal={"url": url})


def _worker(ours: Fleet) -> subprocess.Popen[str]:
    """`acctcfg worker`, which takes parts from now on."""
    process = _acctcfg(ours, "worker")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("ready")
    return process


def _acctcfg(ours: Fleet, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "acctcfg", "-C", str(ours.folder), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, env=dict(ours.environ), stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
    )


if __name__ == "__main__":
    for name, figure, goal, ok in run():
        print(f"{'ok ' if ok else 'NO '} {name}: {figure:.3g} (goal {goal:g})")
