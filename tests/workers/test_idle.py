"""What a worker says while it has no part."""

from __future__ import annotations

import io
import itertools

from beside import workers_beside
from desk import Desk
from fleet_parts import fleet
from postgres import Postgres

from acctcfg.cli.listeners import Listeners
from acctcfg.render.progress import A_LINE_S, TerminalProgress


def test_an_idle_worker_does_not_say_that_it_applies(desk: Desk, postgres: Postgres) -> None:
    """After a part, how far that had come is told no more: nothing is under way, however long it waits."""
    stream, later = io.StringIO(), itertools.count(0, 2 * A_LINE_S)
    listeners = Listeners(TerminalProgress(stream=stream, now=lambda: next(later)), ())
    desk.write(fleet(1), journal={"url": postgres.database()})
    with workers_beside(desk, 1, listeners) as (worker,):
        assert desk.apply("--queue").code == 0
    assert worker.parts == 1
    listeners.happened(listeners.so_far())
    assert stream.getvalue() == ""
