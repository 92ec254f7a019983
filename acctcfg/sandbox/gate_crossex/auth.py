"""Who may come in: KEY, Timestamp and SIGN, the 60 s window, the addresses a key is bound to.

Source: Gate API v4, "Authentication": the signature is HMAC-SHA512 in hex over METHOD, PATH, QUERY (not percent-
encoded), the SHA-512 of the body and the Timestamp header's own text, joined by line feeds. The order of checks is
the sandbox's own, where the venue is silent.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import unquote_plus

from acctcfg.sandbox.gate_crossex.replies import Refusal
from acctcfg.sandbox.gate_crossex.state import Holder, State

__all__ = ["Caller", "authenticate", "sign"]

WINDOW_S = Decimal(60)
HEADERS = ("key", "timestamp", "sign")


@dataclass(frozen=True, slots=True)
class Caller:
    """The part of a request that authentication looks at. Header names are in lower case."""

    method: str
    path: str
    query: str  # as sent
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    ip: str


def sign(secret: str, method: str, path: str, query: str, body: bytes, timestamp: str) -> str:
    """The signature of a request whose query is already decoded."""
    text = "\n".join((method, path, query, hashlib.sha512(body).hexdigest(), timestamp))
    return hmac.digest(secret.encode(), text.encode(errors="surrogatepass"), hashlib.sha512).hex()


def authenticate(venue: State, caller: Caller, now_ms: int) -> Holder:
    """The holder of the key that signed.

    Refusals: MISSING_REQUIRED_HEADER, INVALID_KEY, INVALID_CREDENTIALS (a Timestamp that is not a number),
    REQUEST_EXPIRED, INVALID_SIGNATURE, IP_FORBIDDEN.
    """
    for name in HEADERS:
        if not caller.headers.get(name):
            raise Refusal("MISSING_REQUIRED_HEADER", f"Missing required header: {name.upper()}")
    holder = venue.holders.get(caller.headers["key"])
    if holder is None or holder.key.state != 1:
        raise Refusal("INVALID_KEY")
    timestamp = caller.headers["timestamp"]
    _check_clock(timestamp, now_ms, WINDOW_S / Decimal(str(venue.speed)))
    expected = sign(holder.key.secret, caller.method, caller.path, unquote_plus(caller.query), caller.body, timestamp)
    if not hmac.compare_digest(caller.headers["sign"].encode(errors="surrogateescape"), expected.encode()):
        raise Refusal("INVALID_SIGNATURE")
    if holder.key.ips and caller.ip not in holder.key.ips:
        raise Refusal("IP_FORBIDDEN", f"Request IP {caller.ip} not in whitelist")
    return holder


def _check_clock(timestamp: str, now_ms: int, window_s: Decimal) -> None:
    """Whole seconds or with decimals: clients send either."""
    try:
        off = abs(Decimal(timestamp) * 1000 - now_ms)
        expired = not off.is_finite() or off > window_s * 1000
    except ArithmeticError as exc:
        raise Refusal("INVALID_CREDENTIALS", "Timestamp is not a Unix time in seconds") from exc
    if expired:
        raise Refusal("REQUEST_EXPIRED")
