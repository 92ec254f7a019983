"""The account's other switches: values that are set and stay set.

Source: OKX v5, the page of each endpoint under "Trading Account"; limits stand in the table of routes. Setting an
equal value again succeeds, but for options (50050), auto-earn (59675) and whatever a position or order blocks.
"""

from __future__ import annotations

from acctcfg.sandbox.okx.mode import total_usd
from acctcfg.sandbox.okx.params import Call, choice, decimal, flag, names, need, text, wrong
from acctcfg.sandbox.okx.replies import Answer, Refusal
from acctcfg.sandbox.okx.state import Pending, Position
from acctcfg.sandbox.values import Row, plain

__all__ = ["activate_option", "collateral_assets", "delta_neutral_precheck", "mmp_config", "mmp_reset", "set_auto_earn"]
__all__ += ["set_auto_loan", "set_auto_repay", "set_collateral_assets", "set_fee_type", "set_greeks"]
__all__ += ["set_isolated_mode", "set_mmp_config", "set_risk_offset_amount", "set_risk_offset_type"]
__all__ += ["set_settle_currency", "set_trading_config"]

DAY_MS = 24 * 3600 * 1000
# type of a precheck's item -> the code with which the switch is refused
DELTA_NEUTRAL = {
    **dict.fromkeys(("spot_mode", "futures_mode"), "59520"),
    **dict.fromkeys(("isolated_margin", "isolated_contract", "isolated_pending_orders"), "59523"),
    **dict.fromkeys(("positions_options", "pending_orders_options"), "59524"),
    "trading_bot": "59525",
    "collateral_all": "59527",
    "repay_borrowings": "59528",
}


def set_greeks(call: Call) -> Answer:
    """How Greeks are displayed: in coins (PA) or in dollars (BS)."""
    account, value = call.account, choice(call, "greeksType", ("PA", "BS"))

    def effect() -> None:
        account.greeks_type = value

    return Answer([{"greeksType": value}], effect)


def set_fee_type(call: Call) -> Answer:
    """The currency in which a spot fee is taken; refused with open spot orders."""
    account, value = call.account, choice(call, "feeType", ("0", "1"))
    if any(order.inst_type == "SPOT" for order in account.orders):
        raise Refusal("59678")

    def effect() -> None:
        account.fee_type = value

    return Answer([{"feeType": value}], effect)


def set_isolated_mode(call: Call) -> Answer:
    """How margin gets into isolated positions; refused with anything open, also for an equal value."""
    account = call.account
    kind = choice(call, "type", ("MARGIN", "CONTRACTS"))
    value = need(call, "isoMode")
    if value in ("autonomy", "quick_margin"):
        raise Refusal("51158")
    if value not in ("automatic", *(("auto_transfers_ccy",) if kind == "MARGIN" else ())):
        raise wrong("isoMode")
    if account.is_busy():
        raise Refusal("59000")
    if kind == "MARGIN" and account.mgn_iso_mode == "auto_transfers_ccy" != value:
        raise wrong("isoMode")  # nothing leads back from it

    def effect() -> None:
        if kind == "MARGIN":
            account.mgn_iso_mode = value
        else:
            account.ct_iso_mode = value

    return Answer([{"isoMode": value}], effect)


def set_auto_loan(call: Call) -> Answer:
    """Borrow automatically; only in the multi-currency modes, and not with borrowings."""
    account, value = call.account, flag(call, "autoLoan", True)
    if account.acct_lv not in call.venue.flags.auto_loan_modes:
        raise Refusal("54001")
    if any(account.debts.values()):
        raise Refusal("59001")

    def effect() -> None:
        account.auto_loan = value

    return Answer([{"autoLoan": value}], effect)


def set_auto_repay(call: Call) -> Answer:
    """Repay automatically; Spot mode with borrowing on."""
    account, value = call.account, flag(call, "autoRepay")
    if account.acct_lv != "1" or not account.enable_spot_borrow:
        raise Refusal("51010")

    def effect() -> None:
        account.spot_borrow_auto_repay = value

    return Answer([{"autoRepay": value}], effect)


