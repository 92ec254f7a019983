"""Two users with a CrossEx account each: leverage, position mode, account mode there and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox_ground import SandboxGround

from acctcfg.conformance import Rung
from acctcfg.sandbox.control import act

__all__ = ["GateGround"]

ADA = "OKX_FUTURE_ADA_USDT"
USERS = {"climber1": "cx", "neighbour1": "cy"}


def _key(user: str) -> dict[str, Any]:
    return {"name": "main", "key": f"test-key-{user}", "secret": f"test-secret-of-{user}", "perms": ["crossx"]}


def _leverage(value: int) -> dict[str, Any]:
    return {"account_mode": "cross_exchange", "leverage": [{"symbol": ADA, "value": value}]}


class GateGround(SandboxGround):
    """gate_crossex."""

    type = "gate_crossex"
    rungs = (
        Rung(name="leverage", fields=_leverage(4)),
        Rung(name="hedged", fields={**_leverage(4), "position_mode": "long_short"}, blocker="an open position"),
        Rung(
            name="isolated",
            fields={"account_mode": "isolated_exchange", "position_mode": {"okx": "long_short"}},
            blocker="an open order",
        ),
        Rung(name="back", fields={**_leverage(6), "position_mode": "net"}, blocker="an open order"),
    )
    tied = Rung(
        name="contract and margin",
        fields={
            "account_mode": "cross_exchange",
            "leverage": [{"symbol": ADA, "value": 4}, {"symbol": "OKX_MARGIN_ADA_USDT", "value": 3}],
        },
    )
    blockers: ClassVar = {
        "hedged": ("positions", {"symbol": ADA}),
        "isolated": ("orders", {"symbol": ADA}),
        "back": ("orders", {"symbol": ADA}),
    }
    refusals = (
        "INVALID_KEY",
        "INVALID_SIGNATURE",
        "REQUEST_EXPIRED",
        "TOO_MANY_REQUESTS",
        "USER_NOT_EXIST",
        "TRADE_SET_LEVERAGE_EXCEED_LIMIT_ERROR",
        "TRADE_PZ_MODE_HAVE_ORDER_ERROR",
        "TRADE_PZ_MODE_HAVE_POSITION_ERROR",
        "UPDATE_ACCOUNT_MODE_OPEN_ORDERS_EXIST_ERROR",
        "UPDATE_ACCOUNT_MODE_POSITION_NOT_EMPTY_ERROR",
    )
    odd = '{"surprise": "1"}'
    trouble: ClassVar = {"kind": "label", "label": "SERVER_ERROR", "status": 500}
    world: ClassVar = {"tenants": {user: {"venue": "gate_crossex", "keys": [_key(user)]} for user in USERS.values()}}

    def open(self, base_url: str) -> None:
        self.accounts = {account: {"venue": user} for account, user in USERS.items()}
        self.venues = {
            user: {
                "type": "gate_crossex",
                "environment": "sandbox",
                "base_url": base_url,
                "credentials": {"env": f"GATE_{user.upper()}"},
            }
            for user in USERS.values()
        }
        self.environ, self.secrets = {}, []
        for user in USERS.values():
            self.environ[f"GATE_{user.upper()}_API_KEY"] = _key(user)["key"]
            self.environ[f"GATE_{user.upper()}_SECRET_KEY"] = _key(user)["secret"]
            self.secrets.append(_key(user)["secret"])

    def account_of(self, request: Any, params: Mapping[str, Any]) -> str:
        holder = self._app.venues["gate_crossex"].state.holders.get(request.headers.get("key", ""))
        return next((one for one, user in USERS.items() if holder and holder.tenant.name == user), "")

    def owner(self, row: Mapping[str, Any]) -> str:
        tenants = self._app.venues["gate_crossex"].state.tenants
        return next(one for one, user in USERS.items() if tenants[user].master.uid == row["uid"])

    def tie(self, account: str) -> None:
        handle = self._handle

        def tied(request: Any) -> Any:
            reply = handle(request)
            if request.method == "POST" and request.target.endswith("positions/leverage"):
                value = json.loads(request.body)["leverage"]
                both = {"leverage": dict.fromkeys((ADA, "OKX_MARGIN_ADA_USDT"), value)}
                act(self._app, "POST", f"accounts/{self.address(account)}/set", both, {})
            return reply

        self._handle = tied

    def address(self, account: str) -> str:
        return f"{USERS[account]}:@master"

    def snapshot(self, account: str) -> object:
        live = self.live(account)
        assert live is not None
        return live["account_mode"], live["position_mode"], live["leverage"]
