"""What the private channels push: snapshots in pages, what changed since, and everything again at intervals.

Source: OKX v5, "WebSocket private channels". A subscription looks at the account whenever anything may have changed,
and compares with what it has told. Refusals: 60013 parameters, 60018 no such channel, 64001 and 64002 another path.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final

from acctcfg.sandbox.okx.holding_rows import (
    algo_row,
    balance_detail,
    position_row,
    pushed_balance_detail,
    pushed_order_row,
)
from acctcfg.sandbox.okx.reads import balance_row
from acctcfg.sandbox.okx.state import Account, Pending, Position, State
from acctcfg.sandbox.values import Json, Row

__all__ = ["CHANNELS", "COUNTED", "Channel", "Subscription", "Unsubscribable", "channel_of"]

REGULAR_MS = 5000
INTERVALS = ("0", "2000", "3000", "4000")
CONTRACTS = ("MARGIN", "SWAP", "FUTURES", "OPTION")
COUNTED = ("orders", "account", "positions", "balance_and_position", "liquidation-warning", "account-greeks")
MOST_CONNECTIONS = 30  # of one account on one counted channel


class Unsubscribable(Exception):
    """Why an argument can not be subscribed to."""

    def __init__(self, code: str, msg: str) -> None:
        self.code, self.msg = code, msg
        super().__init__(f"{code} {msg}")


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel: where it is served, which parameters it takes, how often it says everything again."""

    path: str  # private or business
    types: tuple[str, ...] = ()  # instType that it needs; none where it takes none
    optional: tuple[str, ...] = ()
    intervals: tuple[str, ...] = ()  # updateInterval of extraParams
    regular: bool = False


CHANNELS: Final[dict[str, Channel]] = {
    "account": Channel("private", optional=("ccy", "extraParams"), intervals=("0",), regular=True),
    "positions": Channel(
        "private",
        types=(*CONTRACTS, "EVENTS", "ANY"),
        optional=("instFamily", "instId", "extraParams"),
        intervals=INTERVALS,
        regular=True,
    ),
    "balance_and_position": Channel("private"),
    "orders": Channel("private", types=("SPOT", *CONTRACTS, "EVENTS", "ANY"), optional=("instFamily", "instId")),
    "orders-algo": Channel("business", types=("SPOT", *CONTRACTS, "ANY"), optional=("instFamily", "instId")),
    "algo-advance": Channel("business", types=("SPOT", *CONTRACTS, "ANY"), optional=("instId", "algoId")),
    "liquidation-warning": Channel("private", types=(*CONTRACTS, "ANY"), optional=("instFamily", "instId")),
    "account-greeks": Channel("private", optional=("ccy",)),
}
ALGOS = {"orders-algo": ("trigger", "oco", "conditional"), "algo-advance": ("iceberg", "twap", "move_order_stop")}


def channel_of(arg: Mapping[str, Json], path: str) -> Channel:
    """The channel of an argument. Raises Unsubscribable."""
    name = str(arg.get("channel", ""))
    channel = CHANNELS.get(name)
    if channel is None:
        raise Unsubscribable("60018", f"Wrong URL or channel:{name} doesn't exist. Please use the correct URL")
    if channel.path != path:
        code = {"public": "64001", "private": "64002"}.get(path, "60018")
        raise Unsubscribable(code, f"This channel has been migrated to the '/{channel.path}' URL")
    known = ("channel", *(("instType",) if channel.types else ()), *channel.optional)
    if set(arg) - set(known):
        raise Unsubscribable("60013", "Invalid args")
    if channel.types and arg.get("instType") not in channel.types:
        raise Unsubscribable("60013", "Invalid args: instType")
    interval(arg, channel)
    return channel


def interval(arg: Mapping[str, Json], channel: Channel) -> int:
    """Milliseconds between two times that everything is said again; 0 for never. Raises Unsubscribable."""
    if not channel.regular:
        return 0
    extra = arg.get("extraParams")
    if extra is None or extra == "":
        return REGULAR_MS
    try:
        wanted = json.loads(extra)["updateInterval"] if isinstance(extra, str) else None
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise Unsubscribable("60013", "Invalid args: extraParams") from exc
    return int(wanted) if wanted in channel.intervals else REGULAR_MS


Rows = dict[str, Row]


