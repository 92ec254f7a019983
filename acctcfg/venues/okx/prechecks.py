"""The questions that guard a write, and the blockers that they name. Source: OKX v5, error codes 59000 and following.

| change | what the venue refuses it for | questions |
| --- | --- | --- |
| account mode | 59132 and following; by a broker's call 59002: anything open | see `switch_checks.py` |
| position mode | 59000: anything open in the account | positions, orders, algos, bots |
| leverage | 59101, 59107, 59668, 59669: orders, algos and bots under the scope; 59102: above the maximum | by scope |
| settings | by the row of `settings.py` | by name; see `setting_questions.py` |
| delete | 59606: not empty; 59623: second-level accounts | balances, deposits and withdrawals, children |

The maximum is the list's, and under an open position the one of its tier. What cannot be read is `unknown`, which
blocks too. What only a key can read that a step of the plan will make is `deferred`: the gate reads it before the
write. So is what guards a value that is right already, and that a switch of the account mode may or may not reset.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial

from acctcfg.core.address import Address
from acctcfg.core.diff import Change
from acctcfg.core.level import level_text
from acctcfg.core.plan import Precheck
from acctcfg.core.state import written
from acctcfg.core.vocabulary import Market
from acctcfg.errors import Garbled, VenueError
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.account_mode import AccountMode
from acctcfg.venues.okx.idle import Proof, of_a_new_account, of_a_switch
from acctcfg.venues.okx.leverage import Decision
from acctcfg.venues.okx.leverage_setting import Leverage
from acctcfg.venues.okx.margin_effect import Moved
from acctcfg.venues.okx.movements import pending_movements
from acctcfg.venues.okx.open_things import (
    FLAT,
    LISTED,
    Row,
    Snapshot,
    Standing,
    bot_under,
    bot_words,
    listed,
    order_under,
    order_words,
    position_words,
)
from acctcfg.venues.okx.row_fields import number
from acctcfg.venues.okx.scopes import MARGIN_WORDS, Scope, limit_of
from acctcfg.venues.okx.setting_questions import LISTS, question
from acctcfg.venues.okx.switch_checks import switch_checks
from acctcfg.venues.okx.switches import OkxSettings
from acctcfg.venues.okx.tiers import most_at
from acctcfg.venues.okx.vocabulary import ACCOUNT_LEVEL

__all__ = ["ask", "deletable", "expect_tiers", "open_positions_under_scopes", "scope_checks"]


async def ask(
    account: Account, changes: Sequence[Change], mode: AccountMode, leverage: Leverage, settings: OkxSettings
) -> dict[Address, tuple[Precheck, ...]]:
    """The prechecks of these changes of one account, by reads made now."""
    kinds = {change.kind for change in changes}
    answers: dict[Address, tuple[Precheck, ...]] = {}
    itself = mode.by_itself(account)
    modes = {"position_mode", *(() if itself else ("account_mode",))} & kinds
    deferred = account.reader is None and account.access_after is not None  # else no step of the plan makes a key
    asked = {name for change in changes if change.address.field in settings.switches for name in settings.asks(change)}
    whole = bool(modes or asked & LISTS)
    snapshot = None
    if (whole or "leverage" in kinds) and account.reader is not None:
        proof = _proof(account, changes, mode)
        snapshot = await Snapshot.of(account, spreads=whole or "account_mode" in kinds, proof=proof)
    for change in changes:
        match change.kind:
            case "account_mode":
                answers[change.address] = (
                    await switch_checks(account, change, leverage, snapshot, itself=itself)
                    if account.reader is not None
                    else _unread(deferred, *(() if itself else FLAT), "account_mode_switch")
                )
            case "position_mode":
                answers[change.address] = _if_reset(account, change, mode, _flat(snapshot, deferred=deferred))
            case "leverage":
                decision = leverage.decision(account, change)
                answers[change.address] = (
                    *scope_checks(account, snapshot, decision.scope, deferred=deferred),
                    _lowered(change, await _limit(account, snapshot, change, decision)),
                )
            case "-account":
                answers[change.address] = await deletable(account)
            case _ if change.address.field in settings.switches:
                names = settings.asks(change)
                answers[change.address] = await _named(account, snapshot, change, names, deferred=deferred)
    return answers


def _proof(account: Account, changes: Sequence[Change], mode: AccountMode) -> Proof | None:
    """What may stand for the lists of algo orders and bots."""
    assert account.reader is not None  # noqa: S101 (the caller looked)
    for change in changes:
        if change.kind == "account_mode" and not mode.by_itself(account):
            out_of_spot = mode.live(account) == "spot"
            return of_a_switch(account.reader, ACCOUNT_LEVEL.venue(str(change.after))) if out_of_spot else None
    return of_a_new_account(account)


async def _named(
    account: Account, snapshot: Snapshot | None, change: Change, names: Sequence[str], *, deferred: bool
) -> tuple[Precheck, ...]:
    """The questions of a setting, by their names."""
    if account.reader is None:
        return _unread(deferred, *names)
    return tuple(await asyncio.gather(*(question(name, account, snapshot, change) for name in names)))


def _flat(snapshot: Snapshot | None, *, deferred: bool) -> tuple[Precheck, ...]:
    """Nothing open in the whole account."""
    if snapshot is None:
        return _unread(deferred, *FLAT)
    return tuple(snapshot.question(code, *FLAT[code]) for code in FLAT)


def _if_reset(account: Account, change: Change, mode: AccountMode, found: tuple[Precheck, ...]) -> tuple[Precheck, ...]:
    """What guards a position mode that is right, and that a switch between futures and multi-currency may only reset.

    Positions may go along in such a switch, and closing them for a value that is right would cost money: what is open
    is asked about before a write, if there is one. What portfolio leaves is not documented, so there it blocks.
    """
    between = {mode.live(account), account.spec.account_mode}
    if change.present != change.after or between != {"futures", "multi_currency"}:
        return found
    return tuple(replace(check, status="deferred") if check.status == "fail" else check for check in found)


def scope_checks(account: Account, snapshot: Snapshot | None, scope: Scope, *, deferred: bool) -> tuple[Precheck, ...]:
    """No order, algo order or bot on what the scope's value holds for; positions may stay."""
    if snapshot is None:
        return _unread(deferred, "no_pending_orders", "no_algo_orders", "no_bots")

    under = partial(order_under, account, scope)
    return (
        snapshot.question("no_pending_orders", "orders", order_words, under),
        snapshot.question("no_algo_orders", "algos", order_words, under),
        snapshot.question("no_bots", "bots", bot_words, partial(bot_under, account, scope)),
    )


