"""The brake at Gate CrossEx: every symbol with something open, or an entry of the manifest, under the live mode.

Nothing open is documented to stand in the way of a leverage; where the venue says so all the same, its words stand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import NOWHERE, AccountSpec, LeverageEntry, Selector
from acctcfg.core.level import level_of, wants_most
from acctcfg.core.state import ABSENT, AtMost
from acctcfg.core.vocabulary import Market
from acctcfg.errors import VenueError
from acctcfg.venues.brake import Braking, Obstacle
from acctcfg.venues.gate_crossex.account import Account, Open
from acctcfg.venues.gate_crossex.account_reads import Rows
from acctcfg.venues.gate_crossex.leverage_setting import Leverage
from acctcfg.venues.gate_crossex.prechecks import stands
from acctcfg.venues.gate_crossex.symbols import Symbols
from acctcfg.venues.gate_crossex.vocabulary import ISOLATED, number, text_of

__all__ = ["leverage_alone", "look", "obstacles"]


def leverage_alone(spec: AccountSpec) -> AccountSpec:
    """The account with nothing managed but leverage: its modes stay as they are."""
    return replace(spec, account_mode=None, position_mode=None, position_modes={}, settings=())


async def look(account: Account, leverage: Leverage, most: Decimal, focus: Focus, *, everything: bool) -> Braking:
    """Both sides of every symbol that is looked at, and what stands open of it. Values are whole, from 1 on."""
    survey, cap = account.survey, AtMost(most.to_integral_value("ROUND_FLOOR"))
    if cap.most < 1:
        why = f"the venue has no leverage of {most} (at least 1)"
        survey.cannot_read(account.address("leverage"), "no_leverage", why)
        return Braking(survey=survey)
    account.open = await _open(account)
    if not everything:
        _tell_unsaid(account, account.open)
    in_use = _in_use(account.open)
    symbols = await leverage.symbols(account, in_use)
    managed = [entry for entry in account.spec.leverage if _has_scope(account, symbols, entry)]
    _tell_idle(account, focus, symbols, in_use, managed)
    used = ["*"] if everything else sorted(name for name in in_use if _has_leverage(symbols, name))
    asked = [_entry(account.spec, cap, name) for name in used]
    account.spec = replace(account.spec, leverage=(*(replace(entry, value=cap) for entry in managed), *asked))
    await leverage.survey(account, focus, frozenset())
    notional = {address: _notional(account.open, account.decisions[address].symbol) for address in survey.desired}
    return Braking(survey=survey, notional=notional, wanted=await _raised(account, leverage, symbols, managed, cap))


async def _open(account: Account) -> Open:
    """What is open; a list that failed is told of, and the others are gone by."""
    own = account.own

    async def one(name: str, reading: Awaitable[Rows]) -> Rows:
        try:
            rows = await reading
            if not all(rows):
                why = f"the venue's list of {name} has a row that cannot be read, so what it is of was not looked at"
                account.survey.cannot_read(account.address("leverage"), "shape", why)
            return rows
        except VenueError as error:
            why = f"{name} could not be read, so what has no others and no entry was not looked at: {error.told}"
            account.survey.cannot_read(account.address("leverage"), error.code or "unreadable", why)
            return ()

    return Open(
        *await asyncio.gather(
            one("positions", own.positions()),
            one("margin positions", own.margin_positions()),
            one("open orders", own.orders()),
        )
    )


def _in_use(found: Open) -> set[str]:
    return {text_of(row, "symbol") for row in (*found.positions, *found.margin_positions, *found.orders)} - {""}


def _tell_unsaid(account: Account, found: Open) -> None:
    """What is open of a symbol that its row does not say; only a look at every symbol covers it."""
    lists = (("position", found.positions), ("margin_position", found.margin_positions), ("order", found.orders))
    for what, rows in lists:
        there = filter(None, rows)  # one that cannot be read was told
        unsaid = [row for row in there if not text_of(row, "symbol") and (what == "order" or stands(row, f"{what}s"))]
        if unsaid:
            named = f"{len(unsaid)} open {what.replace('_', ' ')}{'s' * (len(unsaid) > 1)}"
            why = f"the venue does not say of what symbol: {named}, not looked at (--all looks at every symbol)"
            account.survey.cannot_read(account.address("leverage"), "no_field", why)


def _has_leverage(symbols: Symbols, name: str) -> bool:
    one = symbols.find(name)
    return one is not None and one.market is not None


def _tell_idle(
    account: Account, focus: Focus, symbols: Symbols, in_use: Iterable[str], managed: Iterable[LeverageEntry]
) -> None:
    """What takes no leverage now, whatever it stands at: nothing of it was looked at."""
    named = {entry.selector.pattern for entry in managed if entry.selector.exact}
    now_ms = round(account.now() * 1000)
    for name in sorted({*named, *in_use}):
        one = symbols.find(name)
        if one is None and name in in_use:
            key, why = f"{Market.FUTURES}/{name}", "is not on the venue's list"
        elif one is not None and not one.business and name not in named:
            key, why = f"{Market.FUTURES}/{name}", "is on the venue's list, which does not say what it is"
        elif one is not None and one.market is not None and not one.takes_leverage(now_ms):
            key, why = f"{one.market}/{name}", f"takes no leverage at present ({one.condition(now_ms)})"
        else:
            continue
        if focus.wants(address := account.address("leverage", key)):
            account.survey.cannot_read(address, "instrument_not_live", f"it {why}, so it was not looked at")


def _has_scope(account: Account, symbols: Symbols, entry: LeverageEntry) -> bool:
    """Whether the account has such a symbol as it is: isolated_exchange has no margin."""
    if entry.market is Market.MARGIN and account.live_mode == ISOLATED:
        return False
    one = symbols.find(entry.selector.pattern) if entry.selector.exact else None
    return one is None or not (one.market is Market.MARGIN and account.live_mode == ISOLATED)


def _entry(spec: AccountSpec, cap: AtMost, name: str) -> LeverageEntry:
    return LeverageEntry(
        market=None,
        margin=None,
        selector=Selector("symbol", name),
        side=None,
        value=cap,
        layer=0,
        place=NOWHERE,
        path=f"{spec.key}.leverage",
    )


def _notional(found: Open, symbol: str) -> Decimal:
    """What is open of a symbol, in its quote currency, whatever its sign; what cannot be read counts for nothing."""
    return sum(map(_value, _of(symbol, (*found.positions, *found.margin_positions))), Decimal(0))


def _value(row: Mapping[str, Any]) -> Decimal:
    try:
        return abs(number(row.get("position_value"), "position_value"))
    except VenueError:
        return Decimal(0)


def _of(symbol: str, rows: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    return (row for row in rows if row.get("symbol") == symbol)


async def _raised(
    account: Account, leverage: Leverage, symbols: Symbols, managed: Sequence[LeverageEntry], cap: AtMost
) -> dict[Address, Decimal]:
    """What the manifest wants above the cap: the next apply would raise it again."""
    decisions = leverage.resolution(account, symbols, managed).wanted
    ceilings = await leverage.ceilings(account, (one for one in decisions.values() if wants_most(one.value, ABSENT)))
    found = {}
    for key, decision in decisions.items():
        level = level_of(decision.value, ceilings.get(decision.symbol), ABSENT)
        if isinstance(level, Decimal) and level > cap.most:
            found[account.address("leverage", key)] = level
    return found


def obstacles(account: Account, address: Address) -> tuple[Obstacle, ...]:
    """The orders of a symbol, as they were read last."""
    decision, there = account.decisions.get(address), account.open
    if decision is None or there is None:
        return ()
    return tuple(
        Obstacle(
            f"order {row.get('order_id')}: {row.get('symbol')} {row.get('side', '')} {row.get('qty', '')}".rstrip(),
            f"DELETE /api/v4/crossex/orders/{row.get('order_id')}",
        )
        for row in _of(decision.symbol, there.orders)
    )
