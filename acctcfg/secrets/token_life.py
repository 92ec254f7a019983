"""When a bearer token ends, where the token itself says so: a JSON Web Token has an `exp`. Source: RFC 7519, 4.1.4."""

from __future__ import annotations

import base64
import json

__all__ = ["end_of"]

MOST = 253402300800  # the year 10000; a larger number is no time that anybody can be told


def end_of(token: str) -> float | None:
    """Unix seconds; None for a token that does not say. Its signature is not looked at: this is for an estimate."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    end = claims.get("exp") if isinstance(claims, dict) else None
    if not isinstance(end, int | float) or isinstance(end, bool) or not 0 < end < MOST:
        return None
    return float(end)