@dataclass(slots=True)
class Subscription:
    """One argument that a connection has subscribed to, with what it has told so far."""

    state: State
    account: Account
    arg: Row
    channel: Channel
    told: Rows = field(default_factory=dict)
    other: Rows = field(default_factory=dict)  # balances, of the channel that has both
    levers: Row = field(default_factory=dict)
    first: bool = True
    next_ms: int = 0

    @property
    def name(self) -> str:
        """The channel's name."""
        return str(self.arg["channel"])

    def frames(self, now_ms: int) -> Iterator[Row]:
        """What is to be said now: events before what is said regularly."""
        yield from PUSHES[self.name](self, now_ms)
        self.first = False

    # --- the parts of a frame

    def frame(self, data: list[Row], **more: Json) -> Row:
        """A push with the argument as it was subscribed, and the user's id."""
        return {"arg": {**self.arg, "uid": self.account.uid}, **more, "data": data}

    def pages(self, rows: list[Row]) -> list[list[Row]]:
        """Rows, cut where the sandbox is told to; no page where there are none."""
        size = self.state.flags.snapshot_page_size
        return [rows[start : start + size] for start in range(0, len(rows), size)]

    def snapshot(self, pages: list[list[Row]]) -> Iterator[Row]:
        """A frame for each page."""
        for number, page in enumerate(pages, 1):
            yield self.frame(page, eventType="snapshot", curPage=number, lastPage=number == len(pages))

    def is_regular(self, now_ms: int) -> bool:
        """Whether everything is to be said now: at first, and at each interval."""
        every = interval(self.arg, self.channel) / self.state.speed
        if self.first:
            self.next_ms = round(now_ms + every)
            return True
        if not every or now_ms < self.next_ms:
            return False
        self.next_ms = round(now_ms + every)
        return True

    def wants(self, item: Position | Pending) -> bool:
        """Whether the argument's filters let it through."""
        kind, inst_id, family = self.arg.get("instType"), self.arg.get("instId"), self.arg.get("instFamily")
        if kind not in (None, "ANY", item.inst_type):
            return False
        if inst_id:
            return item.inst_id == inst_id
        return not family or self.state.traded(item).family == family

    def positions(self, held: list[Position]) -> Rows:
        """Rows of positions by id, of those that the argument wants."""
        return {p.pos_id: position_row(self.state, self.account, p) for p in held if self.wants(p)}

    def balances(self, now_ms: int) -> Rows:
        """What is held or owed, by currency; the time of a row is left out of comparisons."""
        account, wanted = self.account, self.arg.get("ccy")
        held = {*account.trading, *account.debts}
        shown = [ccy for ccy in sorted(held) if wanted in (None, "", ccy)]
        rows = {ccy: balance_detail(self.state, account, ccy, str(now_ms)) for ccy in shown}
        return {ccy: row for ccy, row in rows.items() if row["eq"] != "0" or row["liab"] != "0"}


def _changed(told: Rows, found: Rows, without: str = "") -> tuple[list[str], list[str]]:
    """Ids that are new or different, and those that are gone."""

    def same(one: Row, other: Row) -> bool:
        return {k: v for k, v in one.items() if k != without} == {k: v for k, v in other.items() if k != without}

    new = [name for name, row in found.items() if name not in told or not same(told[name], row)]
    return new, [name for name in told if name not in found]


def _positions(sub: Subscription, now_ms: int) -> Iterator[Row]:
    found, regular = sub.positions(sub.account.listed_positions()), sub.is_regular(now_ms)
    new, gone = _changed(sub.told, found)
    closed = [{**sub.told[name], "pos": "0", "availPos": "0"} for name in gone if sub.state.flags.close_push]
    changed = [{**row, "pTime": str(now_ms)} for row in [*(found[name] for name in new), *closed]]
    if changed and not sub.first:
        yield sub.frame(changed, eventType="event_update")
    if regular:
        pages = sub.pages([{**row, "pTime": str(now_ms)} for row in found.values()])
        yield from sub.snapshot(pages or ([[]] if sub.state.flags.empty_snapshot else []))
    sub.told = found


