"""Whose fault an exception is that nobody foresaw: this machine's, or the venue package's. Never with its values."""

from __future__ import annotations

from acctcfg.core.desired import VenueSpec
from acctcfg.core.plan import Unread
from acctcfg.errors import AcctcfgError, VenueError, words_of

__all__ = ["blame", "spoiled"]

BUG = "bug"


def blame(error: BaseException, venue: VenueSpec) -> str:
    """One sentence that names the type of the exception, and the connection and venue type that it came from."""
    if isinstance(error, AcctcfgError):
        return error.told
    if isinstance(error, OSError):
        return f"this machine: {words_of(error)}"
    if isinstance(error, MemoryError | RecursionError):
        return f"this machine: {type(error).__name__} while working on {venue.key}"
    return f"{type(error).__name__} at {venue.key}: a bug in the venue package {venue.type}"


def spoiled(account: str, error: Exception, venue: VenueSpec) -> Unread:
    """An account of which nothing is derived. Raises the error again where it is no account's own."""
    if isinstance(error, AcctcfgError) and not isinstance(error, VenueError):
        raise error
    code = error.code if isinstance(error, VenueError) else BUG
    return Unread(account, code or "venue", blame(error, venue))
