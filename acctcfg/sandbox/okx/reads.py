"""What an account has open and what it holds: the reads that a client checks before it writes.

Source: OKX v5, "Get positions", "Get account and position risk", "Get order list", "Get algo order list", the trading
bots' pending lists, "Get balance", "Get maximum withdrawals". Lists of orders are paged, newest first.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from acctcfg.sandbox.okx.holding_rows import (
    BALANCE,
    algo_row,
    balance_detail,
    bot_row,
    copy_row,
    order_row,
    position_row,
    spread_row,
)
from acctcfg.sandbox.okx.holdings import ALGO_TYPES
from acctcfg.sandbox.okx.mode import total_usd
from acctcfg.sandbox.okx.params import Call, choice, names, need, page, text, wrong
from acctcfg.sandbox.okx.replies import Answer, Refusal
from acctcfg.sandbox.okx.state import Account, State
from acctcfg.sandbox.okx.universe import TYPES
from acctcfg.sandbox.values import Row, plain

__all__ = ["asset_balances", "balance", "balance_row", "bots_of", "copies", "max_withdrawal", "orders_algo_pending"]
__all__ += ["orders_pending", "position_risk", "positions", "recurring", "spread_orders"]


def _inst_type(call: Call) -> str:
    value = text(call, "instType")
    if value and value not in TYPES:
        raise wrong("instType")
    return value


def positions(call: Call) -> Answer:
    """Open positions; asked for by name, closed ones too, with `pos` 0, as those stay that take margin by hand."""
    inst_type = _inst_type(call)
    inst_ids, pos_ids = names(call, "instId", 10), names(call, "posId", 20)
    for inst_id in inst_ids:
        if not any(key[1] == inst_id for key in call.venue.instruments):
            raise Refusal("51001")
    account = call.account
    found = [
        position
        for position in (account.positions if inst_ids or pos_ids else account.listed_positions())
        if (not inst_type or position.inst_type == inst_type)
        and (not inst_ids or position.inst_id in inst_ids)
        and (not pos_ids or position.pos_id in pos_ids)
    ]
    found.sort(key=lambda position: (position.c_time, position.pos_id), reverse=True)
    return Answer([position_row(call.venue, call.account, position) for position in found])


def position_risk(call: Call) -> Answer:
    """Balances and positions in one snapshot."""
    inst_type = _inst_type(call)
    account = call.account
    held = [p for p in account.open_positions() if not inst_type or p.inst_type == inst_type]
    total = plain(total_usd(call.venue, account)) if account.acct_lv in ("3", "4") else ""
    balances = [{"ccy": ccy, "eq": plain(amount), "disEq": plain(amount)} for ccy, amount in account.trading.items()]
    shown = [position_row(call.venue, account, position) for position in held]
    return Answer([{"adjEq": total, "balData": balances, "posData": shown, "ts": call.now}])


def orders_pending(call: Call) -> Answer:
    """Orders in the book, spot included."""
    wanted = {"instType": _inst_type(call), "instId": text(call, "instId"), "state": text(call, "state")}
    family, types = text(call, "instFamily"), names(call, "ordType", 10)
    if wanted["state"] not in ("", "live", "partially_filled"):
        raise wrong("state")
    rows = []
    for order in call.account.orders:
        row = order_row(call.venue, call.account, order)
        if any(value and row[name] != value for name, value in wanted.items()) or (types and order.kind not in types):
            continue
        if family and call.venue.traded(order).family != family:
            continue
        rows.append(row)
    return Answer(page(call, rows, "ordId"))


def orders_algo_pending(call: Call) -> Answer:
    """Algo orders of one type; only conditional and oco can be asked for together."""
    need(call, "ordType")
    types = names(call, "ordType", 10)
    if set(types) - set(ALGO_TYPES) or (len(types) > 1 and set(types) - {"conditional", "oco"}):
        raise wrong("ordType")
    wanted = {"algoId": text(call, "algoId"), "instType": _inst_type(call), "instId": text(call, "instId")}
    rows = [algo_row(call.venue, call.account, algo) for algo in call.account.algos if algo.kind in types]
    rows = [row for row in rows if all(not value or row[name] == value for name, value in wanted.items())]
    return Answer(page(call, rows, "algoId"))


def _bots(call: Call, kinds: tuple[str, ...]) -> Answer:
    wanted = {"algoId": text(call, "algoId"), "instId": text(call, "instId")}
    rows = [bot_row(call.venue, call.account, bot) for bot in call.account.bots if bot.kind in kinds]
    rows = [row for row in rows if all(not value or row.get(name) == value for name, value in wanted.items())]
    return Answer(page(call, rows, "algoId"))


def bots_of(words: dict[str, str]) -> Callable[[Call], Answer]:
    """A read of running bots; `words` maps the needed `algoOrdType` to the kind of bot."""

    def read(call: Call) -> Answer:
        return _bots(call, (words[choice(call, "algoOrdType", words)],))

    return read


def recurring(call: Call) -> Answer:
    """Recurring buys."""
    return _bots(call, ("recurring",))


def copies(call: Call) -> Answer:
    """Positions that are led."""
    inst_type = _inst_type(call)
    rows: list[Row] = [copy_row(call.venue, call.account, lead) for lead in call.account.copies]
    return Answer(page(call, [r for r in rows if inst_type in ("", r["instType"])], "subPosId", most=500))


def spread_orders(call: Call) -> Answer:
    """Pending spread orders."""
    rows = [spread_row(call.venue, call.account, order) for order in call.account.spreads]
    return Answer(page(call, rows, "ordId"))


def balance(call: Call) -> Answer:
    """The trading account: one object with a row per currency that is held or owed."""
    wanted = names(call, "ccy", 20)
    account = call.account
    held = sorted(ccy for ccy in account.trading.keys() | account.debts.keys() if not wanted or ccy in wanted)
    held = [ccy for ccy in held if account.trading.get(ccy) or account.debts.get(ccy)]
    if call.venue.flags.balance_zero_rows:  # who asks by name sees what was held once
        held = sorted({*held, *(account.ever_held & set(wanted))})
    details = [balance_detail(call.venue, account, ccy, call.now) for ccy in held]
    return Answer([{**balance_row(call.venue, account, call.now), "details": details}])


def balance_row(venue: State, account: Account, now: str) -> Row:
    """What the trading account is worth, without its currencies."""
    total = plain(total_usd(venue, account))
    advanced = total if account.acct_lv in ("3", "4") else ""
    return {
        **BALANCE,
        "totalEq": total,
        "adjEq": advanced,
        "availEq": advanced,
        "isoEq": "0",
        "upl": "0",
        "uTime": now,
    }


def asset_balances(call: Call) -> Answer:
    """The funding account, currencies that it holds."""
    wanted = names(call, "ccy", 20)
    rows = [
        {"ccy": ccy, "bal": plain(amount), "frozenBal": "0", "availBal": plain(amount)}
        for ccy, amount in sorted(call.account.funding.items())
        if amount and (not wanted or ccy in wanted)
    ]
    return Answer(rows)


def max_withdrawal(call: Call) -> Answer:
    """What could be moved out of the trading account."""
    wanted = names(call, "ccy", 20)
    account = call.account
    rows = []
    for ccy, amount in sorted(account.trading.items()):
        if amount and (not wanted or ccy in wanted):
            free = plain(max(Decimal(0), amount - account.debts.get(ccy, Decimal(0))))
            spot = free if account.acct_lv == "4" else ""
            row = {"ccy": ccy, "maxWd": free, "maxWdEx": free, "spotOffsetMaxWd": spot, "spotOffsetMaxWdEx": spot}
            if account.stgy_type == "1":  # delta neutral: nothing is borrowed to be moved out
                row |= {"maxWdEx": "", "spotOffsetMaxWdEx": ""}
            rows.append(row)
    return Answer(rows)
