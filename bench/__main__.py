"""`python -m bench [NAME]...`: every measurement, or the named ones; exits 1 where a goal is missed.

A line a figure: the figure, its goal, and the ratio of the one to the other. That is at most 1 where the goal is a most
("<="), and at least 1 where it is a least (">=").
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

NAMES = tuple(  # quick ones first
    "help sandbox validate diff pacer cpu concurrency schedule scheduler refresh brake rehearsal workers memory".split()
)


def main(names: list[str]) -> int:
    """Run them and print one line a row."""
    here = Path(__file__).parent
    there = [name for name in NAMES if (here / f"{name}.py").exists()]
    if unknown := set(names) - set(there):
        print(f"there is no measurement {', '.join(sorted(unknown))} (there are {', '.join(there)})", file=sys.stderr)
        return 64
    missed = 0
    for name in names or there:
        for title, value, goal, ok in import_module(f"bench.{name}").run():
            beside = _beside(value, str(goal))
            print(f"{'ok    ' if ok else 'MISSED'}  {title:<64} {value:>10.4g}   {beside}", flush=True)
            missed += not ok
    return 1 if missed else 0


def _beside(value: float, goal: str) -> str:
    """The goal, which is a most where it does not say ">=", and the value to it."""
    least, number = goal.startswith(">="), float(goal.lstrip("<>= "))
    if not number:
        return "no goal"
    return f"goal {'>=' if least else '<='} {number:<7.4g} ratio {value / number:.2f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
