"""Secrets that somebody brings from elsewhere, as JSON on standard input."""

from __future__ import annotations

import json
from dataclasses import dataclass

from acctcfg.core.secret import Credentials, Secret
from acctcfg.errors import ConfigError

__all__ = ["BroughtKey", "read_brought"]

_PARTS = ("api_key", "secret_key", "passphrase")
_MARK = "\ufeff"  # what some editors and shells put first


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtKey:
    """A key of an account, and what somebody says is its secret."""

    account: str
    label: str
    credentials: Credentials


def read_brought(text: Secret, account: str | None = None, label: str | None = None) -> list[BroughtKey]:
    """The keys of a text: one JSON object for the key that is named, else JSON Lines that name theirs.

    ConfigError names lines and fields, and quotes nothing.
    """
    whole = text.reveal().removeprefix(_MARK)
    if account is not None and label is not None:
        return [_key(Secret(whole), "standard input", {"account": account, "label": label})]
    lines = [line for line in whole.splitlines() if line.strip()]
    if not lines:
        raise ConfigError("standard input is empty", hint="pipe the secret in as JSON")
    return [_key(Secret(line), f"standard input, line {number}", {}) for number, line in enumerate(lines, 1)]


def _key(document: Secret, place: str, named: dict[str, str]) -> BroughtKey:
    row = {"passphrase": "", **_object(document), **named}
    missing = [name for name in ("account", "label", *_PARTS) if not isinstance(row.get(name), str)]
    if missing:
        raise ConfigError(
            f"{place}: no JSON object with {', '.join(missing)} as text",
            hint='{"api_key": "...", "secret_key": "...", "passphrase": "..."} would be right',
        )
    api_key, secret_key, passphrase = (str(row[name]) for name in _PARTS)
    credentials = Credentials(api_key, Secret(secret_key), Secret(passphrase) if passphrase else None)
    return BroughtKey(account=str(row["account"]), label=str(row["label"]), credentials=credentials)


def _object(document: Secret) -> dict[str, object]:
    """Nothing where it is no JSON object: a JSON error would carry the whole text that it was reading."""
    try:
        row = json.loads(document.reveal())
    except (ValueError, RecursionError):
        return {}
    return row if isinstance(row, dict) else {}
