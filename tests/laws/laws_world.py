"""Generated worlds for the laws: a manifest, the live state that it meets, a desk on both, a witness of every request.

The expectations here are a second, naive reading of the contract: they share no code with what they judge.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pyrage
import pytest
from desk import Desk, seed
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from examples import some

__all__ = ["HELD", "HERE", "OPEN", "Seen", "Witness", "World", "at_desk", "desks", "hard", "laws", "pictures", "worlds"]

HERE, ELSEWHERE = "127.0.0.1", "203.0.113.7"
NAMES = ("mmdesk01", "mmdesk02", "mmdesk03")
LEVELS = {"spot": "1", "futures": "2", "multi_currency": "3", "portfolio": "4"}
MODES = {level: mode for mode, level in LEVELS.items()}
DEFAULT_LEVERAGE = "5"
CHAINS = {"USDT": "USDT-TRC20", "BTC": "BTC-Bitcoin", "ETH": "ETH-ERC20"}


def laws(examples: int, **more: Any) -> settings:
    """The same examples on every machine and every day, a tenth of them for `make test`."""
    checks = list(HealthCheck)
    return settings(
        max_examples=some(examples),
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=checks,
        **more,
    )


def desks(examples: int) -> settings:
    """As `laws`, where an example takes a tenth of a second: a failure is shown as it was found, not made smaller."""
    return laws(examples, phases=(Phase.explicit, Phase.generate))


# -- a world -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class World:
    """`accounts` as the manifest has them, `live` as the sandbox's seed has them, `stored`: (account, label)."""

    accounts: dict[str, dict[str, Any]]
    live: dict[str, dict[str, Any]]
    stored: tuple[tuple[str, str], ...]
    guardrails: dict[str, Any] = field(default_factory=dict)

    def mode(self, name: str) -> str:
        """The account mode that is wanted, else the live one; a fresh account is in spot."""
        return str(self.accounts[name].get("account_mode") or MODES[self.live.get(name, {}).get("acctLv", "1")])


def credentials(name: str, label: str) -> dict[str, str]:
    """A key of the sandbox's, none of which looks like a real one."""
    return {
        "api_key": f"key-of-{name}-{label}",
        "secret_key": f"secret of {name} {label} <&\"'\\{{}}%s>",
        "passphrase": f"Pass {name} {label} $'\"#1",
    }


OPEN: tuple[tuple[str, dict[str, str]], ...] = (
    ("positions", {"instId": "BTC-USDT-SWAP", "mgnMode": "cross"}),
    ("positions", {"instId": "ETH-USDT-SWAP", "mgnMode": "isolated"}),
    ("orders", {"instId": "ETH-USDT-SWAP", "tdMode": "cross"}),
    ("orders", {"instId": "BTC-USDT-SWAP", "tdMode": "isolated"}),
    ("algos", {"instId": "BTC-USDT-SWAP", "ordType": "trigger"}),
    ("bots", {"instId": "BTC-USDT-SWAP", "kind": "contract_grid"}),
)
HELD = ("positions", "orders", "algos", "bots", "spreads")
ADDRESSES = [{"ccy": ccy, "chain": chain, "addr": f"example-{ccy}-1"} for ccy, chain in CHAINS.items()]


@st.composite
def live_accounts(draw: st.DrawFn, name: str, *, disturbed: bool) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """A sub-account as somebody left it, and the labels whose secrets are in the store."""
    level = draw(st.sampled_from("1234"))
    hedged = level in "23" and draw(st.booleans())
    account: dict[str, Any] = {"acctLv": level, "posMode": "long_short_mode" if hedged else "net_mode"}
    keys, stored = [], []
    for label in draw(st.lists(st.sampled_from(["trading", "reading", "old"]), unique=True)):
        ips = draw(st.sampled_from([HERE, f"{HERE},{ELSEWHERE}", "", ELSEWHERE] if disturbed else [HERE, ""]))
        perm = "read_only" if label == "reading" else draw(st.sampled_from(["read_only,trade", "read_only,trade"]))
        keys.append({"label": label, "perm": perm, "ip": ips, "env": "demo", **credentials(name, label)})
        if not disturbed or draw(st.integers(0, 3)):
            stored.append((name, label))
    account["keys"] = keys
    account["leverage"] = draw(leverage_state(level, hedged=hedged))
    if draw(st.booleans()):
        account["addresses"] = draw(st.lists(st.sampled_from(ADDRESSES), unique_by=lambda one: one["ccy"]))
        account["to"] = draw(st.sampled_from(["6", "18"]))
    if disturbed and level != "1" and draw(st.integers(0, 2)) == 0:
        for what, row in draw(st.lists(st.sampled_from(OPEN), min_size=1, max_size=2, unique_by=str)):
            account.setdefault(what, []).append(dict(row))
    return account, stored


