"""The one form in which credentials are stored: a JSON object of api_key, secret_key and passphrase."""

from __future__ import annotations

import json

from acctcfg.core.secret import Credentials, Secret

__all__ = ["flaw", "flaw_of", "pack", "parts_of", "unpack"]

FIELDS = ("api_key", "secret_key", "passphrase")


def pack(credentials: Credentials) -> bytes:
    """The stored form: UTF-8 JSON of one object. It is the secret itself: encrypt it, keep it in no variable."""
    passphrase = credentials.passphrase
    return json.dumps(
        {
            "api_key": credentials.api_key,
            "secret_key": credentials.secret_key.reveal(),
            "passphrase": None if passphrase is None else passphrase.reveal(),
        }
    ).encode()


def parts_of(credentials: Credentials) -> list[str]:
    """What no message may hold: the secret parts of these credentials, and their id beside them."""
    passphrase = credentials.passphrase
    return [credentials.api_key, credentials.secret_key.reveal(), passphrase.reveal() if passphrase else ""]


def flaw(value: str) -> str:
    """What keeps a part of a key from being sent in an HTTP header; "" if nothing does. Never quotes it."""
    if not value:
        return "is empty"
    if value != value.strip():
        return "begins or ends with a space or a line break"
    if not (value.isascii() and value.isprintable()):
        return "holds a character that is not printable ASCII"
    return ""


def flaw_of(credentials: Credentials) -> str:
    """The first part that could not be sent, and so not be read back either: "secret_key is empty"; "" if none is."""
    parts = (("api_key", Secret(credentials.api_key)), ("secret_key", credentials.secret_key))
    for name, part in (*parts, ("passphrase", credentials.passphrase)):
        if part is not None and (wrong := flaw(part.reveal())):
            return f"{name} {wrong}"
    return ""


def unpack(stored: bytes) -> Credentials | str:
    """Credentials out of their stored form, or in words what is wrong with it.

    The words are returned and not raised: a JSON error carries the whole text it was reading.
    """
    try:
        row = json.loads(stored)
    except (ValueError, RecursionError):
        return "it is not JSON"
    if not isinstance(row, dict):
        return "it is not a JSON object"
    if extra := sorted(set(row) - set(FIELDS)):
        return f"it holds {len(extra)} more field{'s' * (len(extra) > 1)} than {', '.join(FIELDS)}"
    for name in FIELDS:
        value = row.get(name)
        if name == "passphrase" and value is None:
            continue
        if not isinstance(value, str):
            return f"{name} is missing" if value is None else f"{name} is not text"
        if wrong := flaw(value):
            return f"{name} {wrong}"
    passphrase = row.get("passphrase")
    return Credentials(row["api_key"], Secret(row["secret_key"]), None if passphrase is None else Secret(passphrase))
