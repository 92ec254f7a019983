"""Which currencies count as margin in multi-currency mode.

Source: OKX v5, "Set collateral assets" and "Get collateral assets"; 5 / 2 s / user each. One call enables or disables;
of currencies that go together (a flag) either all are named or the call is refused.
Refusals: 51010 another mode, 59658 unknown, 59659 and 59660 coupled, 59661 fixed, 59662 held or ordered, 59664 owed,
59665 too little left.
"""

from __future__ import annotations

from decimal import Decimal

from acctcfg.sandbox.okx.params import Call, choice, flag, names, text, wrong
from acctcfg.sandbox.okx.replies import Answer, Refusal
from acctcfg.sandbox.okx.state import Account, State
from acctcfg.sandbox.values import Row

__all__ = ["collateral_assets", "set_collateral_assets"]


def set_collateral_assets(call: Call) -> Answer:
    """Enable or disable currencies, by name or all of them."""
    account, venue = call.account, call.venue
    kind, enabled = choice(call, "type", ("all", "custom")), flag(call, "collateralEnabled")
    listed = call.params.get("ccyList") or []
    if not isinstance(listed, list):
        raise wrong("ccyList")
    if kind == "custom" and not listed:
        raise Refusal("50014", "Parameter ccyList can not be empty")
    if account.acct_lv != "3":
        raise Refusal("51010")
    ccys = [str(ccy) for ccy in listed] if kind == "custom" else list(venue.currencies)
    if set(ccys) - set(venue.currencies):
        raise Refusal("59658")
    if any((one in ccys) != (other in ccys) for one, other in venue.flags.collateral_pairs.items()):
        raise Refusal("59659" if enabled else "59660")
    kept = [ccy for ccy in account.collateral_off if ccy not in ccys]
    off = kept if enabled else [*kept, *ccys]
    if not enabled:
        _refuse_to_disable(venue, account, set(ccys), set(off))

    def effect() -> None:
        account.collateral_off = off

    return Answer([{"type": kind, "ccyList": listed, "collateralEnabled": enabled}], effect)


def _refuse_to_disable(venue: State, account: Account, ccys: set[str], off: set[str]) -> None:
    if ccys & set(venue.flags.collateral_fixed):
        raise Refusal("59661")
    if any(account.debts.get(ccy) for ccy in ccys):
        raise Refusal("59664")
    if ccys & _needed(venue, account):
        raise Refusal("59662")
    owed = _worth(venue, account.debts, set())
    if owed and _worth(venue, account.trading, off) < owed:
        raise Refusal("59665")


def _needed(venue: State, account: Account) -> set[str]:
    """Currencies that a position or an order is margined in."""
    found = {position.ccy for position in account.open_positions()}
    for order in account.orders:
        if order.inst_type != "SPOT":
            instrument = venue.traded(order)
            found.add(str(instrument.row["settleCcy"]) or instrument.quote)
    return found


def _worth(venue: State, amounts: dict[str, Decimal], without: set[str]) -> Decimal:
    held = ((venue.currencies.get(ccy), amount) for ccy, amount in amounts.items() if ccy not in without)
    return sum((amount * currency.usd for currency, amount in held if currency), Decimal(0))


def collateral_assets(call: Call) -> Answer:
    """Which currencies count as margin now."""
    wanted, enabled = names(call, "ccy", 20), text(call, "collateralEnabled")
    if enabled not in ("", "true", "false"):
        raise wrong("collateralEnabled")
    off = call.account.collateral_off
    rows: list[Row] = [
        {"ccy": ccy, "collateralEnabled": ccy not in off}
        for ccy in call.venue.currencies
        if (not wanted or ccy in wanted) and enabled in ("", "false" if ccy in off else "true")
    ]
    return Answer(rows)
