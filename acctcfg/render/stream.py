"""A stream that never stops the work: what it cannot show is replaced, a reader that left is noted."""

from __future__ import annotations

import codecs
import io
import os
import select
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO, TypeAlias

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

__all__ = ["Escape", "Outlet", "whole", "write_all"]

Escape: TypeAlias = Callable[[str], str]
"""How a document writes a character in ASCII."""

_STAND_INS = {"·": "-", "—": "-", "–": "-", "…": "...", "“": '"', "”": '"', "‘": "'", "’": "'", "→": "->"}


def write_all(handle: int, data: ReadableBuffer) -> int:
    """Write every byte to an open file. A reader who is slow is waited for, also where the file does not block.

    A write may take a part only and be no error: on a disk that fills up the next one is, in a pipe it is not.
    """
    rest = memoryview(data).cast("B")
    size = len(rest)
    while rest:
        try:
            rest = rest[os.write(handle, rest) :]
        except BlockingIOError:
            select.select([], [handle], [])
    return size


class _Whole(io.FileIO):
    """A file of which no write is cut short."""

    def write(self, data: ReadableBuffer, /) -> int:
        return write_all(self.fileno(), data)


def whole(stream: TextIO) -> TextIO:
    """The same stream of the process, written to in full or with an error, also where Python does not buffer it.

    With PYTHONUNBUFFERED Python itself takes a write that was cut short for a whole one. What has no plain file behind
    it is given back as it is.
    """
    buffer = getattr(stream, "buffer", None)
    if not isinstance(stream, io.TextIOWrapper) or type(getattr(buffer, "raw", buffer)) is not io.FileIO:
        return stream
    stream.flush()
    file = _Whole(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(file, stream.encoding, stream.errors, line_buffering=stream.line_buffering)


class Outlet:
    """One of the process's streams. `write` and `flush` never raise; what went wrong first is kept in `lost`."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.lost: OSError | None = None

    @property
    def encoding(self) -> str:
        """What the stream writes characters in."""
        return self.stream.encoding or "utf-8"

    def isatty(self) -> bool:
        """Whether a person looks at it."""
        with suppress(OSError, ValueError):
            return self.stream.isatty()
        return False

    def fileno(self) -> int:
        """The number of the file behind it."""
        return self.stream.fileno()

    def write(self, text: str, escape: Escape | None = None) -> int:
        """Write what the encoding has, else a stand-in or `\\u....`.

        `escape`: the text is a document that its readers take for UTF-8, whatever the locale is, and has a way of its
        own to write a character in ASCII. Where the stream is not UTF-8, each that is not ASCII is written so.
        """
        with self._kept():
            self.stream.write(self.fit(text, escape))
        return len(text)

    def flush(self) -> None:
        """Hand on what is buffered."""
        with self._kept():
            self.stream.flush()

    def fit(self, text: str, escape: Escape | None = None) -> str:
        """The text in characters that the stream can write."""
        has = self._has if escape is None or self._is_utf8() else str.isascii
        if text.isascii() or has(text):
            return text
        return "".join(c if has(c) else (escape or _stand_in)(c) for c in text)

    def _is_utf8(self) -> bool:
        with suppress(LookupError):
            return codecs.lookup(self.encoding).name == "utf-8"
        return False

    def _has(self, text: str) -> bool:
        try:
            text.encode(self.encoding)
        except (UnicodeError, LookupError):
            return False
        return True

    def _kept(self) -> _Kept:
        return _Kept(self)

    def forget(self, exc: OSError) -> None:
        """Nobody reads any more: what is still buffered, and all that follows, goes nowhere."""
        self.lost = self.lost or exc
        with suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), self.stream.fileno())


class _Kept:
    """Turns an error of the stream into a note on it."""

    def __init__(self, outlet: Outlet) -> None:
        self.outlet = outlet

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: object) -> bool:
        if isinstance(exc, OSError):
            self.outlet.forget(exc)
            return True
        return isinstance(exc, ValueError)  # it was closed


def _stand_in(c: str) -> str:
    return _STAND_INS.get(c) or c.encode("ascii", "backslashreplace").decode("ascii")
