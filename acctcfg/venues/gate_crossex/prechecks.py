"""The questions that guard a write, and the blockers that they name. Source: CrossEx v1.0, labels of "Update account".

| change | what the venue refuses it for | questions |
| --- | --- | --- |
| account mode | open orders, positions, also of securities, initial and maintenance margin, a hidden status | all |
| position mode | open orders, positions | orders, positions; in isolated_exchange those of its exchange |
| margin mode of a symbol | its orders and positions | by symbol |
| leverage | a value above the symbol's tiers, or above what an open position's tier allows | by symbol |

Which orders and positions count is not said: all do, of contracts, margin and spot alike, and so does a margin position
that has no quantity and still a debt. For an account mode in isolated_exchange the margins of every exchange count.
What cannot be read is `unknown`, which blocks too.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Never

from acctcfg.core.address import Address
from acctcfg.core.diff import Change
from acctcfg.core.level import level_text
from acctcfg.core.plan import Precheck, Warning_
from acctcfg.core.state import written
from acctcfg.core.vocabulary import Market
from acctcfg.errors import Garbled, VenueError
from acctcfg.venues.gate_crossex.account import Account, Open
from acctcfg.venues.gate_crossex.account_reads import State
from acctcfg.venues.gate_crossex.by_symbol import Told
from acctcfg.venues.gate_crossex.leverage import Decision
from acctcfg.venues.gate_crossex.vocabulary import exchange_word, number, text_of
from acctcfg.venues.snapshot import Row, Rows, Snapshot

__all__ = ["answers", "ask", "notices", "questions_of", "stands"]

_SYMBOL = re.compile(r"([A-Z0-9]+)_(?:FUTURE|MARGIN|SPOT|STOCK|ETF)_")
_MARGIN_MODE = "settings.margin_mode"
_ROUND = 100  # rows: a list of so many, or a multiple, may have been cut
_MARGINS = {"no_initial_margin": "initial_margin", "no_maintenance_margin": "maintenance_margin"}


async def ask(account: Account, changes: Sequence[Change]) -> dict[Address, tuple[Precheck, ...]]:
    """The prechecks of these changes, by reads made now."""
    kinds = {change.kind for change in changes}
    own = account.own
    every: dict[str, Callable[[], Awaitable[Rows | None]]] = {
        "positions": own.positions,
        "margin_positions": own.margin_positions,
        "orders": own.orders,
        "securities": own.securities,
    }
    names = _lists(account, changes)
    snapshot = Snapshot({name: every[name] for name in names})
    ceilings: Mapping[str, Told]
    _, margins, ceilings = await asyncio.gather(
        snapshot.read(),
        _margins(account) if "account_mode" in kinds else _nothing(),
        _ceilings(account, changes) if "leverage" in kinds else _nothing(),
    )
    asked = {name: tuple(snapshot.rows(name)) for name in ("positions", "margin_positions", "orders") if name in names}
    account.open = replace(account.open or Open(), **asked)
    answers = {}
    for change in changes:
        match change.kind:
            case "account_mode":
                answers[change.address] = _whole(snapshot, margins)
            case "position_mode":
                part = change.address.key
                answers[change.address] = _flat(snapshot, exchange_word(part) if part else "")
            case "settings.margin_mode":
                answers[change.address] = _flat_symbol(snapshot, change.address.key)
            case "leverage":
                answers[change.address] = (_lowered(change, _limit(account, change, snapshot, ceilings)),)
    return answers


async def answers(account: Account, code: str) -> tuple[Precheck, ...]:
    """What a label is about, in the whole account, by reads made now."""
    own, asked = account.own, questions_of(code)
    reads: dict[str, Callable[[], Awaitable[Rows | None]]] = {
        "no_pending_orders": own.orders,
        "no_open_positions": own.positions,
        "no_margin_positions": own.margin_positions,
        "no_security_positions": own.securities,
    }
    snapshot = Snapshot({name: reads[name] for name in asked if name in reads})
    await snapshot.read()
    listed = tuple(snapshot.question(name, name, _SAY[name]) for name in asked if name in reads)
    bound = _zero(await _margins(account)) if set(asked) & {*_MARGINS} else ()
    return (*listed, *(one for one in bound if one.name in asked))


def questions_of(code: str) -> Sequence[str]:
    """Of the CrossEx account; the status of an account no field shows."""
    return _QUESTIONS.get(code.upper(), ())


def _lists(account: Account, changes: Sequence[Change]) -> list[str]:
    """The venue's lists that these changes need, and no others."""
    kinds = {change.kind for change in changes}
    markets = {account.decisions[change.address].market for change in changes if change.kind == "leverage"}
    symbols = _MARGIN_MODE in kinds
    flat = bool(kinds & {"account_mode", "position_mode"})
    return [
        *(["positions"] if flat or symbols or Market.FUTURES in markets else []),
        *(["margin_positions"] if flat or Market.MARGIN in markets else []),
        *(["orders"] if flat or symbols else []),
        *(["securities"] if "account_mode" in kinds else []),
    ]


