"""Whether a checkout is as its commit: by the index, the files' times and sizes, and their content where those differ.

`None` where that cannot be told without doing what git does with filters, or without reading too much.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from acctcfg.journal.git_files import Repository, read_file
from acctcfg.journal.git_index import Entry, committed_tree, read_index, tree_of

__all__ = ["is_clean", "is_tracked"]

_ENTRIES = 200_000  # tracked files, and files that are walked over
_HASHED = 64 << 20  # bytes
_LINK = 0o160000  # another repository's commit
_SYMLINK = 0o120000
_TREE = 0o040000
_OURS = b".acctcfg"
_IGNORES = 1 << 20
_RULES = 1000


def is_tracked(repository: Repository, path: Path) -> bool:
    """Whether the index names this file."""
    name = os.fsencode(path.resolve().relative_to(repository.top).as_posix())
    try:
        return any(entry.path == name for entry in read_index(repository, _id_size(repository)) or ())
    except ValueError:
        return False


def is_clean(repository: Repository, commit: str) -> bool | None:
    """Whether nothing was changed, staged or added since that commit. Our own folder does not count."""
    try:
        entries = read_index(repository, len(commit) // 2)
        if entries is None or len(entries) > _ENTRIES:
            return None
        if any(entry.stage or entry.intended for entry in entries):
            return False
        tree = committed_tree(repository, commit)
        if tree is not None and tree != tree_of(entries, len(commit) // 2):
            return False
        changed = _changed(repository, entries, hashlib.sha256 if len(commit) == 64 else hashlib.sha1)
        added = _added(repository, entries)
    except (ValueError, OSError):
        return None
    if changed is True or added is True:
        return False
    return None if tree is None or changed is None or added is None else True


def _id_size(repository: Repository) -> int:
    return len(repository.head() or "0" * 40) // 2


def _changed(repository: Repository, entries: Sequence[Entry], make: Callable[[bytes], hashlib._Hash]) -> bool | None:
    """Whether a tracked file's content is another now."""
    written = (repository.folder / "index").stat().st_mtime_ns
    unsure, left = False, _HASHED
    for entry in entries:
        if not entry.looked or entry.mode in (_LINK, _TREE) or entry.path.startswith(_OURS + b"/"):
            continue
        file = repository.top / os.fsdecode(entry.path)
        try:
            found = file.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return True
        if stat.S_ISLNK(found.st_mode) != (entry.mode == _SYMLINK):
            return True
        same_time = found.st_mtime_ns == entry.mtime_ns and entry.mtime_ns < written
        if same_time and found.st_size & 0xFFFFFFFF == entry.size:
            continue
        if not file.parent.resolve().is_relative_to(repository.top):
            return True  # a link in the place of a folder
        left -= found.st_size
        content = _content(file, found) if left >= 0 else None
        if content is None:
            unsure = True
        elif make(b"blob %d\0" % len(content) + content).digest() != entry.id:
            if not _may_be_filtered(repository, entries):
                return True
            unsure = True
    return None if unsure else False


def _content(file: Path, found: os.stat_result) -> bytes | None:
    if stat.S_ISLNK(found.st_mode):
        return os.fsencode(file.readlink())
    return read_file(file, _HASHED)


def _may_be_filtered(repository: Repository, entries: Sequence[Entry]) -> bool:
    """Whether git may keep a file's content in another form than it lies there."""
    if any(entry.path.rpartition(b"/")[2] == b".gitattributes" for entry in entries):
        return True
    config = read_file(repository.common / "config", _IGNORES) or b""
    return (repository.common / "info" / "attributes").exists() or b"autocrlf" in config.lower()


