"""How OKX requests are signed. Source: OKX v5, "Authentication". Pure: the time is an argument."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from acctcfg.core.secret import Secret

__all__ = ["signature", "timestamp"]


def timestamp(now: float) -> str:
    """Unix seconds as the venue wants them: ISO 8601 in UTC with three decimals and `Z`."""
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def signature(secret: Secret, stamp: str, method: str, target: str, body: bytes) -> str:
    """Base64 of HMAC-SHA256 over stamp, method, path with query, and the very bytes of the body."""
    prehash = f"{stamp}{method}{target}".encode() + body
    return base64.b64encode(secret.hmac(prehash, "sha256")).decode()
