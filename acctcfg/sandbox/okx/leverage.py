"""Leverage: which scopes exist, what is refused, and which single scope a write moves.

Source: OKX v5, "Set leverage", "Get leverage", "Get leverage estimated info"; 20 / 2 s / user for the first two.
A value belongs to a scope, not to an instrument: cross FUTURES share one per family, cross margin in the
multi-currency modes has one per currency borrowed, isolated contracts in long/short mode have one per side.
Refusals: 51010 and 51039 no such scope under this account mode, 50072 isolated withdrawn, 59102 and 59105 bounds,
59101/59107 orders and 59668/59669 algos or bots in the scope, also for an equal value.
"""

from __future__ import annotations

from decimal import Decimal

from acctcfg.sandbox.okx.flags import Flags
from acctcfg.sandbox.okx.params import Call, choice, decimal, names, text, wrong
from acctcfg.sandbox.okx.replies import Answer, Refusal
from acctcfg.sandbox.okx.state import Account, Pending, Position, Scope, State
from acctcfg.sandbox.okx.universe import Instrument, tiers
from acctcfg.sandbox.values import Row, plain

__all__ = ["forget_changed_shapes", "leverage_info", "leverage_of", "set_leverage", "shape", "shapes"]
__all__ += ["adjust_leverage_info", "scope_of", "scope_text"]

CONTRACTS = ("FUTURES", "SWAP")
KINDS = tuple((inst_type, mode) for inst_type in ("MARGIN", *CONTRACTS) for mode in ("cross", "isolated"))


def shape(account: Account, flags: Flags, inst_type: str, mgn_mode: str) -> str:
    """What a value is keyed by: currency, instrument, family, instrument+side, family+side, or `none:CODE`."""
    advanced = account.acct_lv in ("3", "4")
    if inst_type not in ("MARGIN", *CONTRACTS):
        return "none:51010"
    taken = {"all": ("MARGIN", *CONTRACTS), "contracts": CONTRACTS, "none": ()}[flags.isolated_in_advanced_modes]
    if mgn_mode == "isolated" and advanced and inst_type not in taken:
        return "none:50072"
    if inst_type == "MARGIN":
        return _margin_shape(account, flags, mgn_mode)
    if account.acct_lv == "1":
        return "none:51010"
    if mgn_mode == "cross":
        if account.acct_lv == "4":
            return "none:51039"
        return "family" if inst_type == "FUTURES" else "instrument"
    by_family = inst_type == "FUTURES" and flags.isolated_futures_scope == "family"
    side = "+side" if account.pos_mode == "long_short_mode" else ""
    return ("family" if by_family else "instrument") + side


def _margin_shape(account: Account, flags: Flags, mgn_mode: str) -> str:
    if account.acct_lv == "1":
        if mgn_mode == "isolated" or not account.enable_spot_borrow:
            return "none:51010"
        return "instrument" if flags.spot_margin_by_instrument else "currency"
    return "currency" if mgn_mode == "cross" and account.acct_lv in ("3", "4") else "instrument"


def shapes(account: Account, flags: Flags) -> dict[tuple[str, str], str]:
    """The shape of every (instType, mgnMode) under the account's present modes."""
    return {kind: shape(account, flags, *kind) for kind in KINDS}


def forget_changed_shapes(account: Account, flags: Flags, before: dict[tuple[str, str], str]) -> None:
    """After a mode switch: scopes whose key shape changed stand at the default again."""
    if flags.leverage_after_switch == "kept":
        return
    after = shapes(account, flags)
    changed = {kind for kind in KINDS if before[kind] != after[kind]}
    account.leverage = {s: v for s, v in account.leverage.items() if (s[0], s[1]) not in changed}


def scope_text(scope: Scope) -> str:
    """`FUTURES/isolated/BTC-USD-271231/long`, as the control API writes it."""
    return "/".join(part for part in scope if part)


