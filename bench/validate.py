"""How long `validate` takes, and what a manifest weighs, at a broker's size: 10,000 accounts in 100 files.

    python bench/validate.py [ACCOUNTS]

Time is compared with reading the same YAML with marks alone, so that the figure holds on any machine.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import pyrage

from acctcfg.manifest import load
from acctcfg.manifest.nodes import Node, Sources
from acctcfg.manifest.read import parse
from acctcfg.venues.okx.rules import OKX_DMA_BROKER_RULES

RULES = {OKX_DMA_BROKER_RULES.type: OKX_DMA_BROKER_RULES}
FILES = 100

ROOT = """\
version: 1
include: [accounts/*.yaml]
venues:
  desk: {type: okx_dma_broker, environment: demo, credentials: {env: OKX_DESK}}
secret_stores:
  vault:
    type: age_file
    path: secrets/
    recipients: [RECIPIENT]
profiles:
  market_maker:
    account_mode: multi_currency
    position_mode: net
    leverage:
      - {market: swap, family: "*-USDT", margin: cross, value: 5}
"""

ACCOUNT = """\
  mmdesk{number:05d}:
    venue: desk
    profile: market_maker
    label: MMdesk{number:05d}
    api_keys:
      reading:
        permissions: [read]
        ip_allowlist:
          - 203.0.113.{ip}
        store: vault
        rotate_after: 90d
      trading:
        permissions: [read, trade]
        ip_allowlist:
          - 203.0.113.{ip}
          - 198.51.100.{ip}
        store: vault
        rotate_after: 90d
    deposit:
      credit_to: trading
      addresses:
        - currency: USDT
          chain: USDT-TRC20
          count: 1
        - currency: BTC
          type: segwit
    leverage:
      - market: swap
        family: BTC-USDT
        margin: cross
        value: {leverage}
      - market: swap
        family: ETH-USDT
        margin: cross
        value: 7.5
      - market: futures
        family: BTC-USD
        margin: cross
        value: 3
    protect: true
    adopt: true
"""


def write_workspace(directory: Path, accounts: int) -> None:
    """A workspace like a broker's: one entry of 41 lines a customer."""
    (directory / "accounts").mkdir()
    (directory / "acctcfg.yaml").write_text(
        ROOT.replace("RECIPIENT", str(pyrage.x25519.Identity.generate().to_public()))
    )
    share = accounts // FILES
    for number in range(FILES):
        ours = range(number * share, (number + 1) * share)
        text = "".join(ACCOUNT.format(number=n, ip=n % 250 + 1, leverage=n % 20 + 1) for n in ours)
        (directory / "accounts" / f"{number:03d}.yaml").write_text("accounts:\n" + text)


def reading_s(directory: Path) -> float:
    """Seconds to read every file into nodes that know their places."""
    sources = Sources()
    nodes: list[Node | None] = []
    gc.collect()
    start = time.perf_counter()
    for path in sorted(directory.glob("**/*.yaml")):
        node, _ = parse(path.read_bytes(), sources, path.name)
        nodes.append(node)
    return time.perf_counter() - start


def validating_s(directory: Path) -> float:
    """Seconds for all that `validate` does after its start."""
    gc.collect()
    start = time.perf_counter()
    load(directory, RULES, environ={})
    return time.perf_counter() - start


def rows_s(directory: Path, accounts: int) -> tuple[float, float]:
    """Seconds to load so many accounts with two fields from a table, and from as many entries of YAML."""
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    head = ROOT.replace("include: [accounts/*.yaml]\n", "").replace("RECIPIENT", recipient)
    (directory / "rows.csv").write_text("id,label\n" + "".join(f"mmdesk{n:05d},L{n}\n" for n in range(accounts)))
    table = 'accounts_from: [{csv: rows.csv, name: "{id}", fields: {venue: desk, label: "{label}"}}]\n'
    entries = "".join(f"  mmdesk{n:05d}: {{venue: desk, label: L{n}}}\n" for n in range(accounts))
    seconds: list[list[float]] = [[], []]
    for _ in range(3):
        for text, times in zip((table, "accounts:\n" + entries), seconds, strict=True):
            (directory / "acctcfg.yaml").write_text(head + text)
            times.append(validating_s(directory))
    return min(seconds[0]), min(seconds[1])


def bytes_an_account(directory: Path, accounts: int) -> tuple[float, float]:
    """Bytes that the manifest keeps for each account, and the peak while it was loaded."""
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        manifest = load(directory, RULES, environ={})
        gc.collect()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(manifest.accounts) == accounts // FILES * FILES
    return (after - before) / accounts, (peak - before) / accounts


def run(accounts: int = 10_000) -> list[tuple[str, float, float, bool]]:
    """Rows of name, value, goal (the most that it may be), whether it is met."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        write_workspace(directory, accounts)
        pairs = [(reading_s(directory), validating_s(directory)) for _ in range(3)]
        ratio = min(v for _, v in pairs) / min(r for r, _ in pairs)
        kept, peak = bytes_an_account(directory, accounts)
    with tempfile.TemporaryDirectory() as folder:
        from_table, from_entries = rows_s(Path(folder), accounts)
    rows = [
        ("validate, times reading the same YAML", ratio, 2.0),
        ("rows of a table, times as many entries of YAML", from_table / from_entries, 1.2),
        ("manifest, KiB an account", kept / 1024, 20.0),
        ("manifest and its nodes at the peak, KiB an account", peak / 1024, 40.0),
    ]
    return [(name, round(value, 2), goal, value <= goal) for name, value, goal in rows]


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rows = run(count)
    for name, value, goal, ok in rows:
        print(f"{name:54} {value:8.2f}   goal {goal:g}   {'ok' if ok else 'MISSED'}")
    sys.exit(0 if all(ok for *_, ok in rows) else 1)
