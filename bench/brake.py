"""The brake: 1,000 accounts x 20 leverages, 5 % of them with an order in the way, against the sandbox on loopback.

The bound is the larger of what the rate limits allow (the list of sub-accounts comes 100 to a page, one page a second)
and the requests at the engine's raw rate, measured in the same run: the same client, reading as the same accounts, with
nothing around it. The sandbox runs in a process of its own. `BRAKE_ACCOUNTS=50` tries it small.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pyrage

from acctcfg.core.brake import Braked
from acctcfg.core.secret import Credentials
from acctcfg.engine.cap import cap
from acctcfg.engine.session import Session
from acctcfg.engine.workspace import Workspace
from acctcfg.venues.brake import AT_ONCE
from acctcfg.venues.okx.account_reads import OwnKey
from bench.refresh import MASTER, UID, base_url_of, desk, store_secret

__all__ = ["run"]

ACCOUNTS = int(os.environ.get("BRAKE_ACCOUNTS", "1000"))
SCOPES = 20
BLOCKED = 20  # one in so many
GOAL = 1.2
PAGE = 100
RAW_READS = 12  # of each account
FROM, MOST = "10", Decimal(3)
COINS = [f"C{n:02d}" for n in range(SCOPES)]


def run() -> list[tuple[str, float, float, bool]]:
    """(name, value, goal, ok) for each figure."""
    with tempfile.TemporaryDirectory() as folder:
        return _measure(Path(folder))


def _measure(folder: Path) -> list[tuple[str, float, float, bool]]:
    identity = pyrage.x25519.Identity.generate()
    names = [f"customer{n:04d}" for n in range(ACCOUNTS)]
    seed = folder / "seed.yaml"
    seed.write_text(json.dumps(_seed(names)))
    for name in names:
        store_secret(folder, name, f"bench-key-{name}", identity)
    sandbox = subprocess.Popen(
        [sys.executable, "-m", "acctcfg", "sandbox", "--port", "0", "--seed", str(seed)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        base_url = base_url_of(sandbox)
        environ = {
            "OKX_DESK_API_KEY": MASTER["api_key"],
            "OKX_DESK_SECRET_KEY": MASTER["secret_key"],
            "OKX_DESK_PASSPHRASE": MASTER["passphrase"],
            "BENCH_AGE_KEY": str(identity),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "HOME": str(folder),
            "PATH": os.environ.get("PATH", ""),
        }
        _manifest(folder, base_url, str(identity.to_public()), names)
        return asyncio.run(_figures(Workspace.load(folder, environ), names, base_url))
    finally:
        sandbox.terminate()
        sandbox.wait()


async def _figures(workspace: Workspace, names: list[str], base_url: str) -> list[tuple[str, float, float, bool]]:
    raw = await _raw_rate(workspace, names)
    await asyncio.sleep(2.5)  # every window is empty again
    before = _requests(base_url)
    begun = time.perf_counter()
    outcome = await cap(workspace, MOST, approve=lambda _: True)
    seconds = time.perf_counter() - begun
    requests = _requests(base_url) - before
    wrong = _wrong(outcome, names, base_url)
    bound = max(-(-len(names) // PAGE) - 1, requests / raw)
    return [
        (f"brake of {len(names)} x {SCOPES}: leverages that are not as they should be", wrong, 0, wrong == 0),
        (
            f"brake: {seconds:.1f} s for {requests} requests over its bound (raw: {raw:.0f} requests a second)",
            seconds / bound,
            GOAL,
            seconds / bound <= GOAL,
        ),
    ]


async def _raw_rate(workspace: Workspace, names: list[str]) -> float:
    """Requests a second of the engine's client with nothing around it: signed reads as the accounts themselves."""
    async with Session(workspace, ["desk"]) as session:
        link = session.links["desk"]
        keys = [
            OwnKey(
                link.client,
                _stored(workspace, name),
                f"{link.connection.user}/{name}",
            )
            for name in names[:200]
        ]
        turns = asyncio.Semaphore(AT_ONCE)

        async def read(key: OwnKey) -> None:
            async with turns:
                await key.orders(spreads=False)

        begun = time.perf_counter()
        await asyncio.gather(*(read(key) for key in keys for _ in range(RAW_READS)))
        return len(keys) * RAW_READS / (time.perf_counter() - begun)


def _stored(workspace: Workspace, name: str) -> Credentials:
    credentials = workspace.store("vault").get(f"desk/{name}/trading")
    assert credentials is not None
    return credentials


def _wrong(outcome: Braked, names: list[str], base_url: str) -> int:
    """Free ones that were not lowered, and any that is higher than before."""
    wrong = 0
    for at, name in enumerate(names):
        with urlopen(f"{base_url}/_sandbox/accounts/{name}") as answer:  # noqa: S310 (loopback)
            live = json.load(answer)["leverage"]
        for number, coin in enumerate(COINS):
            wanted = FROM if _is_blocked(at, number) else str(MOST)
            wrong += live[f"SWAP/cross/{coin}-USDT-SWAP"] != wanted
    return wrong + (outcome.exit_code != 3)


def _requests(base_url: str) -> int:
    with urlopen(f"{base_url}/_sandbox/requests") as answer:  # noqa: S310 (loopback)
        return sum(json.load(answer)["by_path"].values())


def _is_blocked(account: int, scope: int) -> bool:
    return (account * SCOPES + scope) % BLOCKED == 0


def _seed(names: list[str]) -> dict[str, Any]:
    instruments = [
        {"instType": "SWAP", "instId": f"{coin}-USDT-SWAP", "instFamily": f"{coin}-USDT", "settleCcy": "USDT"}
        for coin in COINS
    ]
    subs = {name: _account(at, name) for at, name in enumerate(names)}
    return {
        "instruments": {"add": instruments},
        "tenants": {"desk": {"uid": UID, "keys": [MASTER], "sub_accounts": subs}},
    }


def _account(at: int, name: str) -> dict[str, Any]:
    key = {
        "label": "trading",
        "api_key": f"bench-key-{name}",
        "secret_key": f"bench-key-{name}-secret",
        "passphrase": "Bench-passphrase-1",
        "perm": "read_only,trade",
        "ip": "127.0.0.1",
        "env": "demo",
    }
    swaps = [f"{coin}-USDT-SWAP" for coin in COINS]
    return {
        "acctLv": "2",
        "keys": [key],
        "leverage": {f"SWAP/cross/{swap}": FROM for swap in swaps},
        "positions": [{"instId": swap, "pos": str(1 + number)} for number, swap in enumerate(swaps)],
        "orders": [{"instId": swap} for number, swap in enumerate(swaps) if _is_blocked(at, number)],
    }


def _manifest(folder: Path, base_url: str, recipient: str, names: list[str]) -> None:
    key = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
    document = {
        **desk(base_url, recipient),
        "profiles": {"customer": {"api_keys": {"trading": key}}},
        "accounts": {name: {"venue": "desk", "profile": "customer"} for name in names},
    }
    (folder / "acctcfg.yaml").write_text(json.dumps(document))


if __name__ == "__main__":
    for title, figure, goal, ok in run():
        print(f"{'ok ' if ok else 'NO '} {title}: {figure:.3f} (goal {goal:g})")
