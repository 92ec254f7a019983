"""Read-only reports of an account, and two calls that are no settings.

Source: OKX v5, "Get fee rates", "Get account risk state", "Get PM position limitation", "Activate feature",
"Adjust demo trading balance". Numbers are made up. Refusals: 51010 outside portfolio margin, 50053 demo only, 59691 a
fourth increase in a day, 59692 below zero.
"""

from __future__ import annotations

import re
from decimal import Decimal

from acctcfg.sandbox.okx.params import Call, choice, names, need, text, wrong
from acctcfg.sandbox.okx.replies import Answer, Refusal
from acctcfg.sandbox.okx.universe import TYPES
from acctcfg.sandbox.values import Row, mapping, plain

__all__ = ["activate_feature", "demo_adjust_balance", "position_caps", "risk_state", "trade_fee"]

CAPS = {"BTC": Decimal(1), "ETH": Decimal(1), "USDT": Decimal(5000), "OKB": Decimal(100)}  # of one increase
MOST_A_DAY = 3
DAY_MS = 24 * 3600 * 1000
AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,8})?")
_FEE = "delivery exercise settle maker taker makerU takerU makerUSDC takerUSDC category fiat ruleType"


def trade_fee(call: Call) -> Answer:
    """What trading costs; negative is paid."""
    inst_type = choice(call, "instType", TYPES)
    if text(call, "groupId") and (text(call, "instId") or text(call, "instFamily")):
        raise Refusal("50024")
    group: Row = {"groupId": "1", "maker": "-0.0008", "taker": "-0.001", "rpiMaker": "", "elpMaker": ""}
    row: Row = {**dict.fromkeys(_FEE.split(), ""), "feeGroup": [group]}
    row.update(level=call.account.level, instType=inst_type, ts=call.now, maker="-0.0008", taker="-0.001")
    return Answer([row])


def risk_state(call: Call) -> Answer:
    """Whether only risk-reducing orders are taken; portfolio margin."""
    if call.account.acct_lv != "4":
        raise Refusal("51010")
    return Answer([{"atRisk": False, "atRiskIdx": [], "atRiskMgn": [], "ts": call.now}])


def position_caps(call: Call) -> Answer:
    """Caps of portfolio margin, by family."""
    inst_type = choice(call, "instType", ("SWAP", "FUTURES", "OPTION"))
    need(call, "instFamily")
    rows: list[Row] = []
    for family in names(call, "instFamily", 5):
        found = [i for i in call.venue.instruments.values() if (i.inst_type, i.family) == (inst_type, family)]
        if not found:
            raise Refusal("51014")
        most = call.venue.flags.portfolio_caps.get(family, "1000000")
        rows.append({"instFamily": family, "uly": found[0].row["uly"], "maxSz": most, "posType": ""})
    return Answer(rows)


def activate_feature(call: Call) -> Answer:
    """Once for a master and all its sub-accounts; nothing shows it afterwards, and nothing leads back."""
    feature, tenant = need(call, "feature"), call.tenant
    if feature != "1":
        raise wrong("feature")
    return Answer([], lambda: tenant.features.add(feature))


def demo_adjust_balance(call: Call) -> Answer:
    """Demo money: up three times a day by so much, down as far as nothing; all or nothing."""
    account, kind = call.account, choice(call, "type", ("increase", "reduce"))
    wanted = _adjustments(call)
    if not call.demo:
        raise Refusal("50053")
    day = call.now_ms // DAY_MS
    used = account.demo_increases.get(day, 0)
    if kind == "increase" and used >= MOST_A_DAY:
        raise Refusal("59691")
    if kind == "increase" and any(amount > CAPS[ccy] for ccy, amount in wanted.items()):
        raise wrong("amt")
    sign = 1 if kind == "increase" else -1
    left = {ccy: account.trading.get(ccy, Decimal(0)) + sign * amount for ccy, amount in wanted.items()}
    if min(left.values()) < 0:
        raise Refusal("59692")
    used += kind == "increase"

    def effect() -> None:
        account.hold(left)
        account.demo_increases[day] = used

    details = [{"ccy": ccy, "amt": plain(amount), "bal": plain(left[ccy])} for ccy, amount in wanted.items()]
    return Answer([{"remainCnt": str(MOST_A_DAY - used), "totalCnt": str(MOST_A_DAY), "details": details}], effect)


def _adjustments(call: Call) -> dict[str, Decimal]:
    rows, found = call.params.get("adjustments"), dict[str, Decimal]()
    if not isinstance(rows, list) or not rows:
        raise wrong("adjustments")
    for row in rows:
        values = mapping(row) if isinstance(row, dict) else {}
        ccy, amount = str(values.get("ccy")), str(values.get("amt"))
        if ccy not in CAPS or ccy in found or not AMOUNT.fullmatch(amount):
            raise wrong("adjustments")
        found[ccy] = Decimal(amount)
    return found
