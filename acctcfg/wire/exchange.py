"""One call from the first attempt to its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from acctcfg.core.secret import Credentials, Secret
from acctcfg.wire.bucket import Ahead
from acctcfg.wire.dialect import Headers
from acctcfg.wire.endpoint import Call
from acctcfg.wire.limits import BucketKey

__all__ = ["BeforeSend", "Exchange", "Ready", "Reply", "Settle"]

NO_BUCKET = BucketKey("", "", "", ())
BeforeSend = Callable[[float], Awaitable[None] | None]
Ready = Callable[[], Awaitable[None]]
Settle = Callable[[], Awaitable[Call]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A venue's answer. Times are unix seconds by the venue's clock; `sent_at` is the signed one.

    What the endpoint declares as secret stands in `secrets`, by its field, and not in `data`.
    """

    data: Any
    sent_at: float
    received_at: float
    status: int
    secrets: Mapping[str, Secret] = field(default_factory=dict)


@dataclass(slots=True)
class Exchange:
    """One call with all its attempts."""

    call: Call
    signer: Credentials | None
    user: str
    writing: bool
    settle: Settle | None = None
    ahead: Ahead | None = None
    ready: Ready | None = None
    before_send: BeforeSend | None = None
    droppable: bool = False
    attempt: int = 0
    sent_at: float = 0.0
    offset_s: float = 0.0  # the correction in `sent_at`
    spent_s: float = 0.0  # on the wire and in back-off, not in waiting for slots
    took_s: float = 0.0  # the last attempt, from the time that it was signed with
    status: int | None = None
    code: str = ""
    signed: Headers = field(default_factory=dict)  # the headers that the last attempt was signed with
    limited: bool = False
    key: BucketKey = NO_BUCKET
    begun_at: float | None = None  # when the first attempt had its slot
    left: bool = False  # whether this attempt got as far as the transport
    clock_corrected: bool = False
