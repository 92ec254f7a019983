"""How ACCTCFG_TRUST names a command: the whole of it, since another argument makes it another command."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

__all__ = ["trust_word"]


def trust_word(command: Sequence[str]) -> str:
    """`exec:PROGRAM`, and `+DIGEST` of the whole where it has arguments: they are not quoted."""
    program = command[0] if command[0].isprintable() and not set(command[0]) & set(" ,+") else ""
    if program and len(command) == 1:
        return f"exec:{program}"
    return f"exec:{program}+{hashlib.sha256(json.dumps(list(command)).encode()).hexdigest()[:32]}"
