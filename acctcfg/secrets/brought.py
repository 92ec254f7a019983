"""Secrets that somebody brings from elsewhere, as JSON on standard input."""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import dataclass, replace

from acctcfg.core.secret import Credentials, Secret
from acctcfg.errors import ConfigError

__all__ = ["BroughtKey", "read_brought"]

_PARTS = ("api_key", "secret_key", "passphrase")
_RIGHT = '{"api_key": "...", "secret_key": "...", "passphrase": "..."} would be right'
_MARK = "\ufeff"  # what some editors and shells put first


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtKey:
    """A key of an account, and what somebody says is its secret; in words what is wrong with a line that has none."""

    account: str
    label: str
    credentials: Credentials | str
    place: str = ""


def read_brought(
    text: Secret, account: str | None = None, label: str | None = None, *, bare: Container[str] = ()
) -> list[BroughtKey]:
    """The keys of a text: one JSON object for the key that is named, else JSON Lines that name theirs.

    `bare`: the accounts whose venue has no passphrases, so that theirs may be null.
    A line that is wrong is one of them, with the reason; ConfigError where there is nothing at all, or nothing else.
    Both name lines and fields, and quote nothing.
    """
    whole = text.reveal().removeprefix(_MARK)
    if not whole.strip():
        raise ConfigError("standard input is empty", hint="pipe the secret in as JSON")
    if account is not None and label is not None:
        key = _key(Secret(whole), {"account": account, "label": label}, bare)
        if isinstance(key.credentials, str):
            raise ConfigError(f"standard input: {key.credentials}", hint=_RIGHT)
        return [key]
    lines = [(number, line) for number, line in enumerate(whole.splitlines(), 1) if line.strip()]
    return [replace(_key(Secret(line), {}, bare), place=f"line {number}") for number, line in lines]


def _key(document: Secret, named: dict[str, str], bare: Container[str]) -> BroughtKey:
    row = {"passphrase": "", **_object(document), **named}
    account, label = (str(row[name]) if isinstance(row.get(name), str) else "" for name in ("account", "label"))
    if row["passphrase"] is None and account in bare:  # as `secrets export` writes it
        row["passphrase"] = ""
    missing = [name for name in ("account", "label", *_PARTS) if not isinstance(row.get(name), str)]
    if missing:
        wrong = f"no JSON object with {', '.join(missing)} as text"
        return BroughtKey(account=account, label=label, credentials=wrong)
    api_key, secret_key, passphrase = (str(row[name]) for name in _PARTS)
    credentials = Credentials(api_key, Secret(secret_key), Secret(passphrase) if passphrase else None)
    return BroughtKey(account=account, label=label, credentials=credentials)


def _object(document: Secret) -> dict[str, object]:
    """Nothing where it is not a JSON object: a JSON error would carry the whole text that it was reading."""
    try:
        row = json.loads(document.reveal())
    except (ValueError, RecursionError):
        return {}
    return row if isinstance(row, dict) else {}
