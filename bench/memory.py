"""The memory of a plan without changes: a broker's fleet whose accounts are read with their own keys, all at once.

    python -m bench memory                        100,000 accounts; MEMORY_ACCOUNTS=10000 tries fewer
    python -m bench.memory 10000                  one fleet in this process: its peak in bytes, CPU seconds

The venue is a function in the same process that keeps nothing, and secrets come from a mapping that makes them when
they are asked for, so that the peak is the program's own: the manifest, the answers, both sides of every account, the
plan. A fleet has a process of its own; "linear" is what a further account costs in the larger, against the smaller.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from acctcfg.core.desired import VenueSpec
from acctcfg.engine.plan import make_plan
from acctcfg.engine.workspace import Workspace
from acctcfg.wire.client import Client
from acctcfg.wire.http import Request
from bench.fleet import KEY, UID
from bench.inside import Answer

__all__ = ["run"]

ACCOUNTS = int(os.environ.get("MEMORY_ACCOUNTS", "100000"))
SMALLER = 5  # of two fleets, how many times as small the smaller is
MOST_BYTES = 1 << 30
MOST_RATIO = 1.2
MODES = {"account_mode": "multi_currency", "position_mode": "net"}
FAMILIES = ("BTC-USDT", "ETH-USDT", "SOL-USDT")
LEVERAGE = [{"market": "swap", "family": family, "margin": "cross", "value": 5} for family in FAMILIES]


def run() -> Iterator[tuple[str, float, str, bool]]:
    """The figures, with their goals."""
    small, large = _fleet(ACCOUNTS // SMALLER), _fleet(ACCOUNTS)
    bare = _fleet(1)
    most = MOST_BYTES / (1 << 20)
    peak = large.peak / (1 << 20)
    yield f"{ACCOUNTS:,} accounts, no changes: peak MiB", peak, f"<= {most:.0f}", peak <= most
    ratio = large.over(bare) / small.over(bare)
    yield f"bytes per account, {ACCOUNTS:,} against a fifth: ratio", ratio, f"<= {MOST_RATIO}", ratio <= MOST_RATIO
    ratio = (large.cpu_s / large.accounts) / (small.cpu_s / small.accounts)
    yield f"CPU per account, {ACCOUNTS:,} against a fifth: ratio", ratio, f"<= {MOST_RATIO}", ratio <= MOST_RATIO


@dataclass(frozen=True, slots=True)
class Measured:
    """One fleet in a process of its own."""

    accounts: int
    peak: int  # bytes
    cpu_s: float

    def over(self, bare: Measured) -> float:
        """Bytes for each account beyond a process with one."""
        return (self.peak - bare.peak) / self.accounts


def _fleet(accounts: int) -> Measured:
    said = subprocess.run([sys.executable, "-m", "bench.memory", str(accounts)], stdout=subprocess.PIPE, check=True)
    return Measured(**json.loads(said.stdout))


def measure(accounts: int) -> Measured:
    """Plan for so many accounts in this process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder, accounts)
        workspace = _workspace(folder, accounts)
        plan = asyncio.run(make_plan(workspace))
    assert plan.matches, (plan.conclusion, plan.unreadable[:3])
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Measured(accounts, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024), used.ru_utime + used.ru_stime)


def _write(folder: Path, accounts: int) -> None:
    head = {
        "version": 1,
        "venues": {
            "desk": {
                "type": "okx_dma_broker",
                "environment": "demo",
                "credentials": {"env": "OKX_DESK"},
                "base_url": "http://127.0.0.1:1",
            }
        },
        "secret_stores": {"vault": {"type": "env"}},
        "profiles": {"customer": {"venue": "desk", **MODES, "api_keys": {"trading": KEY}, "leverage": LEVERAGE}},
        "include": ["customers.yaml"],
    }
    (folder / "acctcfg.yaml").write_text(json.dumps(head))
    with (folder / "customers.yaml").open("w") as out:
        out.write("accounts:\n")
        for number in range(accounts):
            out.write(f"  customer{number:06d}:\n    profile: customer\n    label: Customer{number:06d}\n")


def _workspace(folder: Path, accounts: int) -> Workspace:
    found = Workspace.load(folder, Environment(folder))
    own = {one.name: getattr(found, one.name) for one in fields(Workspace) if one.name[0] != "_"}
    return _Inside(**{**own, "speed": 1e9}, venue=Venue(accounts))


