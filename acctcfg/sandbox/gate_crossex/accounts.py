"""Account mode and position mode: what is read, what a change needs, and what stands in its way.

Source: Gate CrossEx, "Query Account Assets" and "Update Account Contract Position Mode and Account Mode". A change is
answered with 202 and an echo of the request, and shows later. In isolated mode the position mode is one per exchange.
The order of checks is the sandbox's own: empty, both modes, exchange alone, words, a change under way, exchange against
the present mode, same value, orders, positions, margins, status.
"""

from __future__ import annotations

from decimal import Decimal

from acctcfg.sandbox.gate_crossex.params import Call, one_of, text
from acctcfg.sandbox.gate_crossex.replies import Answer, Refusal
from acctcfg.sandbox.gate_crossex.state import CROSS, ISOLATED, Account
from acctcfg.sandbox.gate_crossex.universe import CROSSEX, SETTLES
from acctcfg.sandbox.values import Row, plain

__all__ = ["ACCOUNT_MODES", "POSITION_MODES", "read_account", "switch", "update_account"]

ACCOUNT_MODES = (CROSS, ISOLATED)
POSITION_MODES = ("SINGLE", "DUAL")


def read_account(call: Call) -> Answer:
    """Modes, margins and assets: of the whole account, or in isolated mode of the exchange that is named."""
    account = call.account
    asked = text(call, "exchange_type")
    only = "USDT" if call.venue.flags.margin_currencies == "USDT" else ""
    if account.account_mode == CROSS:
        return Answer(_row(account, CROSSEX, "", only))
    if asked not in call.venue.flags.exchanges or asked in account.absent:
        raise Refusal("QUERY_INVALID_EXCHANGE_TYPE")
    return Answer(_row(account, asked, asked, only))


def _row(account: Account, shown: str, exchange: str, only: str) -> Row:
    assets = [_asset(account, place, coin, only) for place, coin in _places(account, exchange)]
    balance = sum((Decimal(str(asset["equity"])) for asset in assets), Decimal(0))
    initial, maintenance = account.margin("initial_margin", exchange), account.margin("maintenance_margin", exchange)
    return {
        "user_id": account.uid,
        "available_margin": plain(max(Decimal(0), balance - initial)),
        "margin_balance": plain(balance),
        "initial_margin": plain(initial),
        "maintenance_margin": plain(maintenance),
        "initial_margin_rate": _rate(balance, initial),
        "maintenance_margin_rate": _rate(balance, maintenance),
        "position_mode": account.position_mode.get(shown, "SINGLE"),
        "account_limit": "0",
        "create_time": str(account.create_time * 1000),
        "update_time": str(account.update_ms),
        "account_mode": account.account_mode,
        "exchange_type": shown,
        "assets": assets,
    }


def _rate(balance: Decimal, margin: Decimal) -> str:
    """Margin balance over margin: 2.4 is 240 %."""
    return plain((balance / margin).quantize(Decimal("0.0001"))) if margin else "0"


def _settles(exchange: str, only: str) -> str:
    """The currency that carries the margins of an exchange."""
    return only or SETTLES.get(exchange, "USDT")


def _places(account: Account, exchange: str) -> list[tuple[str, str]]:
    """Every (exchange, coin) that has a row: what is held or owed."""
    found = {
        (place, coin)
        for held in (account.balances, account.liabilities)
        for place, coins in held.items()
        for coin in coins
    }
    return sorted(pair for pair in found if exchange in ("", pair[0]))


def _asset(account: Account, exchange: str, coin: str, only: str) -> Row:
    """Equity and margins are told in the settlement currencies only."""
    held = plain(account.balances.get(exchange, {}).get(coin, Decimal(0)))
    owed = plain(account.liabilities.get(exchange, {}).get(coin, Decimal(0)))
    settles = coin in ((only,) if only else SETTLES.values())
    return {
        "user_id": account.uid,
        "coin": coin,
        "exchange_type": exchange,
        "balance": held,
        "upnl": "0",
        "equity": held if settles else "0",
        "futures_initial_margin": _margin(account, "initial_margin", exchange, coin, only),
        "futures_maintenance_margin": _margin(account, "maintenance_margin", exchange, coin, only),
        "borrowing_initial_margin": "0",
        "borrowing_maintenance_margin": "0",
        "available_balance": held,
        "liability": owed,
    }


def _margin(account: Account, which: str, exchange: str, coin: str, only: str) -> str:
    """What the exchanges that settle in a coin need; in cross-exchange mode all of them stand under CROSSEX."""
    names = {*getattr(account, which), *(held.exchange for held in account.held())}
    shown = [n for n in names if _settles(n, only) == coin and exchange in (CROSSEX, n)]
    if exchange != CROSSEX and account.account_mode == CROSS:
        return "0"
    return plain(sum((account.margin(which, name) for name in shown), Decimal(0)))


