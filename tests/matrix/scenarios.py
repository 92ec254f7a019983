"""What is killed and struck: each kind of change at each venue, from a venue's state and a manifest to a command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from desk import Desk, seed
from fault_parts import TRADING, onboarding, sub_account
from gate_desk import ADA, BTC, GateDesk, gate_seed

__all__ = ["SCENARIOS", "SETTINGS", "Scenario"]

APPLY = ("apply", "--auto-approve")
CAP = ("cap", "3", "--auto-approve")
KEYS = {"api_keys": {"trading": TRADING}}
FUTURES = {"permissions": {"futures": "write"}, "ip_allowlist": ["127.0.0.1"], "store": "vault"}
GATE_KEYS = {"role": "sub_account", "api_keys": {"trading": FUTURES}}


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One change. `kept`: accounts whose key `trading` is there, with its secret in the store."""

    name: str
    kind: type[Desk]
    world: Mapping[str, Any]
    accounts: Mapping[str, Mapping[str, Any]]
    guardrails: Mapping[str, Any] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    command: tuple[str, ...] = APPLY

    @property
    def venue(self) -> str:
        """As the table shows it."""
        return "gate" if self.kind is GateDesk else "okx"

    @property
    def connection(self) -> str:
        """Its key in the manifest."""
        return "cx" if self.kind is GateDesk else "desk"

    @property
    def secrets(self) -> list[tuple[str, str]]:
        """Account and label of each key that has its secret in the store at the end."""
        return [
            (name, label)
            for name, fields in self.accounts.items()
            for label, key in fields.get("api_keys", {}).items()
            if fields.get("state") != "absent" and key.get("state") != "absent"
        ]


def gate_sub(name: str, **fields: Any) -> dict[str, Any]:
    """A sub-account of the seed with the key `trading`."""
    key = {"name": "trading", "key": f"{name}-trading-api_key", "secret": f"{name}-trading-secret_key"}
    return {"keys": [{**key, "perms": ["futures"], "ip_whitelist": ["127.0.0.1"]}], **fields}


def okx(name: str, accounts: Mapping[str, Any], world: Mapping[str, Any], **more: Any) -> Scenario:
    """At OKX."""
    return Scenario(name=name, kind=Desk, world=seed(world), accounts=accounts, **more)


def gate(name: str, accounts: Mapping[str, Any], world: Mapping[str, Any], **more: Any) -> Scenario:
    """At Gate; sub-accounts of the world beside what its main account has."""
    return Scenario(name=name, kind=GateDesk, world=gate_seed(world), accounts=accounts, **more)


OPEN = ("BTC", "ETH")
LEVERED = {
    "acctLv": "2",
    "positions": [{"instId": f"{coin}-USDT-SWAP", "pos": "1"} for coin in OPEN],
    "leverage": {f"SWAP/cross/{coin}-USDT-SWAP": "20" for coin in OPEN},
}
GATE_LEVERED = {
    "leverage": {ADA: "10", BTC: "20"},
    "positions": [{"symbol": ADA, "qty": "10", "value": "100"}, {"symbol": BTC, "qty": "1", "value": "9000"}],
}
# The position mode would come with fifty more reads of what forbids one; the account mode has as many already.
CUSTOMER = {"mmdesk01": {name: value for name, value in onboarding()["mmdesk01"].items() if name != "position_mode"}}
WAVES = {"rollout": [1, "50%", "100%"]}
CUSTOMERS = [f"customer{number}" for number in range(1, 5)]
ROTATE = ("rotate", "mmdesk01", "trading", "--overlap", "0s", "--auto-approve")

SCENARIOS = (
    okx("onboarding", CUSTOMER, {}, guardrails={"max_deletes": 0, "adopt": "explicit"}),
    okx("rotation", {"mmdesk01": KEYS}, {"mmdesk01": sub_account("mmdesk01")}, kept=("mmdesk01",), command=ROTATE),
    okx(
        "mode switch",
        {"mmdesk01": {**KEYS, "account_mode": "multi_currency"}},
        {"mmdesk01": sub_account("mmdesk01", acctLv="2")},
        kept=("mmdesk01",),
    ),
    okx(
        "delete",
        {"mmdesk01": {"state": "absent"}, "mmdesk02": {"api_keys": {"trading": {"state": "absent"}}}},
        {"mmdesk01": sub_account("mmdesk01"), "mmdesk02": sub_account("mmdesk02")},
        guardrails={"max_deletes": 2},
    ),
    okx("cap", {"mmdesk01": KEYS}, {"mmdesk01": sub_account("mmdesk01", **LEVERED)}, kept=("mmdesk01",), command=CAP),
    okx("rollout", dict.fromkeys(CUSTOMERS, KEYS), {}, guardrails=WAVES),
    gate(
        "onboarding",
        {
            "sub_1": {**GATE_KEYS, "label": "Desk one", "state": "locked"},
            "cx": {"position_mode": "long_short", "leverage": [{"symbol": ADA, "value": 7}]},
        },
        {},
        guardrails={"max_deletes": 0, "adopt": "explicit"},
    ),
    gate(
        "rotation",
        {"mmdesk01": GATE_KEYS},
        {"sub_accounts": {"mmdesk01": gate_sub("mmdesk01")}},
        kept=("mmdesk01",),
        command=ROTATE,
    ),
    gate(
        "mode switch",
        {"cx": {"account_mode": "isolated_exchange", "position_mode": {"okx": "long_short"}}},
        {},
    ),
    gate(
        "delete",
        {"mmdesk01": {"role": "sub_account", "api_keys": {"trading": {"state": "absent"}}}},
        {"sub_accounts": {"mmdesk01": gate_sub("mmdesk01")}},
        guardrails={"max_deletes": 1},
    ),
    gate("cap", {"cx": {}}, GATE_LEVERED, command=CAP),
    gate("rollout", dict.fromkeys(CUSTOMERS, GATE_KEYS), {}, guardrails=WAVES),
)

MMP = {"window_ms": 5000, "freeze_ms": 0, "quantity_limit": 100}
SWITCHES: Mapping[str, tuple[str, Mapping[str, Any]]] = {  # account modes, and what can be set in each
    "inspot1": ("1", {"greeks": "BS", "fee_type": "quote", "auto_repay": True}),
    "infutures1": ("2", {"auto_earn": {"USDT": True}, "settle_currency": "USDC", "option_trading": True}),
    "inmulti1": ("3", {"collateral": {"disabled": ["DOGE"]}, "isolated_margin": {"margin": "auto_transfers_ccy"}}),
    "neutral1": ("3", {"strategy": "delta_neutral"}),
    "inportfolio1": (
        "4",
        {"auto_loan": True, "market_maker_protection": {"BTC-USD": MMP}, "spot_offset": {"BTC": "0.5"}},
    ),
}
RICH = {"trading": {"BTC": "2", "USDT": "100000", "DOGE": "5"}, "enableSpotBorrow": True, "mmp_allowed": True}
SETTINGS = okx(
    "settings",
    {
        name: {**KEYS, "settings": wanted, "position_mode": "long_short" if level == "2" else None}
        for name, (level, wanted) in SWITCHES.items()
    },
    {name: sub_account(name, acctLv=level, **RICH) for name, (level, _) in SWITCHES.items()},
    kept=tuple(SWITCHES),
    command=(*APPLY, "--allow-sensitive"),
)
"""What has no scenario of its own, for its endpoints."""
