"""Reading a file that only its owner may read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from acctcfg.core.secret import Secret
from acctcfg.errors import StoreError
from acctcfg.plain_file import leads_out, read_plain

__all__ = ["contained", "located", "read_private"]

LARGEST = 1 << 20


def located(text: str, base_dir: Path) -> Path:
    """Where a path of the manifest leads: ~ is a home folder, and a relative path starts at `base_dir`.

    StoreError for a link in `base_dir`, the workspace, that leads out of it.
    """
    try:
        return contained(base_dir / Path(text).expanduser(), base_dir)
    except RuntimeError as exc:
        raise StoreError(f"{text}: there is no such home folder", hint="write the whole path") from exc


def contained(file: Path, base_dir: Path) -> Path:
    """The same path; StoreError for a link in `base_dir` that leads out of it."""
    if leads_out(file, base_dir):
        raise StoreError(
            f"{file}: a link leads out of the workspace to {os.path.realpath(file)}",
            hint="remove the link; what is meant to lie elsewhere, the manifest names by its own path",
        )
    return file


def read_private(file: Path, *, what: str) -> Secret:
    """The text of `file`. StoreError if it is absent, not UTF-8, or its mode lets group or others in; the group of a
    file that root owns may read it.

    `what` names it in the message. The mode is read from the open file, so it is the mode of what is read.
    """
    try:
        text = _read(file, what)
    except OSError as exc:
        hint = "check the path that the manifest gives, and who may read the file"
        raise StoreError(f"{file}: {what} cannot be read: {exc.strerror}", hint=hint) from exc
    if text is None:
        raise StoreError(
            f"{file}: {what} is not text (UTF-8 would be right)",
            hint="another file may be meant, or a shell wrote it as UTF-16 (PowerShell's `>` does)",
        )
    return text


def _handed_over(status: os.stat_result) -> bool:
    """Whether root gave this process a file of root's, through its group.

    So systemd's LoadCredential= and secret volumes of Kubernetes do it; their mode is 0440.
    """
    return status.st_uid == 0 != os.geteuid()


def _read(file: Path, what: str) -> Secret | None:
    whole, status = read_plain(file, LARGEST)
    mode = stat.S_IMODE(status.st_mode)
    if mode & (0o037 if _handed_over(status) else 0o077):
        raise StoreError(
            f"{file}: {what} may be read by others (mode {mode:04o}; 0600 would be right)", hint=f"chmod 600 {file}"
        )
    try:
        return Secret(whole.decode())
    except UnicodeDecodeError:
        return None  # not raised: this error carries the bytes it stumbled over
