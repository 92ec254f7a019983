"""What needs no key, and the instruments as an account sees them.

Source: OKX v5, "Get system time", "Status", "Get instruments", "Get position tiers", "Get currencies".
"""

from __future__ import annotations

from decimal import Decimal

from acctcfg.sandbox.okx.params import Call, choice, names, text, wrong
from acctcfg.sandbox.okx.replies import Answer, Refusal
from acctcfg.sandbox.okx.universe import TYPES, Chain, Currency, tiers
from acctcfg.sandbox.values import Row, plain

__all__ = ["currencies", "instruments", "position_tiers", "system_status", "time"]


def time(call: Call) -> Answer:
    """The venue's clock."""
    return Answer([{"ts": call.now}])


def system_status(call: Call) -> Answer:
    """Announced and ongoing maintenance."""
    wanted = text(call, "state")
    if wanted not in ("", "scheduled", "ongoing", "pre_open", "completed", "canceled"):
        raise wrong("state")
    closed = call.venue.maintenance
    if not closed.begin or wanted not in ("", "ongoing" if closed.on else "scheduled"):
        return Answer([])
    row = {
        "title": closed.title,
        "state": "ongoing" if closed.on else "scheduled",
        "begin": str(closed.begin),
        "end": str(closed.end) if closed.end else "",
        "preOpenBegin": "",
        "href": "",
        "serviceType": "5",
        "system": "unified",
        "scheDesc": "",
        "maintType": "1",
        "env": "2",
    }
    return Answer([row])


def instruments(call: Call) -> Answer:
    """Instruments of one type; expired contracts are gone from the list."""
    inst_type = choice(call, "instType", TYPES)
    family, inst_id, uly = text(call, "instFamily"), text(call, "instId"), text(call, "uly")
    if inst_type == "OPTION" and not (family or uly):
        raise Refusal("50015", "Either parameter uly or instFamily is required")
    if inst_type == "EVENTS" and not text(call, "seriesId"):
        raise Refusal("50014", "Parameter seriesId can not be empty")
    rows = [
        instrument.row
        for instrument in call.venue.instruments.values()
        if instrument.inst_type == inst_type
        and (not instrument.expires or instrument.expires > call.now_ms)
        and inst_id in ("", instrument.inst_id)
        and family in ("", instrument.family)
        and uly in ("", instrument.row["uly"])
    ]
    if inst_id and not rows:
        raise Refusal("51001")
    return Answer(rows)


def position_tiers(call: Call) -> Answer:
    """How much leverage each size of position may have."""
    inst_type = choice(call, "instType", ("MARGIN", "SWAP", "FUTURES", "OPTION"))
    choice(call, "tdMode", ("cross", "isolated"))
    families, inst_ids, ccys = names(call, "instFamily", 5), names(call, "instId", 5), names(call, "ccy", 5)
    if inst_type == "MARGIN":
        if not inst_ids and not ccys:
            raise Refusal("50015", "Either parameter instId or ccy is required")
        return Answer(_margin_tiers(call, inst_ids, ccys))
    if not families:
        raise Refusal("50014", "Parameter instFamily can not be empty")
    rows: list[Row] = []
    for family in families:
        found = [i for i in call.venue.instruments.values() if (i.inst_type, i.family) == (inst_type, family)]
        if not found:
            raise Refusal("51014")
        rows += _tier_rows(max(i.lever for i in found), {"instFamily": family, "uly": str(found[0].row["uly"])})
    return Answer(rows)


def _margin_tiers(call: Call, inst_ids: list[str], ccys: list[str]) -> list[Row]:
    pairs = [i for i in call.venue.instruments.values() if i.inst_type == "MARGIN"]
    rows: list[Row] = []
    for inst_id in inst_ids:
        found = [i.lever for i in pairs if i.inst_id == inst_id]
        if not found:
            raise Refusal("51001")
        rows += _tier_rows(found[0], {"instId": inst_id, "instFamily": inst_id, "uly": inst_id})
    for ccy in ccys if not inst_ids else ():
        found = [i.lever for i in pairs if ccy in (i.base, i.quote)]
        if not found:
            raise Refusal("51012")
        rows += _tier_rows(max(found), {"ccy": ccy})
    return rows


def _tier_rows(lever: Decimal, key: dict[str, str]) -> list[Row]:
    blank = dict.fromkeys(("uly", "instFamily", "instId", "ccy", "baseMaxLoan", "quoteMaxLoan", "optMgnFactor"), "")
    return [
        {
            **blank,
            **key,
            "tier": str(number),
            "minSz": plain(low),
            "maxSz": plain(high),
            "mmr": plain(round(1 / (2 * most), 4)),
            "imr": plain(round(1 / most, 4)),
            "maxLever": plain(most),
        }
        for number, (low, high, most) in enumerate(tiers(lever), 1)
    ]


def currencies(call: Call) -> Answer:
    """One row per currency and chain."""
    wanted = names(call, "ccy", 20)
    if set(wanted) - set(call.venue.currencies):
        raise Refusal("51012")
    found = [currency for code, currency in call.venue.currencies.items() if not wanted or code in wanted]
    return Answer([_chain_row(currency, chain) for currency in found for chain in currency.chains])


def _chain_row(currency: Currency, chain: Chain) -> Row:
    return {
        "ccy": currency.code,
        "name": currency.name,
        "logoLink": "",
        "chain": chain.id,
        "ctAddr": chain.contract,
        "canDep": chain.can_deposit,
        "canWd": True,
        "canInternal": True,
        "mainNet": chain.main,
        "needTag": chain.needs_tag,
        "minDep": "0.0001",
        "minWd": "0.001",
        "maxWd": "1000000",
        "minDepArrivalConfirm": "1",
        "minWdUnlockConfirm": "1",
        "depQuotaFixed": "",
        "depQuoteDailyLayer2": "",
        "usedDepQuotaFixed": "",
        "fee": "0.0001",
        "wdTickSz": "8",
    }