def set_risk_offset_amount(call: Call) -> Answer:
    """How much of a coin offsets derivatives; portfolio margin."""
    account, ccy, amount = call.account, need(call, "ccy"), decimal(call, "clSpotInUseAmt")
    if amount < 0:
        raise wrong("clSpotInUseAmt")
    if account.acct_lv != "4":
        raise Refusal("51010")
    if ccy not in call.venue.currencies:
        raise Refusal("51012")
    value = plain(amount)

    def effect() -> None:
        account.spot_offset[ccy] = value

    return Answer([{"ccy": ccy, "clSpotInUseAmt": value}], effect)


def set_risk_offset_type(call: Call) -> Answer:  # noqa: ARG001 - a route takes a call, also one that is gone
    """Gone from the documentation."""
    raise Refusal("50005")


def activate_option(call: Call) -> Answer:
    """Options trading, for good: no call takes it back."""
    account = call.account
    if account.op_auth == "1":
        raise Refusal("50050")
    if total_usd(call.venue, account) <= call.venue.flags.option_assets_usd:
        raise Refusal("51147")

    def effect() -> None:
        account.op_auth = "1"

    return Answer([{"ts": call.now}], effect)


def set_collateral_assets(call: Call) -> Answer:
    """Which currencies count as margin; multi-currency mode."""
    account = call.account
    kind, enabled = choice(call, "type", ("all", "custom")), flag(call, "collateralEnabled")
    listed = call.params.get("ccyList") or []
    if not isinstance(listed, list):
        raise wrong("ccyList")
    if kind == "custom" and not listed:
        raise Refusal("50014", "Parameter ccyList can not be empty")
    if account.acct_lv != "3":
        raise Refusal("51010")
    ccys = [str(ccy) for ccy in listed] if kind == "custom" else list(call.venue.currencies)
    if set(ccys) - set(call.venue.currencies):
        raise Refusal("59658")

    def effect() -> None:
        kept = [ccy for ccy in account.collateral_off if ccy not in ccys]
        account.collateral_off = kept if enabled else [*kept, *ccys]

    return Answer([{"type": kind, "ccyList": listed, "collateralEnabled": enabled}], effect)


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


def _refuse_without_mmp(call: Call) -> None:
    if not call.account.mmp_allowed:
        raise Refusal("50030")
    if call.account.acct_lv != "4":
        raise Refusal("51010")


def set_mmp_config(call: Call) -> Answer:
    """Market maker protection of one options family; portfolio margin, and a privilege that the venue grants."""
    account = call.account
    family = need(call, "instFamily")
    values = {name: decimal(call, name) for name in ("timeInterval", "frozenInterval", "qtyLimit")}
    if min(values.values()) < 0 or not values["qtyLimit"]:
        raise wrong("qtyLimit")
    _refuse_without_mmp(call)
    row = {"instFamily": family, **{name: plain(value) for name, value in values.items()}}

    def effect() -> None:
        account.mmp[family] = row

    return Answer([row], effect)


def mmp_config(call: Call) -> Answer:
    """The protections that are set."""
    _refuse_without_mmp(call)
    family = text(call, "instFamily")
    rows: list[Row] = [
        {**row, "mmpFrozen": False, "mmpFrozenUntil": ""}
        for name, row in call.account.mmp.items()
        if family in ("", name)
    ]
    return Answer(rows)


def mmp_reset(call: Call) -> Answer:
    """Thaw a family's quotes."""
    if need(call, "instFamily") not in call.account.mmp:
        raise Refusal("59509")
    return Answer([{"result": True}])


