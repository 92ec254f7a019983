"""The sandbox of a rehearsal, in a process of its own: a seed comes on stdin, its address goes to stdout.

It ends when stdin does, so that it outlives no parent. `python -m acctcfg.rehearsal.child`.
"""

from __future__ import annotations

import json
import sys

from acctcfg.sandbox.serve import Running


def main() -> None:
    """Serve until the parent is gone."""
    asked = json.loads(sys.stdin.readline())
    with Running(asked["seed"], speed=asked["speed"]) as sandbox:
        if asked["round_trip_s"]:
            sandbox.control_post("faults", {"match": {}, "times": 0, "kind": "delay", "seconds": asked["round_trip_s"]})
        sys.stdout.write(sandbox.base_url + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
