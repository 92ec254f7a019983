"""What a webhook is sent: a text for a chat, and the same in members for programs."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from acctcfg import __version__
from acctcfg.core.conclusion import Conclusion
from acctcfg.render.harmless import harmless, json_text

__all__ = ["FORMAT_VERSION", "notice"]

FORMAT_VERSION: Final = "1.0"
MOST_LINES: Final = 10  # of the text
MOST_DETAILS: Final = 100
LONGEST: Final = 300  # characters of a message

_UNSEEN: Final = "\u200b"
# Where a chat begins a mention, a channel or a bare URL, and where markdown joins a link to its words.
_ALIVE: Final = re.compile(r"(?<=[@#~])(?=\S)|:(?=//)|\](?=\()|\bwww(?=\.)|\b(?:mailto|tel):", re.IGNORECASE)


def notice(
    end: Conclusion, *, command: str, workspace: str, happened: Collection[str], exit_code: int, at: float
) -> bytes:
    """The body. `happened`: what it is sent for; `at`: Unix seconds."""
    named = [{"address": address, "message": _cut(message)} for address, message in end.details[:MOST_DETAILS]]
    document = {
        "text": _text(end, f"acctcfg {command} in {workspace}"),
        "acctcfg": {
            "format_version": FORMAT_VERSION,
            "acctcfg_version": __version__,
            "at": datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "workspace": workspace,
            "command": command,
            "happened": sorted(happened),
            "exit_code": exit_code,
            **end.facts(),
            "details": named,
            "more": len(end.details) - len(named),
        },
    }
    return json_text(document, indent=None).encode()


def _text(end: Conclusion, title: str) -> str:
    lines = [f"{title}: {end.text}", *(f"{address}: {message}" for address, message in end.details[:MOST_LINES])]
    more = len(end.details) - MOST_LINES
    return "\n".join([*map(_line, lines), *([f"and {more} more"] if more > 0 else [])])


def _line(text: str) -> str:
    """What chats show as it is: no mention, no link. What is not seen breaks them, so that names can still be read."""
    shown = _ALIVE.sub(rf"\g<0>{_UNSEEN}", harmless(_cut(text)))
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
