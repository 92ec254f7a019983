"""What is open in an account: positions, orders, algo orders and bots, in words, and whether one stands under a scope.

Source: OKX v5, "Get positions" and the lists of pending orders; 59101, 59107, 59668, 59669 refuse for them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import TypeAlias

from acctcfg.errors import VenueError
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.account_reads import Open, OwnKey
from acctcfg.venues.okx.idle import PROVEN, Proof
from acctcfg.venues.okx.instruments import Instruments
from acctcfg.venues.okx.scopes import Scope, covers
from acctcfg.venues.snapshot import LISTED, Row, Rows, listed
from acctcfg.venues.snapshot import Snapshot as Lists

__all__ = [
    "FLAT",
    "LISTED",
    "Row",
    "Snapshot",
    "Standing",
    "bot_under",
    "bot_words",
    "covered",
    "listed",
    "order_under",
    "order_words",
    "position_words",
    "traded",
    "unsaid",
]

_Place: TypeAlias = tuple[str, str, str]
"""Market and instrument in the venue's words, and margin mode: what tells the scopes that something stands under."""
NAMES = ("positions", "orders", "algos", "bots")
_TYPES = frozenset({"SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "EVENTS"})
_MARGIN_MODES = frozenset({"cross", "isolated", "cash", "spot_isolated"})
"""The words of the documents: what a row with another one stands under is not known."""


class Snapshot(Lists):
    """What is open in one account."""

    def __init__(self, own: OwnKey, names: Collection[str], *, spreads: bool, proof: Proof | None = None) -> None:
        reads: dict[str, Callable[[], Awaitable[Rows]]] = {
            "positions": own.positions,
            "orders": lambda: own.orders(spreads=spreads),
            "algos": own.algos,
            "bots": own.bots,
        }
        self._proof = proof
        self._standing: Standing | None = None
        super().__init__({**{name: reads[name] for name in names}, **(proof.reads if proof is not None else {})})

    @classmethod
    async def of(
        cls,
        account: Account,
        *,
        names: Collection[str] = NAMES,
        spreads: bool = False,
        proof: Proof | None = None,
    ) -> Snapshot:
        """What is open now, of these lists; the account keeps it for what is said of it afterwards."""
        assert account.reader is not None  # noqa: S101 (the caller looked)
        found = cls(account.reader, names, spreads=spreads, proof=proof)
        await found.look()
        account.open = Open(**{name: found.rows(name) for name in NAMES})
        return found

    def standing(self, account: Account) -> Standing:
        """Open positions. Raises why they could not be read."""
        found = self.found["positions"]
        if isinstance(found, VenueError):
            raise found
        if self._standing is None:
            self._standing = Standing(account, found or ())
        return self._standing

    async def look(self) -> None:
        """Read all lists; those of algo orders and bots only where the proof does not say that there are none."""
        spared = PROVEN if self._proof is not None else ()
        await self.read(name for name in self._reads if name not in spared)
        if self._proof is not None and self._proof.holds(self.found):
            self.found.update(dict.fromkeys(spared, ()))
        else:
            await self.read(spared)


def covered(account: Account, scope: Scope, row: Row, margin_mode: str) -> bool | None:
    """Whether it stands under the scope; None where the row leaves out what would tell."""
    return _stands(account, scope, _place(row, margin_mode))


class Standing:
    """What is open in an account, for whoever asks of many scopes."""

    def __init__(self, account: Account, positions: Iterable[Row]) -> None:
        self._account = account
        self._named: dict[str, list[tuple[Row, _Place | None]]] = {}
        self._any: list[tuple[Row, _Place | None]] = []  # what may stand under a scope of any name
        for row in positions:
            place = _place(row, str(row.get("mgnMode") or ""))
            names = _names(account.instruments, *place[:2]) if place is not None and account.instruments else ()
            for name in names:
                self._named.setdefault(name, []).append((row, place))
            if not names:
                self._any.append((row, place))

    def under(self, scope: Scope) -> list[Row]:
        """What stands under the scope."""
        return [row for row, stands in self.answers(scope) if stands]

    def answers(self, scope: Scope) -> list[tuple[Row, bool | None]]:
        """What stands under the scope, or may: None of a row that leaves out what would tell."""
        some = (*self._named.get(scope.key, ()), *self._any)
        answers = ((row, _stands(self._account, scope, place)) for row, place in some)
        return [(row, stands) for row, stands in answers if stands is not False]


@lru_cache(maxsize=1 << 12)
def _names(instruments: Instruments, inst_type: str, inst_id: str) -> tuple[str, ...]:
    """All that the scopes may be named by that an instrument stands under; () where no list tells."""
    family = instruments.family_of(inst_type, inst_id)
    currencies = instruments.currencies_of(inst_id) or tuple(inst_id.split("-"))
    return tuple({inst_id, family, *currencies}) if family else ()


def _stands(account: Account, scope: Scope, place: _Place | None) -> bool | None:
    """Whether what has that place stands under the scope; None where that is not known."""
    assert account.instruments is not None  # noqa: S101 (scopes come from them)
    return None if place is None else _covered(account.instruments, scope, *place)


def _place(row: Row, margin_mode: str) -> _Place | None:
    inst_type, inst_id = str(row.get("instType") or ""), str(row.get("instId") or "")
    if not inst_id or inst_type not in _TYPES or margin_mode not in _MARGIN_MODES:
        return None
    return inst_type, inst_id, margin_mode


@lru_cache(maxsize=1 << 15)  # every scope is asked of every row, and many accounts have the same of both
def _covered(instruments: Instruments, scope: Scope, inst_type: str, inst_id: str, margin_mode: str) -> bool:
    return covers(
        scope,
        inst_type=inst_type,
        inst_id=inst_id,
        family=instruments.family_of(inst_type, inst_id),
        margin_mode=margin_mode,
        currencies=instruments.currencies_of(inst_id) or tuple(inst_id.split("-")),
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


def position_words(row: Row) -> str:
    side = f", {row['posSide']}" if row.get("posSide") in ("long", "short") else ""
    return f"{row.get('instId')} {row.get('pos')} ({row.get('mgnMode')}{side})"


def order_words(row: Row) -> str:
    what = row.get("instId") or row.get("sprdId") or f"order {row.get('ordId') or row.get('algoId')}"
    mode = row.get("tdMode") or "spread"
    words = (what, *(row.get(name) for name in ("side", "sz", "ordType")), f"({mode})")
    return " ".join(str(word) for word in words if word not in (None, ""))


def bot_words(row: Row) -> str:
    return f"{' '.join(traded(row)) or row.get('algoId')} {row.get('algoOrdType') or 'bot'}"


def traded(row: Row) -> list[str]:
    """The instruments of a bot: a signal bot has a list of them, a recurring buy none."""
    several = row.get("instIds")
    return [str(one) for one in (several if isinstance(several, list) and several else (row.get("instId"),)) if one]


def unsaid(found: Lists) -> list[str]:
    """What is open and does not say, in words that we know, under which leverage it stands; bots never do in full."""
    return [
        say(row)
        for name, field, say in (
            ("positions", "mgnMode", position_words),
            ("orders", "tdMode", order_words),
            ("algos", "tdMode", order_words),
        )
        for row in found.rows(name)
        if _place(row, str(row.get(field) or "")) is None
    ]


FLAT: Mapping[str, tuple[str, Callable[[Row], str]]] = {
    "no_open_positions": ("positions", position_words),
    "no_pending_orders": ("orders", order_words),
    "no_algo_orders": ("algos", order_words),
    "no_bots": ("bots", bot_words),
}
"""Nothing open in the whole account: each precheck, the list that answers it, and what it says of a row."""
