"""`python dying.py`: commands of acctcfg that die by SIGKILL at a point of their way, each in a fork of this process.

An order is a line of JSON: `{"arguments", "environ", "point", "said"}`; the answer is the exit status, -9 of a killed
one. Points are counted from 1: right before and right after each request, each append to the journal, and each secret
that a store takes in; after one and before the next, with nothing in between, is one point. Point 0 is never met, and
its command runs in this process, so that the forks after it find everything imported.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import wraps
from pathlib import Path
from typing import Any

import acctcfg.journal.lock as lock
from acctcfg.cli import run
from acctcfg.journal.postgres import PostgresStorage
from acctcfg.journal.sqlite import SqliteStorage
from acctcfg.secrets.age_file import AgeFileStore
from acctcfg.wire.transport import AiohttpTransport

left = 0  # points until it dies
under_way = 0  # requests, appends and the like that were begun and have not ended


def point() -> None:
    """Die here, if it is time."""
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def points() -> Iterator[None]:
    """One before and one after; the latter is the one before what follows, unless something else is under way."""
    global under_way
    point()
    under_way += 1
    try:
        yield
    finally:
        under_way -= 1
    if under_way:
        point()


def dying(method: Callable[..., Any]) -> Callable[..., Any]:
    """With the points of what it does."""

    @wraps(method)
    def between(*args: Any, **kwargs: Any) -> Any:
        with points():
            return method(*args, **kwargs)

    return between


def dying_request(method: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    """The same for what is waited for."""

    @wraps(method)
    async def between(*args: Any, **kwargs: Any) -> Any:
        with points():
            return await method(*args, **kwargs)

    return between


def carry_out(arguments: list[str], environ: dict[str, str], said: str) -> int:
    """One command; what it says goes to a file."""
    os.environ.clear()
    os.environ.update(environ)
    with Path(said).open("w", encoding="utf-8") as out, redirect_stdout(out), redirect_stderr(out):
        return run(arguments)


def main() -> None:
    """Orders, one after another."""
    global left
    lock._home_on_record = lambda: ""  # no test leaves locks in a real home
    for storage in (SqliteStorage, PostgresStorage):
        storage.append = dying(storage.append)  # type: ignore[method-assign]
    for name in ("put", "supersede"):
        setattr(AgeFileStore, name, dying(getattr(AgeFileStore, name)))
    AiohttpTransport.send = dying_request(AiohttpTransport.send)  # type: ignore[method-assign]
    for line in sys.stdin:
        order = json.loads(line)
        left = order.pop("point")
        if not left:
            print(carry_out(**order), flush=True)
        elif (child := os.fork()) == 0:
            os._exit(carry_out(**order))
        else:
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
