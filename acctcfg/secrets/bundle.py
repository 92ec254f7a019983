"""Secrets to carry away: JSON Lines in one age file, as `secrets import` takes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from acctcfg.core.secret import Credentials
from acctcfg.secrets import new_file
from acctcfg.secrets.age_file import AgeFileStore
from acctcfg.secrets.stored_form import pack

__all__ = ["bundled"]


def bundled(
    file: Path, rows: Iterable[tuple[str, str, Credentials]], recipients: Sequence[str], environ: Mapping[str, str]
) -> None:
    """Encrypt account, label and secret of each row to a new file, mode 0600; none that exists is overwritten."""
    seal = AgeFileStore(
        "of --recipient", file, recipients=tuple(recipients), environ=environ, base_dir=file.parent
    ).seal
    new_file.create(file, seal(b"".join(_line(*row) for row in rows)))


def _line(account: str, label: str, credentials: Credentials) -> bytes:
    return json.dumps({"account": account, "label": label, **json.loads(pack(credentials))}).encode() + b"\n"
