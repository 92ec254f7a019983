"""One lock as files of a folder: numbered claims, of which the highest counts. No holder can stand in another's way.

    locks/9f2c.../
        41.free   the last holder but one let go
        42        who holds it now, written once; its modification time is the heartbeat

A claim is a hard link to a file that is written already: the system makes it whole or not at all, and only one of two
that come at once. So nothing is ever locked to be changed, and a process that is stopped anywhere blocks nobody.
"""

from __future__ import annotations

import errno
import os
import re
from contextlib import suppress
from pathlib import Path

from acctcfg.journal.holder import Holder
from acctcfg.plain_file import read_plain

__all__ = ["FOLDER", "LockFile"]

FOLDER = "locks"
_MOST = 4096  # bytes of a claim: what is longer was not written by us
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)  # file systems without hard links
_FREE = ".free"
_TOKEN = re.compile("[0-9a-f]{32}")  # a holder's, and the name of its draft


class LockFile:
    """The files of one lock. Every method raises OSError for what the system refuses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def where(self) -> str:
        """The folder of all locks."""
        return str(self.folder.parent)

    def newest(self) -> tuple[int, bool]:
        """The highest number, and whether it is held; (0, False) where there was no holder yet."""
        found = (0, False)
        if self.folder.is_symlink():  # into a folder of others', of which we should remove files
            raise OSError(errno.ELOOP, "the lock's folder is a link", str(self.folder))
        with suppress(FileNotFoundError), os.scandir(self.folder) as entries:
            for entry in entries:
                number, _, rest = entry.name.partition(".")
                if number.isascii() and number.isdigit() and len(number) < 18 and rest in ("", "free"):
                    found = max(found, (int(number), not rest))
        return found

    def holder(self) -> tuple[int, Holder | None]:
        """The highest number, and who holds it."""
        for _ in range(100):
            number, held = self.newest()
            if not held:
                return number, None
            with suppress(FileNotFoundError):  # it was let go in this moment: look again
                return number, self._read(self._at(number))
        raise OSError(errno.EBUSY, "the lock changes hands all the time")

    def freed(self, number: int) -> Holder | None:
        """Who let it go under this number."""
        with suppress(FileNotFoundError):
            return self._read(self._freed(number))
        return None

    def claim(self, number: int, holder: Holder) -> bool:
        """Take it under this number, one above the highest. False if somebody else was first."""
        _make(self.folder)
        draft = self.folder / f".{holder.token}"
        try:
            self._write(draft, holder)
            try:
                os.link(draft, self._at(number))
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                self._write(self._at(number), holder)
        except (FileExistsError, FileNotFoundError):  # the winner tidied the draft away
            return False
        finally:
            draft.unlink(missing_ok=True)
        if self.newest() != (number, True):  # it was named while others had gone further
            self._at(number).unlink(missing_ok=True)
            return False
        self._tidy(number)
        return True

    def is_held(self, number: int) -> bool:
        """Whether this claim still is the one that counts."""
        return self.newest() == (number, True)

    def beat(self, number: int, now: float) -> bool:
        """Refresh the claim; False if it no longer counts."""
        if not self.is_held(number):
            return False
        try:
            os.utime(self._at(number), (now, now))
        except FileNotFoundError:
            return False
        return True

    def free(self, number: int, holder: Holder | None = None) -> None:
        """Let go. The number stays, so that none is ever given twice. `holder`: what the claim says from now on."""
        with suppress(FileNotFoundError):
            if holder is not None:
                self._rewrite(number, holder)
            self._at(number).rename(self._freed(number))

    def _at(self, number: int) -> Path:
        return self.folder / str(number)

    def _freed(self, number: int) -> Path:
        return self.folder / f"{number}{_FREE}"

    def _rewrite(self, number: int, holder: Holder) -> None:
        """In one go; where it cannot be done, the claim says what it said."""
        draft = self.folder / f".{holder.token}"
        try:
            self._write(draft, holder)
            if self.is_held(number):
                draft.replace(self._at(number))
        except OSError:
            return
        finally:
            draft.unlink(missing_ok=True)

    def _write(self, file: Path, holder: Holder) -> None:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:  # whole, or an error: a disk may fill up in the middle
            stream.write(holder.to_json().encode())
        os.utime(file, (holder.heartbeat_at, holder.heartbeat_at))

    def _read(self, file: Path) -> Holder:
        try:
            text, status = read_plain(file, _MOST)
        except OSError as error:
            if error.errno not in (errno.EFBIG, errno.EINVAL):
                raise
            text, status = b"", file.lstat()  # no claim of ours: it expires like any other
        beaten = status.st_mtime
        return Holder.read(text, beaten)

    def _tidy(self, number: int) -> None:
        """Remove what came before; what cannot be removed does no harm."""
        for file in self.folder.iterdir():
            head, _, rest = file.name.partition(".")
            draft = not head and _TOKEN.fullmatch(rest) is not None
            if draft or (head.isascii() and head.isdigit() and rest in ("", "free") and int(head) < number):
                with suppress(OSError):
                    file.unlink()


def _make(folder: Path) -> None:
    """The folder and what is missing above it, for this user alone."""
    if not folder.parent.exists():
        _make(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
