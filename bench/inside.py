"""What a transport gives that reaches no socket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is there at once; see `acctcfg.wire.http.Response`."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    async def read(self) -> bytes:
        """The whole body."""
        return self.body
