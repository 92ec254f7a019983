"""Account mode: what stands in the way of a switch, and what a switch changes.

Source: OKX v5, "Set account mode", "Precheck account mode switch", "Preset account mode switch"; 5 / 2 s / user each.
Which item blocks which switch is put together from those three pages; the venue prints no matrix.
Refusals: 51070 mode never activated by hand, 59132 orders or bots, 59133 assets, 59134 positions, 59135 copy trading,
59001 borrowings, 59136 and 59137 leverage preset, 59138 tiers, 59139 margin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from acctcfg.sandbox.okx.leverage import CONTRACTS, forget_changed_shapes, shapes
from acctcfg.sandbox.okx.params import Call, choice, decimal, text
from acctcfg.sandbox.okx.replies import Answer, Refusal
from acctcfg.sandbox.okx.state import Account, Position, State
from acctcfg.sandbox.okx.universe import tiers
from acctcfg.sandbox.values import Row, plain

__all__ = ["LEVELS", "Verdict", "judge", "preset", "set_account_level", "switch", "switch_precheck", "total_usd"]

LEVELS = ("1", "2", "3", "4")
REFUSALS = {
    "pending_orders": "59132",
    "pending_algos": "59132",
    "asset_validation": "59133",
    "spot_lead_copy_only_simple_single": "59135",
    "repay_borrowings": "59001",
    "vip_fixed_loan": "59641",
    "lead_portfolio": "51164",
    "stop_spot_custom": "59135",
    "stop_futures_custom": "59135",
    "compliance_restriction": "59114",
    "compliance_kyc2": "59113",
}  # every other type names positions: 59134


@dataclass(slots=True)
class Verdict:
    """What a precheck finds. `s_code` 0 clear, 1 incompatible items, 3 preset missing, 4 tier or margin."""

    s_code: str = "0"
    unmatched: list[Row] = field(default_factory=list)
    positions: list[dict[str, str]] = field(default_factory=list)
    tiers: list[dict[str, str]] = field(default_factory=list)

    def refusal(self) -> str:
        """The code with which the switch itself is refused; empty when nothing stands in the way."""
        if self.s_code == "1":
            return REFUSALS.get(str(self.unmatched[0]["type"]), "59134")
        if self.s_code == "4":
            return "59138" if self.tiers else "59139"
        return "59136" if self.s_code == "3" else ""


def total_usd(venue: State, account: Account) -> Decimal:
    """What the trading account is worth."""
    held = ((venue.currencies.get(ccy), amount) for ccy, amount in account.trading.items())
    return sum((amount * currency.usd for currency, amount in held if currency), Decimal(0))


def judge(venue: State, account: Account, level: str) -> Verdict:
    """Whether the account could have the mode now."""
    verdict = Verdict()
    if level == account.acct_lv:
        return verdict
    verdict.unmatched = list(_unmatched(venue, account, level))
    if verdict.unmatched:
        verdict.s_code = "1"
        return verdict
    if account.acct_lv == "4" and level in ("2", "3"):
        crossed = _cross_contracts(account)
        if crossed and not account.preset:
            verdict.s_code = "3"
        verdict.positions = [
            {"posId": p.pos_id, "lever": account.preset or plain(_maximum_at_size(venue, p))} for p in crossed
        ]
        if crossed and account.preset:
            verdict.tiers = [row for p in crossed if (row := _over_tier(venue, p, Decimal(account.preset)))]
    if level == "4":
        verdict.tiers = _over_cap(venue, account)
    if verdict.tiers or (account.margin_check_fails and verdict.s_code == "0"):
        verdict.s_code = "4"
    return verdict


def _item(kind: str, positions: list[Position] | None = None, total: str = "") -> Row:
    return {"type": kind, "totalAsset": total, "posList": [position.pos_id for position in positions or ()]}


def _unmatched(venue: State, account: Account, level: str) -> Iterator[Row]:
    if account.orders or account.spreads:
        yield _item("pending_orders")
    if account.algos or account.bots:
        yield _item("pending_algos")
    if account.copies and level in ("3", "4"):
        yield _item("spot_lead_copy_only_simple_single")
    yield from _unmatched_positions(account, level, withdrawn=venue.flags.isolated_in_advanced_modes != "all")
    if any(account.debts.values()) and account.acct_lv != "2" and {account.acct_lv, level} != {"3", "4"}:
        yield _item("repay_borrowings")
    yield from (_item(kind) for kind in account.mode_blocks)
    needed = Decimal(venue.flags.minimum_assets.get(level, "0"))
    total = total_usd(venue, account)
    if total < needed:
        yield _item("asset_validation", total=plain(total))


def _unmatched_positions(account: Account, level: str, *, withdrawn: bool) -> Iterator[Row]:
    """`withdrawn`: modes 3 and 4 take no isolated margin of pairs any more, so that none may be held."""
    held = account.open_positions()
    if level == "1" or account.acct_lv == "1":
        if held:
            yield _item("all_positions", held)
        return
    margin = [p for p in held if p.inst_type == "MARGIN"]
    contracts = [p for p in held if p.inst_type in CONTRACTS]
    quick = [p for p in margin if p.mgn_mode == "isolated"]
    if quick and (withdrawn or account.mgn_iso_mode in ("quick_margin", "autonomy")):
        yield _item("isolated_margin", quick)
    manual = [p for p in contracts if p.mgn_mode == "isolated"]
    if manual and account.ct_iso_mode == "autonomy":
        yield _item("isolated_contract", manual)
    crossed = [p for p in margin if p.mgn_mode == "cross"]
    if crossed:
        yield _item("cross_margin", crossed)
    if level == "4" and contracts and account.pos_mode == "long_short_mode":
        yield _item("contract_long_short", contracts)


def _cross_contracts(account: Account) -> list[Position]:
    return [p for p in account.open_positions() if p.inst_type in CONTRACTS and p.mgn_mode == "cross"]


def _maximum_at_size(venue: State, position: Position) -> Decimal:
    instrument = venue.traded(position)
    allowed = [lever for low, _, lever in tiers(instrument.lever) if low == 0 or abs(position.pos) > low]
    return allowed[-1]


def _over_tier(venue: State, position: Position, lever: Decimal) -> dict[str, str] | None:
    """The tier row of a position that is too big for a leverage."""
    if lever <= _maximum_at_size(venue, position):
        return None
    instrument = venue.traded(position)
    sizes = [high for _, high, most in tiers(instrument.lever) if most >= lever]
    return _tier_row(instrument.family, position.inst_type, abs(position.pos), plain(lever), max(sizes, default=None))


def _over_cap(venue: State, account: Account) -> list[dict[str, str]]:
    """Families whose positions are above the cap of portfolio margin."""
    rows = []
    for family, cap in venue.flags.portfolio_caps.items():
        held = [p for p in account.open_positions() if p.inst_type in CONTRACTS and venue.traded(p).family == family]
        total = sum((abs(p.pos) for p in held), Decimal(0))
        if total > Decimal(cap):
            rows.append(_tier_row(family, held[0].inst_type, total, "", Decimal(cap)))
    return rows


def _tier_row(family: str, inst_type: str, pos: Decimal, lever: str, most: Decimal | None) -> dict[str, str]:
    row = {"instFamily": family, "instType": inst_type, "pos": plain(pos), "lever": lever}
    return {**row, "maxSz": plain(most) if most is not None else "0"}


# --- endpoints


def preset(call: Call) -> Answer:
    """Choose the leverage that cross contract positions will have after leaving portfolio margin."""
    account, venue = call.account, call.venue
    level = choice(call, "acctLv", LEVELS[1:])
    lever = text(call, "lever")
    if account.acct_lv == "4" and level in ("2", "3") and _cross_contracts(account):
        value = decimal(call, "lever")
        if value < 1:
            raise Refusal("59105")
        highest = min(_maximum_at_size(venue, position) for position in _cross_contracts(account))
        if value > highest:
            raise Refusal("59137", f"Preset leverage is above the maximum {plain(highest)}")
        lever = plain(value)
        chosen = lever
    else:
        chosen = ""  # not needed, so not looked at

    def effect() -> None:
        account.preset = chosen

    row = {"curAcctLv": account.acct_lv, "acctLv": level, "lever": lever, "riskOffsetType": ""}
    return Answer([row] if venue.flags.preset_enveloped else row, effect)


def switch_precheck(call: Call) -> Answer:
    """The verdict on a switch, inside a success: `sCode` is not an error of the request."""
    account = call.account
    level = choice(call, "acctLv", LEVELS)
    if level != account.acct_lv and level not in account.activated_modes:
        raise Refusal("51070")
    verdict = judge(call.venue, account, level)
    margins = verdict.s_code in ("0", "4")
    row = {
        "sCode": verdict.s_code,
        "curAcctLv": account.acct_lv,
        "acctLv": level,
        "riskOffsetType": "",
        "unmatchedInfoCheck": verdict.unmatched,
        "posList": verdict.positions,
        "posTierCheck": verdict.tiers,
        "mgnBf": _margin(call.venue, account, account.acct_lv) if margins else None,
        "mgnAft": _margin(call.venue, account, level) if margins else None,
    }
    return Answer([row])


def _margin(venue: State, account: Account, level: str) -> Row:
    advanced = level in ("3", "4")
    details = [
        {"ccy": ccy, "availEq": plain(amount), "mgnRatio": ""} for ccy, amount in account.trading.items() if amount
    ]
    return {
        "acctAvailEq": plain(total_usd(venue, account)) if advanced else "",
        "mgnRatio": "999999" if advanced else "",
        "details": details if level == "2" else [],
    }


def set_account_level(call: Call) -> Answer:
    """Switch the mode of the account that owns the key."""
    account, venue = call.account, call.venue
    level = choice(call, "acctLv", LEVELS)
    if level != account.acct_lv:
        if level not in account.activated_modes:
            raise Refusal("51070")
        code = judge(venue, account, level).refusal()
        if code:
            raise Refusal(code)
    return Answer([{"acctLv": level}], lambda: switch(venue, account, level))


def switch(venue: State, account: Account, level: str) -> None:
    """Make the account have a mode: position ids are new, scopes that changed shape stand at the default."""
    if account.acct_lv == level:
        return
    before = shapes(account, venue.flags)
    chosen, account.preset = account.preset, ""
    left, account.acct_lv = account.acct_lv, level
    if level == "4":
        account.pos_mode_before, account.pos_mode = account.pos_mode, "net_mode"
    elif left == "4" and venue.flags.portfolio_position_mode == "restored":
        account.pos_mode = account.pos_mode_before
    forget_changed_shapes(account, venue.flags, before)
    if left == "4" and chosen:
        for position in _cross_contracts(account):
            family = venue.traded(position).family
            what = family if position.inst_type == "FUTURES" else position.inst_id
            account.leverage[position.inst_type, "cross", what, ""] = chosen
    for position in account.open_positions():
        position.pos_id = venue.next_id()
