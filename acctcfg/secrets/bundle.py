"""Secrets to carry away: JSON Lines in one age file, as `secrets import` takes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from acctcfg.core.secret import Credentials
from acctcfg.errors import StoreError, UsageError
from acctcfg.secrets import new_file
from acctcfg.secrets.age_file import AgeFileStore
from acctcfg.secrets.age_keys import parse_recipients
from acctcfg.secrets.stored_form import pack

__all__ = ["bundled", "check_recipients"]


def check_recipients(recipients: Sequence[str]) -> None:
    """UsageError for a word of `--recipient` that is none; nothing was opened or written for it."""
    try:
        parse_recipients(recipients, "--recipient")
    except StoreError as exc:
        typed = any("SECRET" in one.upper() for one in recipients)
        hint = "the shell may have kept it: make a new one with `acctcfg secrets identity`" if typed else ""
        raise UsageError(str(exc), hint=hint) from exc


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
