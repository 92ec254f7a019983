"""From the key of a leverage address back to the entry that names this one scope."""

from __future__ import annotations

from acctcfg.core.desired import Selector
from acctcfg.core.rules import ScopeNamed
from acctcfg.core.vocabulary import MarginMode, Market, Side

__all__ = ["scope_named"]


def scope_named(key: str) -> ScopeNamed | None:
    """`futures/BTC-USD/cross`, `margin/BTC/cross`, `futures/BTC-USD-261225/isolated/long`; None for any other.

    ValueError for words that are none of ours.
    """
    parts = key.split("/")
    if len(parts) not in (3, 4):
        return None
    market, name, margin, *side = parts
    kind, mode = Market(market), MarginMode(margin)
    return ScopeNamed(kind, mode, Selector(_by(kind, mode, name), name), Side(side[0]) if side else None)


def _by(market: Market, margin: MarginMode, name: str) -> str:
    """What the venue keys it by in every account mode that has it; a pair and a currency tell themselves apart."""
    if market is Market.MARGIN:
        return "instrument" if "-" in name else "currency"
    return "instrument" if market is Market.FUTURES and margin is MarginMode.ISOLATED else "family"
