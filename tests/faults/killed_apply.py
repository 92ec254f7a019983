"""`python killed_apply.py WHERE NUMBER FOLDER [COMMAND]...`: an apply, or COMMAND, that dies by SIGKILL on its way.

WHERE is a point that every run passes: `intent` (right before a write's intent is on record), `recorded` (right after),
`answered` (the venue has answered), `stored` (a new secret is in its store), `settled` (an outcome is on record, or is
with the next row), `placing` and `placed` (before and after a new secret takes the place of an old one).
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import acctcfg.engine.session as session
import acctcfg.journal.journal as journal
import acctcfg.secrets.age_file as age_file
import acctcfg.wire.client as client
from acctcfg.cli import run

WHERE, NUMBER, FOLDER = sys.argv[1], int(sys.argv[2]), sys.argv[3]
passed = 0


def point(where: str) -> None:
    global passed
    if where == WHERE:
        passed += 1
        if passed == NUMBER:
            os.kill(os.getpid(), signal.SIGKILL)


intend, settle, done, put, supersede, reply = (
    journal.Journal.intend,
    journal.Journal.settle,
    journal.Journal.done,
    age_file.AgeFileStore.put,
    age_file.AgeFileStore.supersede,
    client.reply_of,
)


def dying_intend(self: Any, *args: Any, **kwargs: Any) -> Any:
    for _ in args:
        point("intent")
    entries = intend(self, *args, **kwargs)
    for _ in entries:
        point("recorded")
    return entries


def dying_settle(self: Any, *args: Any, **kwargs: Any) -> None:
    settle(self, *args, **kwargs)
    point("settled")


def dying_done(self: Any, *args: Any, **kwargs: Any) -> None:
    done(self, *args, **kwargs)
    point("settled")


def dying_put(self: Any, *args: Any, **kwargs: Any) -> None:
    put(self, *args, **kwargs)
    point("stored")


def dying_reply(exchange: Any, *args: Any, **kwargs: Any) -> Any:
    found = reply(exchange, *args, **kwargs)
    if exchange.writing:
        point("answered")
    return found


def dying_supersede(self: Any, *args: Any, **kwargs: Any) -> None:
    point("placing")
    supersede(self, *args, **kwargs)
    point("placed")


session.TIMEOUT_S = 3600.0  # a test may hold an answer back
journal.Journal.intend = dying_intend  # type: ignore[method-assign]
journal.Journal.settle = dying_settle  # type: ignore[method-assign]
journal.Journal.done = dying_done  # type: ignore[method-assign]
age_file.AgeFileStore.put = dying_put  # type: ignore[method-assign]
age_file.AgeFileStore.supersede = dying_supersede  # type: ignore[method-assign]
client.reply_of = dying_reply  # type: ignore[attr-defined]
sys.exit(run(["-C", FOLDER, *(sys.argv[4:] or ["apply"]), "--auto-approve"]))
