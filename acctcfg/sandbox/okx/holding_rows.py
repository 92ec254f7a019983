"""The rows of positions, orders, algo orders and bots with every field name that the venue answers.

Source: OKX v5, "Get positions", "Get order list", "Get algo order list", "Get balance". What has no value here is "".
"""

from __future__ import annotations

from decimal import Decimal

from acctcfg.sandbox.okx.leverage import leverage_of, scope_of
from acctcfg.sandbox.okx.replies import Refusal
from acctcfg.sandbox.okx.state import Account, Pending, Position, State
from acctcfg.sandbox.values import Row, plain

__all__ = ["BALANCE", "algo_row", "balance_detail", "bot_row", "copy_row", "order_row", "position_row"]
__all__ += ["pushed_balance_detail", "pushed_order_row", "spread_row"]

_POSITION = """
adl availPos avgPx baseBal baseBorrowed baseInterest bePx bizRefId bizRefType cTime ccy clSpotInUseAmt deltaBS deltaPA
fee fundingFee gammaBS gammaPA hedgedPos idxPx imr instId instType interest last lever liab liabCcy liqPenalty liqPx
margin markPx maxSpotInUseAmt mgnMode mgnRatio mmr nonSettleAvgPx notionalUsd optVal pendingCloseOrdLiabVal pnl pos
posCcy posId posSide quoteBal quoteBorrowed quoteInterest realizedPnl settledPnl spotInUseAmt spotInUseCcy thetaBS
thetaPA tradeId uTime upl uplLastPx uplRatio uplRatioLastPx usdPx vegaBS vegaPA
"""
_ORDER = """
accFillSz algoClOrdId algoId attachAlgoClOrdId avgPx cTime cancelSource cancelSourceReason category ccy clOrdId fee
feeCcy fillPx fillSz fillTime instId instType isTpLimit lever ordId ordType pnl posSide px pxType pxUsd pxVol
quickMgnType rebate rebateCcy reduceOnly side slOrdPx slTriggerPx slTriggerPxType source state stpId stpMode sz tag
tdMode tgtCcy tpOrdPx tpTriggerPx tpTriggerPxType tradeId tradeQuoteCcy uTime
"""
_ALGO = """
activePx actualPx actualSide actualSz algoClOrdId algoId amendPxOnTriggerType cTime callbackRatio callbackSpread ccy
chaseType chaseVal clOrdId closeFraction failCode instId instType isTradeBorrowMode last lever maxChaseType maxChaseVal
moveTriggerPx ordId ordPx ordType posSide pxLimit pxSpread pxVar quickMgnType reduceOnly side slOrdPx slTriggerPx
slTriggerPxType state sz szLimit tag tdMode tgtCcy timeInterval tpOrdPx tpTriggerPx tpTriggerPxType tradeQuoteCcy
triggerPx triggerPxType triggerTime uTime
"""
_DETAIL = """
accAvgPx autoLendMtAmt autoLendStatus availBal availEq borrowFroz cashBal ccy clSpotInUseAmt colBorrAutoConversion
colRes crossLiab disEq eq eqUsd fixedBal frozenBal frpType imr interest isoEq isoLiab isoUpl liab maxLoan
maxSpotInUse mgnRatio mmr notionalLever openAvgPx ordFrozen rewardBal smtSyncEq spotBal spotCopyTradingEq spotInUseAmt
spotIsoBal spotUpl spotUplRatio stgyEq totalPnl totalPnlRatio twap uTime upl uplLiab
"""
_BALANCE = """
adjEq availEq borrowFroz delta deltaLever deltaNeutralStatus imr isoEq mgnRatio mmr notionalUsd notionalUsdForBorrow
notionalUsdForFutures notionalUsdForOption notionalUsdForSwap ordFroz totalEq uTime upl
"""
_BOT = "availEq baseSz floatProfit gridProfit liqPx quoteSz"
_PUSHED_ORDER = """
amendResult amendSource code execType fillFee fillFeeCcy fillFwdPx fillIdxPx fillMarkPx fillMarkVol fillNotionalUsd
fillPnl fillPxUsd fillPxVol lastPx msg notionalUsd reqId
"""
POSITION = dict.fromkeys(_POSITION.split(), "")
ORDER = dict.fromkeys(_ORDER.split(), "")
ALGO = dict.fromkeys(_ALGO.split(), "")
BALANCE = dict.fromkeys(_BALANCE.split(), "")
BOT = dict.fromkeys(_BOT.split(), "")
PUSHED_ORDER = dict.fromkeys(_PUSHED_ORDER.split(), "")
DETAIL = dict.fromkeys(_DETAIL.split(), "")


