"""How long a test waits for what must come. It says nothing of how fast a machine is: that is what `bench` measures."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["LONG_S", "PATIENCE_S", "until"]

PATIENCE_S = 120.0
"""For what comes within seconds: longer than a busy machine takes for it."""
LONG_S = 3600.0
"""For what a claim says nobody waits for: whoever does is caught by PATIENCE_S."""


def until(holds: Callable[[], object]) -> None:
    """Until it holds; fails where it does not in PATIENCE_S."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
