"""Which files an `include` pattern names: a walk that ends, whatever links a workspace holds.

`*`, `?` and `[...]` stand for a part of one name, `**` for folders at any depth. Names that begin with a dot are
matched only where the pattern writes the dot. `**` follows no link to a folder, so no walk comes back to where it was.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["MOST_LOOKED_AT", "TooMany", "has_magic", "matches"]

MOST_LOOKED_AT: Final = 200_000
"""Names that one pattern looks at. A workspace of 100,000 accounts, a file each, has half as many."""


class TooMany(Exception):
    """A pattern looks at more names than a workspace has."""


def has_magic(pattern: str) -> bool:
    """Whether it is a pattern, not the name of a file."""
    return any(char in pattern for char in "*?[")


def matches(directory: Path, pattern: str) -> list[str]:
    """The files (and links to files) below a folder, by their names in it, sorted. Raises TooMany."""
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    return sorted(set(_Walk(directory).below("", tuple(parts))))


class _Walk:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.looked_at = 0

    def below(self, folder: str, parts: tuple[str, ...]) -> Iterator[str]:
        """What the rest of a pattern names in a folder."""
        part, rest = parts[0], parts[1:]
        if part == "**":
            yield from self._everywhere(folder, rest or ("*",))
        elif not has_magic(part):
            name = os.path.normpath(f"{folder}/{part}".lstrip("/"))
            if rest and (self.directory / name).is_dir():
                yield from self.below(name, rest)
            elif not rest and os.path.lexists(self.directory / name) and not (self.directory / name).is_dir():
                yield name
        else:
            for entry, name in self._entries(folder):
                if not _fits(part, entry.name):
                    continue
                folder_too = _is_folder(entry)
                if rest and folder_too:
                    yield from self.below(name, rest)
                elif not rest and not folder_too:
                    yield name

    def _everywhere(self, folder: str, rest: tuple[str, ...]) -> Iterator[str]:
        folders = [folder]
        while folders:
            here = folders.pop()
            yield from self.below(here, rest)
            folders += [
                name
                for entry, name in self._entries(here)
                if _is_folder(entry, links=False) and not entry.name.startswith(".")
            ]

    def _entries(self, folder: str) -> Iterator[tuple[os.DirEntry[str], str]]:
        try:
            with os.scandir(self.directory / folder) as entries:
                for entry in entries:
                    self.looked_at += 1
                    if self.looked_at > MOST_LOOKED_AT:
                        raise TooMany
                    yield entry, f"{folder}/{entry.name}".lstrip("/")
        except OSError:  # it went away, or is not for us: nothing of it is matched
            return


def _is_folder(entry: os.DirEntry[str], *, links: bool = True) -> bool:
    try:
        return entry.is_dir(follow_symlinks=links)
    except OSError:  # a link to itself
        return False


def _fits(part: str, name: str) -> bool:
    if name.startswith(".") and not part.startswith("."):
        return False
    return re.match(fnmatch.translate(part), name) is not None
