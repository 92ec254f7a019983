"""What is open in an account, read once for all questions of one moment; a list that failed is its error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from acctcfg.core.json_types import JsonObject
from acctcfg.core.plan import Precheck
from acctcfg.errors import VenueError

__all__ = ["LISTED", "Row", "Rows", "Snapshot", "listed"]

Row = JsonObject
Rows = Sequence[Row]
LISTED = 20  # blockers named in one detail; more are counted


def _every(_: Row) -> bool:
    return True


class Snapshot:
    """Lists by name. `found` has None for one that the venue does not serve."""

    def __init__(self, reads: Mapping[str, Callable[[], Awaitable[Rows | None]]]) -> None:
        self._reads = reads
        self.found: dict[str, Rows | VenueError | None] = {}

    async def read(self, names: Iterable[str] | None = None) -> None:
        """Read these lists, or all, at once; one that could not be read holds its error."""

        async def one(name: str) -> None:
            try:
                self.found[name] = await self._reads[name]()
            except VenueError as error:
                self.found[name] = error

        await asyncio.gather(*(one(name) for name in (self._reads if names is None else names)))

    def rows(self, name: str) -> tuple[Row, ...]:
        """What was read; nothing where it failed, was not asked for, or is not served."""
        found = self.found.get(name)
        return () if isinstance(found, VenueError) or found is None else tuple(found)

    def question(
        self, code: str, name: str, say: Callable[[Row], str], keep: Callable[[Row], bool | None] = _every
    ) -> Precheck:
        """Whether the list is empty, of what `keep` lets through: it answers None of a row that does not say.

        `say` names a row, or gives "" for one that is empty.
        """
        found = self.found[name]
        if isinstance(found, VenueError):
            return Precheck(code, "unknown", found.message)
        if found is None:
            return Precheck(code, "venue", "the venue does not serve this list; it refuses if there are any")
        try:
            kept = [(words, stays) for row in found if (stays := keep(row)) is not False and (words := say(row))]
        except VenueError as error:
            return Precheck(code, "unknown", error.message)
        if named := [words for words, stays in kept if stays]:
            return Precheck(code, "fail", listed(named))
        if unsaid := [words for words, stays in kept if stays is None]:
            return Precheck(code, "unknown", f"the venue does not say what these are of: {listed(unsaid)}")
        return Precheck(code, "pass")


def listed(named: Sequence[str]) -> str:
    """Blockers in words, sorted; so many that they fit a line are named, the others counted."""
    more = f", and {len(named) - LISTED} more" if len(named) > LISTED else ""
    return ", ".join(sorted(named)[:LISTED]) + more
