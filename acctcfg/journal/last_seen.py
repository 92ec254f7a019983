"""How far this machine saw a journal: an older copy that was put in its place is told by that.

The chain shows what was changed in a journal; a whole journal of an earlier day has a chain as good as any. So its head
is kept outside of the workspace, in the user's state folders: one file a journal, with the number and hash of a row
that must still be there. Where no folder can be written, nothing is remembered.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from acctcfg.errors import JournalError
from acctcfg.journal.chain import BEGINNING, Head
from acctcfg.journal.storage import View
from acctcfg.plain_file import read_plain, write_whole

__all__ = ["FOLDER", "LastSeen"]

FOLDER = "journals"
_MOST = 256  # bytes of a file


class LastSeen:
    """What is remembered of the journal at a place, a path or a url."""

    def __init__(self, state: Sequence[Path], place: str) -> None:
        place = place if "://" in place else os.path.realpath(place)
        name = hashlib.sha256(place.encode()).hexdigest()[:32]
        self._files = [folder / FOLDER / name for folder in state]

    def flaws(self, view: View) -> dict[Path, str]:
        """What is wrong with a journal that is there, by the file that says so."""
        return {file: text for file in self._files if (text := _flaw(_read(file), view))}

    def demand(self, view: View, place: str) -> None:
        """JournalError where it is not the journal that was used here last."""
        if flaws := self.flaws(view):
            raise JournalError(
                f"{place}: {next(iter(flaws.values()))}, so nothing is decided by it",
                hint=f"put the newest copy in its place; if this one is meant, remove {' and '.join(map(str, flaws))}",
            )

    def keep(self, head: Head) -> None:
        """Remember it; silently not, where a folder cannot be written."""
        for file in self._files:
            if _read(file) != head:
                with suppress(OSError):
                    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    write_whole(file, f"{head[0]} {head[1]}\n")


def _flaw(seen: Head, view: View) -> str:
    row = None if seen == BEGINNING else next(iter(view.rows(seen[0])), None)
    if seen == BEGINNING or (row is not None and (row.seq, row.hash) == seen):
        return ""
    told = f"row {seen[0]} {'is missing' if row is None else 'is another one'}"
    return f"this is not the journal that was last used on this machine, but an older copy or another: {told}"


def _read(file: Path) -> Head:
    """What a file says; the beginning, which every journal has, where it says nothing."""
    try:
        number, digest = read_plain(file, _MOST)[0].decode().split()
        return int(number), digest
    except (OSError, ValueError):
        return BEGINNING
