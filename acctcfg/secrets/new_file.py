"""Files that appear whole or not at all, never over another, and stay after a power cut.

The text goes to a hidden file in the same folder, is flushed, and gets its name with link(2), which refuses a
name that is taken; then the folder is flushed. A process killed in between leaves at most the hidden file.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from acctcfg.errors import StoreError
from acctcfg.plain_file import read_plain

__all__ = ["create", "move", "probe", "supersede"]


def create(file: Path, data: bytes) -> None:
    """Make `file` with `data`, mode 0600, and the folders it needs. A StoreError leaves nothing under that name."""
    with _in_words(file), _flushed(file, data) as hidden:
        _link(hidden, file)
        try:
            _flush_folder(file.parent)
        except OSError:
            file.unlink()  # the caller is told that it is not stored, so it must not turn up later
            raise


def probe(file: Path, data: bytes) -> None:
    """All of `create` beside `file`, removed again; only the folders stay. StoreError if `file` exists."""
    with _in_words(file), _flushed(file, data) as hidden:
        trial = hidden.with_suffix(".probe")
        try:
            if os.path.lexists(file):
                raise _already_there(file)
            _link(hidden, trial)
            _flush_folder(file.parent)
        finally:
            with suppress(FileNotFoundError):
                trial.unlink()


def replace(file: Path, data: bytes, instead_of: bytes) -> None:
    """Put `data` in place of what `file` holds, at once: whoever reads it finds the old or the new, whole.

    A StoreError where it does not hold `instead_of` any more: what came there since exists nowhere else.
    """
    with _in_words(file), _flushed(file, data) as hidden:
        if not _holds(file, instead_of):
            raise StoreError(f"{file}: another secret came in its place meanwhile, and stays", hint="run it again")
        hidden.replace(file)
        _flush_folder(file.parent)


def move(file: Path, target: Path) -> bool:
    """Give `file` the name `target` in the same folder; False if that is taken.

    Killed in between, both names exist, and nothing is lost. A StoreError where something else has got the name of
    `file` by then: it stays.
    """
    with _in_words(file):
        try:
            os.link(file, target)
        except FileExistsError:
            return False
        _flush_folder(file.parent)
        if not target.samefile(file):
            raise StoreError(f"{file}: another secret came in its place meanwhile, and stays", hint="run it again")
        file.unlink()
        _flush_folder(file.parent)
        return True


def supersede(file: Path, other: Path, aside: Path) -> bool:
    """Put `other` in the place of `file`, which is kept as `aside`; False if that is taken.

    `file` exists at every moment. Killed in between, it has two names, or `other` has taken its place.
    """
    with _in_words(file):
        try:
            os.link(file, aside)
        except FileExistsError:
            return False
        except FileNotFoundError:
            pass  # nothing is there to be kept
        _flush_folder(file.parent)
        other.replace(file)
        _flush_folder(file.parent)
        return True


@contextmanager
def _flushed(file: Path, data: bytes) -> Iterator[Path]:
    """A hidden file beside `file` with `data` in it, on disk; removed at the end."""
    _make_folder(file.parent)
    hidden = file.parent / f".{file.name}.{secrets.token_hex(6)}.tmp"
    try:
        handle = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        yield hidden
    finally:
        with suppress(OSError):
            hidden.unlink()


def _holds(file: Path, data: bytes) -> bool:
    try:
        return read_plain(file, len(data))[0] == data
    except OSError:
        return False


def _link(hidden: Path, file: Path) -> None:
    try:
        os.link(hidden, file)
    except FileExistsError as exc:
        raise _already_there(file) from exc


def _already_there(file: Path) -> StoreError:
    return StoreError(
        f"{file}: there is a secret already, and none is ever overwritten",
        hint="move it aside if its key no longer exists at the venue",
    )


def _make_folder(folder: Path) -> None:
    """The folder and its missing parents, mode 0700, each flushed into the folder that holds it."""
    missing = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _in_words(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise StoreError(
            f"{file}: cannot be written: {exc.strerror}",
            hint="check the folder's owner and mode, the free space, and that its file system has hard links",
        ) from exc
