"""Which steps of an account are looked at, written and read back together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from acctcfg.core.plan import Step
from acctcfg.venues.contract import Connection

__all__ = ["batches"]


def batches(steps: Sequence[Step], connection: Connection) -> Iterator[list[Step]]:
    """Steps in order; neighbours that may be written at once together, unless one waits for another."""
    batch: list[Step] = []
    word = ""
    for step in steps:
        this = connection.together(step.change)
        waits = {one.address for one in batch} & {*step.depends_on, *step.waits_for}
        if batch and (not this or this != word or waits):
            yield batch
            batch = []
        batch.append(step)
        word = this
    if batch:
        yield batch
