"""Limits that several processes use at the same time: each request takes its place in the database before it is sent.

Shards share no account, so what is counted by an account's own key stays with the process that has the account. What is
counted by the key of the connection, or by the address of a machine, is counted here. As in `wire/pace.py`, a place
counts from its answer; one whose process died counts until no answer could come any more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from acctcfg.core.base_url import one_spelling
from acctcfg.core.journal_url import JournalUrl
from acctcfg.journal.postgres_server import Bounds, Connection, Server
from acctcfg.journal.process import this_process
from acctcfg.wire.limits import BucketKey
from acctcfg.workers.schema import SCHEMA, make

__all__ = ["SharedLimits"]

LEASE_S: Final = 30.0
"""How long a request may be under way, its signature's wait and its time-out together."""
LOOK: Final = 0.05
"""Of a window: how soon to look again where nothing but answers to others can free a place."""

EXCHANGE: Final = f"""
SELECT place, wait FROM {SCHEMA}.exchange(
    %s::bigint[], %s::double precision[], %s::bigint[], %s::text[], %s::integer[], %s::double precision[]
)
"""  # noqa: S608  (constants only)


@dataclass(eq=False, slots=True)
class _Wish:
    bucket: str
    count: int
    window_s: float
    granted: asyncio.Future[int]


class SharedLimits:
    """`async with SharedLimits(...) as limits`: one for each process. Requests that come at once share a statement."""

    def __init__(self, url: JournalUrl, environ: Mapping[str, str]) -> None:
        process = this_process()
        self._server, self._machine = Server(url, Bounds(), environ), process.machine or process.host
        self._wishes: deque[_Wish] = deque()
        self._answered: dict[int, float] = {}  # place -> its window
        self._unused: list[int] = []
        self._work = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            await asyncio.to_thread(self._server.run, make)
        except BaseException:
            self._server.close()
            raise
        self._serving = asyncio.create_task(self._serve())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._serving is not None:
            self._serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._serving
        if self._answered or self._unused:
            spare = contextlib.suppress(Exception) if exc is not None else contextlib.nullcontext()
            with spare:  # an error that is under way says more
                await asyncio.to_thread(self._exchange, [], *self._ended())
        self._server.close()

    def of(self, base_url: str, user: str, *, opening: bool = False) -> _OfUser:
        """Those of one connection, by the user that its own key is of."""
        return _OfUser(self, one_spelling(base_url), user, self._machine, opening)

    async def enter(self, bucket: str, count: int, window_s: float) -> _Place:
        """Wait for a place."""
        wish = _Wish(bucket, count, window_s, asyncio.get_running_loop().create_future())
        self._ask(wish)
        try:
            return _Place(self, await wish.granted, window_s)
        except asyncio.CancelledError:
            if wish.granted.done() and not wish.granted.cancelled() and wish.granted.exception() is None:
                self.end(wish.granted.result(), None)
            raise

    def end(self, place: int, window_s: float | None) -> None:
        """The request of a place was answered and counts for a window, or (None) was never sent."""
        if window_s is None:
            self._unused.append(place)
        else:
            self._answered[place] = window_s
        self._work.set()

    def _ask(self, wish: _Wish) -> None:
        if not wish.granted.done():
            self._wishes.append(wish)
            self._work.set()

    def _ended(self) -> tuple[dict[int, float], list[int]]:
        answered, self._answered = self._answered, {}
        unused, self._unused = self._unused, []
        return answered, unused

    async def _serve(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            await asyncio.sleep(0)  # let those come in who ask at this same moment
            wishes = [one for one in self._wishes if not one.granted.done()]
            self._wishes.clear()
            try:
                found = await asyncio.to_thread(self._exchange, wishes, *self._ended())
            except Exception as error:
                for wish in wishes:
                    if not wish.granted.done():
                        wish.granted.set_exception(error)
                continue
            for wish, (place, wait_s) in zip(wishes, found, strict=True):
                self._tell(wish, place, wait_s)

    def _tell(self, wish: _Wish, place: int | None, wait_s: float) -> None:
        if place is None:
            soon = max(wait_s, wish.window_s * LOOK)
            asyncio.get_running_loop().call_later(soon, self._ask, wish)
        elif wish.granted.done():  # whoever asked has gone
            self.end(place, None)
        else:
            wish.granted.set_result(place)

    def _exchange(
        self, wishes: list[_Wish], answered: dict[int, float], unused: list[int]
    ) -> list[tuple[int | None, float]]:
        values: list[object] = [
            list(answered),
            list(answered.values()),
            unused,
            [one.bucket for one in wishes],
            [one.count for one in wishes],
            [LEASE_S + one.window_s for one in wishes],
        ]

        def ask(connection: Connection) -> list[tuple[int | None, float]]:
            rows = connection.execute(EXCHANGE.encode(), values).fetchall()
            return [(None if place is None else int(str(place)), float(str(wait))) for place, wait in rows]

        return self._server.run(ask)


@dataclass(slots=True)
class _Place:
    limits: SharedLimits
    id: int
    window_s: float

    def answered(self) -> None:
        """It counts for a window from now."""
        self.limits.end(self.id, self.window_s)

    def gave_back(self) -> None:
        """It never counted."""
        self.limits.end(self.id, None)


@dataclass(frozen=True, slots=True)
class _OfUser:
    """What other processes use of one connection's limits: those of its own key, and of the machine's address."""

    limits: SharedLimits
    base_url: str
    user: str
    machine: str
    opening: bool

    def covers(self, key: BucketKey) -> bool:
        """Whether others use it, too."""
        return self.opening or key.scope == "ip" or key.owner == self.user

    async def enter(self, key: BucketKey, count: int, window_s: float) -> _Place:
        """Wait for a place among all of them."""
        owner = self.machine if key.scope == "ip" else self.user or key.owner
        bucket = " ".join((self.base_url, key.scope, owner, key.endpoint, *key.by))
        return await self.limits.enter(bucket, count, window_s)
