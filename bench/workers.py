"""A fleet applied by one process and by 1, 2 and 3 workers, at a sandbox so fast that the CPU alone is the bound.

Each account changes its position mode and three leverage scopes. `BENCH_WORKERS_ACCOUNTS` says how many there are;
2,000 where it does not. In one row a worker is killed on the way. Needs a PostgreSQL server on this machine.
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.fleet import KEY, Fleet, fleet, live_key

__all__ = ["run"]

ACCOUNTS = int(os.environ.get("BENCH_WORKERS_ACCOUNTS", "2000"))
SPEED = 20
GOAL = 1.9  # two workers to one, where each has a core, and so have the sandbox and the database
FAMILIES = ("BTC-USDT", "ETH-USDT", "SOL-USDT")


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
        alone = _seconds(ours, names, url, 0)
        took = {workers: _seconds(ours, names, url, workers) for workers in (1, 2, 3)}
        killed = _seconds(ours, names, url, 3, kill=True)
    what = f"apply to {ACCOUNTS} accounts"
    enough = (os.cpu_count() or 1) >= 4
    rows = [(f"{what}, one process: seconds", alone, 0.0, True)]
    rows += [(f"{what}, {workers} workers: seconds", seconds, 0.0, True) for workers, seconds in took.items()]
    rows += [(f"{what}, 3 workers of which one is killed: seconds", killed, 0.0, True)]
    ratio = took[1] / took[2]
    return [*rows, ("two workers against one (on 4 cores or more)", ratio, GOAL, not enough or ratio >= GOAL)]


def _seconds(ours: Fleet, names: list[str], url: str, workers: int, *, kill: bool = False) -> float:
    """How long an apply takes by so many workers, 0 for the process itself. A plan right after it is empty."""
    _want(ours, names, url)
    with ExitStack() as stack:
        some = [stack.enter_context(_worker(ours)) for _ in range(workers)]
        begun = time.perf_counter()
        with _acctcfg(ours, "apply", "--auto-approve", *(["--queue"] if workers else [])) as applying:
            if kill:
                time.sleep(8)
                some[0].kill()
            out, err = applying.communicate()
        took = time.perf_counter() - begun
        assert applying.returncode == 0, (out + err)[-2000:]
        assert f"{4 * len(names)} changed, 0 deleted, 0 blocked, 0 failed." in out, out[-500:]
    with _acctcfg(ours, "plan") as planning:
        assert planning.communicate()[0].rstrip().endswith("No changes. Live accounts match the manifest.")
    assert not ours.control("requests")["rate_limited"]
    return took


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


@contextmanager
def _worker(ours: Fleet) -> Iterator[subprocess.Popen[str]]:
    """`acctcfg worker`, which takes parts when this begins."""
    with _acctcfg(ours, "worker") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready")
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate()


def _acctcfg(ours: Fleet, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "acctcfg", "-C", str(ours.folder), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, env=dict(ours.environ), stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
    )


if __name__ == "__main__":
    for name, figure, goal, ok in run():
        print(f"{'ok ' if ok else 'NO '} {name}: {figure:.3g} (goal {goal:g})")
