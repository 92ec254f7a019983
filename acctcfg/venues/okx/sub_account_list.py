"""The list of a master's sub-accounts, read for everybody who asks at about the same time. Source: OKX v5.

A broker's is served once a second, so whoever wants to know of an account shares a request with the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from acctcfg.core.secret import Credentials
from acctcfg.errors import Garbled, Refused
from acctcfg.venues.okx.listed import SubAccount
from acctcfg.venues.okx.pages import Everybody, Page, Pages, found_in
from acctcfg.wire.client import Client
from acctcfg.wire.endpoint import Call
from acctcfg.wire.exchange import Reply
from acctcfg.wire.limits import BucketKey
from acctcfg.wire.shared import Shared

__all__ = ["ROUNDS", "SubAccountList"]

ROUNDS = 3  # in which pages may move while they are read
GATHER_S = 0.5  # how long the list waits for those whose account is being made
_NO_SUCH = "59510"  # the venue's word for: no such sub-account


class SubAccountList:
    """By name, or all of them. `making`: accounts whose creation is under way; each is asked for right after it."""

    def __init__(self, client: Client, credentials: Credentials, user: str, pages: Pages) -> None:
        self.client = client
        self.credentials = credentials
        self.user = user
        self.making: dict[str, Call] = {}
        self._pages = pages
        self._waiting: dict[str, list[tuple[float, asyncio.Future[SubAccount | None]]]] = {}
        self._serving: asyncio.Task[None] | None = None
        self._moved = 0  # rounds in a row whose pages moved
        self._whole = Shared(self._every)

    async def get(self, name: str) -> SubAccount | None:
        """The account as it is at some moment after this call; None if there is none of that name. Raises VenueError,
        of this account alone where the list does not tell whether it is there."""
        self.making.pop(name, None)
        future: asyncio.Future[SubAccount | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(name, []).append((self._now(), future))
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve())
        return await future

    async def every(self) -> Everybody:
        """All of them, page by page; once more where the pages moved while they were read."""
        return await self._whole.get()

    async def may_have(self, uid: str) -> bool:
        """Whether an account with this uid is there by any name; True as well where the list does not tell."""
        every = await self.every()
        unclear = every.odd or any(row.doubled or not row.uid for row in every.rows.values())
        return bool(unclear) or any(row.uid == uid for row in every.rows.values())

    async def _every(self, leaves: Callable[[], None]) -> Everybody:
        async def settle() -> Call:
            leaves()
            return self._pages.first

        for _ in range(ROUNDS):
            reply = await self.client.read(self._pages.first, self.credentials, self.user, settle=settle)
            found = await self._further(self._pages.rows(reply.data))
            if found is not None:
                return found
        raise _moving()

    async def _further(self, first: Page, heard: Callable[[Page, float], None] | None = None) -> Everybody | None:
        """The first page with all that follow; None where they moved meanwhile, so that a row may have slipped by.

        `heard` is given each of those that follow, with its time. Where one page comes for another, nothing would end.
        """
        page, every, number = first, [first], 1
        seen = {row.name for row in first.rows}
        while page.more:
            call = self._pages.after(page, number)
            if call is None:
                return None
            number += 1
            reply = await self._read(call)
            page = self._pages.rows(reply.data, number)
            every.append(page)
            if heard is not None:
                heard(page, reply.sent_at)
            names = {row.name for row in page.rows}
            if page.more and names and names <= seen:
                return None
            seen |= names
        return self._pages.whole(every)

    async def _read(self, call: Call) -> Reply:
        return await self.client.read(call, self.credentials, self.user)

    def _now(self) -> float:
        return self.client.clock.now() + self.client.offset_s

    async def _serve(self) -> None:
        """Answer all who wait, by as few requests as the list's pages and their number allow."""
        await asyncio.sleep(0)  # let those come in who ask at this same moment
        while self._waiting:
            try:
                await self._round()
            except Exception as error:
                waiting, self._waiting = self._waiting, {}
                for future in (future for some in waiting.values() for _, future in some):
                    if not future.done():
                        future.set_exception(error)
            await asyncio.sleep(0)

    async def _round(self) -> None:
        alone: list[str] = []

        async def settle() -> Call:
            await self._gather()
            alone[:] = self._waiting if len(self._waiting) == 1 and self.client.asks_alone else ()
            return self._pages.one(alone[0]) if alone else self._pages.first

        reply = None
        try:
            reply = await self.client.read(self._pages.first, self.credentials, self.user, settle=settle)
        except Refused as error:
            if not alone or error.code != _NO_SUCH:
                raise
        if alone:
            self._alone(alone[0], reply)
        elif reply is not None:
            await self._everybody(reply)

    async def _gather(self) -> None:
        """Let those come in whose account is just being made: they ask in a moment."""
        clock, speed = self.client.clock, self.client.pacer.speed
        end = clock.monotonic() + GATHER_S / speed
        while self._on_their_way() and clock.monotonic() < end:
            await clock.sleep(GATHER_S / 20 / speed)

    def _on_their_way(self) -> bool:
        """Whether any is made now; those that wait for their turn at the limit come too late for this request."""
        limits = {BucketKey.of(call, user=self.user, host="") for call in self.making.values()}
        return len(self.making) > sum(map(self.client.pacer.waiting, limits))

    async def _everybody(self, reply: Reply) -> None:
        page = self._pages.rows(reply.data)
        asked = [name for name, some in self._waiting.items() if any(at <= reply.sent_at for at, _ in some)]
        self._heard(page, reply.sent_at)
        there = found_in(page)
        missing = [name for name in asked if name not in there.rows]
        if not page.more:
            for name in missing:
                self._answer(name, there, reply.sent_at)
        elif len(missing) <= page.more and self.client.asks_alone:
            for name in missing:
                await self._single(name)
        else:
            every = await self._further(page, self._heard)
            if every is None:  # the pages moved while they were read: another round, but not for ever
                self._moved = self._moved + 1 if any(name in self._waiting for name in missing) else 0
                if self._moved >= ROUNDS:
                    self._moved = 0
                    raise _moving()
                return
            self._moved = 0
            for name in missing:
                self._answer(name, every, reply.sent_at)

    def _heard(self, page: Page, as_of: float) -> None:
        """Answer those whose account is on this page: a page is a second away from the next."""
        found = found_in(page)
        for name in [name for name in self._waiting if name in found.rows]:  # who asked first goes on first
            self._answer(name, found, as_of)

    async def known(self, name: str, uid: str) -> SubAccount | None:
        """One that has been there, asked for by itself: a list may be late, or lose a row once. None: it has gone."""
        row = self._shown(await self._asked_alone(name)).find(name)
        return row if row is not None and row.uid == uid else None

    async def _single(self, name: str) -> None:
        self._alone(name, await self._asked_alone(name))

    async def _asked_alone(self, name: str) -> Reply | None:
        try:
            return await self._read(self._pages.one(name))
        except Refused as error:
            if error.code != _NO_SUCH:
                raise
        return None

    def _alone(self, name: str, reply: Reply | None) -> None:
        """The answer to a request for one account; None where the venue refused it as unknown."""
        self._answer(name, self._shown(reply), reply.sent_at if reply is not None else self._now())

    def _shown(self, reply: Reply | None) -> Everybody:
        return found_in(self._pages.rows(reply.data)) if reply is not None else Everybody({})

    def _answer(self, name: str, found: Everybody, as_of: float) -> None:
        some = self._waiting.pop(name, [])
        late = [(at, future) for at, future in some if at > as_of]
        if late:
            self._waiting[name] = late
        for at, future in some:
            if at > as_of or future.done():
                continue
            try:
                future.set_result(found.find(name))
            except Garbled as error:
                future.set_exception(error)


def _moving() -> Garbled:
    return Garbled("the list of sub-accounts changed each time it was read", code="moving_list", hint="try again")
