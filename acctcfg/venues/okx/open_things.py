"""What is open in an account: positions, orders, algo orders and bots, in words, and whether one stands under a scope.

Source: OKX v5, "Get positions" and the lists of pending orders; 59101, 59107, 59668, 59669 refuse for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from acctcfg.core.plan import Precheck
from acctcfg.errors import VenueError
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.account_reads import Open
from acctcfg.venues.okx.scopes import Scope, covers

__all__ = [
    "LISTED",
    "Row",
    "Snapshot",
    "bot_under",
    "bot_words",
    "covered",
    "listed",
    "order_under",
    "order_words",
    "position_words",
    "traded",
]

Rows = Sequence[Mapping[str, Any]]
LISTED = 20  # blockers named in one detail; more are counted
_TYPES = frozenset({"SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "EVENTS"})
_MARGIN_MODES = frozenset({"cross", "isolated", "cash", "spot_isolated"})
"""The words of the documents: what a row with another one stands under is not known."""


Row = Mapping[str, Any]
_Keep = Callable[[Row], bool | None] | None


class Snapshot:
    """What is open in one account, read once for all questions of one moment; a list that failed is its error."""

    def __init__(self, account: Account, *, spreads: bool) -> None:
        assert account.reader is not None  # noqa: S101 (the caller looked)
        own = account.reader
        self._reads: dict[str, Callable[[], Awaitable[Rows]]] = {
            "positions": own.positions,
            "orders": lambda: own.orders(spreads=spreads),
            "algos": own.algos,
            "bots": own.bots,
        }
        self.found: dict[str, Rows | VenueError] = {}

    @classmethod
    async def of(cls, account: Account, *, spreads: bool = False) -> Snapshot:
        """What is open now; the account keeps it for what is said of it afterwards."""
        snapshot = cls(account, spreads=spreads)
        await snapshot._read()
        account.open = Open(**{name: tuple(snapshot.rows(name)) for name in snapshot.found})
        return snapshot

    async def _read(self) -> None:
        """All lists at once."""

        async def one(name: str) -> None:
            try:
                self.found[name] = await self._reads[name]()
            except VenueError as error:
                self.found[name] = error

        await asyncio.gather(*(one(name) for name in self._reads))

    def rows(self, name: str) -> Rows:
        """What was read; nothing where it failed."""
        found = self.found[name]
        return () if isinstance(found, VenueError) else found

    def question(self, code: str, name: str, say: Callable[[Row], str], keep: _Keep = None) -> Precheck:
        """Whether the list is empty, of what `keep` lets through; it answers None of a row that does not say."""
        found = self.found[name]
        if isinstance(found, VenueError):
            return Precheck(code, "unknown", found.message)
        kept = [(row, keep is None or keep(row)) for row in found]
        if named := [say(row) for row, stays in kept if stays]:
            return Precheck(code, "fail", listed(named))
        if unsaid := [say(row) for row, stays in kept if stays is None]:
            return Precheck(code, "unknown", f"the venue does not say what these are of: {listed(unsaid)}")
        return Precheck(code, "pass")


def listed(named: Sequence[str]) -> str:
    more = f", and {len(named) - LISTED} more" if len(named) > LISTED else ""
    return ", ".join(sorted(named)[:LISTED]) + more


def covered(account: Account, scope: Scope, row: Row, margin_mode: str) -> bool | None:
    """Whether it stands under the scope; None where the row leaves out what would tell."""
    assert account.instruments is not None  # noqa: S101 (scopes come from them)
    inst_type, inst_id = str(row.get("instType") or ""), str(row.get("instId") or "")
    if not inst_id or inst_type not in _TYPES or margin_mode not in _MARGIN_MODES:
        return None
    return covers(
        scope,
        inst_type=inst_type,
        inst_id=inst_id,
        family=account.instruments.family_of(inst_type, inst_id),
        margin_mode=margin_mode,
        currencies=account.instruments.currencies_of(inst_id) or tuple(inst_id.split("-")),
    )


def order_under(account: Account, scope: Scope, row: Row) -> bool | None:
    """Whether a pending order, or algo order, stands under the scope; None where it does not say."""
    return covered(account, scope, row, str(row.get("tdMode") or ""))


def bot_under(account: Account, scope: Scope, row: Row) -> bool | None:
    """The same of a bot. Its row does not say its margin mode reliably: it stands in the way of both. One that trades
    spot borrows nothing, so no leverage is under it."""
    if row.get("instType") == "SPOT":
        return False
    answers = [covered(account, scope, {**row, "instId": one}, scope.margin.value) for one in traded(row)]
    return True if True in answers else None if None in answers or not answers else False


def position_words(row: Mapping[str, Any]) -> str:
    side = f", {row['posSide']}" if row.get("posSide") in ("long", "short") else ""
    return f"{row.get('instId')} {row.get('pos')} ({row.get('mgnMode')}{side})"


def order_words(row: Mapping[str, Any]) -> str:
    what = row.get("instId") or row.get("sprdId")
    mode = row.get("tdMode") or "spread"
    return f"{what} {row.get('side', '')} {row.get('sz', '')} {row.get('ordType', '')} ({mode})".replace("  ", " ")


def bot_words(row: Mapping[str, Any]) -> str:
    return f"{' '.join(traded(row)) or row.get('algoId')} {row.get('algoOrdType') or 'bot'}"


def traded(row: Mapping[str, Any]) -> list[str]:
    """The instruments of a bot: a signal bot has a list of them, a recurring buy none."""
    return [str(one) for one in row.get("instIds") or (row.get("instId"),) if one]
