"""What git's own files say about a checkout. No program is started: a repository's configuration can name any.

Everything read here may have been put there by somebody else: only ordinary files are opened, each up to a bound, and
nothing leaves but commit ids and yes or no.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO

__all__ = ["Repository", "open_plain", "read_file"]

_SMALL = 4096
_PACKED_REFS = 64 << 20
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"refs/[A-Za-z0-9._/+@#-]{1,500}")
_KINDS = re.compile(r"refs/(?:heads|tags|remotes)/(.+)")
_DEPTH = 5  # of references to references


@dataclass(frozen=True, slots=True)
class Repository:
    """A checkout: its top folder, its git folder, and the one that it shares with other worktrees."""

    top: Path
    folder: Path
    common: Path

    @classmethod
    def around(cls, path: Path) -> Repository | None:
        """The nearest one that `path` is in, or would be in."""
        resolved = path.resolve()
        for top in (resolved, *resolved.parents):
            link = top / ".git"
            if link.is_dir() and not link.is_symlink():
                return cls(top, link, link)
            if link.exists():
                return cls._linked(top, link)
        return None

    @classmethod
    def _linked(cls, top: Path, link: Path) -> Repository | None:
        """By a `.git` file: a worktree that its repository knows of, or a submodule of the checkout around it."""
        text = _line(link)
        if text is None or not text.startswith("gitdir: "):
            return None
        folder = (top / text.removeprefix("gitdir: ")).resolve()
        back = _line(folder / "gitdir")
        if back is not None and Path(back) == link:
            common = (folder / (_line(folder / "commondir") or ".")).resolve()
            return cls(top, folder, common) if folder.is_relative_to(common) else None
        above = next((one / ".git" / "modules" for one in top.parents if (one / ".git").is_dir()), None)
        if above is not None and folder.is_relative_to(above.resolve()):
            return cls(top, folder, folder)
        return None

    def head(self) -> str | None:
        """The id of the commit that is checked out; None before the first one."""
        return self.behind("HEAD")

    def behind(self, name: str) -> str | None:
        """The id that a reference leads to; None for one that is not there."""
        for _ in range(_DEPTH):
            text = self._reference(name)
            if text is None or _ID.fullmatch(text):
                return text
            name = text.removeprefix("ref: ")
            if name == text or not _REF.fullmatch(name) or ".." in name:
                return None
        return None

    def names(self, most: int) -> Iterator[str]:
        """Branches, remote branches and tags, each as it is written, up to so many."""
        packed = (read_file(self.common / "packed-refs", _PACKED_REFS) or b"").decode("utf-8", "replace").splitlines()
        refs = self.common / "refs"
        loose = (f"refs/{file.relative_to(refs).as_posix()}" for file in refs.rglob("*") if file.is_file())
        known = (line.rpartition(" ")[2] for line in packed)
        found = (_KINDS.fullmatch(name) for name in chain(loose, known))
        yield from islice(dict.fromkeys(one[1] for one in found if one), most)

    def _reference(self, name: str) -> str | None:
        for root in dict.fromkeys((self.folder, self.common)):
            file = root / name
            if file.resolve().is_relative_to(root.resolve()) and (text := _line(file)) is not None:
                return text
        for line in (read_file(self.common / "packed-refs", _PACKED_REFS) or b"").splitlines():
            id_, _, packed = line.partition(b" ")
            if packed == name.encode():
                return id_.decode("ascii", "replace")
        return None


def open_plain(file: Path) -> IO[bytes]:
    """An ordinary file, open for reading. OSError for one that is absent, or is something else, such as a link."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(file, flags)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(file))
        return os.fdopen(handle, "rb")
    except OSError:
        os.close(handle)
        raise


def read_file(file: Path, most: int) -> bytes | None:
    """The bytes of an ordinary file; None for one that is absent, is something else, or is larger than `most`."""
    try:
        with open_plain(file) as stream:
            return stream.read(most) if os.fstat(stream.fileno()).st_size <= most else None
    except (OSError, ValueError):
        return None


def _line(file: Path) -> str | None:
    text = read_file(file, _SMALL)
    if text is None:
        return None
    try:
        return text.decode().strip()
    except UnicodeDecodeError:
        return None