def leverage_state(level: str, *, hedged: bool) -> st.SearchStrategy[dict[str, str]]:
    """Scopes that somebody set, in the shapes that the venue keeps under these modes."""
    sides = ("/long", "/short") if hedged else ("",)
    scopes = {
        "1": [],
        "2": ["SWAP/cross/BTC-USDT-SWAP", "FUTURES/cross/BTC-USD", "MARGIN/cross/BTC-USDT"],
        "3": ["SWAP/cross/BTC-USDT-SWAP", "SWAP/cross/SOL-USDT-SWAP", "FUTURES/cross/BTC-USD", "MARGIN/cross/BTC"],
        "4": ["MARGIN/cross/BTC"],
    }[level]
    if level == "2":
        scopes = [*scopes, "MARGIN/isolated/ETH-USDT"]
    if level != "1":
        scopes = [*scopes, *(f"SWAP/isolated/ETH-USDT-SWAP{side}" for side in sides)]
    if not scopes:
        return st.just({})
    return st.dictionaries(st.sampled_from(scopes), st.sampled_from(["2", "3", "5"]))


@st.composite
def wanted_accounts(draw: st.DrawFn, live: dict[str, Any] | None, *, disturbed: bool) -> dict[str, Any]:
    """An entry of the manifest that is valid over this live state."""
    if live and disturbed and draw(st.integers(0, 9)) == 0:
        return draw(going(live))
    account: dict[str, Any] = {}
    live_mode = MODES[(live or {}).get("acctLv", "1")]
    mode = draw(st.sampled_from([None, *LEVELS]))
    if mode is not None:
        account["account_mode"] = mode
    mode = mode or live_mode
    positions = [None, "net"] if mode in ("spot", "portfolio") else [None, "net", "long_short"]
    position = draw(st.sampled_from(positions))
    if position is not None and (mode != "spot" or disturbed):
        account["position_mode"] = position
    keys: dict[str, Any] = {}
    if not disturbed or draw(st.integers(0, 9)):
        ips = draw(st.sampled_from([[HERE], [ELSEWHERE, HERE]]))
        keys["trading"] = {"permissions": ["read", "trade"], "ip_allowlist": ips, "store": "vault"}
    if draw(st.booleans()):
        keys["reading"] = {"permissions": ["read"], "ip_allowlist": [HERE], "store": "vault"}
    if draw(st.booleans()):
        keys["old"] = {"state": "absent"}
    account["api_keys"] = keys
    if draw(st.integers(0, 3)) == 0:
        account["api_keys_exclusive"] = True
    if mode != "spot" and "trading" in keys:
        hedged = position == "long_short"
        known = position is not None or mode == "portfolio"
        account["leverage"] = draw(leverage_entries(mode, hedged=hedged, known=known))
    if draw(st.booleans()):
        account["deposit"] = draw(deposits())
    return account


@st.composite
def going(draw: st.DrawFn, live: dict[str, Any]) -> dict[str, Any]:
    """An account that is to be deleted. It may hold funds, where its own key can say so."""
    for what in ("positions", "orders", "algos", "bots"):
        live.pop(what, None)
    trading = [key for key in live["keys"] if key["label"] == "trading" and HERE in key["ip"]]
    if not trading or draw(st.booleans()):
        return {"state": "absent"}
    live["funding"] = draw(st.sampled_from([{}, {"USDT": "5"}]))
    key = {"permissions": ["read", "trade"], "ip_allowlist": [HERE], "store": "vault"}
    return {"state": "absent", "api_keys": {"trading": key}}


