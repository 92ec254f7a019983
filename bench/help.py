"""How long `acctcfg --help` takes, as whole processes, against the barest argparse script."""

from __future__ import annotations

import compileall
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROUNDS = 15
GOAL = 2.0
BARE = 'import argparse\np = argparse.ArgumentParser()\np.add_argument("--format")\np.parse_args()\n'

Row = tuple[str, float, float, bool]


def run() -> list[Row]:
    """One row: the ratio of the medians; both run in turns, so that a busy machine slows both."""
    compileall.compile_dir(str(Path(__file__).parents[1] / "acctcfg"), quiet=2)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "bare.py"
        script.write_text(BARE, encoding="utf-8")
        commands = {"bare": [str(script), "--help"], "ours": ["-m", "acctcfg", "--help"]}
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, arguments in commands.items():
                seconds[name].append(_timed(arguments))
    ratio = median(seconds["ours"]) / median(seconds["bare"])
    return [("help: acctcfg --help, times a bare argparse --help", ratio, GOAL, ratio <= GOAL)]


def _timed(arguments: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun
