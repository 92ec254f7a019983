"""The account's own configuration and its position mode.

Source: OKX v5, "Get account configuration" and "Set position mode"; 5 / 2 s / user each.
Refusals: 51010 in Spot mode, 51041 long/short in portfolio margin, 59000 with anything open, also for an equal value.
"""

from __future__ import annotations

from acctcfg.sandbox.okx.leverage import forget_changed_shapes, shapes
from acctcfg.sandbox.okx.params import Call, choice
from acctcfg.sandbox.okx.replies import Answer, Refusal
from acctcfg.sandbox.values import Row

__all__ = ["account_config", "set_position_mode"]


def account_config(call: Call) -> Answer:
    """The configuration of the account that owns the calling key, with that key's label, permissions and IPs."""
    account, key = call.account, call.key
    row: Row = {
        "uid": account.uid,
        "mainUid": account.main_uid,
        "type": account.type,
        "acctLv": account.acct_lv,
        "acctStpMode": "cancel_maker",
        "posMode": account.pos_mode,
        "autoLoan": account.auto_loan,
        "greeksType": account.greeks_type,
        "feeType": account.fee_type,
        "level": account.level,
        "levelTmp": "",
        "ctIsoMode": account.ct_iso_mode,
        "mgnIsoMode": account.mgn_iso_mode,
        "spotOffsetType": "",
        "stgyType": account.stgy_type,
        "roleType": "0",
        "traderInsts": [],
        "spotRoleType": "0",
        "spotTraderInsts": [],
        "opAuth": account.op_auth,
        "kycLv": "3",
        "label": key.label,
        "ip": key.ip_text,
        "perm": key.perm_text,
        "liquidationGear": "-1",
        "enableSpotBorrow": account.enable_spot_borrow,
        "spotBorrowAutoRepay": account.spot_borrow_auto_repay,
        "settleCcy": account.settle_ccy,
        "settleCcyList": list(account.settle_ccy_list),
    }
    return Answer([row])


def set_position_mode(call: Call) -> Answer:
    """Net or long/short, for the whole account."""
    account, flags = call.account, call.venue.flags
    mode = choice(call, "posMode", ("net_mode", "long_short_mode"))
    if account.acct_lv == "1" and flags.position_mode_in_spot == "refused":
        raise Refusal("51010")
    if account.acct_lv == "4" and mode == "long_short_mode":
        raise Refusal("51041")
    if account.is_busy() and (flags.equal_values == "refused" or mode != account.pos_mode):
        raise Refusal("59000")

    def effect() -> None:
        before = shapes(account, flags)
        account.pos_mode = mode
        forget_changed_shapes(account, flags, before)

    return Answer([{"posMode": mode}], effect)
