"""The brake at OKX: every leverage scope with something open, or an entry of the manifest, under the live modes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from typing import TypeAlias

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import NOWHERE, AccountSpec, LeverageEntry, Selector
from acctcfg.core.level import level_of
from acctcfg.core.state import ABSENT, AtMost, Live, Wanted, fits
from acctcfg.core.vocabulary import MarginMode, Market
from acctcfg.errors import VenueError
from acctcfg.venues.brake import Braking, Obstacle
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.instruments import positive
from acctcfg.venues.okx.leverage_setting import Leverage, LiveModes
from acctcfg.venues.okx.open_things import (
    Row,
    Snapshot,
    Standing,
    bot_under,
    bot_words,
    listed,
    order_under,
    order_words,
    traded,
    unsaid,
)
from acctcfg.venues.okx.prechecks import expect_tiers, scope_checks
from acctcfg.venues.okx.row_fields import number
from acctcfg.venues.okx.scopes import MARGIN_WORDS, SIDE_WORDS, Refusal, Scope, limit_of, shape_of

__all__ = ["leverage_alone", "look", "obstacles"]

_Open: TypeAlias = tuple[Market, str, MarginMode]
"""Market, instrument and margin mode of something that stands open."""
_STEP = Decimal("0.01")
_MARKETS = {"SPOT": Market.MARGIN, "MARGIN": Market.MARGIN, "SWAP": Market.SWAP, "FUTURES": Market.FUTURES}


def leverage_alone(spec: AccountSpec) -> AccountSpec:
    """The account with nothing managed but leverage: its modes stay as they are."""
    return replace(
        spec,
        state="present",
        label=None,
        account_mode=None,
        position_mode=None,
        position_modes={},
        settings=(),
        resources={},
        api_keys_exclusive=False,
    )


async def look(account: Account, leverage: Leverage, most: Decimal, focus: Focus, *, everything: bool) -> Braking:
    """Both sides of every scope that is looked at; what stands in its way, and what stands open under it."""
    survey, snapshot = account.survey, await Snapshot.of(account)
    for name, found in snapshot.found.items():
        if isinstance(found, VenueError):
            why = f"{name} could not be read, so what has no others and no entry was not looked at: {found.told}"
            survey.cannot_read(account.address("leverage"), found.code or "unreadable", why)
    if (unknown := unsaid(snapshot)) and not everything:
        why = f"the venue does not say what these are of: {listed(unknown)}, not looked at (--all looks at everything)"
        survey.cannot_read(account.address("leverage"), "no_field", why)
    modes = leverage.modes(account)
    if modes is None:
        return Braking(survey=survey)
    managed = [entry for entry in modes.entries if _has_scope(entry, modes)]
    cap = AtMost(most.quantize(_STEP, ROUND_DOWN))
    used = _with_scope(_in_use(snapshot), modes)
    asked = [_entry(account.spec, cap, *one) for one in (_with_scope(_everything(), modes) if everything else used)]
    account.spec = replace(account.spec, leverage=(*(replace(entry, value=cap) for entry in managed), *asked))
    await leverage.survey(account, focus, frozenset())
    _tell_idle(account, focus, snapshot, managed, used, cap)
    _tell_without(account, focus, snapshot, modes, cap)
    for address, wanted in survey.desired.items():
        survey.desired[address] = _settable(account.decisions[address].scope, survey.live[address], wanted)
    above = [address for address, wanted in survey.desired.items() if not fits(survey.live[address], wanted)]
    for address in above:
        checks = scope_checks(account, snapshot, account.decisions[address].scope, deferred=False)
        survey.blocks.setdefault(address, []).extend(check for check in checks if check.blocks)
    standing = Standing(account, account.open.positions if account.open is not None else ())
    under = {address: standing.under(account.decisions[address].scope) for address in survey.desired}
    for address in above:
        for row in under[address][:1]:
            expect_tiers(account, account.decisions[address].scope, row)
    notional = {address: _notional(account.decisions[address].scope, rows) for address, rows in under.items()}
    return Braking(survey=survey, notional=notional, wanted=_raised(account, leverage, modes, managed, cap))


def _tell_idle(
    account: Account,
    focus: Focus,
    snapshot: Snapshot,
    managed: Iterable[LeverageEntry],
    used: Collection[_Open],
    cap: AtMost,
) -> None:
    """Contracts that take no leverage now, which were not looked at: those that an entry names, and those that have
    something open, unless their positions say that they stand below the cap."""
    if account.instruments is None:
        return  # the survey said so
    named = {(*one.selector, one.market, one.margin) for one in managed if one.selector.exact}
    for by, name, market, margin in sorted(
        {*named, *(("instrument", name, market, margin) for market, name, margin in used)}
    ):
        assert market is not None  # noqa: S101 (only Gate's entries may leave it out)
        rows = account.instruments.named(market, by, name)
        if any(row.takes_leverage for row in rows) or not (rows or (market, name, margin) in used):
            continue
        why = f"takes no leverage at present ({rows[0].state})" if rows else "is not on the account's list"
        address = account.address("leverage", f"{market}/{name}/{margin}")
        _tell_standing(account, focus, address, "instrument_not_live", why, _levers(snapshot, name, margin), cap)


def _tell_without(account: Account, focus: Focus, snapshot: Snapshot, modes: LiveModes, cap: AtMost) -> None:
    """What is open where these modes have no leverage to set, unless its position says that it stands below the cap.

    Of cross contracts in portfolio mode the venue fixes it, and their positions have none.
    """
    mode = modes.scopes.account_mode
    for market, name, margin in sorted(set(_said(snapshot))):
        fixed = mode == "portfolio" and margin is MarginMode.CROSS and market is not Market.MARGIN
        levers = _levers(snapshot, name, margin)
        if _with_scope([(market, name, margin)], modes) or (fixed and not any(levers)):
            continue
        address = account.address("leverage", f"{market}/{name}/{margin}")
        _tell_standing(account, focus, address, "no_scope", f"has no leverage to set in {mode} mode", levers, cap)


def _levers(snapshot: Snapshot, name: str, margin: MarginMode | None) -> list[Decimal | None]:
    """What the positions of an instrument say that they stand at; None of one that does not say."""
    word = MARGIN_WORDS.venue(margin) if margin is not None else None
    rows = (row for row in snapshot.rows("positions") if row.get("instId") == name and row.get("mgnMode") == word)
    return [positive(row.get("lever")) for row in rows]


def _tell_standing(
    account: Account, focus: Focus, address: Address, code: str, why: str, levers: Sequence[Decimal | None], cap: AtMost
) -> None:
    """Why it was not looked at, and where it stands; nothing of what is known to stand at the cap or below it."""
    known = [lever for lever in levers if lever is not None]
    if not focus.wants(address) or (known and len(known) == len(levers) and max(known) <= cap.most):
        return
    stands = f", and stands at {max(known).normalize():f}" if known else ""
    account.survey.cannot_read(address, code, f"it {why}{stands}: it was not looked at")


def _settable(scope: Scope, live: Live, wanted: Wanted) -> Wanted:
    """A contract above the cap goes to the whole number below it: the venue is not known to take others there."""
    if not isinstance(wanted, AtMost) or scope.market is Market.MARGIN or wanted.most < 1 or fits(live, wanted):
        return wanted
    return AtMost(wanted.most.to_integral_value(ROUND_DOWN))


def _everything() -> Iterator[_Open]:
    return ((market, "*", margin) for market in Market for margin in MarginMode)


def _in_use(snapshot: Snapshot) -> Iterator[_Open]:
    """Market, instrument and margin mode of whatever stands open; a bot's row does not say its margin mode."""
    yield from _said(snapshot)
    for row in snapshot.rows("bots"):
        market = _MARKETS.get(str(row.get("instType")))
        if market is not None and row.get("instType") != "SPOT":
            yield from ((market, one, margin) for one in traded(row) for margin in MarginMode)


