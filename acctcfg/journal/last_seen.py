"""The last journal row that this machine saw, by which an older copy is recognised.

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
from typing import TypeAlias

from acctcfg.errors import JournalError
from acctcfg.journal.chain import BEGINNING, Head
from acctcfg.journal.storage import View
from acctcfg.plain_file import read_plain, write_whole

__all__ = ["LastSeen", "demand_last", "older"]

Remembered: TypeAlias = dict[Path, Head]
FOLDER = "journals"
_MOST = 256  # bytes of a file


class LastSeen:
    """What is remembered of the journal at a place, a path or a url."""

    def __init__(self, state: Sequence[Path], place: str) -> None:
        place = place if "://" in place else os.path.realpath(place)
        name = hashlib.sha256(os.fsencode(place)).hexdigest()[:32]
        self._files = [folder / FOLDER / name for folder in state]

    def read(self) -> Remembered:
        """What each file says. To be asked before the journal is looked at: others may add to it meanwhile."""
        return {file: head for file in self._files if (head := _read(file)) != BEGINNING}

    def keep(self, head: Head) -> None:
        """Remember it; silently not, where a folder cannot be written."""
        for file in self._files:
            if _read(file) != head:
                with suppress(OSError):
                    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    write_whole(file, f"{head[0]} {head[1]}\n")


def older(remembered: Remembered, view: View) -> dict[Path, str]:
    """What is wrong with a journal that is there, by the file that says so."""
    return {file: text for file, seen in remembered.items() if (text := _flaw(seen, view))}


def demand_last(remembered: Remembered, view: View, place: str) -> None:
    """JournalError where it is not the journal that was used here last."""
    if found := older(remembered, view):
        raise JournalError(
            f"{place}: {next(iter(found.values()))}, so nothing is decided by it",
            hint=f"put the newest copy in its place; if this one is meant, remove {' and '.join(map(str, found))}",
        )


def _flaw(seen: Head, view: View) -> str:
    row = next(iter(view.rows(seen[0])), None)
    if row is not None and (row.seq, row.hash) == seen:
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