def update_account(call: Call) -> Answer:
    """Change the account mode or the position mode, one of them."""
    account, flags = call.account, call.venue.flags
    wanted = {name: text(call, name) for name in ("position_mode", "account_mode", "exchange_type")}
    if not any(wanted.values()):
        raise Refusal("UPDATE_ACCOUNT_PARAMETERS_ALL_EMPTY_ERROR")
    if wanted["position_mode"] and wanted["account_mode"]:
        raise Refusal("UPDATE_ACCOUNT_PARAMETERS_ERROR")
    if wanted["exchange_type"] and not wanted["position_mode"]:
        raise Refusal("UPDATE_ACCOUNT_EXCHANGE_TYPE_PARAMETERS_ERROR")
    one_of(call, "account_mode", ACCOUNT_MODES, "UPDATE_ACCOUNT_ACCOUNT_MODE_ERROR")
    one_of(call, "position_mode", POSITION_MODES, "TRADE_INVALID_PZ_MODE_ERROR")
    one_of(call, "exchange_type", [*flags.exchanges, CROSSEX], "UPDATE_ACCOUNT_EXCHANGE_TYPE_ERROR")
    if call.ticks < account.busy_until:
        raise Refusal("TRADE_UNSUPPORTED_OPERATION", "A change of the account is still being processed")
    if wanted["account_mode"]:
        return _account_mode(call, wanted)
    return _position_mode(call, wanted)


def _account_mode(call: Call, wanted: dict[str, str]) -> Answer:
    account, mode, now_ms = call.account, wanted["account_mode"], call.now_ms
    securities = call.venue.flags.security_blocks_mode and any(held.is_open for held in account.security_positions)
    if mode == account.account_mode:
        return Answer(wanted, 202)  # no label for it: accepted, and nothing happens
    for stands, label in (
        (account.open_orders(), "UPDATE_ACCOUNT_MODE_OPEN_ORDERS_EXIST_ERROR"),
        (account.held() or securities, "UPDATE_ACCOUNT_MODE_POSITION_NOT_EMPTY_ERROR"),
        (account.margin("initial_margin"), "UPDATE_ACCOUNT_MODE_INITIAL_MARGIN_NOT_ZERO_ERROR"),
        (account.margin("maintenance_margin"), "UPDATE_ACCOUNT_MODE_MAINTENANCE_MARGIN_NOT_ZERO_ERROR"),
        (account.status != "NORMAL", "UPDATE_ACCOUNT_MODE_ACCOUNT_STATUS_NOT_NORMAL_ERROR"),
    ):
        if stands:
            raise Refusal(label)
    return Answer(wanted, 202, lambda: switch(account, mode, now_ms), one_at_a_time=True)


def switch(account: Account, mode: str, now_ms: int) -> None:
    """The other account mode: position modes start anew, leverage and margin modes stay."""
    account.account_mode, account.update_ms = mode, now_ms
    account.position_mode = dict.fromkeys(account.position_mode, "SINGLE")


def _position_mode(call: Call, wanted: dict[str, str]) -> Answer:
    account, mode, exchange = call.account, wanted["position_mode"], wanted["exchange_type"]
    isolated = account.account_mode == ISOLATED
    if not isolated and exchange not in ("", CROSSEX):
        raise Refusal("UPDATE_ACCOUNT_CROSSEX_MODE_EXCHANGE_TYPE_NOT_CROSSEX_ERROR")
    if isolated and not exchange:
        raise Refusal("UPDATE_ACCOUNT_PZ_ISOLATED_MODE_NOT_EXCHANGE_TYPE_ERROR")
    if isolated and exchange in account.absent:
        raise Refusal("UPDATE_ACCOUNT_EXCHANGE_TYPE_ERROR")
    if isolated and exchange == CROSSEX:
        raise Refusal("UPDATE_ACCOUNT_ISOLATED_MODE_EXCHANGE_TYPE_NOT_CROSSEX_ERROR")
    kept_under, scope = (exchange, exchange) if isolated else (CROSSEX, "")
    if account.position_mode.get(kept_under, "SINGLE") == mode:
        raise Refusal("TRADE_CHANGE_PZ_MODE_SAME_ERROR")
    if account.open_orders(scope):
        raise Refusal("TRADE_PZ_MODE_HAVE_ORDER_ERROR")
    if account.held(scope):
        raise Refusal("TRADE_PZ_MODE_HAVE_POSITION_ERROR")
    now_ms = call.now_ms

    def effect() -> None:
        account.position_mode[kept_under] = mode
        account.update_ms = now_ms

    return Answer(wanted, 202, effect, one_at_a_time=True)