def _said(snapshot: Snapshot) -> Iterator[_Open]:
    """The same of the rows that say all three."""
    margins = {margin.value: margin for margin in MarginMode}
    for name, field in (("positions", "mgnMode"), ("orders", "tdMode"), ("algos", "tdMode")):
        for row in snapshot.rows(name):
            market, margin = _MARKETS.get(str(row.get("instType"))), margins.get(str(row.get(field)))
            if market is not None and margin is not None:
                yield market, str(row["instId"]), margin


def _entry(spec: AccountSpec, cap: AtMost, market: Market, instrument: str, margin: MarginMode) -> LeverageEntry:
    return LeverageEntry(
        market=market,
        margin=margin,
        selector=Selector("instrument", instrument),
        side=None,
        value=cap,
        layer=0,
        place=NOWHERE,
        path=f"{spec.key}.leverage",
    )


def _has_scope(entry: LeverageEntry, modes: LiveModes) -> bool:
    """Whether the account has such scopes as it is: what it has none of, there is nothing to lower of."""
    return not isinstance(shape_of(entry.market, entry.margin, entry.selector.by, entry.side, modes.scopes), Refusal)


def _with_scope(some: Iterable[_Open], modes: LiveModes) -> list[_Open]:
    """Those that the account has a leverage of as it is, each once."""
    return [
        one
        for one in dict.fromkeys(some)
        if not isinstance(shape_of(one[0], one[2], "instrument", None, modes.scopes), Refusal)
    ]


