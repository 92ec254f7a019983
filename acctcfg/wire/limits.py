"""What a limit is counted by, and limits that other processes use at the same time."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from acctcfg.wire.endpoint import Call

__all__ = ["BucketKey", "Limits", "Place", "Shared"]


class BucketKey(NamedTuple):
    """What the venue counts together: the owner is the venue user, or the host for limits per address."""

    scope: str
    owner: str
    endpoint: str
    by: tuple[str, ...]

    @classmethod
    def of(cls, call: Call, *, user: str, host: str) -> BucketKey:
        rate = call.endpoint.rate
        by = tuple(str(call.params.get(name, "")) for name in rate.by)
        return cls(rate.scope, host if rate.scope == "ip" else user, call.endpoint.text, by)


class Place(Protocol):
    """One request's place in a limit that other processes use at the same time."""

    def answered(self) -> None:
        """It was sent: the place is free again a window after this."""

    def gave_back(self) -> None:
        """It was not sent."""


class Shared(Protocol):
    """Limits that other processes use at the same time."""

    def covers(self, key: BucketKey) -> bool:
        """Whether others use this one, too."""

    async def enter(self, key: BucketKey, count: int, window_s: float) -> Place:
        """Wait until all together have sent less than `count` in the last window."""


class Limits(Protocol):
    """What a process shares with others, at any venue."""

    def of(self, base_url: str, user: str, *, opening: bool = False) -> Shared:
        """With those who use the same connection. `opening`: so far all requests are its own key's, whosever that is;
        `user` is who it is expected to be, "" where nobody knows."""
