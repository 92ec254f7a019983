"""A child for tests: the command line with ever more descriptors, each time in a process of its own.

    open_files.py FOLDER FIRST LAST COMMAND...

Prints a JSON list of [limit, exit status, what was printed].
"""

from __future__ import annotations

import json
import os
import resource
import sys

from acctcfg.cli import run


def within(limit: int, arguments: list[str]) -> tuple[int, int, str]:
    """One command line in a process that may open so many files."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(theirs, 1)
        os.dup2(theirs, 2)
        os.closerange(3, 256)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        status = run(arguments)
        sys.stdout.flush()
        os._exit(status)
    os.close(theirs)
    with os.fdopen(ours) as said:
        text = said.read()
    return limit, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text


if __name__ == "__main__":
    folder, first, last, *command = sys.argv[1:]
    before = [*map(int, (first, last))]
    devnull = os.open(os.devnull, os.O_WRONLY)
    kept = os.dup(1), os.dup(2)
    os.dup2(devnull, 1)
    os.dup2(devnull, 2)
    run(["-C", folder, "plan"])  # what is imported now needs no file later
    os.dup2(kept[0], 1)
    os.dup2(kept[1], 2)
    json.dump([within(limit, ["-C", folder, *command]) for limit in range(*before)], sys.stdout)