async def _limit(account: Account, snapshot: Snapshot | None, change: Change, decision: Decision) -> Precheck:
    """Not above what the venue's list allows, nor above what the tier of an open position does (59102)."""
    assert account.instruments is not None  # noqa: S101 (scopes come from them)
    limit, value = limit_of(decision.scope, account.instruments), number(written(change.after))
    if limit is None:
        return Precheck("leverage_limit", "venue")
    if value > limit.most:
        said = f"{value:f} is above the venue's maximum of {limit.most:f} ({limit.instrument})"
        return Precheck("leverage_limit", "fail", f"{said}; {_lower(decision)}")
    if snapshot is None:
        return Precheck("leverage_limit", "pass")
    try:
        most, held = await _tier_limit(account, snapshot, decision.scope)
    except VenueError as error:
        return Precheck("leverage_limit", "unknown", error.message)
    if most is None or value <= most:
        return Precheck("leverage_limit", "pass")
    named = listed([position_words(row) for row in held])
    message = f"{value:f} is above the venue's maximum of {most:f} for the open position ({named})"
    return Precheck("leverage_limit", "fail", message)


def _lowered(change: Change, check: Precheck) -> Precheck:
    """A limit that cannot be read holds up no lowering: the venue is the judge of that alone."""
    return Precheck(check.name, "venue") if check.status == "unknown" and change.lowers else check


def _lower(decision: Decision) -> str:
    """The way out of a value that is above the maximum: at the entry itself, or by one that is more precise."""
    scope, selector = decision.scope, decision.entry.selector
    if selector.exact:
        return "lower `value`, or write `value: max`"
    named = f"{decision.selector}: {scope.key}"
    entry = f"{{market: {scope.market}, {named}, margin: {scope.margin}, value: max}}"
    guard = f"write `at_most: {level_text(decision.value)}` in the pattern, which raises nothing"
    return f"{guard}, or add an entry for it alone, which beats the pattern: {entry}"


