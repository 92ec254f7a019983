"""A fleet planned and applied by one process and by 1, 2 and 3 workers, where nothing but the CPU is the bound.

Each account changes one setting, so that 2,000 accounts (`BENCH_WORKERS_ACCOUNTS` says another number) take minutes.
Each run is done twice, the second time with a worker that is killed and replaced on the way. Needs a PostgreSQL server
on this machine, and /proc.
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
GOAL = 1.9  # two workers to one
MATCH = "No changes. Live accounts match the manifest."


class Took(NamedTuple):
    """Seconds from the start of an apply to its end, and of CPU: its own, and each worker's meanwhile."""

    seconds: float
    own: float
    each: tuple[float, ...]
    plan: float  # seconds of the plan after it

    @property
    def path(self) -> float:
        """Seconds of CPU that come one after the other, however many cores there are."""
        return self.own + max(self.each, default=0.0)


def run() -> list[tuple[str, float, float | str, bool]]:
    """(name, value, goal, ok) for each figure."""
    tests = Path(__file__).parents[1] / "tests"
    sys.path.append(str(tests))
    postgres = runpy.run_path(str(tests / "postgres.py"))
    if (folder := postgres["binaries"]()) is None:
        print("no PostgreSQL server is installed: workers are not measured", file=sys.stderr)
        return []
    names = [f"customer{number:05d}" for number in range(ACCOUNTS)]
    live = {name: {"acctLv": "3", "keys": [live_key(name)]} for name in names}
    rows: list[tuple[str, float, float | str, bool]] = []
    with postgres["serve"](folder) as server, fleet(names, live, speed=SPEED) as ours:
        url = server.database()
        took = {}
        for workers, kill in ((0, False), *((workers, kill) for workers in (1, 2, 3) for kill in (False, True))):
            took[workers, kill] = one = _took(ours, names, url, workers, kill=kill)
            rows.append(_row(workers, one, kill=kill))
            print(f"{rows[-1][0]}: {one.seconds:.0f} s", file=sys.stderr, flush=True)
    busiest = max(took[1, False].each) / max(took[2, False].each)
    path, enough = took[1, False].path / took[2, False].path, (os.cpu_count() or 1) >= 6
    seconds = took[1, False].seconds / took[2, False].seconds
    return [
        *rows,
        ("two workers against one: CPU of the busiest", busiest, f">= {GOAL}", busiest >= GOAL),
        ("two workers against one: CPU of the apply and the busiest", path, 0.0, True),
        (
            "two workers against one: seconds (a goal on 6 cores or more)",
            seconds,
            f">= {GOAL}",
            not enough or seconds >= GOAL,
        ),
    ]


def _row(workers: int, took: Took, *, kill: bool) -> tuple[str, float, float, bool]:
    each = " + ".join(f"{one:.1f}" for one in took.each)
    cpu = f"CPU {took.own:.1f}" + (f", workers {each}" if each else "")
    who = f"{workers} workers{', one killed' * kill}" if workers else "itself"
    return f"{ACCOUNTS} accounts by {who}: seconds ({cpu}; plan {took.plan:.0f} s)", took.seconds, 0.0, True


def _took(ours: Fleet, names: list[str], url: str, workers: int, *, kill: bool = False) -> Took:
    """What an apply by so many workers takes; 0: by the process itself. A plan right after it is empty."""
    _want(ours, names, url)
    some, queue = [_worker(ours) for _ in range(workers)], ["--queue"] if workers else []
    before, begun, cpu = [_used(one) for one in some], time.perf_counter(), _ended()
    with _acctcfg(ours, "apply", "--auto-approve", *queue) as applying:
        dead = _kill_one(ours, some, applying, len(names)) if kill else 0.0
        out, err = applying.communicate()
    seconds, own = time.perf_counter() - begun, _ended() - cpu - dead
    assert applying.returncode == 0, (out + err)[-2000:]
    assert f"{len(names)} changed, 0 deleted, 0 blocked, 0 failed." in out, out[-500:]
    each = (
        tuple(_used(one) - at for one, at in zip(some, before, strict=True)) if not kill else (*map(_used, some), dead)
    )
    begun = time.perf_counter()
    with _acctcfg(ours, "plan", *queue) as planning:
        assert planning.communicate()[0].rstrip().endswith(MATCH)
    plan = time.perf_counter() - begun
    for one in some:
        one.send_signal(signal.SIGTERM)
        one.communicate()
    assert not ours.control("requests")["rate_limited"]
    return Took(seconds, own, each, plan)


def _kill_one(ours: Fleet, some: list[subprocess.Popen[str]], applying: subprocess.Popen[str], accounts: int) -> float:
    """Once a third is written, kill a worker and start another; gives the seconds of CPU that it had used."""
    before = ours.control("requests")["by_path"].get(WRITE, 0)
    while applying.poll() is None and ours.control("requests")["by_path"].get(WRITE, 0) - before < accounts / 3:
        time.sleep(0.2)
    used = _used(killed := some.pop(0))
    killed.kill()
    killed.communicate()
    some.append(_worker(ours))
    return used


WRITE = "POST /api/v5/account/set-greeks"


def _used(process: subprocess.Popen[str]) -> float:
    """Seconds of CPU of a running process."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _ended() -> float:
    """Seconds of CPU of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


_turn = 0


def _want(ours: Fleet, names: list[str], url: str) -> None:
    """A manifest that wants another value than the last one."""
    global _turn
    _turn += 1
    profile = {"settings": {"greeks": ("PA", "BS")[_turn % 2]}}
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
        print(f"{'ok ' if ok else 'NO '} {name}: {figure:.3g} (goal {goal})")
