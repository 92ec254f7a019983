"""A CrossEx desk for tests: a workspace with a Gate connection, and beside it an OKX one where a test wants both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from desk import MASTER, Desk, Said

__all__ = ["ADA", "BOT", "BTC", "KEY", "MARGIN_ADA", "SPEED", "GateDesk", "gate_seed"]

SPEED = 20
BOT = {"permissions": {"futures": "write"}, "ip_allowlist": ["127.0.0.1"], "store": "vault"}
ADA, BTC, MARGIN_ADA = "OKX_FUTURE_ADA_USDT", "BINANCE_FUTURE_BTC_USDT", "OKX_MARGIN_ADA_USDT"
KEY = {
    "name": "main",
    "key": "test-gate-key",
    "secret": "test-gate-secret",
    "perms": ["crossx", "sub_accounts", "account"],
}


def gate_seed(main: Mapping[str, Any] | None = None, *, okx: bool = False, **more: Any) -> dict[str, Any]:
    """A Gate user `cx`; fields of its CrossEx account as the sandbox's seed takes them. `okx`: a broker `desk` too."""
    tenants: dict[str, Any] = {"cx": {"venue": "gate_crossex", "keys": [KEY], **(main or {})}}
    if okx:
        tenants["desk"] = {"env_prefix": "OKX_DESK", "keys": [MASTER], "sub_accounts": {}}
    return {"tenants": tenants, **more}


class GateDesk(Desk):
    """`desk.write({"desk": {...}})` manages accounts of the connection `cx`."""

    @classmethod
    def credentials(cls) -> dict[str, str]:
        """Those of Gate as well."""
        return {**super().credentials(), "GATE_API_KEY": str(KEY["key"]), "GATE_SECRET_KEY": str(KEY["secret"])}

    @classmethod
    def empty(cls) -> dict[str, Any]:
        """A fresh CrossEx account."""
        return gate_seed()

    def connections(self) -> dict[str, Any]:
        """Both connections, as a manifest's `venues`."""
        base = {"base_url": self.sandbox.base_url}
        return {
            "cx": {"type": "gate_crossex", "environment": "sandbox", "credentials": {"env": "GATE"}, **base},
            "desk": {
                "type": "okx_dma_broker",
                "environment": "demo",
                "credentials": {"env": "OKX_DESK"},
                "egress": ["127.0.0.1"],
                **base,
            },
        }

    def write(self, accounts: Mapping[str, Any], **sections: Any) -> Self:
        """Accounts are at `cx` unless they say otherwise."""
        named = {key: {"venue": "cx", **fields} for key, fields in accounts.items()}
        venues = self.connections()
        used = {fields["venue"] for fields in named.values()}
        sections = {"venues": {key: venues[key] for key in sorted(used)}, **sections}
        super().write(named, **sections)
        return self

    def crossex(self) -> dict[str, Any]:
        """The CrossEx account as the venue has it."""
        return dict(self.sandbox.control_get("accounts/cx:@master"))

    def set(self, path: str = "set", **fields: Any) -> Any:
        """A control action on the CrossEx account."""
        return self.sandbox.control_post(f"accounts/cx:@master/{path}", fields)

    def puts(self) -> list[Any]:
        """The bodies of all account changes that reached the venue, in order."""
        return [row["body"] for row in self.writes("/crossex/accounts")]

    def blocked_by(self, address: str) -> dict[str, str]:
        """The prechecks that stand in the way of a step, with their details."""
        step = self.steps()[address]
        return {check["name"]: check["detail"] for check in step["prechecks"] if check["status"] in ("fail", "unknown")}

    def refused(self) -> str:
        """What `validate` has against the manifest."""
        said: Said = self.run("validate")
        assert said.code == 1, said.out
        return said.err