def _added(repository: Repository, entries: Sequence[Entry]) -> bool | None:
    """Whether there is a file that git neither tracks nor is told to ignore."""
    tracked = {entry.path for entry in entries}
    count = 0
    todo: list[tuple[bytes, list[_Rule]]] = [
        (b"", _rules(repository.common / "info" / "exclude", b"")),
    ]
    while todo:
        inside, rules = todo.pop()
        here = repository.top / os.fsdecode(inside)
        rules = [*rules, *_rules(here / ".gitignore", inside)]
        if len(rules) > _RULES:
            return None
        with os.scandir(here) as found:
            for one in found:
                count += 1
                if count > _ENTRIES:
                    return None
                name = os.fsencode(one.name)
                path = inside + b"/" + name if inside else name
                if name in (b".git", _OURS) or path in tracked:
                    continue
                is_folder = one.is_dir(follow_symlinks=False)
                if _ignored(path, rules, is_folder=is_folder):
                    continue
                if not is_folder:
                    return True
                if not (Path(one.path) / ".git").exists():
                    todo.append((path, rules))
    return False


class _Rule:
    """One line of a .gitignore."""

    __slots__ = ("anchored", "base", "folders", "keeps", "parts")

    def __init__(self, line: bytes, base: bytes) -> None:
        self.keeps = line.startswith(b"!")
        line = line[1:] if self.keeps else line
        self.folders = line.endswith(b"/")
        line = line.rstrip(b"/")
        self.anchored = b"/" in line
        self.parts = line.lstrip(b"/").split(b"/")
        self.base = base

    def matches(self, path: bytes, *, is_folder: bool) -> bool:
        """Whether the line means this path."""
        if self.folders and not is_folder:
            return False
        rest = path[len(self.base) + 1 :] if self.base else path
        if not self.anchored:
            return _glob(self.parts[0], rest.rpartition(b"/")[2])
        return _parts_match(self.parts, rest.split(b"/"))


def _rules(file: Path, base: bytes) -> list[_Rule]:
    lines = (read_file(file, _IGNORES) or b"").splitlines()[:_RULES]
    found = (line.rstrip().replace(b"\\", b"") for line in lines if not line.startswith(b"#"))
    return [_Rule(line, base) for line in found if line.strip(b"/!")]


def _ignored(path: bytes, rules: Sequence[_Rule], *, is_folder: bool) -> bool:
    """The last line that means it decides."""
    return next((not rule.keeps for rule in reversed(rules) if rule.matches(path, is_folder=is_folder)), False)


def _parts_match(pattern: Sequence[bytes], parts: Sequence[bytes]) -> bool:
    """`**` stands for any number of folders; in time that grows with the product of both lengths."""
    reached = {0}
    for at, want in enumerate(pattern):
        if want == b"**":
            low = min(reached, default=len(parts) + 1)
            reached = set(range(low + (at == len(pattern) - 1), len(parts) + 1))
        else:
            reached = {place + 1 for place in reached if place < len(parts) and _glob(want, parts[place])}
    return len(parts) in reached


def _glob(pattern: bytes, name: bytes) -> bool:
    """`*`, `?` and `[...]` over one name, without going back further than to the last `*`."""
    at = place = 0
    star, mark = -1, 0
    while place < len(name):
        width = _class_width(pattern, at)
        if at < len(pattern) and pattern[at] == 0x2A:
            star, mark = at, place
            at += 1
        elif width and _in_class(pattern[at : at + width], name[place]):
            at, place = at + width, place + 1
        elif star >= 0:
            mark += 1
            at, place = star + 1, mark
        else:
            return False
    return not pattern[at:].strip(b"*")


def _class_width(pattern: bytes, at: int) -> int:
    """How much of the pattern stands for one character of a name; 0 for nothing left, or a star."""
    if at >= len(pattern) or pattern[at] == 0x2A:
        return 0
    end = pattern.find(b"]", at + 2) if pattern[at] == 0x5B else -1
    return end - at + 1 if end > 0 else 1


def _in_class(want: bytes, byte: int) -> bool:
    if len(want) == 1:
        return want[0] in (0x3F, byte)
    inner = want[1:-1]
    negated = inner[:1] in (b"!", b"^")
    inner = inner[1:] if negated else inner
    found, at = False, 0
    while at < len(inner):
        if at + 2 < len(inner) and inner[at + 1] == 0x2D:
            found, at = found or inner[at] <= byte <= inner[at + 2], at + 3
        else:
            found, at = found or inner[at] == byte, at + 1
    return found != negated
