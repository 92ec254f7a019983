"""Git's objects by their ids: loose ones, and those in packs, deltas and all. No program is started.

Source: git's "pack-format", index version 2. Somebody else may have put it all there: sizes are bounded, and
an object that its id does not name is refused.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import IO, Final, NamedTuple, Self, TypeAlias

from acctcfg.journal.git_files import Repository, open_plain, read_file

__all__ = ["MissingObject", "Objects"]

LARGEST: Final = 256 << 20  # bytes of one object
_ALL: Final = 2 << 30  # bytes of all objects that one reader inflates
_PACKS: Final = 2000
_CHAIN: Final = 5000  # deltas on deltas; git makes 4095 at most
_PART: Final = 1 << 16
_KINDS: Final = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_BY_OFFSET, _BY_ID = 6, 7  # kinds of deltas
_Take: TypeAlias = Callable[[int], None]
_HEX: Final = re.compile("[0-9a-f]{2,64}")


class MissingObject(ValueError):
    """The repository has no object of this id."""


class _Entry(NamedTuple):
    """What stands at a place of a pack: an object, or a delta on the one at `base`."""

    kind: int
    base: int | bytes
    data: bytes


class Objects:
    """The objects of a repository. To be used in a `with`: packs stay open until its end."""

    def __init__(self, repository: Repository, *, largest: int = LARGEST) -> None:
        self._folder = repository.common / "objects"
        self._sound = self._folder.resolve().is_relative_to(repository.common.resolve())
        self._largest, self._left = largest, _ALL
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def read(self, id_: str) -> tuple[str, bytes]:
        """Kind and content. Raises MissingObject, and ValueError for what is damaged, too large or not understood."""
        try:
            kind, body = self._loose(id_) or self._packed(id_)
        except (struct.error, IndexError, zlib.error) as exc:
            raise ValueError(f"the object {id_} is damaged") from exc
        made = hashlib.sha256 if len(id_) == 64 else hashlib.sha1
        if made(b"%b %d\0" % (kind.encode(), len(body)) + body).hexdigest() != id_:
            raise ValueError(f"the object {id_} is damaged")
        return kind, body

    def ids(self, prefix: str) -> set[str]:
        """The ids that begin so; `prefix`: four or more hexadecimal digits."""
        try:
            loose = {prefix[:2] + one.name for one in (self._folder / prefix[:2]).glob(f"{prefix[2:]}*")}
        except OSError:
            loose = set()
        found = {one for one in loose if _HEX.fullmatch(one) and len(one) in (40, 64)}
        return found.union(*(pack.ids(prefix) for pack in self._packs))

    def _loose(self, id_: str) -> tuple[str, bytes] | None:
        stored = read_file(self._folder / id_[:2] / id_[2:], self._largest) if self._sound else None
        if stored is None:
            return None
        whole = zlib.decompressobj().decompress(stored, self._largest + 64)
        head, _, body = whole.partition(b"\0")
        kind, _, size = head.partition(b" ")
        if not size.isdigit() or int(size) != len(body):
            raise ValueError(f"the object {id_} is damaged, or larger than {self._largest >> 20} MiB")
        self._take(len(body))
        return kind.decode("ascii", "replace"), body

    def _packed(self, id_: str) -> tuple[str, bytes]:
        for pack in self._packs:
            if (offset := pack.offset(bytes.fromhex(id_))) is not None:
                return self._whole(pack, offset)
        raise MissingObject(f"the object {id_} is not in this repository")

    @cached_property
    def _packs(self) -> list[_Pack]:
        files = sorted((self._folder / "pack").glob("pack-*.idx"))[:_PACKS] if self._sound else []
        return [_Pack(file, self._open) for file in files]

    def _whole(self, pack: _Pack, offset: int) -> tuple[str, bytes]:
        """The object at a place: the deltas down to one that is whole, laid on it from there up."""
        deltas: list[bytes] = []
        while (entry := pack.entry(offset, self._take)).kind in (_BY_OFFSET, _BY_ID):
            deltas.append(entry.data)
            base = entry.base if isinstance(entry.base, int) else pack.offset(entry.base)
            if base is None or base < 0 or len(deltas) > _CHAIN:
                raise ValueError(f"{pack.file.name} is damaged")
            offset = base
        body = entry.data
        for delta in reversed(deltas):
            body = _patched(body, delta, self._take)
        return _KINDS[entry.kind], body

    def _take(self, size: int) -> None:
        """Before so many bytes are made of something small."""
        self._left -= size
        if size > self._largest or self._left < 0:
            raise ValueError(f"an object is larger than {self._largest >> 20} MiB, or all are than {_ALL >> 20} MiB")


class _Pack:
    """A pack with its index."""

    def __init__(self, index: Path, stack: ExitStack) -> None:
        self.file = index.with_suffix(".pack")
        self._index, self._stack = index, stack

    @cached_property
    def _ids(self) -> tuple[IO[bytes], tuple[int, ...], int]:
        """The open index, how many ids begin with each byte or one below it, and the bytes of an id."""
        stream = self._stack.enter_context(open_plain(self._index))
        if stream.read(8) != b"\xfftOc\0\0\0\2":
            raise ValueError(f"{self._index.name} is of another version")
        fan = struct.unpack(">256I", stream.read(1024))
        size = os.fstat(stream.fileno()).st_size
        width = 32 if size >= 1032 + fan[255] * 40 + 64 else 20
        return stream, fan, width

    @cached_property
    def _data(self) -> IO[bytes]:
        return self._stack.enter_context(open_plain(self.file))

    def _at(self, number: int) -> bytes:
        stream, _, width = self._ids
        stream.seek(1032 + number * width)
        return stream.read(width)

    def _first(self, id_: bytes) -> int:
        """The number of the first id that is not below this one."""
        _, fan, _ = self._ids
        low, high = fan[id_[0] - 1] if id_[0] else 0, fan[id_[0]]
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._at(middle) < id_ else (low, middle)
        return low

    def offset(self, id_: bytes) -> int | None:
        """Where an object stands; None where it is in another pack."""
        stream, fan, width = self._ids
        number, total = self._first(id_), fan[255]
        if number >= total or self._at(number) != id_:
            return None
        stream.seek(1032 + total * (width + 4) + number * 4)
        (offset,) = struct.unpack(">I", stream.read(4))
        if offset >> 31:  # a place beyond 2 GiB stands in a table of its own
            stream.seek(1032 + total * (width + 8) + (offset & 0x7FFFFFFF) * 8)
            (offset,) = struct.unpack(">Q", stream.read(8))
        return int(offset)

    def ids(self, prefix: str) -> Iterator[str]:
        """Its ids that begin so."""
        _, fan, _ = self._ids
        number = self._first(bytes.fromhex(prefix[: len(prefix) // 2 * 2]))
        while number < fan[255] and (found := self._at(number).hex()).startswith(prefix[: len(prefix) // 2 * 2]):
            if found.startswith(prefix):
                yield found
            number += 1

    def entry(self, offset: int, take: _Take) -> _Entry:
        """What stands at a place, inflated."""
        stream, (_, _, width) = self._data, self._ids
        stream.seek(offset)
        head = stream.read(64)
        kind, size, at = head[0] >> 4 & 7, head[0] & 15, 1
        while head[at - 1] & 0x80:
            size |= (head[at] & 0x7F) << (7 * at - 3)
            at += 1
        base: int | bytes = 0
        if kind == _BY_OFFSET:
            back, at = head[at] & 0x7F, at + 1
            while head[at - 1] & 0x80:
                back, at = (back + 1) << 7 | head[at] & 0x7F, at + 1
            base = offset - back
        elif kind == _BY_ID:
            base, at = head[at : at + width], at + width
        elif kind not in _KINDS:
            raise ValueError(f"{self.file.name} is damaged")
        take(size)
        stream.seek(offset + at)
        return _Entry(kind, base, _inflated(stream, size))


def _inflated(stream: IO[bytes], size: int) -> bytes:
    """So many bytes of what begins here, and not one more."""
    made, found = zlib.decompressobj(), bytearray()
    while len(found) <= size and not made.eof:
        part = made.unconsumed_tail or stream.read(_PART)
        if not part:
            break
        found += made.decompress(part, size + 1 - len(found))
    if len(found) != size:
        raise ValueError("a pack is damaged")
    return bytes(found)


def _patched(base: bytes, delta: bytes, take: _Take) -> bytes:
    """What a delta makes of its base: pieces of that, and bytes of its own."""
    before, at = _size(delta, 0)
    after, at = _size(delta, at)
    take(after)
    found = bytearray()
    while at < len(delta) and len(found) <= after:
        command, at = delta[at], at + 1
        if not command & 0x80:
            found += delta[at : at + command]
            at += command or len(delta)
            continue
        numbers = []
        for bits in (range(4), range(4, 7)):
            number = 0
            for shift, bit in enumerate(bits):
                if command >> bit & 1:
                    number, at = number | delta[at] << 8 * shift, at + 1
            numbers.append(number)
        start, width = numbers[0], numbers[1] or 0x10000
        found += base[start : start + width]
    if before != len(base) or after != len(found) or at != len(delta):
        raise ValueError("a delta in a pack is damaged")
    return bytes(found)


def _size(delta: bytes, at: int) -> tuple[int, int]:
    size = shift = 0
    while True:
        byte, at = delta[at], at + 1
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return size, at