async def _tier_limit(account: Account, snapshot: Snapshot, scope: Scope) -> tuple[Decimal | None, Sequence[Row]]:
    """What the tier of the contracts that are open under a scope allows, and they; None where none are open.

    Margin is left to the venue: its tiers count what is borrowed, which no position says in one currency.
    """
    assert account.instruments is not None  # noqa: S101 (scopes come from them)
    answers = snapshot.standing(account).answers(scope)
    if unsaid := [position_words(row) for row, under in answers if under is None]:
        raise Garbled(f"the venue does not say what these are of: {listed(unsaid)}", code="no_field")
    held = [row for row, under in answers if under]
    if not held or scope.market is Market.MARGIN:
        return None, ()
    inst_type, margin_mode, family = _tiers_of(account, scope, held[0])
    tiers = await account.master.public.tiers(inst_type, margin_mode, family=family)
    size = sum((abs(number(row["pos"])) for row in held), Decimal(0))
    return most_at(tiers, size), held


def expect_tiers(account: Account, scope: Scope, held: Row) -> None:
    """Let the tiers be read that the precheck of a scope will want, since this position stands open under it."""
    if scope.market is not Market.MARGIN:
        inst_type, margin_mode, family = _tiers_of(account, scope, held)
        account.master.public.expect_tiers(inst_type, margin_mode, family=family)


def _tiers_of(account: Account, scope: Scope, held: Row) -> tuple[str, str, str]:
    """Market, margin mode and family, in the venue's words."""
    assert account.instruments is not None  # noqa: S101 (scopes come from them)
    inst_type, inst_id = str(held["instType"]), str(held["instId"])
    family = account.instruments.family_of(inst_type, inst_id) or scope.key
    return inst_type, MARGIN_WORDS.venue(scope.margin), family


async def deletable(account: Account) -> tuple[Precheck, ...]:
    """Empty, with nothing on its way in or out, and no second-level accounts left."""
    empty = await _empty(account)
    moving = await pending_movements(account.master, account.name)
    below = account.row is not None and not account.row.parent  # where it does not say, it may be a first-level one
    return (empty, *moving, *((await _no_second_level(account),) if below else ()))


async def _empty(account: Account) -> Precheck:
    """Read with the account's own key, where one signs."""
    if account.reader is None:
        return Precheck("empty", "venue", "no key of the account is at hand: the venue refuses if it is not")
    try:
        held = await account.reader.holdings()
    except VenueError as error:
        return Precheck("empty", "unknown", error.message)
    found = [f"{what} ({wallet})" for wallet, some in held.items() for what in some]
    return Precheck("empty", "fail" if found else "pass", ", ".join(found[:LISTED]))


async def _no_second_level(account: Account) -> Precheck:
    """By the broker's list; accounts that this plan deletes do not count."""
    try:
        every = await account.master.sub_accounts.every()
    except VenueError as error:
        return Precheck("no_second_level", "unknown", error.message)
    going = {account.name, *account.going}
    left = [row.name for row in every.rows.values() if row.parent == account.name and row.name not in going]
    unsaid = [row.name for row in every.rows.values() if row.parent is None and row.name not in going]
    if every.odd and not left:
        return Precheck("no_second_level", "unknown", "the venue's list of sub-accounts has a row that cannot be read")
    if unsaid and not left:
        return Precheck("no_second_level", "unknown", f"the venue does not say the parent of {listed(unsaid)}")
    return Precheck("no_second_level", "fail" if left else "pass", listed(left))


def open_positions_under_scopes(account: Account, changes: Sequence[Change], leverage: Leverage) -> list[Moved]:
    """Leverage may change under an open position; its margin is computed anew, so the user is told."""
    found = []
    standing = Standing(account, account.open.positions if account.open is not None else ())
    for change in changes:
        if change.kind != "leverage":
            continue
        decision = leverage.decision(account, change)
        if there := standing.under(decision.scope):
            found.append(Moved(change, decision, {position_words(row): row for row in there}))
    return found


def _unread(deferred: bool, *names: str) -> tuple[Precheck, ...]:
    if deferred:
        return tuple(Precheck(name, "deferred") for name in names)
    return tuple(Precheck(name, "unknown", "no key signs for this account", lasting=True) for name in names)
