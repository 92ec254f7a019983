"""Whether a journal is as it was written, asked before anything is decided by it: one pass over all rows."""

from __future__ import annotations

import sqlite3
from itertools import islice
from pathlib import Path

from acctcfg.errors import JournalError
from acctcfg.journal import reading
from acctcfg.journal.chain import FIRST, Row, flaws

__all__ = ["demand_intact"]

SHOWN = 5


def demand_intact(connection: sqlite3.Connection, path: Path, since: tuple[int, str]) -> tuple[int, str]:
    """Number and hash of the last row; JournalError where rows were altered, removed or moved.

    Rows up to `since`, the head of an earlier look, are believed if that row is still there as it was.
    """
    connection.execute("BEGIN")  # one view, though others write meanwhile
    try:
        (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence").fetchone()
        if since[0]:
            there = connection.execute(reading.SINCE, (since[0],)).fetchone()
            if there is None or (there[0], there[-1]) != since:
                since = (0, FIRST)
        rows = map(Row._make, connection.execute(reading.SINCE, (since[0] + 1,)))
        head = [since]

        def seen(row: Row) -> Row:
            head[0] = (row.seq, row.hash)
            return row

        found = list(islice(flaws(map(seen, rows), last, since), SHOWN + 1))
    finally:
        connection.execute("ROLLBACK")
    if found:
        more = ["..."] if len(found) > SHOWN else []
        raise JournalError(
            "\n".join(
                (f"{path}: the journal is not as it was written, so nothing is decided by it", *found[:SHOWN], *more)
            ),
            hint=f"put a backup in its place: {path.name} alone, and no {path.name}-wal of another time beside it; "
            "without one, move it away: acctcfg then knows no earlier runs",
        )
    return head[0]