async def _nothing() -> dict[str, Never]:
    return {}


def _whole(snapshot: Snapshot, states: Mapping[str, State] | VenueError) -> tuple[Precheck, ...]:
    """Nothing open or owed in the whole account, and its status."""
    return (
        *_flat(snapshot, ""),
        snapshot.question("no_security_positions", "securities", _position),
        *_zero(states),
        Precheck("account_status", "venue", "no field shows it; the venue refuses if it is not normal"),
    )


def _flat(snapshot: Snapshot, exchange: str) -> tuple[Precheck, ...]:
    """Nothing open in the account, or at one exchange of it."""
    here = partial(_is_at, exchange=exchange)
    return (
        snapshot.question("no_pending_orders", "orders", _order, here),
        snapshot.question("no_open_positions", "positions", _position, here),
        snapshot.question("no_margin_positions", "margin_positions", _margin_position, here),
    )


def _flat_symbol(snapshot: Snapshot, symbol: str) -> tuple[Precheck, ...]:
    """Nothing open of one symbol; a row that does not say its symbol may be of any."""

    def of_it(row: Row) -> bool:
        return text_of(row, "symbol") in (symbol, "")

    return (
        snapshot.question("no_pending_orders", "orders", _order, of_it),
        snapshot.question("no_open_positions", "positions", _position, of_it),
    )


async def _margins(account: Account) -> Mapping[str, State] | VenueError:
    """The account as it is now, or its part at every exchange."""
    try:
        whole = await account.own.state()
        return {"": whole} if whole is not None else await account.own.everywhere()
    except VenueError as error:
        return error


def _zero(states: Mapping[str, State] | VenueError) -> tuple[Precheck, ...]:
    """No margin is bound, anywhere."""
    if isinstance(states, VenueError):
        return tuple(Precheck(code, "unknown", states.message) for code in _MARGINS)
    checks = []
    for code, name in _MARGINS.items():
        try:
            bound = [(exchange, *one) for exchange, state in states.items() for one in state.margins(name).items()]
        except VenueError as error:
            checks.append(Precheck(code, "unknown", error.message))
            continue
        left = [_bound(amount, coin, exchange) for exchange, coin, amount in bound if amount != 0]
        checks.append(Precheck(code, "fail" if left else "pass", ", ".join(left)))
    return tuple(checks)


def _bound(amount: Decimal, coin: str, exchange: str) -> str:
    return f"{amount:f}" + (f" {coin}" if coin else "") + (f" at {exchange}" if exchange else "")


async def _ceilings(account: Account, changes: Sequence[Change]) -> Mapping[str, Told]:
    names = [account.decisions[change.address].symbol for change in changes if change.kind == "leverage"]
    try:
        return await account.own.ceilings(names)
    except VenueError as error:
        return dict.fromkeys(names, error)


def _limit(account: Account, change: Change, snapshot: Snapshot, ceilings: Mapping[str, Told]) -> Precheck:
    """Within the symbol's tiers, and within the tier of what stands open on it."""
    code, decision = "leverage_limit", account.decisions[change.address]
    most = ceilings.get(decision.symbol)
    if isinstance(most, VenueError):
        return Precheck(code, "unknown", most.message)
    value = number(written(change.after), "leverage")
    if most is not None and value > most:
        detail = f"{value:f} is above the venue's maximum of {most:f} ({decision.symbol})"
        return Precheck(code, "fail", f"{detail}; {_lower(decision)}")
    name = "margin_positions" if decision.market is Market.MARGIN else "positions"
    found = snapshot.found[name]
    if isinstance(found, VenueError) or found is None:
        return Precheck(code, "unknown", found.message if found else "the venue does not serve the positions")
    if any(not text_of(row, "symbol") and stands(row, name) for row in found):
        return Precheck(code, "unknown", "the venue does not say of what symbol a position is")
    try:
        tiers = [
            number(row["max_leverage"], "max_leverage")
            for row in found
            if row.get("symbol") == decision.symbol and row.get("max_leverage") and stands(row, name)
        ]
    except VenueError as error:
        return Precheck(code, "unknown", error.message)
    if tiers and value > min(tiers):
        detail = f"{value:f} is above {min(tiers):f}, which the open position's risk-limit tier allows"
        return Precheck(code, "fail", detail)
    return Precheck(code, "pass" if most is not None else "venue")