def scope_of(
    account: Account, flags: Flags, instrument: Instrument, mgn_mode: str, side: str = "", *, sells: bool = False
) -> Scope:
    """The scope that decides an instrument's leverage; by currency it is that which is borrowed.

    Who sells borrows the base, who buys the quote, which also answers for a pair as such.
    """
    found = shape(account, flags, instrument.inst_type, mgn_mode)
    if found.startswith("none:"):
        raise Refusal(found[5:])
    what, _, sided = found.partition("+")
    borrowed = instrument.base if sells else instrument.quote
    key = {"family": instrument.family, "instrument": instrument.inst_id, "currency": borrowed}[what]
    return instrument.inst_type, mgn_mode, key, side if sided else ""


def leverage_of(account: Account, flags: Flags, scope: Scope) -> str:
    """The value of a scope; one that nobody set stands at the default."""
    return account.leverage.get(scope, flags.default_leverage)


# --- set-leverage


def set_leverage(call: Call) -> Answer:
    """Move one scope to a value."""
    lever = decimal(call, "lever")
    mgn_mode = choice(call, "mgnMode", ("cross", "isolated"))
    pos_side = text(call, "posSide")
    if pos_side not in ("", "net", "long", "short"):
        raise wrong("posSide")
    inst_id, ccy = text(call, "instId"), text(call, "ccy")
    if inst_id and ccy and call.venue.flags.leverage_both_ids == "refuse":
        raise Refusal("51000", "Parameter ccy  error: instId and ccy exclude each other")
    if ccy and not inst_id:
        return _set_by_currency(call, ccy, mgn_mode, pos_side, lever)
    if not inst_id:
        raise Refusal("50015" if mgn_mode == "cross" else "50014", "Either parameter instId or ccy is required")
    return _set_by_instrument(call, inst_id, mgn_mode, pos_side, lever)


def _set_by_currency(call: Call, ccy: str, mgn_mode: str, pos_side: str, lever: Decimal) -> Answer:
    if mgn_mode != "cross":
        raise wrong("mgnMode")
    if pos_side in ("long", "short"):
        raise wrong("posSide")
    if ccy not in call.venue.currencies:
        raise Refusal("51012")
    found = shape(call.account, call.venue.flags, "MARGIN", "cross")
    if found != "currency":
        raise Refusal(found[5:] if found.startswith("none:") else "51010")
    return _set(call, ("MARGIN", "cross", ccy, ""), "", lever, currency_maximum(call.venue, ccy))


def _set_by_instrument(call: Call, inst_id: str, mgn_mode: str, pos_side: str, lever: Decimal) -> Answer:
    instrument = known(call.venue, inst_id, call.now_ms)
    if instrument.state in ("suspend", "preopen", "test"):  # every other state takes a leverage
        raise Refusal("51022" if instrument.state == "suspend" else "51021")
    found = shape(call.account, call.venue.flags, instrument.inst_type, mgn_mode)
    if found.startswith("none:"):
        raise Refusal(found[5:])
    if found == "currency":
        raise Refusal("51010")  # such a scope is written by ccy
    hedged = call.account.pos_mode == "long_short_mode" and instrument.inst_type in CONTRACTS
    sided = pos_side in ("long", "short")
    if (sided and not hedged) or (found.endswith("+side") and not sided):
        refusal = wrong("posSide")
        refusal.in_item = call.venue.flags.posside_error == "item"
        raise refusal
    scope = scope_of(call.account, call.venue.flags, instrument, mgn_mode, pos_side)
    return _set(call, scope, inst_id, lever, instrument.lever)


def _set(call: Call, scope: Scope, inst_id: str, lever: Decimal, highest: Decimal) -> Answer:
    account, flags = call.account, call.venue.flags
    digits = 2 if scope[0] == "MARGIN" else flags.contract_leverage_decimals
    most = min(highest, _tier_maximum(call.venue, account, scope, highest))
    _refuse_beyond(lever, Decimal(flags.minimum_leverage), most)
    if lever < 1:
        digits = 2
    if lever != round(lever, digits):
        raise wrong("lever")
    value = plain(lever)
    if flags.equal_values == "refused" or leverage_of(account, flags, scope) != value:
        _refuse_blocked(call.venue, account, scope)

    def effect() -> None:
        account.leverage[scope] = value

    row = {"lever": value, "mgnMode": scope[1], "instId": inst_id, "posSide": _echoed_side(scope)}
    return Answer([row], effect)


