"""A broker's fleet for benchmarks: a sandbox in a process of its own, and a workspace whose keys it knows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pyrage

from acctcfg.engine.workspace import Workspace

__all__ = ["KEY", "MASTER", "UID", "Fleet", "fleet", "live_key", "store_key"]

UID = "700000000000999999"  # none that the sandbox gives to a sub-account
PASSPHRASE = "Bench-passphrase-1"
MASTER = {
    "label": "master",
    "api_key": "bench-api-key",
    "secret_key": "bench-secret-key",
    "passphrase": PASSPHRASE,
    "perm": "read_only,trade,withdraw",
    "env": "demo",
}
KEY = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
"""The key of each account, as a manifest has it."""


def live_key(name: str) -> dict[str, str]:
    """The key of an account, as the sandbox's seed has it."""
    return {
        "label": "trading",
        "api_key": f"bench-key-{name}",
        "secret_key": f"bench-key-{name}-secret",
        "passphrase": PASSPHRASE,
        "perm": "read_only,trade",
        "ip": "127.0.0.1",
        "env": "demo",
    }


@dataclass(frozen=True)
class Fleet:
    """A workspace in a folder of its own, and the sandbox behind it."""

    folder: Path
    base_url: str
    environ: Mapping[str, str]
    recipient: str

    def workspace(self, **sections: Any) -> Workspace:
        """Write the manifest (`profiles`, `accounts`), and load it."""
        credentials, identity = {"env": "OKX_DESK"}, {"env": "BENCH_AGE_KEY"}
        venue = {
            "type": "okx_dma_broker",
            "environment": "demo",
            "credentials": credentials,
            "base_url": self.base_url,
        }
        store = {"type": "age_file", "path": "secrets/", "recipients": [self.recipient], "identity": identity}
        document = {"version": 1, "venues": {"desk": venue}, "secret_stores": {"vault": store}, **sections}
        (self.folder / "acctcfg.yaml").write_text(json.dumps(document))
        return Workspace.load(self.folder, self.environ)

    def control(self, path: str) -> Any:
        """What the sandbox's control API tells."""
        with urlopen(f"{self.base_url}/_sandbox/{path}") as answer:  # noqa: S310 (loopback)
            return json.load(answer)


@contextmanager
def fleet(names: Sequence[str], sub_accounts: Mapping[str, Any], *, speed: float = 1.0, **seed: Any) -> Iterator[Fleet]:
    """A running one; the secret of each account's key is in its store."""
    identity = pyrage.x25519.Identity.generate()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tenants = {"desk": {"uid": UID, "keys": [MASTER], "sub_accounts": sub_accounts}}
        (folder / "seed.yaml").write_text(json.dumps({**seed, "tenants": tenants}))
        for one in names:
            store_key(folder, one, identity)
        served = ("sandbox", "--port", "0", "--seed", str(folder / "seed.yaml"), "--speed", str(speed))
        sandbox = subprocess.Popen([sys.executable, "-m", "acctcfg", *served], stdout=subprocess.PIPE, text=True)
        try:
            environ = {
                "OKX_DESK_API_KEY": MASTER["api_key"],
                "OKX_DESK_SECRET_KEY": MASTER["secret_key"],
                "OKX_DESK_PASSPHRASE": MASTER["passphrase"],
                "BENCH_AGE_KEY": str(identity),
                "ACCTCFG_SPEED": str(speed),
                "XDG_CACHE_HOME": str(folder / "cache"),
                "HOME": name,
                "PATH": os.environ.get("PATH", ""),
            }
            yield Fleet(folder, _base_url(sandbox), environ, str(identity.to_public()))
        finally:
            sandbox.terminate()
            sandbox.wait()


def store_key(folder: Path, name: str, identity: pyrage.x25519.Identity) -> None:
    """Keep the secret of an account's key in the store of a workspace."""
    key = live_key(name)
    secret = {one: key[one] for one in ("api_key", "secret_key", "passphrase")}
    sealed = pyrage.encrypt(json.dumps(secret).encode(), [identity.to_public()], armored=True)
    place = folder / "secrets" / "desk" / name
    place.mkdir(parents=True, mode=0o700)
    (place / "trading.age").write_bytes(sealed)
    (place / "trading.age").chmod(0o600)


def _base_url(sandbox: subprocess.Popen[str]) -> str:
    assert sandbox.stdout is not None
    for line in sandbox.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found.group()
    raise RuntimeError("the sandbox did not start")
