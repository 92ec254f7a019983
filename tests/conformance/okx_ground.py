"""Two sub-accounts of a broker that are not there yet: account and key, account mode, position mode, leverage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox_ground import SandboxGround

from acctcfg.conformance import Rung

__all__ = ["OkxGround", "PlainUserGround"]

MASTER = {
    "label": "master",
    "api_key": "test-api-key",
    "secret_key": "test-secret-key",
    "passphrase": "Test-passphrase-1",
    "perm": "read_only,trade,withdraw",
    "env": "demo",
}
KEYS = {"api_keys": {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}}
MODE = {**KEYS, "account_mode": "multi_currency"}
HEDGED = {**MODE, "position_mode": "long_short"}
LEVERED = {
    **MODE,
    "position_mode": "net",
    "leverage": [
        {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 7},
        {"market": "swap", "family": "ETH-USDT", "margin": "cross", "value": 4},
    ],
}


TIED = {
    **KEYS,
    "account_mode": "futures",
    "position_mode": "net",
    "leverage": [
        {"market": "futures", "instrument": "BTC-USDT-271231", "margin": "isolated", "value": 7},
        {"market": "futures", "instrument": "BTC-USDT-280331", "margin": "isolated", "value": 9},
    ],
}


class OkxGround(SandboxGround):
    """okx_dma_broker."""

    type = "okx_dma_broker"
    rungs = (
        Rung(name="an account with a key", fields=KEYS),
        Rung(name="account mode", fields=MODE, blocker="a pending order"),
        Rung(name="hedged", fields=HEDGED, blocker="an open position"),
        Rung(name="net, with leverage", fields=LEVERED, blocker="a pending order"),
    )
    tied = Rung(name="two contracts of one family", fields=TIED)
    blockers: ClassVar = {
        "account mode": ("orders", {"instId": "BTC-USDT", "tdMode": "cash"}),
        "hedged": ("positions", {"instId": "BTC-USDT-SWAP", "mgnMode": "cross"}),
        "net, with leverage": ("orders", {"instId": "BTC-USDT-SWAP", "tdMode": "cross"}),
    }
    refusals = tuple("50001 50004 50011 50026 50102 50110 50111 50113 50119 51000 51010 59000 59101 59107".split())
    odd = '{"code": "0", "msg": "", "data": [{"surprise": "1"}]}'
    trouble: ClassVar = {"kind": "code", "code": "50004", "status": 500}
    world: ClassVar = {"tenants": {"desk": {"env_prefix": "OKX_DESK", "keys": [MASTER], "sub_accounts": {}}}}

    def open(self, base_url: str) -> None:
        self.venues = {
            "desk": {
                "type": self.type,
                "environment": "demo",
                "base_url": base_url,
                "credentials": {"env": "OKX_DESK"},
                "egress": ["127.0.0.1"],
            }
        }
        self.accounts = {"climber1": {"venue": "desk"}, "neighbour1": {"venue": "desk"}}
        self.environ = {f"OKX_DESK_{name.upper()}": MASTER[name] for name in ("api_key", "secret_key", "passphrase")}
        self.secrets = [MASTER["secret_key"], MASTER["passphrase"]]

    def account_of(self, request: Any, params: Mapping[str, Any]) -> str:
        holder = self._app.venues["okx"].state.holders.get(request.headers.get("ok-access-key", ""))
        signer = holder.account.address if holder else ""
        return str(params.get("subAcct", "" if signer == "@master" else signer))

    def owner(self, row: Mapping[str, Any]) -> str:
        return str(row["body"].get("subAcct") or row["account"])

    def tie(self, account: str) -> None:
        self._running.control_post("flags", isolated_futures_scope="family")

    def address(self, account: str) -> str:
        return account

    def snapshot(self, account: str) -> object:
        live = self.live(account)
        if live is None:
            return None
        keys = [(key["label"], key["perm"], key["ip"]) for key in live["keys"]]
        leverage = {scope: lever for scope, lever in live["leverage"].items() if lever != "5"}  # the default
        return live["acctLv"], live["posMode"], keys, leverage


class PlainUserGround(OkxGround):
    """okx: a user whose master key is bound, and two sub-accounts of its own."""

    type = "okx"
    world: ClassVar = {
        "tenants": {
            "desk": {
                "env_prefix": "OKX_DESK",
                "broker": False,
                "keys": [{**MASTER, "ip": "127.0.0.1"}],
                "sub_accounts": {},
            }
        }
    }
