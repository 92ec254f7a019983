"""A refresh of 200 accounts (modes and leverage) at the venue's own speed, and an apply against the plan's estimate.

The bound is what the rate limits alone allow: the list of sub-accounts comes 100 to a page and one page a second, and
everything else is read with the accounts' own keys, side by side. The sandbox runs in a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

import pyrage

from acctcfg.engine.apply import apply
from acctcfg.engine.plan import make_plan
from acctcfg.engine.workspace import Workspace

__all__ = ["MASTER", "UID", "base_url_of", "desk", "run", "store_secret"]

ACCOUNTS = 200
REFRESHES = 5  # the median of them
CHANGED = 4  # accounts with 55 writes each: few enough that the limits decide, not two cores that the sandbox shares
PAGES_BOUND_S = 1.0  # two pages of 100, one page a second: the second is sent one second after the first
GOAL = 1.1
ESTIMATE_GOAL = 0.10
UID = "700000000000000001"
SCOPES = ("BTC-USDT", "ETH-USDT", "SOL-USDT")
MASTER = {
    "label": "master",
    "api_key": "bench-api-key",
    "secret_key": "bench-secret-key",
    "passphrase": "Bench-passphrase-1",
    "perm": "read_only,trade,withdraw",
    "env": "demo",
}


def run() -> list[tuple[str, float, float, bool]]:
    """(name, value, goal, ok) for each figure."""
    with tempfile.TemporaryDirectory() as folder:
        return _measure(Path(folder))


def _measure(folder: Path) -> list[tuple[str, float, float, bool]]:
    identity = pyrage.x25519.Identity.generate()
    keys = {f"customer{n:03d}": f"bench-key-{n:03d}" for n in range(ACCOUNTS)}
    seed = folder / "seed.yaml"
    seed.write_text(json.dumps(_seed(keys)))
    for name, key in keys.items():
        store_secret(folder, name, key, identity)
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
        return asyncio.run(_figures(folder, environ, base_url, str(identity.to_public())))
    finally:
        sandbox.terminate()
        sandbox.wait()


async def _figures(folder: Path, environ: dict[str, str], base_url: str, recipient: str) -> list[Any]:
    _manifest(folder, base_url, recipient, position_mode="net", value=5)
    workspace = Workspace.load(folder, environ)
    took_each = []
    for _ in range(REFRESHES):
        await asyncio.sleep(2.5)  # every window is empty again
        begun = time.perf_counter()
        plan = await make_plan(workspace)
        took_each.append(time.perf_counter() - begun)
        assert plan.matches, plan.unreadable[:3]
        assert not _rejected(base_url)
    seconds = median(took_each)

    _manifest(folder, base_url, recipient, position_mode="net", value=5, changed=CHANGED)
    workspace = Workspace.load(folder, environ)
    await asyncio.sleep(2.5)
    estimates: list[float] = []
    marks: list[float] = []

    def approve(plan: Any) -> bool:
        estimates.append(plan.estimate.seconds)
        marks.append(time.perf_counter())
        return True

    outcome = await apply(workspace, approve=approve)
    took = time.perf_counter() - marks[0]
    assert outcome.exit_code == 0, outcome.summary
    assert not _rejected(base_url)
    off = abs(took - estimates[0]) / took
    return [
        (
            f"refresh of {ACCOUNTS} accounts: seconds over the rate-limit bound",
            seconds / PAGES_BOUND_S,
            GOAL,
            seconds / PAGES_BOUND_S <= GOAL,
        ),
        (
            f"the plan's estimate ({estimates[0]:.1f} s) against what apply took ({took:.1f} s)",
            off,
            ESTIMATE_GOAL,
            off <= ESTIMATE_GOAL,
        ),
    ]


def _rejected(base_url: str) -> int:
    with urlopen(f"{base_url}/_sandbox/requests") as answer:  # noqa: S310 (loopback)
        return int(json.load(answer)["rate_limited"])


def _seed(keys: dict[str, str]) -> dict[str, Any]:
    subs = {
        name: {
            "acctLv": "3",
            "keys": [
                {
                    "label": "trading",
                    "api_key": key,
                    "secret_key": f"{key}-secret",
                    "passphrase": "Bench-passphrase-1",
                    "perm": "read_only,trade",
                    "ip": "127.0.0.1",
                    "env": "demo",
                }
            ],
        }
        for name, key in keys.items()
    }
    return {"tenants": {"desk": {"uid": UID, "keys": [MASTER], "sub_accounts": subs}}}


def store_secret(folder: Path, name: str, key: str, identity: Any) -> None:
    secret = {"api_key": key, "secret_key": f"{key}-secret", "passphrase": "Bench-passphrase-1"}
    sealed = pyrage.encrypt(json.dumps(secret).encode(), [identity.to_public()], armored=True)
    place = folder / "secrets" / "desk" / name
    place.mkdir(parents=True, mode=0o700)
    (place / "trading.age").write_bytes(sealed)
    (place / "trading.age").chmod(0o600)


def _manifest(
    folder: Path,
    base_url: str,
    recipient: str,
    *,
    position_mode: str,
    value: int,
    changed: int = 0,
) -> None:
    leverage = [{"market": "swap", "family": family, "margin": "cross", "value": value} for family in SCOPES]
    many = [
        {"market": "swap", "family": "*", "margin": "isolated", "value": 4},
        {"market": "swap", "family": "*", "margin": "cross", "value": 4},
        {"market": "futures", "family": "*", "margin": "isolated", "value": 4},
        {"market": "margin", "currency": "*", "margin": "cross", "value": 4},
    ]
    modes = {"account_mode": "multi_currency", "position_mode": position_mode}
    key = {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
    document = {
        **desk(base_url, recipient),
        "profiles": {"customer": {**modes, "leverage": leverage}, "busy": {**modes, "leverage": many}},
        "accounts": {
            f"customer{n:03d}": {
                "venue": "desk",
                "profile": "busy" if n < changed else "customer",
                "api_keys": {"trading": key},
            }
            for n in range(ACCOUNTS)
        },
    }
    (folder / "acctcfg.yaml").write_text(json.dumps(document))


def desk(base_url: str, recipient: str) -> dict[str, Any]:
    """What a manifest says of one connection and one store, for one age recipient."""
    credentials = {"env": "OKX_DESK"}
    venue = {"type": "okx_dma_broker", "environment": "demo", "credentials": credentials, "base_url": base_url}
    identity = {"env": "BENCH_AGE_KEY"}
    store = {"type": "age_file", "path": "secrets/", "recipients": [recipient], "identity": identity}
    return {"version": 1, "venues": {"desk": venue}, "secret_stores": {"vault": store}}


def base_url_of(sandbox: subprocess.Popen[str]) -> str:
    assert sandbox.stdout is not None
    for line in sandbox.stdout:
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            return found.group()
    raise RuntimeError("the sandbox did not start")


if __name__ == "__main__":
    for name, figure, goal, ok in run():
        print(f"{'ok ' if ok else 'NO '} {name}: {figure:.3f} (goal {goal:g})")
