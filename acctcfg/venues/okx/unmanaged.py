"""What OKX's API has of an account and no manifest holds, each with the reason.

Sources: OKX v5, "Trading Account" and "Sub-account"; its broker documentation.
"""

from __future__ import annotations

from typing import Final

__all__ = ["UNMANAGED"]

_HISTORY: Final = "history: it reports what was, and sets nothing"
_REPORT: Final = "a report: there is nothing to set"
_SIZING: Final = "it sizes an order that a trading program is about to place"
_WEB: Final = "OKX sets it on its web page or app only"

UNMANAGED: Final = {
    "activate_feature": "it cannot be read back, acts on the master and all its sub-accounts at once, and has no way "
    "back; call it yourself where orders are refused with 54109",
    "auto_earn_usdg": "the earning of USDG cannot be read back, so nobody could tell whether it is on",
    "self_trade_prevention": f"{_WEB}; the configuration shows it as `acctStpMode`",
    "spot_borrowing": f"{_WEB}; the configuration shows it as `enableSpotBorrow`, and `auto_repay` needs it",
    "liquidation_alert": f"{_WEB}; the configuration shows it as `liquidationGear`",
    "first_activation": "a person activates an account mode for the first time on OKX's web page or app; a switch to "
    "one that was not is blocked (51070)",
    "risk_offset_type": "OKX removed the call on 2025-01-17",
    "mmp_reset": "an operation, not a state: `market_maker_protection` holds the configuration",
    "demo_adjust_balance": "an operation, three times a day: it adds demo money each time, so it reaches no state",
    "demo_assets": "an operation of a broker in demo: it hands out demo money, in an amount that OKX chooses",
    "report_ip": "an operation: a broker reports where a user signed in from, and that cannot be read back; "
    "`client_ip` is sent when an account is created",
    "frozen_functions": f"{_WEB}; where OKX lists an account as frozen, the plan warns",
    "sub_account_transfer": "it moves money between accounts, which is trading; `transfer_out` says whether one may",
    "spot_manual_borrow_repay": "it makes or repays debt, which is trading",
    "margin_balance": "it moves money into a position, which is trading",
    "move_positions": "it trades between sub-accounts",
    "position_builder": "a simulation: the account mode in it changes nothing",
    "position_builder_graph": "a simulation, as `position_builder` is",
    "trade_fee": f"{_REPORT}; `acctcfg show --fees` prints it",
    "risk_state": _REPORT,
    "position_tiers": f"{_REPORT}; OKX sets the caps",
    "interest_rate": _REPORT,
    "interest_limits": _REPORT,
    "account_greeks": f"{_REPORT}; `greeks` sets how they are shown",
    "delta_hedge_currencies": _REPORT,
    "liquidity_program": _REPORT,
    "account_position_risk": f"{_REPORT}; prechecks read positions and balances",
    "entrusted_sub_accounts": _REPORT,
    "max_size": _SIZING,
    "max_avail_size": _SIZING,
    "max_loan": _SIZING,
    "max_withdrawal": "it sizes a withdrawal; acctcfg makes none",
    "adjust_leverage_info": "an estimate: the plan shows it beside a leverage under an open position",
    "bills": _HISTORY,
    "bill_types": _REPORT,
    "bills_archive": _HISTORY,
    "bills_history_archive": _HISTORY,
    "positions_history": _HISTORY,
    "move_positions_history": _HISTORY,
    "interest_accrued": _HISTORY,
    "spot_borrow_repay_history": _HISTORY,
    "sub_account_bills": _HISTORY,
}
