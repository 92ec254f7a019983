"""Whether a journal is as it was written, asked before anything is decided by it: one pass over all rows."""

from __future__ import annotations

from itertools import islice

from acctcfg.errors import JournalError
from acctcfg.journal.chain import BEGINNING, Head, Row, flaws
from acctcfg.journal.storage import View

__all__ = ["demand_intact"]

SHOWN = 5


def demand_intact(view: View, place: str, remedy: str, since: Head) -> Head:
    """Number and hash of the last row; JournalError where rows were altered, removed or moved.

    Rows up to `since`, the head of an earlier look, are believed if that row is still there as it was.
    """
    rows = iter(view.rows(since[0]))
    if since != BEGINNING:
        there = next(rows, None)
        if there is None or (there.seq, there.hash) != since:
            del rows  # a view has one pass at a time
            rows, since = iter(view.rows(BEGINNING[0])), BEGINNING
    head = [since]

    def seen(row: Row) -> Row:
        head[0] = (row.seq, row.hash)
        return row

    found = list(islice(flaws(map(seen, rows), view.last_given, since), SHOWN + 1))
    if found:
        more = ["..."] if len(found) > SHOWN else []
        raise JournalError(
            f"{place}: the journal is not as it was written, so nothing is decided by it",
            *found[:SHOWN],
            *more,
            hint=remedy,
        )
    return head[0]
