"""Sub-accounts of Gate with keys: what tests of them write into a manifest, and find in the store and at the venue."""

from __future__ import annotations

import json
from typing import Any

import pyrage
from desk import Said
from gate_desk import GateDesk

SUB = {"role": "sub_account"}
PERMISSIONS = {"futures": "write", "wallet": "read"}
TRADING = {"permissions": PERMISSIONS, "ip_allowlist": ["127.0.0.1"], "store": "vault"}
ROW = {"name": "trading", "key": "sub-key", "secret": "sub-secret", "perms": ["futures", "wallet:ro"]}
NO_CHANGES = "No changes. Live accounts match the manifest."


def sub(**keys: Any) -> dict[str, Any]:
    """A sub-account with these keys."""
    return {**SUB, "api_keys": keys}


def stored(gate: GateDesk, label: str = "trading", account: str = "sub_1") -> dict[str, str]:
    """A stored secret, decrypted."""
    sealed = (gate.folder / "secrets" / "cx" / account / f"{label}.age").read_bytes()
    return dict(json.loads(pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(gate.identity)])))


def keep(gate: GateDesk, secret: dict[str, str], label: str = "trading") -> None:
    """Put a secret into the store as an earlier run would have."""
    file = gate.folder / "secrets" / "cx" / "sub_1" / f"{label}.age"
    file.parent.mkdir(parents=True, exist_ok=True)
    recipient = pyrage.x25519.Recipient.from_str(gate.recipient)
    file.write_bytes(pyrage.encrypt(json.dumps(secret).encode(), [recipient], armored=True))
    file.chmod(0o600)


def kept(gate: GateDesk) -> None:
    """The secret of ROW is in the store."""
    keep(gate, {"api_key": str(ROW["key"]), "secret_key": str(ROW["secret"])})


def keys(gate: GateDesk, account: str = "sub_1") -> list[dict[str, Any]]:
    """Its keys as the venue has them."""
    return list(gate.account(account)["keys"])


def refused(said: Said, *words: str) -> None:
    """Blocked, with these words in what it says."""
    assert said.code == 3, said.out + said.err
    for word in words:
        assert word in said.out
