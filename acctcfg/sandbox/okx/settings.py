"""The account's other switches: values that are set and stay set.

Source: OKX v5, the page of each endpoint under "Trading Account"; limits stand in the table of routes. Setting an
equal value again succeeds, but for options (50050), auto-earn (59675) and whatever a position or order blocks.
"""

from __future__ import annotations

from datetime import UTC, datetime

from acctcfg.sandbox.okx.mode import total_usd
from acctcfg.sandbox.okx.params import Call, choice, decimal, flag, need, text, wrong
from acctcfg.sandbox.okx.replies import Answer, Refusal
from acctcfg.sandbox.okx.state import Pending, Position
from acctcfg.sandbox.values import Row, plain

__all__ = ["activate_option", "mmp_config", "mmp_reset", "set_auto_earn", "set_auto_loan", "set_auto_repay"]
__all__ += ["set_fee_type", "set_greeks", "set_isolated_mode", "set_mmp_config", "set_risk_offset_amount"]
__all__ += ["set_risk_offset_type", "set_settle_currency"]

DAY_MS = 24 * 3600 * 1000


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
    present = account.mgn_iso_mode if kind == "MARGIN" else account.ct_iso_mode
    if account.is_busy() and (call.venue.flags.equal_values == "refused" or value != present):
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
    for name, value in values.items():
        if value < 0 or (value % 1 if name.endswith("Interval") else not value):  # whole milliseconds, some contracts
            raise wrong(name)
    _refuse_without_mmp(call)
    row = {"instFamily": family, **{name: plain(value) for name, value in values.items()}}

    def effect() -> None:
        account.mmp[family] = row

    return Answer([row], effect)


def mmp_config(call: Call) -> Answer:
    """The protections that are set."""
    _refuse_without_mmp(call)
    family = text(call, "instFamily")
    frozen = call.account.mmp_frozen
    rows: list[Row] = [
        {**row, "mmpFrozen": name in frozen, "mmpFrozenUntil": ""}
        for name, row in call.account.mmp.items()
        if family in ("", name)
    ]
    return Answer(rows)


def mmp_reset(call: Call) -> Answer:
    """Thaw a family's quotes."""
    account, family = call.account, need(call, "instFamily")
    if family not in account.mmp:
        raise Refusal("59509")

    def effect() -> None:
        account.mmp_frozen = [other for other in account.mmp_frozen if other != family]

    return Answer([{"result": True}], effect)


def set_auto_earn(call: Call) -> Answer:
    """Lend idle balances of a currency; on is refused when on, off within 24 hours of on."""
    account, ccy = call.account, need(call, "ccy")
    action, kind = choice(call, "action", ("turn_on", "turn_off", "amend")), choice(call, "earnType", ("0", "1"), "0")
    if ccy not in call.venue.currencies or ccy in account.earn_unsupported or (kind == "1" and ccy != "USDG"):
        raise Refusal("59671")
    since, now_ms = account.auto_earn.get(ccy), call.now_ms
    if action == "turn_on" and since is not None:
        raise Refusal("59675")
    if action == "amend" and since is None:
        raise Refusal("59672")
    if action == "turn_off" and since is not None and now_ms - since < DAY_MS:
        until = datetime.fromtimestamp((since + DAY_MS) / 1000, UTC)
        raise Refusal("59673", f"Auto-earn can not be turned off before {until:%Y-%m-%d %H:%M:%S} UTC")

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
    if account.acct_lv == "3" and ccy in account.collateral_off:
        raise Refusal("59683")
    things: list[Position | Pending] = [*account.open_positions(), *account.orders, *account.algos, *account.bots]
    if any("-USD_UM-" in thing.inst_id for thing in things):
        raise Refusal("54074")

    def effect() -> None:
        account.settle_ccy = ccy

    return Answer([{"settleCcy": ccy}], effect)
