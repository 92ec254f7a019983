"""What a change of leverage does to the margin of what stands open. Source: OKX v5, "Get leverage estimated info".

Asked for scopes with an open position only, 5 per 2 s. Where the venue gives no estimate, that is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from acctcfg.core.diff import Change
from acctcfg.core.json_types import JsonObject
from acctcfg.core.plan import Warning_
from acctcfg.core.state import written
from acctcfg.core.vocabulary import Market
from acctcfg.errors import VenueError
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.endpoints import ADJUST_LEVERAGE
from acctcfg.venues.okx.instruments import positive
from acctcfg.venues.okx.leverage import Decision, lever_text

__all__ = ["Moved", "told"]


class Moved(NamedTuple):
    """A change, and the open positions under its scope, by their words."""

    change: Change
    decision: Decision
    positions: Mapping[str, JsonObject]


async def told(account: Account, moved: Moved) -> Warning_:
    """The warning: each position, with the venue's estimate."""
    rows = sorted(moved.positions.items())
    effects = await asyncio.gather(*(_effect(account, moved, row) for _, row in rows))
    named = "; ".join(f"{words}: {effect}" for (words, _), effect in zip(rows, effects, strict=True))
    message = f"there is an open position under it; its margin will be recalculated: {named}"
    return Warning_(str(moved.change.address), "open_position_on_scope", message)


async def _effect(account: Account, moved: Moved, row: JsonObject) -> str:
    if account.reader is None:
        return "the new margin is not known (no key signs for this account)"
    try:
        rows = await account.reader.read(ADJUST_LEVERAGE, _question(moved, row))
    except VenueError as error:
        return f"the new margin is not known ({error.message})"
    said = rows[0] if rows else {}
    margin, liquidation = positive(said.get("estMgn")), positive(said.get("estLiqPx"))
    if margin is None:
        return "the new margin is not known (the venue gives no estimate)"
    now = positive(row.get("margin")) or positive(row.get("imr"))
    present = f" (now {now:f})" if now is not None else ""
    currency = f" {row['ccy']}" if row.get("ccy") else ""
    price = f", liquidation at {liquidation:f}" if liquidation is not None else ""
    return f"the venue estimates {margin:f}{currency}{present}{price}"


def _question(moved: Moved, row: JsonObject) -> dict[str, str]:
    """Isolated margin is asked with its margin currency, a currency's scope by it alone."""
    decision, lever = moved.decision, written(moved.change.after)
    assert isinstance(lever, Decimal)  # noqa: S101 (a change of leverage)
    asked = decision.read
    params = {"instType": asked.inst_type, "mgnMode": asked.margin_mode, "lever": lever_text(lever)}
    if decision.scope.market is not Market.MARGIN:
        side = str(row.get("posSide"))
        return params | {"instId": str(row["instId"])} | ({"posSide": side} if side in ("long", "short") else {})
    params[asked.param] = asked.value
    isolated = asked.margin_mode == "isolated" and row.get("ccy")
    return params | ({"ccy": str(row["ccy"])} if isolated else {})
