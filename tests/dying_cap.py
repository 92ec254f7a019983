"""`cap 3` that is killed at one request after another. As a program: `python dying_cap.py FOLDER`.

A moment is right before a request leaves, of reads and of writes alike, or right after a write's answer came. For each
number on stdin the program forks a brake that dies by SIGKILL at that moment, and answers with how it ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from desk import Desk

import acctcfg.wire.client as client
from acctcfg.cli import run

__all__ = ["every_moment"]

DEAD = -signal.SIGKILL


@contextmanager
def _program(desk: Desk) -> Iterator[Callable[[int], int]]:
    """`killed(7)`: the exit status of a brake that dies at its seventh moment, if it has so many."""
    command = [sys.executable, __file__, str(desk.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as forks:
        assert forks.stdin is not None
        assert forks.stdout is not None

        def killed(number: int) -> int:
            print(number, file=forks.stdin, flush=True)
            return int(forks.stdout.readline())

        yield killed
        forks.stdin.close()


def every_moment(desk: Desk) -> Iterator[int]:
    """Each moment at which a brake was just killed; ends where one got through, which must have gone well."""
    with _program(desk) as killed:
        for moment in range(1, 1000):
            status = killed(moment)
            if status != DEAD:
                assert status == 0
                return
            yield moment
    raise AssertionError("the brake never ends")


def _fork(folder: str, moment: int) -> int:
    """The exit status of one brake, or minus the signal that ended it."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left = moment
    request_of, reply_of = client.request_of, client.reply_of

    def pass_by() -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    def leaving(*args: Any) -> Any:
        pass_by()
        return request_of(*args)

    def answered(exchange: Any, *args: Any) -> Any:
        if exchange.writing:
            pass_by()
        return reply_of(exchange, *args)

    client.request_of, client.reply_of = leaving, answered  # type: ignore[attr-defined]
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os._exit(run(["-C", folder, "cap", "3", "--auto-approve"]))


if __name__ == "__main__":
    for line in sys.stdin:
        print(_fork(sys.argv[1], int(line)), flush=True)
