"""The public lists: instruments and position tiers, each read once a run. Source: OKX v5, "Public data"."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import TypeVar

from acctcfg.venues.okx.endpoints import POSITION_TIERS, PUBLIC_INSTRUMENTS
from acctcfg.venues.okx.instruments import INST_TYPES, Instruments
from acctcfg.venues.okx.tiers import Tier, tiers_of
from acctcfg.wire.client import Client
from acctcfg.wire.endpoint import Call

__all__ = ["PublicLists"]

Asked = TypeVar("Asked", bound=Hashable)
T = TypeVar("T")


class PublicLists:
    """Lists that need no key: instruments and tiers. Each is read once a run."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._instruments: dict[frozenset[str], asyncio.Task[Instruments]] = {}
        self._tiers: dict[tuple[str, str, str, str], asyncio.Task[tuple[Tier, ...]]] = {}

    async def instruments(self, markets: frozenset[str]) -> Instruments:
        """The public lists of these markets, for accounts that have no key of their own yet; read once a run."""
        return await asyncio.shield(_once(self._instruments, markets, lambda: self._public(markets)))

    async def tiers(
        self, inst_type: str, margin_mode: str, *, family: str = "", currency: str = ""
    ) -> tuple[Tier, ...]:
        """The position tiers of a family, or of a currency that is borrowed; read once a run. Arguments are the venue's
        words."""
        return await asyncio.shield(self._tiers_of(inst_type, margin_mode, family, currency))

    def expect_tiers(self, inst_type: str, margin_mode: str, *, family: str) -> None:
        """Ask for tiers that will be wanted: of many families they take a while. A failure is told to whoever asks."""
        self._tiers_of(inst_type, margin_mode, family, "")

    def _tiers_of(self, *asked: *tuple[str, str, str, str]) -> asyncio.Task[tuple[Tier, ...]]:
        return _once(self._tiers, asked, lambda: self._position_tiers(*asked))

    async def _position_tiers(self, inst_type: str, margin_mode: str, family: str, currency: str) -> tuple[Tier, ...]:
        named = {"instFamily": family} if family else {"ccy": currency}
        params = {"instType": inst_type, "tdMode": margin_mode, **named}
        return tiers_of((await self.client.read(Call(POSITION_TIERS, params))).data)

    async def _public(self, markets: frozenset[str]) -> Instruments:
        calls = [
            Call(PUBLIC_INSTRUMENTS, {"instType": INST_TYPES[market]})  # type: ignore[index]
            for market in sorted(markets)
        ]
        replies = await asyncio.gather(*(self.client.read(call) for call in calls))
        return Instruments.of_lists(reply.data for reply in replies)


def _once(
    asked: dict[Asked, asyncio.Task[T]], question: Asked, ask: Callable[[], Coroutine[object, object, T]]
) -> asyncio.Task[T]:
    """The answer to a question, for all who ask; one that failed, or was given up, is asked anew by the next."""

    def heard(task: asyncio.Task[T]) -> None:
        if task.cancelled() or task.exception() is not None:
            asked.pop(question, None)

    if question not in asked:
        asked[question] = asyncio.create_task(ask())
        asked[question].add_done_callback(heard)
    return asked[question]
