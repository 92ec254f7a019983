"""Files that others may have put there: only ordinary ones are read, never more than so much, never waiting.

A workspace is whatever somebody committed: a link in it leads nowhere outside of it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["leads_out", "no_more_files", "read_plain", "write_new", "write_whole"]

CHUNK = 1 << 16


def read_plain(file: Path, most: int) -> tuple[bytes, os.stat_result]:
    """The whole of an ordinary file, and its status as it was opened. OSError for a pipe, a device, or a longer one.

    A named pipe without a writer would hang its reader for ever, and a device has no end.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    handle = os.open(file, flags)
    try:
        status = os.fstat(handle)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file", str(file))
        whole = _taken(handle, most + 1) if status.st_size <= most else None
    finally:
        os.close(handle)
    if whole is None or len(whole) > most:  # some, as those of /proc, say that they are empty
        size = f"{most >> 20} MiB" if most >= 1 << 20 else f"{most >> 10} KiB"
        raise OSError(errno.EFBIG, f"it is larger than {size}", str(file))
    return whole, status


def _taken(handle: int, most: int) -> bytes:
    """The bytes of an open file, up to so many; of a small one at once."""
    parts, left = [], most
    while left and (part := os.read(handle, min(left, CHUNK))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def write_whole(file: Path, text: str, *, mode: int = 0o600) -> None:
    """Put the text in place of what stands there, whole or not at all. OSError if not.

    `mode`: who can read it; only its owner, unless it says otherwise.
    """
    with _beside(file, text) as made:
        if mode != 0o600:
            made.chmod(mode)
        made.replace(file)


def write_new(file: Path, text: str) -> None:
    """Make a file with the text, whole or not at all, and never over another. FileExistsError, or another OSError."""
    with _beside(file, text) as made:
        umask = os.umask(0o077)
        os.umask(umask)
        made.chmod(0o666 & ~umask)
        file.hardlink_to(made)


@contextmanager
def _beside(file: Path, text: str) -> Iterator[Path]:
    """The text on the disk beside the file, for its owner alone; removed afterwards, unless it was put in its place."""
    from tempfile import mkstemp

    handle, name = mkstemp(dir=file.parent, prefix=f".{file.name}.")
    made = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode("utf-8", "surrogateescape"))
            stream.flush()
            os.fsync(handle)
        yield made
    finally:
        made.unlink(missing_ok=True)


def leads_out(path: Path, workspace: Path) -> bool:
    """Whether a path that is written as one inside the workspace leads out of it, through a link.

    A path that says itself that it lies elsewhere (absolute, `~` or `..`) does not.
    """
    base, at = (os.path.normcase(os.path.abspath(one)) for one in (workspace, path))  # noqa: PTH100 (as written)
    if at != base and not at.startswith(base.rstrip(os.sep) + os.sep):
        return False
    while at != base:
        if os.path.islink(at):  # noqa: PTH114 (of hundreds of secrets, each asks this)
            return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(workspace))
        at = os.path.dirname(at)  # noqa: PTH120
    return False


def no_more_files(number: int) -> OSError | None:
    """Why this process cannot open so many more files; None where it can. Not every library says it."""
    opened: list[int] = []
    try:
        opened.extend(os.open(os.devnull, os.O_RDONLY) for _ in range(number))
    except OSError as exc:
        return exc
    finally:
        for handle in opened:
            os.close(handle)
    return None
