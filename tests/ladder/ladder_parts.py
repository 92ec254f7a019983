"""What the rungs share: accounts that exist already, a request signed without acctcfg, and short words."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pyrage
from desk import MASTER, Desk, Said

__all__ = [
    "KEY",
    "LEVEL",
    "NO_CHANGES",
    "TRADING",
    "failing",
    "own_secret",
    "quiet",
    "settle",
    "signed",
    "signing_headers",
    "stock",
]

TRADING = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
KEY = {"trading": TRADING}
LEVEL = {"spot": "1", "futures": "2", "multi_currency": "3", "portfolio": "4"}
NO_CHANGES = "No changes. Live accounts match the manifest."


def own_secret(name: str, label: str = "trading") -> dict[str, str]:
    """The secret of a key that `settle` makes."""
    return {"api_key": f"key-{name}-{label}", "secret_key": f"secret-{name}", "passphrase": "Test-passphrase-2"}


def settle(
    desk: Desk, name: str, *, labels: tuple[str, ...] = ("trading",), stored: bool = True, **fields: Any
) -> None:
    """A sub-account that exists at the venue with keys as KEY wants them, and their secrets in the vault."""
    keys = [
        {"label": label, **own_secret(name, label), "perm": "read_only,trade", "ip": "127.0.0.1"} for label in labels
    ]
    desk.sandbox.control_post(f"accounts/{name}", {"keys": keys, **fields})
    if stored:
        for label in labels:
            stock(desk, name, own_secret(name, label), label)


def stock(desk: Desk, name: str, secret: Mapping[str, str], label: str = "trading") -> None:
    """Put a secret into the vault."""
    recipient = pyrage.x25519.Recipient.from_str(desk.recipient)
    file = desk.folder / "secrets" / "desk" / name / f"{label}.age"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pyrage.encrypt(json.dumps(dict(secret)).encode(), [recipient], armored=True))
    file.chmod(0o600)


def signed(
    desk: Desk, method: str, path: str, body: Mapping[str, Any] | None = None, secret: Mapping[str, str] = MASTER
) -> dict[str, Any]:
    """What the venue answers to a request that is signed by the venue's documents and by nothing of acctcfg."""
    while (answer := _once(desk, method, path, body, secret))["code"] == "50011":
        time.sleep(0.02)  # a test asks faster than the venue allows
    return answer


def _once(
    desk: Desk, method: str, path: str, body: Mapping[str, Any] | None, secret: Mapping[str, str]
) -> dict[str, Any]:
    text, headers = signing_headers(method, path, body, secret)
    connection = HTTPConnection(urlsplit(desk.sandbox.base_url).netloc)
    with closing(connection):
        connection.request(method, path, body=text.encode(), headers=headers)
        return dict(json.load(connection.getresponse()))


def signing_headers(
    method: str, path: str, body: Mapping[str, Any] | None, secret: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """The body as it is sent, and the headers that sign for it."""
    stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    text = "" if body is None else json.dumps(body)
    digest = hmac.new(secret["secret_key"].encode(), f"{stamp}{method}{path}{text}".encode(), hashlib.sha256).digest()
    return text, {
        "OK-ACCESS-KEY": secret["api_key"],
        "OK-ACCESS-SIGN": base64.b64encode(digest).decode(),
        "OK-ACCESS-TIMESTAMP": stamp,
        "OK-ACCESS-PASSPHRASE": secret["passphrase"],
        "Content-Type": "application/json",
        "x-simulated-trading": "1",
    }


def failing(step: Mapping[str, Any]) -> dict[str, str]:
    """The prechecks of a step that stand in its way: name -> detail."""
    return {check["name"]: check["detail"] for check in step["prechecks"] if check["status"] in ("fail", "unknown")}


def quiet(desk: Desk, *arguments: str) -> Said:
    """An apply that must write nothing: a blocked one."""
    before = len(desk.writes())
    said = desk.apply(*arguments)
    assert len(desk.writes()) == before, desk.writes()[before:]
    assert said.code == 3, said.out + said.err
    return said
