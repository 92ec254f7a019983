"""A new age identity, and where it may lie."""

from __future__ import annotations

import os
from pathlib import Path

from acctcfg.core.secret import Secret

__all__ = ["IDENTITY", "new_identity", "write_private"]

IDENTITY = ".acctcfg/identity.txt"
"""Where an identity lies unless somebody says otherwise: in the folder that no workspace commits."""


def new_identity() -> tuple[Secret, str]:
    """The text of a fresh age identity file, and its public recipient."""
    from pyrage import x25519

    identity = x25519.Identity.generate()
    recipient = str(identity.to_public())
    return Secret(f"# public key: {recipient}\n{identity}\n"), recipient


def write_private(file: Path, text: Secret) -> None:
    """A new file, mode 0600, on disk when this returns. Else none, and OSError (FileExistsError where there is one)."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text.reveal())
            out.flush()
            os.fsync(out.fileno())
    except OSError:
        file.unlink(missing_ok=True)
        raise
