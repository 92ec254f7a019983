"""What the tests of the brake share: positions, leverage, and the command."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from desk import Desk

__all__ = ["BTC", "ETH", "SOL", "cap", "cross", "held", "levers"]

BTC, ETH, SOL = "BTC-USDT-SWAP", "ETH-USDT-SWAP", "SOL-USDT-SWAP"


def levers(desk: Desk, name: str) -> dict[str, Decimal]:
    """Every leverage that somebody set, by the instrument or currency in its scope."""
    return {scope.split("/")[2]: Decimal(value) for scope, value in desk.account(name)["leverage"].items()}


def held(instrument: str, usd: str = "1", **more: Any) -> dict[str, Any]:
    """A position of that notional."""
    return {"instId": instrument, "pos": usd, **more}


def cross(**values: str) -> dict[str, str]:
    """Leverage of swaps under cross: `BTC="20"`."""
    return {f"SWAP/cross/{coin}-USDT-SWAP": value for coin, value in values.items()}


def cap(desk: Desk, *arguments: str) -> Any:
    """`acctcfg cap ... --auto-approve`."""
    return desk.run("cap", *arguments, "--auto-approve")