def _account(sub: Subscription, now_ms: int) -> Iterator[Row]:
    found, regular = sub.balances(now_ms), sub.is_regular(now_ms)
    new, gone = _changed(sub.told, found, "uTime")
    if (new or gone) and not sub.first:
        empty = [balance_detail(sub.state, sub.account, ccy, str(now_ms)) for ccy in gone]
        yield sub.frame([_whole(sub, now_ms, [*(found[ccy] for ccy in new), *empty])], eventType="event_update")
    if regular:
        pages = sub.pages(list(found.values())) or [[]]
        yield from sub.snapshot([[_whole(sub, now_ms, details)] for details in pages])
    sub.told = found


def _whole(sub: Subscription, now_ms: int, details: list[Row]) -> Row:
    return {
        **balance_row(sub.state, sub.account, str(now_ms)),
        "details": [pushed_balance_detail(sub.state, row) for row in details],
    }


def _both(sub: Subscription, now_ms: int) -> Iterator[Row]:
    """Balances and positions: at first everything, later the half that changed, each change by its own name."""
    held_now = sub.positions(sub.account.open_positions())
    positions, balances = {name: _brief(row) for name, row in held_now.items()}, sub.balances(now_ms)
    levers: Row = {"/".join(scope): lever for scope, lever in sub.account.leverage.items()}
    new, gone = _changed(sub.told, positions)
    moved, emptied = _changed(sub.other, balances, "uTime")
    held = [*(positions[name] for name in new), *({**sub.told[name], "pos": "0"} for name in gone)]
    money: list[Row] = [{"ccy": ccy, "cashBal": balances[ccy]["cashBal"], "uTime": str(now_ms)} for ccy in moved]
    money += [{"ccy": ccy, "cashBal": "0", "uTime": str(now_ms)} for ccy in emptied]
    nothing: list[Row] = []
    if sub.first:  # in several frames where it is cut, which say nothing of pages
        for some_money, some_held in zip_longest(sub.pages(money) or [nothing], sub.pages(held), fillvalue=nothing):
            yield _event(sub, now_ms, "snapshot", some_money, some_held)
    elif held or money:
        yield _event(sub, now_ms, "filled" if held else "transferred", money, held)
    if levers != sub.levers and not sub.first:
        yield _event(sub, now_ms, "set_leverage", nothing, nothing)
    sub.told, sub.other, sub.levers = positions, balances, levers


def _event(sub: Subscription, now_ms: int, kind: str, money: list[Row], held: list[Row]) -> Row:
    return sub.frame([{"pTime": str(now_ms), "eventType": kind, "balData": money, "posData": held, "trades": []}])


_BRIEF = "posId tradeId instId instType mgnMode avgPx ccy posSide pos posCcy nonSettleAvgPx settledPnl uTime"


def _brief(row: Row) -> Row:
    return {name: row[name] for name in _BRIEF.split()}


def _orders(sub: Subscription, now_ms: int) -> Iterator[Row]:
    """Each change of an order; there is no snapshot."""
    live = {o.id: pushed_order_row(sub.state, sub.account, o) for o in sub.account.orders if sub.wants(o)}
    yield from _each(sub, live, now_ms)


def _algos(sub: Subscription, now_ms: int) -> Iterator[Row]:
    kinds = ALGOS[sub.name]
    found = [a for a in sub.account.algos if a.kind in kinds and sub.wants(a)]
    live = {a.id: algo_row(sub.state, sub.account, a) for a in found}
    if sub.first and sub.name == "algo-advance" and live:
        yield sub.frame(list(live.values()))
    yield from _each(sub, live, now_ms)


def _each(sub: Subscription, live: Rows, now_ms: int) -> Iterator[Row]:
    new, gone = _changed(sub.told, live)
    for name in () if sub.first else (*new, *gone):
        ended = name not in live
        row = {**(sub.told[name] if ended else live[name]), "uTime": str(now_ms)}
        row["state"] = "canceled" if ended else row["state"]
        for _ in range(2 if sub.state.flags.duplicate_order_frames else 1):
            yield sub.frame([row])
    sub.told = live


def _nothing(_sub: Subscription, _now_ms: int) -> Iterator[Row]:
    yield from ()


PUSHES: Final[dict[str, Callable[[Subscription, int], Iterator[Row]]]] = {
    "account": _account,
    "positions": _positions,
    "balance_and_position": _both,
    "orders": _orders,
    "orders-algo": _algos,
    "algo-advance": _algos,
    "liquidation-warning": _nothing,
    "account-greeks": _nothing,
}
