"""How a message quotes what somebody else wrote: an answer of a venue may be anything, and of any length."""

from __future__ import annotations

import json

from acctcfg.core.untold import untold

__all__ = ["quoted"]

MOST = 80  # characters of a quotation


def quoted(value: object) -> str:
    """The value as JSON writes it, cut where it is long; "nothing" for none. What it holds cannot leave its quotes."""
    if value is None:
        return "nothing"
    value = untold(value)[: MOST + 1] if isinstance(value, str) else value
    text = untold(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= MOST else f"{text[: MOST - 3]}..."
