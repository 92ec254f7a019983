"""How Gate requests are signed. Source: Gate API v4, "Authentication". Pure: the time is an argument."""

from __future__ import annotations

import hashlib
from urllib.parse import unquote_plus

from acctcfg.core.secret import Secret

__all__ = ["signature", "timestamp"]


def timestamp(now: float) -> str:
    """Whole Unix seconds, the nearest ones. Published examples send fractions too; the text speaks of seconds."""
    return str(int(now + 0.5))


def signature(secret: Secret, stamp: str, method: str, target: str, body: bytes) -> str:
    """Lower-case hex of HMAC-SHA512 over method, path, query, the hash of the body and stamp, a line each.

    The query is signed decoded: a venue that decodes before it verifies takes `%2C` and a bare comma alike.
    """
    path, _, query = target.partition("?")
    lines = (method, path, unquote_plus(query), hashlib.sha512(body).hexdigest(), stamp)
    return secret.hmac("\n".join(lines).encode(), "sha512").hex()
