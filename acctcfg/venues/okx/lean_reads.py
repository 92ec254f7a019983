"""Reads of an account that is waited for: of two dozen lists, those that were empty a moment ago are not asked again.

The limit of algo orders is 20 requests in 2 s, and all of them take 7: looks that ask everything would keep the plan
and the gate, which do, waiting when the account is flat at last.
"""

from __future__ import annotations

from collections.abc import Mapping

from acctcfg.core.json_types import JsonObject
from acctcfg.venues.okx.account_reads import OwnKey
from acctcfg.wire.endpoint import Endpoint

__all__ = ["LeanReads"]

EMPTY_S = 60.0
"""How long an empty list is taken to be so. What is opened meanwhile is found by the plan that follows the wait."""


class LeanReads(OwnKey):
    """As an account's own key, but for lists that were empty."""

    def __init__(self, own: OwnKey) -> None:
        super().__init__(own.client, own.credentials, own.user)
        self._empty_since: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}

    async def read(self, endpoint: Endpoint, params: Mapping[str, str] | None = None) -> list[JsonObject]:
        """The rows of one read; none without asking, where there were none less than a minute ago."""
        asked = endpoint.text, tuple(sorted((params or {}).items()))
        now = self.client.clock.monotonic()
        if now - self._empty_since.get(asked, float("-inf")) < EMPTY_S / self.client.pacer.speed:
            return []
        rows = await super().read(endpoint, params)
        self._empty_since.pop(asked, None)
        if not rows:
            self._empty_since[asked] = now
        return rows