def set_auto_earn(call: Call) -> Answer:
    """Lend idle balances of a currency; on is refused when on, off within 24 hours of on."""
    account, ccy = call.account, need(call, "ccy")
    action, kind = choice(call, "action", ("turn_on", "turn_off", "amend")), choice(call, "earnType", ("0", "1"), "0")
    if ccy not in call.venue.currencies:
        raise Refusal("59671")
    since, now_ms = account.auto_earn.get(ccy), call.now_ms
    if action == "turn_on" and since is not None:
        raise Refusal("59675")
    if action == "amend" and since is None:
        raise Refusal("59672")
    if action == "turn_off" and since is not None and now_ms - since < DAY_MS:
        raise Refusal("59673")

    def effect() -> None:
        if action == "turn_on":
            account.auto_earn[ccy] = now_ms
        elif action == "turn_off":
            account.auto_earn.pop(ccy, None)

    return Answer([{"earnType": kind, "ccy": ccy, "action": action, "apr": ""}], effect)


def set_settle_currency(call: Call) -> Answer:
    """What USD-margined contracts settle in; refused while any of them is held or ordered."""
    account, ccy = call.account, need(call, "settleCcy")
    if ccy not in account.settle_ccy_list:
        raise Refusal("59686")
    things: list[Position | Pending] = [*account.open_positions(), *account.orders, *account.algos, *account.bots]
    if any("-USD_UM-" in thing.inst_id for thing in things):
        raise Refusal("54074")

    def effect() -> None:
        account.settle_ccy = ccy

    return Answer([{"settleCcy": ccy}], effect)


def set_trading_config(call: Call) -> Answer:
    """The strategy type; delta-neutral in the multi-currency modes only."""
    account = call.account
    kind, value = choice(call, "type", ("stgyType",)), choice(call, "stgyType", ("0", "1"))
    blockers = _delta_neutral_blockers(call, value)
    if blockers:
        raise Refusal(DELTA_NEUTRAL[str(blockers[0]["type"])])

    def effect() -> None:
        account.stgy_type = value

    return Answer([{"type": kind, "stgyType": value}], effect)


def _blocker(kind: str, positions: list[Position] | None = None, orders: list[Pending] | None = None) -> Row:
    held, pending = [p.pos_id for p in positions or ()], [o.id for o in orders or ()]
    return {"type": kind, "posList": held, "ordList": pending, "deltaLever": ""}


def _delta_neutral_blockers(call: Call, value: str) -> list[Row]:
    """What stands in the way of the delta-neutral strategy, as the precheck words it."""
    account = call.account
    if value == "0" or account.stgy_type == "1":
        return []
    found = {"1": [_blocker("spot_mode")], "2": [_blocker("futures_mode")]}.get(account.acct_lv, [])
    held = account.open_positions()
    isolated = [p for p in held if p.mgn_mode == "isolated"]
    options = [p for p in held if p.inst_type == "OPTION"]
    for kind, positions in (
        ("isolated_margin", [p for p in isolated if p.inst_type == "MARGIN"]),
        ("isolated_contract", [p for p in isolated if p.inst_type in ("SWAP", "FUTURES")]),
        ("positions_options", options),
    ):
        found += [_blocker(kind, positions)] if positions else []
    for kind, orders in (
        ("isolated_pending_orders", [o for o in account.orders if o.td_mode == "isolated"]),
        ("pending_orders_options", [o for o in account.orders if o.inst_type == "OPTION"]),
    ):
        found += [_blocker(kind, orders=orders)] if orders else []
    found += [_blocker("trading_bot")] if account.bots or account.copies else []
    found += [_blocker("collateral_all")] if account.collateral_off else []
    found += [_blocker("repay_borrowings")] if any(account.debts.values()) else []
    return found


def delta_neutral_precheck(call: Call) -> Answer:
    """What stands in the way of the delta-neutral strategy."""
    value = choice(call, "stgyType", ("0", "1"))
    return Answer([{"unmatchedInfoCheck": _delta_neutral_blockers(call, value)}])
