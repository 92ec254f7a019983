"""What a venue adds to HTTP: how it signs, how it answers, how it tells the time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from acctcfg.core.secret import Credentials, Secret
from acctcfg.errors import Refused
from acctcfg.wire.endpoint import Call, Endpoint

__all__ = ["Dialect", "Headers"]

Headers = Mapping[str, str | Secret]
"""Of a signed request: a passphrase that a venue wants in clear stays a secret until it is sent."""


class Dialect(Protocol):
    """What a venue adds to HTTP. Everything here is pure: no I/O, no clock."""

    def sign(self, signer: Credentials | None, now: float, method: str, target: str, body: bytes) -> Headers:
        """Headers for a request whose target and body are sent exactly as given.

        `now`: unix seconds by the venue's clock. `signer`: the credentials, None for a public call (then only
        headers that say which environment is meant).
        """

    def decode(self, endpoint: Endpoint, status: int, headers: Mapping[str, str], body: bytes) -> Any:
        """An answer's data, or the error that it stands for (a VenueError with the venue's code)."""

    def is_clock_refusal(self, error: Refused) -> bool:
        """Whether the venue refused the timestamp; such a request was not executed."""

    def time_call(self) -> Call | None:
        """The public call that tells the venue's time, if it has one."""

    def server_time(self, data: Any) -> float:
        """Unix seconds, from the answer to `time_call`."""