def _notional(scope: Scope, under: Sequence[Row]) -> Decimal:
    """What that comes to in USD, whatever its sign: of one side, where the scope has one."""
    sided = (row for row in under if scope.side is None or row.get("posSide") == SIDE_WORDS.venue(scope.side))
    return sum((abs(number(row.get("notionalUsd"))) for row in sided), Decimal(0))


def _raised(
    account: Account, leverage: Leverage, modes: LiveModes, managed: Sequence[LeverageEntry], cap: AtMost
) -> dict[Address, Decimal]:
    """What the manifest wants above the cap: the next apply would raise it again."""
    if account.instruments is None:
        return {}
    found = {}
    for scope, decision in leverage.resolution(account, modes, managed).wanted.items():
        limit = limit_of(scope, account.instruments)
        level = level_of(decision.value, limit.most if limit else None, ABSENT)
        if isinstance(level, Decimal) and level > cap.most:
            found[account.address("leverage", scope.address_key)] = level
    return found


def obstacles(account: Account, address: Address) -> tuple[Obstacle, ...]:
    """The orders, algo orders and bots under a scope, as they were read last."""
    decision, there = account.decisions.get(address), account.open
    if decision is None or there is None:
        return ()
    scope = decision.scope
    return (
        *(_order(row) for row in there.orders if order_under(account, scope, row)),
        *(_algo(row) for row in there.algos if order_under(account, scope, row)),
        *(_bot(row) for row in there.bots if bot_under(account, scope, row)),
    )


def _order(row: Row) -> Obstacle:
    body = json.dumps({"instId": row["instId"], "ordId": row["ordId"]})
    return Obstacle(f"order {row['ordId']}: {order_words(row)}", f"POST /api/v5/trade/cancel-order {body}")


def _algo(row: Row) -> Obstacle:
    body = json.dumps([{"instId": row["instId"], "algoId": row["algoId"]}])
    return Obstacle(f"algo order {row['algoId']}: {order_words(row)}", f"POST /api/v5/trade/cancel-algos {body}")


def _bot(row: Row) -> Obstacle:
    return Obstacle(f"bot {row['algoId']}: {bot_words(row)}", f"stop the bot {row['algoId']} at the venue")
