"""What the tests of faults share: an account for every kind of write, and stored secrets that sign."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pyrage
from desk import Desk, seed
from patience import until

__all__ = [
    "ACCOUNTS",
    "GUARDRAILS",
    "TRADING",
    "VERY_LONG_S",
    "another_apply",
    "command",
    "keep",
    "let_go",
    "onboarding",
    "patient",
    "sub_account",
    "world",
]


def command(desk: Desk, *arguments: str) -> list[str]:
    """The command line of a process of its own."""
    return [sys.executable, "-m", "acctcfg", "-C", str(desk.folder), *arguments]


PATIENT = """
import sys
import acctcfg.engine.session
from acctcfg.cli import run

acctcfg.engine.session.TIMEOUT_S = 3600.0
sys.exit(run(sys.argv[1:]))
"""
VERY_LONG_S = 86_400
"""Of a fault: longer than any test at any speed. `let_go` ends it."""


def patient(desk: Desk, *arguments: str) -> list[str]:
    """The same of one that waits for every answer, however long a test holds it back."""
    return [sys.executable, "-c", PATIENT, "-C", str(desk.folder), *arguments]


def let_go(desk: Desk) -> None:
    """Answer what is held back."""
    desk.sandbox.control_delete("faults/all")


@contextmanager
def another_apply(desk: Desk) -> Iterator[subprocess.Popen[bytes]]:
    """An apply in a process of its own that holds the lock: it waits for the answer to its first write."""
    desk.fault(match={"path": "*/create-subaccount"}, kind="delay", seconds=VERY_LONG_S)
    with subprocess.Popen(
        patient(desk, "apply", "--auto-approve"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        try:
            until(desk.writes)
            yield running
        finally:
            running.kill()


TRADING = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
GUARDRAILS = {"max_deletes": 2}


def sub_account(name: str, *, signs: bool = True, **fields: Any) -> dict[str, Any]:
    """A sub-account of the seed; one that signs has the key `trading`, whose secret `keep` puts into the store."""
    keys = [_row(name, "trading", "127.0.0.1")] if signs else []
    return {"keys": [*keys, *fields.pop("more_keys", [])], **fields}


def _row(name: str, label: str, ip: str) -> dict[str, Any]:
    secret = {part: f"{name}-{label}-{part}" for part in ("api_key", "secret_key")}
    return {"label": label, **secret, "passphrase": "Test-passphrase-2", "perm": "read_only,trade", "ip": ip}


def keep(desk: Desk, account: str, label: str = "trading", *, venue: str = "desk", **other: str) -> None:
    """Put a secret into the store as an earlier run would have: by default the one of the seed."""
    row = _row(account, label, "")
    stored = {name: row[name] for name in ("api_key", "secret_key", "passphrase")} | other
    folder = desk.folder / "secrets" / venue / account
    folder.mkdir(parents=True, exist_ok=True)
    recipient = pyrage.x25519.Recipient.from_str(desk.recipient)
    sealed = pyrage.encrypt(json.dumps(stored).encode(), [recipient], armored=True)
    (folder / f"{label}.age").write_bytes(sealed)


# One account a kind of write, so that one apply tries them all at once.
ACCOUNTS: Mapping[str, Mapping[str, Any]] = {
    "accountnew": {},
    "accountgone": {"state": "absent"},
    "keynew": {"api_keys": {"trading": TRADING}},
    "keychanged": {"api_keys": {"trading": TRADING}},
    "keygone": {"api_keys": {"trading": TRADING, "old": {"state": "absent"}}},
    "modeset": {"api_keys": {"trading": TRADING}, "account_mode": "multi_currency"},
    "positions": {"api_keys": {"trading": TRADING}, "position_mode": "long_short"},
    "leverages": {
        "api_keys": {"trading": TRADING},
        "leverage": [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 7}],
    },
    "addressnew": {"deposit": {"addresses": [{"currency": "USDT", "chain": "USDT-TRC20", "count": 1}]}},
    "addressmoved": {
        "deposit": {"credit_to": "trading", "addresses": [{"currency": "USDT", "chain": "USDT-TRC20", "count": 1}]}
    },
}


def world() -> dict[str, Any]:
    """A venue where every account of ACCOUNTS needs its one write."""
    changed = sub_account("keychanged")
    changed["keys"][0]["ip"] = "127.0.0.1,203.0.113.7"
    address = {"ccy": "USDT", "chain": "USDT-TRC20", "addr": "address-one"}
    return seed(
        {
            "accountgone": sub_account("accountgone", signs=False),
            "keynew": sub_account("keynew", signs=False),
            "keychanged": changed,
            "keygone": sub_account("keygone", more_keys=[_row("keygone", "old", "127.0.0.1")]),
            "modeset": sub_account("modeset"),
            "positions": sub_account("positions", acctLv="3"),
            "leverages": sub_account("leverages", acctLv="3"),
            "addressnew": sub_account("addressnew", signs=False),
            "addressmoved": sub_account("addressmoved", signs=False, to="6", addresses=[address]),
        }
    )


def keep_all(desk: Desk) -> None:
    """The stored secrets of `world`."""
    for name in ("keychanged", "keygone", "modeset", "positions", "leverages"):
        keep(desk, name)


def onboarding() -> dict[str, Any]:
    """One account from nothing: every kind of creation, then the modes and a leverage."""
    return {
        "mmdesk01": {
            "label": "MMdesk01",
            "account_mode": "multi_currency",
            "position_mode": "long_short",
            "api_keys": {"trading": TRADING},
            "leverage": [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 10}],
            "deposit": {"credit_to": "trading", "addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]},
        }
    }