def _refuse_beyond(lever: Decimal, least: Decimal, most: Decimal) -> None:
    """What neither a write nor an estimate takes."""
    if lever < least:
        raise Refusal("59105")
    if lever > most:
        raise Refusal("59102", f"Leverage exceeds the maximum leverage {plain(most)}")


def _echoed_side(scope: Scope) -> str:
    if scope[0] == "MARGIN" or scope[1] == "cross":
        return ""
    return scope[3] or "net"


def known(venue: State, inst_id: str, now_ms: int) -> Instrument:
    """An instrument that leverage can be asked about, or 51001; a pair without margin trading is 54000."""
    instrument = venue.instrument(inst_id)
    if instrument is None:
        raise Refusal("54000" if ("SPOT", inst_id) in venue.instruments else "51001")
    if instrument.expires and instrument.expires <= now_ms:
        raise Refusal("51001")
    return instrument


def currency_maximum(venue: State, ccy: str) -> Decimal:
    """The highest margin leverage of any pair that borrows the currency."""
    levers = [i.lever for i in venue.instruments.values() if i.inst_type == "MARGIN" and ccy in (i.base, i.quote)]
    if not levers:
        raise Refusal("54000")
    return max(levers)


def _covers(venue: State, scope: Scope, held: Position | Pending) -> bool:
    """Whether what is held falls into a scope, on whichever side."""
    inst_type, inst_id = held.inst_type, held.inst_id
    if inst_type != scope[0]:
        return False
    instrument = venue.traded(held)
    return scope[2] in (inst_id, instrument.family if inst_type == "FUTURES" else inst_id) or (
        inst_type == "MARGIN" and scope[2] in (instrument.base, instrument.quote)
    )


def _refuse_blocked(venue: State, account: Account, scope: Scope) -> None:
    def waits(pending: Pending) -> bool:
        return _covers(venue, scope, pending)

    isolated = scope[1] == "isolated"
    if any(waits(order) and order.td_mode == scope[1] for order in account.orders):
        raise Refusal(_block_code(venue, "59101" if isolated else "59107"))
    algos = any(waits(algo) and algo.td_mode == scope[1] for algo in account.algos)
    if algos or any(waits(bot) for bot in account.bots):
        raise Refusal(_block_code(venue, "59668" if isolated else "59669"))


def _block_code(venue: State, precise: str) -> str:
    wanted = venue.flags.leverage_block_code
    return precise if wanted == "precise" else wanted


def _tier_maximum(venue: State, account: Account, scope: Scope, highest: Decimal) -> Decimal:
    """What the position tier allows at the size that is held in the scope."""
    held = _held(venue, account, scope)
    allowed = [lever for low, _, lever in tiers(highest) if low == 0 or held > low]
    return allowed[-1]


def _held(venue: State, account: Account, scope: Scope) -> Decimal:
    return sum(
        (
            abs(position.pos)
            for position in account.open_positions()
            if position.mgn_mode == scope[1] and _covers(venue, scope, position)
        ),
        Decimal(0),
    )


# --- reads


def leverage_info(call: Call) -> Answer:
    """The present values, one row per instrument and side, or per currency."""
    mgn_mode = choice(call, "mgnMode", ("cross", "isolated"))
    inst_ids, ccys = names(call, "instId", 20), names(call, "ccy", 20)
    if not inst_ids and not ccys:
        raise Refusal("50015", "Either parameter instId or ccy is required")
    if inst_ids:
        instruments = [known(call.venue, inst_id, call.now_ms) for inst_id in inst_ids]
        if len({instrument.inst_type for instrument in instruments}) > 1:
            raise Refusal("59004")
        return Answer([row for instrument in instruments for row in _rows(call, instrument, mgn_mode)])
    if mgn_mode != "cross":
        raise wrong("mgnMode")
    return Answer([_currency_row(call, ccy) for ccy in ccys])


