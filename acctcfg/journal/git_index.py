"""Git's index, versions 2 to 4: which files are tracked, with the state in which git last saw them, and their tree.

Source: git's "index-format" and "pack-format". What is not understood raises ValueError, and is "not known" above.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from typing import NamedTuple

from acctcfg.journal.git_files import Repository, read_file
from acctcfg.journal.git_objects import MissingObject, Objects

__all__ = ["Entry", "committed_tree", "read_index", "tree_of"]

_INDEX = 128 << 20
_COMMIT = 1 << 20  # bytes
_SKIPPED = 0x4000  # of the extended flags: skip-worktree
_INTENDED = 0x2000  # intent to add: no content yet


class Entry(NamedTuple):
    """One tracked file; `id` is its content's, `looked` whether the work tree is to be compared with it."""

    path: bytes
    id: bytes
    mode: int
    size: int
    mtime_ns: int
    stage: int
    looked: bool
    intended: bool


def read_index(repository: Repository, id_size: int = 20) -> list[Entry] | None:
    """All entries, sorted by path; None where there is no index."""
    data = read_file(repository.folder / "index", _INDEX)
    if data is None:
        return None
    try:
        return list(_entries(data, id_size))
    except (struct.error, IndexError) as exc:
        raise ValueError("the index is cut short") from exc


def _entries(data: bytes, id_size: int) -> Iterator[Entry]:
    magic, version, count = struct.unpack_from(">4sII", data)
    if magic != b"DIRC" or version not in (2, 3, 4) or count > len(data) // 62:
        raise ValueError("an index of another kind")
    at, path = 12, b""
    for _ in range(count):
        begin = at
        fields = struct.unpack_from(">10I", data, at)
        at += 40
        id_ = data[at : at + id_size]
        at += id_size
        (flags,) = struct.unpack_from(">H", data, at)
        at += 2
        extended = 0
        if flags & 0x4000:
            (extended,) = struct.unpack_from(">H", data, at)
            at += 2
        if version == 4:
            strip, at = _number(data, at)
            if strip > len(path):
                raise ValueError("a path that strips more than there is")
            end = data.index(0, at)
            path, at = path[: len(path) - strip] + data[at:end], end + 1
        else:
            end = data.index(0, at)
            path, at = data[at:end], begin + (end - begin + 8) // 8 * 8
        if any(part in (b"", b".", b"..", b".git") for part in path.removesuffix(b"/").split(b"/")):
            raise ValueError("a path that leads out of the work tree")
        skipped = bool(flags & 0x8000 or extended & _SKIPPED)
        mtime = fields[2] * 1_000_000_000 + fields[3]
        stage, intended = flags >> 12 & 3, bool(extended & _INTENDED)
        yield Entry(path, id_, fields[6], fields[9], mtime, stage, not skipped, intended)
    if b"link" in _extensions(data, at, id_size):
        raise ValueError("an index that is split over two files")


def _extensions(data: bytes, at: int, id_size: int) -> set[bytes]:
    found = set()
    while at + 8 <= len(data) - id_size:
        name, size = struct.unpack_from(">4sI", data, at)
        found.add(name)
        at += 8 + size
    return found


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = (value + 1) << 7 | data[at] & 0x7F
        if value > 1 << 32:
            raise ValueError("a number without an end")
    return value, at + 1


def tree_of(entries: list[Entry], id_size: int = 20) -> bytes:
    """The id of the tree that a commit of this index would have."""
    make = hashlib.sha1 if id_size == 20 else hashlib.sha256
    open_: list[tuple[bytes, list[bytes]]] = [(b"", [])]

    def close() -> None:
        name, rows = open_.pop()
        body = b"".join(rows)
        id_ = make(b"tree %d\0" % len(body) + body).digest()
        open_[-1][1].append(b"40000 " + name + b"\0" + id_)

    folders: list[bytes] = []
    for entry in entries:
        *parts, name = entry.path.rstrip(b"/").split(b"/")
        while folders != parts[: len(folders)]:
            folders.pop()
            close()
        for part in parts[len(folders) :]:
            folders.append(part)
            open_.append((part, []))
        open_[-1][1].append(b"%o %b\0%b" % (entry.mode, name, entry.id))
    while folders:
        folders.pop()
        close()
    body = b"".join(open_[0][1])
    return make(b"tree %d\0" % len(body) + body).digest()


def committed_tree(repository: Repository, commit: str) -> bytes | None:
    """The id of a commit's tree; None where the repository does not have the commit."""
    try:
        with Objects(repository, largest=_COMMIT) as objects:
            kind, body = objects.read(commit)
    except (MissingObject, OSError):
        return None
    line = body.partition(b"\n")[0]
    return bytes.fromhex(line[5:].decode("ascii")) if kind == "commit" and line.startswith(b"tree ") else None
