"""acctcfg beside what teams use in its place, in one run: `make bench-peers` prints the table of docs/performance.md.

The peers run in `.venvs/peers`, a script of our own in acctcfg's environment. Each refresh reads the same accounts of
the same sandbox, which never says "too many requests" here: what is compared is the programs, each started anew, in
turns, so that a busy machine slows both. `PEER_ACCOUNTS=50` reads more.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.diff import seconds_for
from bench.fleet import KEY, MASTER, Fleet, fleet, live_key

__all__ = ["Row", "rows"]

HERE = Path(__file__).parent / "peers"
PYTHON = Path(".venvs/peers/bin/python")
ACCOUNTS = int(os.environ.get("PEER_ACCOUNTS", "20"))
RECORDS = 5_000
RESOURCES = 9  # of an account in bench.diff
ROUNDS = 5
SPEED = 50.0  # of the windows: no refresh waits for one, and a signature still lives long enough
FAMILIES = ("BTC-USDT", "ETH-USDT")
LEVERAGE = [{"market": "swap", "family": family, "margin": "cross", "value": 5} for family in FAMILIES]
PROFILE = {"venue": "desk", "account_mode": "multi_currency", "position_mode": "net", "leverage": LEVERAGE}


class Row(NamedTuple):
    """One comparison."""

    what: str
    ours: str
    peer: str
    ratio: float  # ours to the peer's
    goal: float | None = None

    @property
    def line(self) -> str:
        """Its line of the table."""
        goal = "" if self.goal is None else f"{self.goal:g}"
        return f"| {self.what} | {self.ours} | {self.peer} | {self.ratio:.2g} | {goal} |"


def rows() -> Iterator[Row]:
    """The table, one comparison after the other."""
    ours, theirs = (
        min(seconds_for(RECORDS)) / RECORDS / RESOURCES,
        float(_run([str(HERE / "octodns_plan.py"), str(RECORDS)])),
    )
    what = "difference, order and guardrails, nothing to do: CPU for each record; octoDNS, records in a file"
    yield Row(what, f"{ours * 1e6:.2g} µs", f"{theirs * 1e6:.2g} µs", ours / theirs, 0.1)
    scripts = {
        "a script with the same requests, by aiohttp": (partial(_script, "aiohttp"), 2.0),
        "the same script, by httpx": (partial(_script, "httpx"), None),
        "the same script, by the standard library": (partial(_script, "standard"), None),
    }
    yield from _refreshes(1, scripts)
    yield from _refreshes(ACCOUNTS, {"python-okx in a loop": (_python_okx, None), "an Ansible loop": (_ansible, None)})


def _refreshes(count: int, peers: Mapping[str, tuple[Callable[[str], object], float | None]]) -> Iterator[Row]:
    names = [f"customer{n:03d}" for n in range(count)]
    subs = {name: {"acctLv": "3", "keys": [live_key(name)], "leverage": _levers()} for name in names}
    with fleet(names, subs, speed=SPEED) as place:
        place.workspace(profiles={"customer": PROFILE}, accounts={name: _customer() for name in names})
        asked = json.dumps(_asked(place, names))
        _plan(place)  # compiles what was never imported
        for name, (run, goal) in peers.items():
            pairs = [(_seconds(lambda: _plan(place)), _seconds(partial(run, asked))) for _ in range(ROUNDS)]
            ours, theirs = (median(side) for side in zip(*pairs, strict=True))
            what = f"refresh of {count} account{'s' * (count != 1)}, cold; {name}"
            ratio = median(mine / other for mine, other in pairs)
            yield Row(what, f"{ours:.2f} s", f"{theirs:.2f} s", ratio, goal)


def _levers() -> dict[str, str]:
    return {f"SWAP/cross/{family}-SWAP": "5" for family in FAMILIES}


def _customer() -> dict[str, object]:
    return {"profile": "customer", "api_keys": {"trading": KEY}}


def _asked(place: Fleet, names: Sequence[str]) -> dict[str, object]:
    def of(key: Mapping[str, str]) -> list[str]:
        return [key["api_key"], key["secret_key"], key["passphrase"]]

    accounts = {name: of(live_key(name)) for name in names}
    return {"base": place.base_url, "master": of(MASTER), "accounts": accounts, "families": FAMILIES}


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _plan(place: Fleet) -> None:
    words = [sys.executable, "-m", "acctcfg", "-C", str(place.folder), "plan"]
    said = subprocess.run(words, env=dict(place.environ), capture_output=True, text=True)
    assert "No changes." in said.stdout, said.stdout + said.stderr


def _script(library: str, asked: str) -> None:
    _run([str(HERE / "bare.py"), library], asked, python=sys.executable)


def _python_okx(asked: str) -> None:
    _run([str(HERE / "okx_loop.py")], asked)


def _ansible(asked: str) -> None:
    more = {**json.loads(asked), "python": str(PYTHON.absolute()), "script": str(HERE / "bare.py")}
    _run(["-m", "ansible.cli.playbook", "-i", "localhost,", "-e", json.dumps(more), str(HERE / "loop.yaml")])


def _run(words: Sequence[str], asked: str = "", python: str = str(PYTHON)) -> str:
    said = subprocess.run([python, *words], input=asked, capture_output=True, text=True)
    if said.returncode:
        raise SystemExit(f"{words[0]}: {said.stdout}{said.stderr}")
    return said.stdout


def main() -> int:
    """Print it; 1 where a goal is missed."""
    found = []
    print("| comparison | acctcfg | the other | ratio | goal |\n| --- | --- | --- | --- | --- |")
    for row in rows():
        print(row.line, flush=True)
        found.append(row)
    return int(any(row.goal is not None and row.ratio > row.goal for row in found))


if __name__ == "__main__":
    sys.exit(main())
