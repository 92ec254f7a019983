"""Addresses that word of a command is sent to. Such a URL is a password: whoever knows it can write there."""

from __future__ import annotations

import hashlib
import re

from acctcfg.core.base_url import BaseUrl

__all__ = ["webhook_flaw", "webhook_origin", "webhook_word"]

_WHOLE = re.compile(r"(https?://[^\s/?#]+)[!-\"$-~]*")


def webhook_origin(url: str) -> BaseUrl | None:
    """Scheme, host and port; None for what is no URL, or holds a login."""
    found = _WHOLE.fullmatch(url)
    return BaseUrl.of(found.group(1)) if found is not None else None


def webhook_flaw(url: str) -> str:
    """What is wrong with it, without a word of it; "" if nothing is."""
    origin = webhook_origin(url)
    if origin is None:
        return "must be https://host/path, without a login"
    if origin.scheme == "http" and not origin.loopback:
        return "must begin with https: others could read it on the way"
    return ""


def webhook_word(url: str) -> str:
    """How ACCTCFG_TRUST names it: its host, and a digest of all of it, which gives nothing away."""
    origin = webhook_origin(url)
    assert origin is not None  # noqa: S101 (asked of sound ones only)
    return f"webhook:{origin.host}+{hashlib.sha256(url.encode()).hexdigest()[:32]}"