def _lever(venue: State, account: Account, item: Position | Pending, mode: str, *, sells: bool) -> str:
    """The leverage that the venue shows on a row; empty where none applies."""
    if mode not in ("cross", "isolated"):
        return ""
    try:
        scope = scope_of(account, venue.flags, venue.traded(item), mode, item.pos_side, sells=sells)
        return leverage_of(account, venue.flags, scope)
    except Refusal:
        return ""


def position_row(venue: State, account: Account, position: Position) -> Row:
    """One position; a margin position names its base currency when long, its quote when short."""
    instrument = venue.traded(position)
    margin = position.inst_type == "MARGIN"
    short = margin and position.extra.get("posCcy") == instrument.quote
    size = plain(position.pos)
    return {
        **POSITION,
        "adl": "1",
        "availPos": size,
        "avgPx": "1",
        "cTime": str(position.c_time),
        "ccy": position.ccy,
        "closeOrderAlgo": [],
        "instId": position.inst_id,
        "instType": position.inst_type,
        "lever": _lever(venue, account, position, position.mgn_mode, sells=short),
        "margin": "1" if position.mgn_mode == "isolated" else "",
        "imr": "1" if position.mgn_mode == "cross" else "",
        "mgnMode": position.mgn_mode,
        "notionalUsd": plain(abs(position.pos)),
        "pos": size,
        "posCcy": instrument.base if margin else "",
        "posId": position.pos_id,
        "posSide": position.pos_side,
        "uTime": str(position.u_time),
        **position.extra,
    }


def order_row(venue: State, account: Account, order: Pending) -> Row:
    """One pending order."""
    return {
        **ORDER,
        "accFillSz": "0",
        "attachAlgoOrds": [],
        "cTime": str(order.c_time),
        "category": "normal",
        "instId": order.inst_id,
        "instType": order.inst_type,
        "isTpLimit": "false",
        "lever": _lever(venue, account, order, order.td_mode, sells=order.side == "sell"),
        "linkedAlgoOrd": {"algoId": ""},
        "ordId": order.id,
        "ordType": order.kind,
        "posSide": order.pos_side,
        "px": "1",
        "reduceOnly": "false",
        "side": order.side,
        "state": order.state,
        "sz": plain(order.size),
        "tdMode": order.td_mode,
        "uTime": str(order.c_time),
        **order.extra,
    }


def pushed_order_row(venue: State, account: Account, order: Pending) -> Row:
    """One order as the WebSocket pushes it: what a pending one shows, and what became of changes and fills."""
    row = order_row(venue, account, order)
    return {**PUSHED_ORDER, "code": "0", "notionalUsd": row["sz"], **row}


def algo_row(venue: State, account: Account, algo: Pending) -> Row:
    """One pending algo order."""
    return {
        **ALGO,
        "algoId": algo.id,
        "attachAlgoOrds": [],
        "cTime": str(algo.c_time),
        "instId": algo.inst_id,
        "instType": algo.inst_type,
        "lever": _lever(venue, account, algo, algo.td_mode, sells=algo.side == "sell"),
        "linkedOrd": {"ordId": ""},
        "ordIdList": [],
        "ordType": algo.kind,
        "posSide": algo.pos_side,
        "reduceOnly": "false",
        "side": algo.side,
        "state": algo.state,
        "sz": plain(algo.size),
        "tdMode": algo.td_mode,
        "uTime": str(algo.c_time),
        **algo.extra,
    }