def leverage_entries(mode: str, *, hedged: bool, known: bool) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Entries that exist under these modes, no two of one precision on one scope."""
    pool: list[dict[str, Any]] = []
    if mode == "futures":  # the venue withdrew it from the others
        pool.append({"market": "margin", "instrument": "ETH-USDT", "margin": "isolated"})
    if mode != "portfolio":
        pool += [
            {"market": "swap", "family": "*-USDT", "margin": "cross"},
            {"market": "swap", "family": "BTC-USDT", "margin": "cross"},
            {"market": "futures", "family": "BTC-USD", "margin": "cross"},
        ]
    if mode == "futures":
        pool.append({"market": "margin", "instruments": ["BTC-USDT", "ETH-USDT"], "margin": "cross"})
    else:
        pool.append({"market": "margin", "currency": "BTC", "margin": "cross"})
    if known:
        pool.append({"market": "swap", "instrument": "ETH-USDT-SWAP", "margin": "isolated"})
        pool.append({"market": "futures", "instrument": "BTC-USD-271231", "margin": "isolated"})
    if hedged:
        pool.append({"market": "swap", "instrument": "ETH-USDT-SWAP", "margin": "isolated", "side": "long"})
    value = st.sampled_from([2, 3, 5])
    chosen = st.lists(st.tuples(st.sampled_from(pool), value), max_size=4, unique_by=lambda one: str(one[0]))
    return chosen.map(lambda some: [{**entry, "value": number} for entry, number in some])


@st.composite
def deposits(draw: st.DrawFn) -> dict[str, Any]:
    """Where deposits go, and some addresses; a chain is left out where the main one is meant."""
    found: dict[str, Any] = {}
    if draw(st.booleans()):
        found["credit_to"] = draw(st.sampled_from(["funding", "trading"]))
    currencies = draw(st.lists(st.sampled_from(sorted(CHAINS)), unique=True, min_size=1, max_size=2))
    found["addresses"] = [
        {"currency": ccy, "count": draw(st.integers(1, 2)), **({"chain": CHAINS[ccy]} if ccy == "USDT" else {})}
        for ccy in currencies
    ]
    return found


@st.composite
def worlds(draw: st.DrawFn, *, disturbed: bool = True, most: int = 3) -> World:
    """One to three accounts; `disturbed` lets things be open, secrets be lost and accounts be deleted."""
    names = NAMES[: draw(st.integers(1, most))]
    accounts, live, stored = {}, {}, []
    for name in names:
        there = None
        if draw(st.integers(0, 3)):
            there, labels = draw(live_accounts(name, disturbed=disturbed))
            live[name] = there
            stored += labels
        accounts[name] = draw(wanted_accounts(there, disturbed=disturbed))
        if (there or {}).get("funding"):
            stored = [*dict.fromkeys([*stored, (name, "trading")])]
        named = accounts[name].get("api_keys", {})
        there_labels = {key["label"] for key in (there or {}).get("keys", ())}
        if not disturbed and there is not None:  # nothing may stand in the way: the key that signs is there
            stored += [(name, label) for label in sorted(there_labels & set(named)) if (name, label) not in stored]
    guardrails: dict[str, Any] = {"max_deletes": 9}
    if disturbed:
        guardrails = draw(st.sampled_from([{"max_deletes": 9}, {"max_deletes": 9, "max_leverage": 4}, {}]))
    return World(accounts, live, tuple(stored), guardrails)


# -- the desk and its witness ------------------------------------------------------------------------------------------


def hard(name: str, live: dict[str, Any]) -> dict[str, Any]:
    """What the sandbox holds for one account, where only effective values count: a default that is written counts."""
    leverage = {scope: lever for scope, lever in live["leverage"].items() if lever != DEFAULT_LEVERAGE}
    keys = sorted((key["label"], key["api_key"], key["perm"], tuple(sorted(key["ip"]))) for key in live["keys"])
    there = len(live["addresses"])
    return {
        "name": name,
        "acctLv": live["acctLv"],
        "posMode": live["posMode"],
        "leverage": leverage,
        "keys": keys,
        "addresses": there,
        "to": live["to"] if there else "",
    }


def pictures(desk: Desk) -> dict[str, dict[str, Any]]:
    """Every sub-account of the sandbox, by name."""
    state = desk.sandbox.control_get("state")
    subs = state["tenants"]["desk"]["sub_accounts"]
    return {name: hard(name, live) for name, live in subs.items()}


@dataclass(slots=True)
class Seen:
    """One request as the venue got it. `account` is whom it is about: the one named, else the one that signed."""

    method: str
    path: str  # without /api/v5
    account: str  # "@master" for the broker itself, "" for nobody
    signer: str
    params: dict[str, Any]
    code: str
    changed: bool
    before: dict[str, Any] | None
    answer: dict[str, Any]  # the first row of the answer to a read
    open: frozenset[str]  # what was open in the account as the request came: "positions", "orders", ...

    @property
    def write(self) -> bool:
        """Whether it could have changed something."""
        return self.method == "POST"


class Witness:
    """Stands between the sandbox's server and its rules, and remembers every request in order."""

    def __init__(self, desk: Desk) -> None:
        self.seen: list[Seen] = []
        self._app = desk.sandbox.app
        self._handle = self._app.handle
        self._app.handle = self.handle  # type: ignore[method-assign]

    def handle(self, request: Any) -> Any:
        """Answer as the sandbox does."""
        path, _, query = request.target.partition("?")
        if path.startswith("/_sandbox"):
            return self._handle(request)
        holder = self._app.venues["okx"].state.holders.get(request.headers.get("ok-access-key", ""))
        signer = holder.account.address if holder else ""
        params = json.loads(request.body) if request.body else dict(parse_qsl(query))
        account = params.get("subAcct", signer)
        before = self._picture(account) if request.method == "POST" else None
        there = self._account(account)
        held = frozenset(name for name in HELD if there is not None and getattr(there, name))
        reply = self._handle(request)
        changed = request.method == "POST" and before != self._picture(account)
        said = json.loads(reply.body) if reply.body[:1] == b"{" else {}
        code, row = str(said.get("code", "")), next(iter(said.get("data") or ()), {})
        short = path.removeprefix("/api/v5")
        answer = row if request.method == "GET" else {}
        self.seen.append(Seen(request.method, short, account, signer, params, code, changed, before, answer, held))
        return reply

    def _account(self, name: str) -> Any:
        tenant = self._app.venues["okx"].state.tenants["desk"]
        return tenant.master if name == "@master" else tenant.subs.get(name)

    def _picture(self, name: str) -> dict[str, Any] | None:
        from acctcfg.sandbox.okx.show import show_account

        tenant, account = self._app.venues["okx"].state.tenants["desk"], self._account(name)
        return hard(name, show_account(tenant, account)) if account is not None else None

    def take(self) -> list[Seen]:
        """What was seen since the last time."""
        found, self.seen = self.seen, []
        return found


@contextmanager
def at_desk(world: World) -> Iterator[tuple[Desk, Witness]]:
    """A desk on this world, and who sees every request."""
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        tempfile.TemporaryDirectory() as folder,
        Desk.at(Path(folder), monkeypatch, seed(world.live)) as desk,
    ):
        write_world(desk, world)
        yield desk, Witness(desk)


def write_world(desk: Desk, world: World) -> None:
    """The manifest, and the secrets that somebody stored."""
    sections = {"guardrails": world.guardrails} if world.guardrails else {}
    desk.write(world.accounts, **sections)
    for name, label in world.stored:
        path = desk.folder / "secrets" / "desk" / name / f"{label}.age"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        recipient = pyrage.x25519.Recipient.from_str(desk.recipient)
        path.write_bytes(pyrage.encrypt(json.dumps(credentials(name, label)).encode(), [recipient], armored=True))
        path.chmod(0o600)
