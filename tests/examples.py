"""How many examples of a law are tried: all in CI, fewer where `make test` is waited for."""

from __future__ import annotations

import os

__all__ = ["FEWER", "some"]

FEWER = bool(os.environ.get("ACCTCFG_FEWER_EXAMPLES"))


def some(examples: int) -> int:
    """So many, or a tenth of them."""
    return max(-(-examples // 10), 5) if FEWER else examples