def bot_row(venue: State, _account: Account, bot: Pending) -> Row:
    """One bot. A recurring buy has a list of currencies in place of an instrument."""
    instrument = venue.traded(bot)
    row: Row = {"algoId": bot.id, "algoClOrdId": "", "algoOrdType": bot.kind, "state": bot.state, "tag": ""}
    row.update(cTime=str(bot.c_time), uTime=str(bot.c_time), instType=bot.inst_type, investment=plain(bot.size))
    if bot.kind == "recurring":
        row.update(stgyName="recurring", recurringList=[{"ccy": instrument.base, "ratio": "1"}], period="daily")
    elif bot.kind == "signal":
        row.update(instIds=[bot.inst_id], lever="1", algoOrdType="contract")
    else:
        row.update(BOT)
        row.update(instId=bot.inst_id, instFamily=instrument.family, uly=instrument.row["uly"])
        row.update(lever="1", actualLever="", sz=plain(bot.size), gridNum="10", minPx="1", maxPx="2", runType="1")
        row.update(basePos=False, cancelType="0", stopType="0", direction="neutral", totalPnl="0", pnlRatio="0")
    return {**row, **bot.extra}


def spread_row(_venue: State, _account: Account, order: Pending) -> Row:
    """One pending spread order."""
    row = {"sprdId": order.inst_id, "ordId": order.id, "clOrdId": "", "tag": "", "px": "1", "sz": plain(order.size)}
    row.update(ordType=order.kind, side=order.side, state=order.state, accFillSz="0", pendingFillSz="0")
    return {**row, "cTime": str(order.c_time), "uTime": str(order.c_time), **order.extra}


def copy_row(_venue: State, _account: Account, lead: Pending) -> Row:
    """One lead position."""
    row = {"subPosId": lead.id, "instId": lead.inst_id, "instType": lead.inst_type, "posSide": lead.pos_side}
    row.update(mgnMode=lead.td_mode, subPos=plain(lead.size), lever="1", openTime=str(lead.c_time), openAvgPx="1")
    return {**row, **lead.extra}


def _earning(venue: State, account: Account, ccy: str, now_ms: int) -> str:
    if ccy in account.earn_unsupported:
        return "unsupported"
    since = account.auto_earn.get(ccy)
    if since is None:
        return "off"
    return "pending" if now_ms - since < venue.flags.auto_earn_pending_s * 1000 / venue.speed else "active"


def balance_detail(venue: State, account: Account, ccy: str, now: str) -> Row:
    """What an account holds and owes in one currency."""
    held = account.trading.get(ccy, Decimal(0))
    amount, owed = plain(held), plain(account.debts.get(ccy, Decimal(0)))
    currency = venue.currencies.get(ccy)
    usd = plain(held * currency.usd) if currency else "0"
    row: Row = {**DETAIL, "ccy": ccy, "eq": amount, "cashBal": amount, "availBal": amount, "uTime": now}
    row.update(eqUsd=usd, disEq=usd, availEq=amount if account.acct_lv != "1" else "", frozenBal="0", ordFrozen="0")
    row.update(liab=owed, crossLiab=owed, isoLiab="0", interest="0", upl="0", stgyEq="1" if account.bots else "0")
    row.update(autoLendStatus=_earning(venue, account, ccy, int(now)), twap="0")
    row.update(collateralEnabled=ccy not in account.collateral_off, collateralRestrict=False)
    row.update(clSpotInUseAmt=account.spot_offset.get(ccy, ""))
    return row


def pushed_balance_detail(venue: State, row: Row) -> Row:
    """A currency's row as the WebSocket pushes it: one name is another, and the price in dollars stands there, too."""
    currency = venue.currencies.get(str(row["ccy"]))
    price = plain(currency.usd) if currency else ""
    kept = {name: value for name, value in row.items() if name != "maxSpotInUse"}
    return {**kept, "maxSpotInUseAmt": row["maxSpotInUse"], "coinUsdPrice": price}
