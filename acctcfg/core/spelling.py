"""One form for what has several spellings, so that equal is equal by meaning. What does not parse stays as it is."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

__all__ = ["one_ip"]


@lru_cache(maxsize=65536)
def one_ip(text: str) -> str:
    """An IP address in its short form; an IPv4 address that is written as an IPv6 one is that IPv4 address."""
    try:
        found = ipaddress.ip_address(text.strip())
    except ValueError:
        return text.strip()
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
