"""Gate CrossEx's settings, one row each. Source: the official SDK of 2026-08-13, GET and POST positions/margin_mode.

The margin mode is kept by symbol, of Hyperliquid's contracts alone, and read one symbol to a request. It is refused
with an order or a position of the symbol.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from acctcfg.core.setting import Choice, Keyed, Setting
from acctcfg.core.state import Live, Value
from acctcfg.core.text_rule import TextRule
from acctcfg.core.vocabulary import Words
from acctcfg.errors import Garbled
from acctcfg.venues.gate_crossex.endpoints import SET_MARGIN_MODE
from acctcfg.venues.switch import Switch
from acctcfg.wire.endpoint import Call

__all__ = ["MARGIN_MODE", "SWITCHES", "SYMBOL_IN_USE"]

MARGIN_MODE: Words[str] = Words("margin mode", {"cross": "CROSS", "isolated": "ISOLATED"})
SYMBOL_IN_USE: Final = "symbol_in_use"
"""The venue's refusal of a margin mode, whose label says no more than that it is not possible at present."""


def _read(answer: Any, _: str) -> Live:
    if not isinstance(answer, Mapping):
        raise Garbled("a margin mode that is not an object", code="shape")
    return MARGIN_MODE.core(answer.get("margin_mode"))


def _write(symbol: str, value: Value) -> Call:
    return Call(SET_MARGIN_MODE, {"symbol": symbol, "margin_mode": MARGIN_MODE.venue(str(value))})


def _is_of(symbol: str, leverage: str) -> bool:
    """Whether a leverage ("futures/SYMBOL") is the symbol's: the venue does not say that it stays."""
    return leverage.partition("/")[2] == symbol


SWITCHES: tuple[Switch, ...] = (
    Switch(
        setting=Setting(
            name="margin_mode",
            doc="What backs the positions of a symbol, where its exchange has both",
            kind=Keyed(
                "symbol",
                TextRule(
                    r"HYPERLIQUID_FUTURE_[^\s\[\]]+_[A-Z0-9]+",
                    "a contract of Hyperliquid, which alone has margin modes, such as HYPERLIQUID_FUTURE_BTC_USDC",
                ),
                Choice({"cross": "the account's whole margin", "isolated": "a margin of its own"}),
            ),
            prechecks=("no_pending_orders", "no_open_positions"),
        ),
        source="margin mode of the symbol",
        read=_read,
        write=_write,
        shown_as="margin_mode",
        order=(
            ("account_mode", "settings.margin_mode"),
            ("position_mode", "settings.margin_mode", "waits"),
        ),
        moves={"leverage": _is_of},
    ),
)