def _currency_row(call: Call, ccy: str) -> dict[str, str]:
    found = shape(call.account, call.venue.flags, "MARGIN", "cross")
    if found != "currency":
        raise Refusal("51010")
    if ccy not in call.venue.currencies:
        raise Refusal("51012")
    lever = leverage_of(call.account, call.venue.flags, ("MARGIN", "cross", ccy, ""))
    return {"instId": "", "ccy": ccy, "mgnMode": "cross", "posSide": "net", "lever": lever}


def _rows(call: Call, instrument: Instrument, mgn_mode: str) -> list[dict[str, str]]:
    account, flags = call.account, call.venue.flags
    contract = instrument.inst_type in CONTRACTS
    if contract and mgn_mode == "cross" and account.acct_lv == "4":
        raise Refusal("59111")
    sides = ("long", "short") if contract and account.pos_mode == "long_short_mode" else ("net",)
    return [
        {
            "instId": instrument.inst_id,
            "ccy": "",
            "mgnMode": mgn_mode,
            "posSide": side,
            "lever": leverage_of(account, flags, scope_of(account, flags, instrument, mgn_mode, side)),
        }
        for side in sides
    ]


def adjust_leverage_info(call: Call) -> Answer:
    """The bounds of a leverage change, and whether pending orders exist."""
    inst_type = choice(call, "instType", ("MARGIN", *CONTRACTS))
    mgn_mode = choice(call, "mgnMode", ("cross", "isolated"))
    lever = decimal(call, "lever")
    side = choice(call, "posSide", ("net", "long", "short"), "net")
    scope, highest = _asked_scope(call, inst_type, mgn_mode, "" if side == "net" else side)
    account = call.account
    most = min(highest, _tier_maximum(call.venue, account, scope, highest))
    _refuse_beyond(lever, Decimal(call.venue.flags.minimum_leverage), most)
    covers = [o for o in account.orders if _covers(call.venue, scope, o)]
    row: Row = dict.fromkeys(
        ("estAvailQuoteTrans", "estAvailTrans", "estLiqPx", "estMaxAmt", "estMgn", "estQuoteMaxAmt", "estQuoteMgn"), ""
    )
    exists = any(order.td_mode == mgn_mode for order in covers)
    if held := _held(call.venue, account, scope):
        row["estMgn"] = plain(round(held / lever, 8))
    return Answer([{**row, "existOrd": exists, "maxLever": plain(most), "minLever": call.venue.flags.minimum_leverage}])


def _asked_scope(call: Call, inst_type: str, mgn_mode: str, side: str) -> tuple[Scope, Decimal]:
    """The scope of an estimate, with the highest leverage of its instrument or currency."""
    account, flags = call.account, call.venue.flags
    inst_id, ccy = text(call, "instId"), text(call, "ccy")
    found = shape(account, flags, inst_type, mgn_mode)
    if not inst_id and not (ccy and inst_type == "MARGIN" and mgn_mode == "cross"):
        raise Refusal("50015", "Either parameter instId or ccy is required")
    if found.startswith("none:"):
        raise Refusal("59111" if found == "none:51039" else found[5:])
    if inst_type == "MARGIN" and mgn_mode == "isolated" and not ccy and account.mgn_iso_mode == "auto_transfers_ccy":
        raise Refusal("50014", "Parameter ccy can not be empty")
    if not inst_id:
        return ("MARGIN", "cross", ccy, ""), currency_maximum(call.venue, ccy)
    instrument = known(call.venue, inst_id, call.now_ms)
    if instrument.inst_type != inst_type:
        raise Refusal("51015")
    return scope_of(account, flags, instrument, mgn_mode, side), instrument.lever
