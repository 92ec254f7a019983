"""One form for what has several spellings, so that equal is equal by meaning. What does not parse stays as it is."""

from __future__ import annotations

import ipaddress
import re
from decimal import Decimal
from functools import lru_cache

__all__ = ["decimal_of", "one_ip", "unix_seconds", "whole_of"]

_DIGITS = 64  # of a number before or after its point, its exponent counted in
_WHOLE = re.compile(r"[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,64}(?:\.[0-9]{0,64})?|\.[0-9]{1,64})(?:[eE][+-]?[0-9]{1,3})?")
_YEAR_10000 = 253_402_300_800


def whole_of(text: str) -> int | None:
    """A whole number in up to 18 plain digits; None for all else that Python has a number for: other scripts, `1_0`."""
    return int(text) if _WHOLE.fullmatch(text) else None


def decimal_of(text: str) -> Decimal | None:
    """A number in plain digits, of a size that can be counted with; None for anything else, such as `1_0` or `nan`."""
    value = Decimal(text) if _DECIMAL.fullmatch(text := text.strip()) else None
    return value if value is not None and abs(value.adjusted()) <= _DIGITS else None


def unix_seconds(text: str, *, per_s: int = 1) -> float | None:
    """A time before the year 10000 that counts whole seconds, or parts of one; None where the text is none."""
    whole = whole_of(text.partition(".")[0])
    return whole / per_s if whole is not None and whole < _YEAR_10000 * per_s else None


@lru_cache(maxsize=65536)
def one_ip(text: str) -> str:
    """An IP address in its short form; an IPv4 address that is written as an IPv6 one is that IPv4 address."""
    try:
        found = ipaddress.ip_address(text.strip())
    except ValueError:
        return text.strip()
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
