"""The strategy of an account: general, or delta-neutral with its precheck.

Source: OKX v5, "Set trading config" and "Precheck set delta neutral"; 1 / 2 s / user each. `strategy_blocks` of an
account stands for what the sandbox does not model: loan, delta_risk, risk_unit_type, not_eligible, vip.
Refusals: 59518 not eligible, 59519 below VIP 1 (neither is in the precheck), 59520 to 59529 by the precheck's types.
"""

from __future__ import annotations

from acctcfg.sandbox.okx.params import Call, choice
from acctcfg.sandbox.okx.replies import Answer, Refusal
from acctcfg.sandbox.okx.state import Pending, Position
from acctcfg.sandbox.values import Row

__all__ = ["delta_neutral_precheck", "set_trading_config"]

# type of a precheck's item -> the code with which the switch is refused
REFUSALS = {
    **dict.fromkeys(("spot_mode", "futures_mode"), "59520"),
    "loan": "59521",
    **dict.fromkeys(("isolated_margin", "isolated_contract", "isolated_pending_orders"), "59523"),
    **dict.fromkeys(("positions_options", "pending_orders_options"), "59524"),
    "trading_bot": "59525",
    "delta_risk": "59526",
    "collateral_all": "59527",
    "repay_borrowings": "59528",
    "risk_unit_type": "59529",
}
HIDDEN = {  # the codes have other meanings where sub-accounts are concerned
    "not_eligible": Refusal("59518", "The account is not eligible for the delta neutral strategy"),
    "vip": Refusal("59519", "The delta neutral strategy requires VIP 1 or above"),
}


def set_trading_config(call: Call) -> Answer:
    """The strategy type; delta-neutral in the multi-currency modes only."""
    account = call.account
    kind, value = choice(call, "type", ("stgyType",)), choice(call, "stgyType", ("0", "1"))
    if value != account.stgy_type:
        for block, refusal in HIDDEN.items() if value == "1" else ():
            if block in account.strategy_blocks:
                raise refusal
        blockers = _blockers(call, value)
        if blockers:
            raise Refusal(REFUSALS[str(blockers[0]["type"])])

    def effect() -> None:
        account.stgy_type = value

    return Answer([{"type": kind, "stgyType": value}], effect)


def delta_neutral_precheck(call: Call) -> Answer:
    """What stands in the way of a strategy; an empty list where nothing does."""
    return Answer([{"unmatchedInfoCheck": _blockers(call, choice(call, "stgyType", ("0", "1")))}])


def _item(kind: str, positions: list[Position] | None = None, orders: list[Pending] | None = None) -> Row:
    held, pending = [p.pos_id for p in positions or ()], [o.id for o in orders or ()]
    lever = "2.5" if kind == "delta_risk" else ""
    return {"type": kind, "posList": held, "ordList": pending, "deltaLever": lever}


def _blockers(call: Call, value: str) -> list[Row]:
    account = call.account
    if value == account.stgy_type:
        return []
    if value == "0":
        return [_item("risk_unit_type")] if "risk_unit_type" in account.strategy_blocks else []
    found = {"1": [_item("spot_mode")], "2": [_item("futures_mode")]}.get(account.acct_lv, [])
    held = account.open_positions()
    isolated = [p for p in held if p.mgn_mode == "isolated"]
    options = [p for p in held if p.inst_type == "OPTION"]
    for kind, positions in (
        ("isolated_margin", [p for p in isolated if p.inst_type == "MARGIN"]),
        ("isolated_contract", [p for p in isolated if p.inst_type in ("SWAP", "FUTURES")]),
        ("positions_options", options),
    ):
        found += [_item(kind, positions)] if positions else []
    for kind, orders in (
        ("isolated_pending_orders", [o for o in account.orders if o.td_mode == "isolated"]),
        ("pending_orders_options", [o for o in account.orders if o.inst_type == "OPTION"]),
    ):
        found += [_item(kind, orders=orders)] if orders else []
    found += [_item("trading_bot")] if account.bots or account.copies else []
    found += [_item(kind) for kind in ("loan", "delta_risk") if kind in account.strategy_blocks]
    found += [_item("collateral_all")] if account.collateral_off else []
    found += [_item("repay_borrowings")] if any(account.debts.values()) else []
    return found
