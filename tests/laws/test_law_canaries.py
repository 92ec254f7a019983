"""Law 12, by canaries: each command at each verbosity, with secrets that could not be mistaken for anything else.

A new command fails `test_every_command_is_tried` until it stands in COMMANDS or, with its reason, in SEES_NONE.
"""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import MASTER, Desk, seed

from acctcfg.cli import COMMANDS as ALL

CANARY = "Canary7"
KEY = {
    "label": "bot",
    "api_key": "key-of-mmdesk01-bot",
    "secret_key": f"{CANARY}-stored-secret",
    "passphrase": f"{CANARY}-Stored-1",
    "perm": "read_only,trade",
    "ip": "127.0.0.1",
    "env": "demo",
}
BROUGHT = json.dumps({name: KEY[name] for name in ("api_key", "secret_key", "passphrase")})
NEW = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
ACCOUNTS = {
    "mmdesk01": {"account_mode": "multi_currency", "position_mode": "net", "api_keys": {"bot": NEW}},
    "mmdesk02": {"api_keys": {"fresh": NEW}},
}
SEES_NONE = {
    "init": "writes a starter",
    "schema": "prints what the program declares",
    "completion": "prints a script",
    "sandbox": "prints the keys of its own world on purpose, which open nothing else",
    "worker": "needs a database: tests/workers looks for a secret in what it prints, and in the queue",
    "demo": "runs in a workspace and a sandbox of its own",
}
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("validate",),
    ("validate", "--format", "json"),
    ("fmt", "--check"),
    ("secrets", "import", "mmdesk01", "bot"),
    ("secrets", "import"),
    ("plan", "--out", "plan.json"),
    ("plan", "--format", "json"),
    ("plan", "--rehearse", "--format", "json"),
    ("approve", "plan.json"),
    ("apply", "plan.json", "--auto-approve", "--allow-sensitive", "--events", "events.jsonl"),
    ("apply", "--auto-approve", "--allow-sensitive", "--skip-blocked", "--format", "json"),
    ("cap", "3", "--auto-approve"),
    ("rotate", "mmdesk02", "fresh", "--auto-approve", "--events", "-"),
    ("rotate", "mmdesk01", "bot", "--auto-approve", "--format", "json"),
    ("show",),
    ("show", "--format", "json"),
    ("output", "--format", "json"),
    ("output", "--format", "csv"),
    ("output", "--format", "env"),
    ("secrets", "list", "--format", "json"),
    ("secrets", "check"),
    ("secrets", "check", "--format", "json"),
    ("secrets", "export", "--to", "copy"),
    ("secrets", "reencrypt", "--format", "json"),
    ("broker", "rebate", "key-of-mmdesk01-bot"),
    ("explain", "okx:50119"),
    ("lock",),
    ("lock", "list", "--format", "json"),
    ("drift",),
    ("drift", "--format", "json"),
    ("doctor",),
    ("doctor", "--format", "json"),
    ("graph",),
    ("snapshot", "--out", "live.json"),
    ("plan", "--live", "live.json"),
    ("watch", "--times", "1", "--listen", "127.0.0.1:0"),
    ("test",),
    ("import", "--all", "--out", "imported", "--store", "vault"),
    ("revert", "RUN"),
    ("history",),
    ("history", "--verify", "--format", "json"),
    ("history", "export", "--format", "jsonl"),
    ("history", "export", "--format", "html"),
)


def test_every_command_is_tried() -> None:
    """A command that is added is tried here, or it is said why no secret comes near it."""
    assert {command[0] for command in COMMANDS} | set(SEES_NONE) == set(ALL)


class Listener(logging.Handler):
    """Keeps every record of every logger, formatted and raw."""

    def __init__(self) -> None:
        super().__init__(level=0)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it, with its arguments."""
        self.lines.append(f"{self.format(record)} {record.args!r}")


@pytest.fixture
def listener() -> Iterator[Listener]:
    """All loggers at all levels."""
    root, found = logging.getLogger(), Listener()
    level, root.level = root.level, 0
    root.addHandler(found)
    yield found
    root.removeHandler(found)
    root.level = level


@pytest.fixture
def canaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk whose every credential carries a canary."""
    master = {**MASTER, "secret_key": f"{CANARY}-master-secret", "passphrase": f"{CANARY}-Master-1"}
    world = seed({"mmdesk01": {"keys": [KEY]}})
    world["tenants"]["desk"]["keys"] = [master]
    with Desk.at(tmp_path, monkeypatch, world) as desk:
        monkeypatch.setenv("OKX_DESK_SECRET_KEY", master["secret_key"])
        monkeypatch.setenv("OKX_DESK_PASSPHRASE", master["passphrase"])
        monkeypatch.setenv("PGPASSWORD", f"{CANARY}-database")
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:{CANARY}@127.0.0.1:9")
        monkeypatch.chdir(tmp_path)
        desk.write(ACCOUNTS)
        store = desk.document["secret_stores"]["vault"]
        stores = {"vault": store, "copy": {**store, "path": "copy/"}}
        yield desk.write(ACCOUNTS, secret_stores=stores)


def secrets_of(desk: Desk) -> set[str]:
    """The secret parts of every key that the venue knows now, and what opens the store."""
    holders: Any = desk.sandbox.app.venues["okx"].state  # type: ignore[attr-defined]
    keys = [holder.key for holder in holders.holders.values()]
    return {CANARY, desk.identity} | {part for key in keys for part in (key.secret_key, key.passphrase)}


def newest(desk: Desk) -> str:
    """The id of the newest run."""
    return str(desk.run("history", "--format", "json").json[0]["id"])


@pytest.mark.slow
@pytest.mark.parametrize("verbose", [(), ("-v",)], ids=["plain", "verbose"])
def test_no_command_tells_a_canary(
    canaries: Desk, listener: Listener, verbose: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not on stdout or stderr, in a log, the journal, a plan or any file but the sealed ones; nor does one crash."""
    desk, told = canaries, ""
    known = secrets_of(desk)
    for command in COMMANDS:
        line = json.dumps({"account": "mmdesk01", "label": "bot", **json.loads(BROUGHT)})
        given = BROUGHT if len(command) == 4 else line + "\n"
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        said = desk.run(*verbose, *(newest(desk) if word == "RUN" else word for word in command))
        assert "internal error" not in said.err, (command, said.err)
        known |= secrets_of(desk)
        told += f"\n$ {' '.join(command)}\n{said.out}{said.err}"
    files = {str(file.relative_to(desk.folder)): file.read_bytes() for file in desk.folder.rglob("*") if file.is_file()}
    places = {"the terminal": told.encode(), "a log": "\n".join(listener.lines).encode(), **files}
    leaks = [(place, secret[:9]) for place, text in places.items() for secret in known if secret.encode() in text]
    assert leaks == []
    assert "Applied: " in told
    assert len([name for name in files if name.endswith(".age")]) >= 4


@pytest.mark.slow
def test_a_refused_credential_is_not_told(canaries: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that end at once, with credentials that do not sign or cannot be sent, quote no part of them."""
    for wrong in (f"{CANARY}-wrong", f"{CANARY}-two\nlines", f"{CANARY}-é"):
        monkeypatch.setenv("OKX_DESK_SECRET_KEY", wrong)
        monkeypatch.setenv("OKX_DESK_PASSPHRASE", wrong)
        for command in COMMANDS:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BROUGHT.encode())))
            said = canaries.run("-v", *command)
            assert CANARY not in said.out + said.err, (command, said.err)
            assert "internal error" not in said.err, (command, said.err)
