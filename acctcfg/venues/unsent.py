"""A client that sends nothing and counts what would be asked: so a plan's estimate knows what its gates will read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from acctcfg.core.json_types import JsonValue
from acctcfg.wire.client import Client
from acctcfg.wire.endpoint import Endpoint
from acctcfg.wire.exchange import Exchange, Reply

__all__ = ["Unsent"]


class Unsent(Client):
    """Answers each endpoint as `answers` has it by its text, and all others with an empty list."""

    def __init__(self, like: Client, answers: Mapping[str, JsonValue]) -> None:
        super().__init__(like.base_url, like.dialect, like.clock, like.pacer)
        self.asked: Counter[tuple[str, Endpoint]] = Counter()  # by the user whose limits count
        self._answers = answers

    async def _watched(self, exchange: Exchange) -> Reply:
        call = exchange.call if exchange.settle is None else await exchange.settle()
        self.asked[exchange.user, call.endpoint] += 1
        now = self.clock.now()
        return Reply(data=self._answers.get(call.endpoint.text, []), sent_at=now, received_at=now, status=200)