class Environment(Mapping[str, str]):
    """The variables of a fleet, which are not kept: VAULT_DESK_CUSTOMER000001_TRADING_API_KEY and so on."""

    def __init__(self, folder: Path) -> None:
        self._plain = {name: str(folder / name.lower()) for name in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")}

    def __getitem__(self, name: str) -> str:
        if name in self._plain:
            return self._plain[name]
        stem, found, part = name.rpartition("_TRADING_") if name.startswith("VAULT_") else name.partition("OKX_DESK_")
        if not found:
            raise KeyError(name)
        key = stem.rpartition("_")[2].lower() or "master"
        if part == "API_KEY":
            return f"key-{key}"
        return sha256(f"{part} of {key}".encode()).hexdigest()[:32].upper()  # as random as a venue's own

    def __iter__(self) -> Iterator[str]:
        return iter(self._plain)

    def __len__(self) -> int:
        return len(self._plain)


class Venue:
    """Answers as OKX does, of accounts that are as the manifest wants them."""

    def __init__(self, accounts: int) -> None:
        self._accounts = accounts
        rows = [
            {"instId": f"{one}-SWAP", "instFamily": one, "instType": "SWAP", "lever": "100", "state": "live"}
            for one in FAMILIES
        ]
        self._contracts = _data(rows)

    async def send(self, request: Request) -> Answer:
        """The answer to a read, from its key and its parameters alone."""
        url = urlsplit(request.url)
        params = {name: values[0] for name, values in parse_qs(url.query).items()}
        key = next(value for name, value in request.headers.items() if name.lower() == "ok-access-key")
        await asyncio.sleep(0)
        return Answer(200, {"content-type": "application/json"}, self._body(url.path, params, key))

    async def aclose(self) -> None:
        pass

    def _body(self, path: str, params: Mapping[str, str], key: str) -> bytes:
        if path == "/api/v5/account/config":
            return _data([self._config(key)])
        if path == "/api/v5/broker/dma/subaccount-info":
            if name := params.get("subAcct"):
                return _page([self._listed(int(name.removeprefix("customer")))], 1, 1)
            return self._listed_on(int(params["page"]), int(params["limit"]))
        if path == "/api/v5/account/instruments":
            return self._contracts
        assert path == "/api/v5/account/leverage-info", path
        mode, names = params["mgnMode"], params["instId"].split(",")
        return _data([{"instId": one, "ccy": "", "mgnMode": mode, "posSide": "net", "lever": "5"} for one in names])

    def _config(self, key: str) -> dict[str, Any]:
        shown = {"mainUid": UID, "posMode": "net_mode", "autoLoan": False, "enableSpotBorrow": False, "ip": "127.0.0.1"}
        if key == "key-master":
            return {**shown, "uid": UID, "acctLv": "1", "label": "master", "perm": "read_only,trade", "ip": ""}
        number = int(key.removeprefix("key-customer"))
        return {**shown, "uid": _uid(number), "acctLv": "3", "label": "trading", "perm": "read_only,trade"}

    def _listed_on(self, page: int, limit: int) -> bytes:
        last = self._accounts - (page - 1) * limit
        rows = [self._listed(number) for number in range(last - 1, max(-1, last - limit - 1), -1)]
        return _page(rows, page, -(-self._accounts // limit))

    def _listed(self, number: int) -> dict[str, Any]:
        name = f"customer{number:06d}"
        own = {"subAcct": name, "firstLvSubAcct": name, "label": name.capitalize(), "uid": _uid(number)}
        return {**own, "acctLv": "3", "enable": True, "frozenFunc": [], "canTransOut": True, "ts": "1767323045000"}


def _uid(number: int) -> str:
    return f"7{number:017d}"


def _page(rows: list[dict[str, Any]], page: int, total: int) -> bytes:
    return _data([{"details": rows, "page": str(page), "totalPage": str(total)}])


def _data(rows: list[dict[str, Any]]) -> bytes:
    return json.dumps({"code": "0", "msg": "", "data": rows}).encode()


@dataclass(kw_only=True)
class _Inside(Workspace):
    """The workspace, with a function in the place of a socket."""

    venue: Venue

    def client_of(self, venue: VenueSpec) -> Callable[..., Client]:  # noqa: ARG002
        return lambda *args, **options: Client(*args, **{**options, "transport": self.venue, "most": 0})


if __name__ == "__main__":
    print(json.dumps({name: getattr(found, name) for found in [measure(int(sys.argv[1]))] for name in found.__slots__}))
