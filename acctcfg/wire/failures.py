"""What a request can end in that only the wire knows: unproven, not even sent, or pointed elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from yarl import URL

from acctcfg.errors import AuthRefused, Garbled, OutcomeUnknown, RateLimited, Refused, Unreachable, VenueError
from acctcfg.wire.endpoint import Call
from acctcfg.wire.http import Response
from acctcfg.wire.redact import without

__all__ = [
    "Dropped",
    "NotSent",
    "NotServed",
    "Redirected",
    "TooLong",
    "UnresolvedWrite",
    "always_late",
    "blot_out",
    "clock_is_off",
    "too_soon",
]


class UnresolvedWrite(OutcomeUnknown):
    """A write that may have been executed. `sent_at`: the signed time; past the venue's window it no longer can be."""

    def __init__(self, message: str, *, hint: str = "", code: str = "", sent_at: float) -> None:
        super().__init__(message, hint=hint, code=code)
        self.sent_at = sent_at

    @classmethod
    def of(cls, call: Call, sent_at: float, error: VenueError) -> UnresolvedWrite:
        """Why nothing proves what became of a call."""
        return cls(
            f"{call.text} may or may not have been executed: {error.message}",
            hint="only reading the live state can tell; it is not sent again blindly",
            code=error.code,
            sent_at=sent_at,
        )


class NotSent(Unreachable):
    """No connection was made, so nothing can have been executed."""


class NotServed(Refused):
    """The venue does not serve this call to this user, whatever account it is about: nothing was executed.

    What to do about it is the same for all of them, so a run says the hint once: see `Client.advice`.
    """

    @property
    def told(self) -> str:
        """The message without the hint, for places that have one of their own."""
        return self.message


class TooLong(Garbled):
    """An answer of more bytes than any answer has; the rest of it was not taken."""

    @classmethod
    def of(cls, base_url: str, most: int) -> TooLong:
        """How long an answer may be."""
        return cls(
            f"{base_url} answered with more than {most // 1024 // 1024} MiB (inflated); no more of it was taken",
            hint="no answer of the venue is that long: check base_url and what stands between here and there",
            code="too_long",
        )


class Dropped(Unreachable):
    """A write that still waited for its limit when the run was told to begin nothing more; it was never sent."""

    def __init__(self) -> None:
        super().__init__("interrupted before it was sent", hint="apply again", code="interrupted")


class Redirected(Garbled):
    """An answer that points elsewhere; following it would carry signed headers to another host."""

    @classmethod
    def of(cls, base_url: str, response: Response) -> Redirected:
        """Where an answer points to."""
        try:
            place = URL(response.headers.get("location", "")).host or ""
        except ValueError:
            place = ""
        where = f" to {place}" if place else ""
        return cls(
            f"{base_url} redirects{where} (HTTP {response.status}); redirects are not followed",
            hint="set base_url to the venue's own address for your region",
            code="redirect",
        )


def too_soon(call: Call, at: float) -> RateLimited:
    """What nobody waits for: when it may be sent, in unix seconds; infinite while another is under way."""
    rate = call.endpoint.rate
    when = f"at {datetime.fromtimestamp(at, UTC):%H:%M} UTC" if at < math.inf else "when the one under way is answered"
    return RateLimited(
        f"{call.text} was not sent: the venue takes {rate.count} in {rate.per_s / 60:g} minutes",
        hint=f"nothing was sent; ask again {when}",
        code="too_soon",
    )


def clock_is_off(error: Refused, offset_s: float) -> AuthRefused:
    """A time that the venue refuses, corrected for or not."""
    off = f"; by the venue's time it is {abs(offset_s):.1f} s off" if offset_s else ""
    hint = f"set this host's clock (NTP){off}"
    return AuthRefused(error.message, hint=hint, code=error.code, status=error.status, text=error.text)


def always_late(error: Refused, took_s: float, for_s: float) -> Refused:
    """A time that the venue refuses because the request was late, again and again: no clock is wrong."""
    message = f"{error.message} ({took_s:.1f} s after it was signed, and so for {for_s / 60:g} minutes)"
    hint = "nothing of it was executed; this machine, or the way to the venue, is too busy: apply again later"
    return Refused(message, hint=hint, code=error.code, status=error.status, text=error.text)


def blot_out(error: VenueError, hidden: Sequence[str]) -> None:
    """Take out of an error what the venue, or something on the way, repeated of the credentials."""
    error.message, error.hint, error.code = (without(hidden, text) for text in (error.message, error.hint, error.code))
    error.args = (error.message,)
    if isinstance(error, Refused):
        error.text = without(hidden, error.text)
    if isinstance(error.__cause__, VenueError):
        blot_out(error.__cause__, hidden)
