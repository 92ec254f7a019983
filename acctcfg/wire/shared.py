"""One request for everybody who asks before it leaves: lists that a venue serves once a second are shared."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Generic, TypeVar

__all__ = ["Shared", "at_once"]

T = TypeVar("T")


async def at_once(waits: Sequence[Coroutine[object, object, T]]) -> list[T]:
    """What each of them gives, in their order; one alone needs no task of its own."""
    return [await waits[0]] if len(waits) == 1 else await asyncio.gather(*waits)


class Shared(Generic[T]):
    """Gives an answer that was asked for no earlier than the asker: it joins a request that waits for its slot.

    `send` makes the request, and calls what it is handed at the moment the request leaves.
    """

    def __init__(self, send: Callable[[Callable[[], None]], Awaitable[T]]) -> None:
        self._send = send
        self._waiting: asyncio.Task[T] | None = None

    def next(self) -> asyncio.Task[T]:
        """The request that leaves next."""
        if self._waiting is None or self._waiting.done():
            self._waiting = asyncio.create_task(self._asked())
        return self._waiting

    async def get(self) -> T:
        """Its answer. Who gives up waiting does not give up for the others."""
        return await asyncio.shield(self.next())

    async def _asked(self) -> T:
        return await self._send(self._leaves)

    def _leaves(self) -> None:
        self._waiting = None