def _lowered(change: Change, check: Precheck) -> Precheck:
    """A limit that cannot be read holds up no lowering: the venue is the judge of that alone."""
    return Precheck(check.name, "venue") if check.status == "unknown" and change.lowers else check


def _lower(decision: Decision) -> str:
    """The way out of a value that is above the maximum: at the entry itself, or by one that is more precise."""
    if decision.entry.selector.exact:
        return "lower `value`, or write `value: max`"
    entry = f"{{symbol: {decision.symbol}, value: max}}"
    guard = f"write `at_most: {level_text(decision.value)}` in the pattern, which raises nothing"
    return f"{guard}, or add an entry for it alone, which beats the pattern: {entry}"


def notices(account: Account, changes: Sequence[Change]) -> list[Warning_]:
    """Leverage that changes under an open position, and lists that may have been cut."""
    found = account.open
    if found is None:
        return []
    warnings = []
    for change in changes:
        if change.kind != "leverage":
            continue
        symbol = account.decisions[change.address].symbol
        rows = [(_position, row) for row in found.positions] + [(_margin_position, r) for r in found.margin_positions]
        there = [words for say, row in rows if row.get("symbol") == symbol and (words := _quietly(say, row))]
        if there:
            said = "there is an open position under it; its margin will be recalculated"
            message = f"{said}: {', '.join(sorted(there))} (the venue gives no estimate)"
            warnings.append(Warning_(str(change.address), "open_position_on_scope", message))
    lists = (("positions", found.positions), ("margin positions", found.margin_positions), ("orders", found.orders))
    for what, listed in lists:
        if listed and len(listed) % _ROUND == 0:
            message = f"the venue listed {len(listed)} {what}, and documents no pages: there may be more"
            warnings.append(Warning_(str(account.address()), "list_may_be_cut", message))
    return warnings


def _is_at(row: Row, exchange: str) -> bool:
    """Whether a row belongs to an exchange; one that cannot be told counts for all, one of an exchange that is new to
    us for that one alone."""
    named = _SYMBOL.match(text_of(row, "symbol"))
    where = text_of(row, "exchange_type") or (named[1] if named else "")
    return not exchange or where in ("", "CROSSEX", exchange)


def stands(row: Row, name: str) -> bool:
    """Whether a row of that list has anything open; one that cannot be read has."""
    return bool(_quietly(_position if name == "positions" else _margin_position, row))


def _quietly(say: Callable[[Row], str], row: Row) -> str:
    try:
        return say(row)
    except VenueError:
        return text_of(row, "symbol") or "a position"


def _position(row: Row) -> str:
    quantity = number(row.get("position_qty"), "position_qty")
    return f"{row.get('symbol')} {quantity:f}{_side(row)}" if quantity else ""


def _margin_position(row: Row) -> str:
    quantity, debt = number(row.get("asset_qty"), "asset_qty"), number(row.get("liability"), "liability")
    owed = f", owes {debt:f} {row.get('liability_coin', '')}".rstrip() if debt else ""
    return f"{row.get('symbol')} {quantity:f}{_side(row)}{owed}" if quantity or debt else ""


def _side(row: Row) -> str:
    side = str(row.get("position_side") or "")
    return f" ({side.lower()})" if side in ("LONG", "SHORT") else ""


def _order(row: Row) -> str:
    if not row:
        raise Garbled("the venue's list of orders has a row that cannot be read", code="shape")
    return " ".join(str(row[name]) for name in ("symbol", "side", "qty", "type") if row.get(name)) or "an order"


_SAY: Mapping[str, Callable[[Row], str]] = {
    "no_pending_orders": _order,
    "no_open_positions": _position,
    "no_margin_positions": _margin_position,
    "no_security_positions": _position,
}
_HELD = ("no_open_positions", "no_margin_positions")
_QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "TRADE_PZ_MODE_HAVE_ORDER_ERROR": ("no_pending_orders",),
    "TRADE_PZ_MODE_HAVE_POSITION_ERROR": _HELD,
    "UPDATE_ACCOUNT_MODE_OPEN_ORDERS_EXIST_ERROR": ("no_pending_orders",),
    "UPDATE_ACCOUNT_MODE_POSITION_NOT_EMPTY_ERROR": (*_HELD, "no_security_positions"),
    "UPDATE_ACCOUNT_MODE_INITIAL_MARGIN_NOT_ZERO_ERROR": (*_HELD, "no_initial_margin"),
    "UPDATE_ACCOUNT_MODE_MAINTENANCE_MARGIN_NOT_ZERO_ERROR": (*_HELD, "no_maintenance_margin"),
}
"""What holds a margin is named beside it."""
