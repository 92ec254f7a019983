"""How the sandbox behaves where OKX's documentation is silent, or contradicts itself: one switch a corner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

__all__ = ["Flags"]

MODES = ("1", "2", "3", "4")
TAGS = ("chain", "tag", "memo", "pmtId", "comment", "addrEx", "none")


@dataclass(slots=True)
class Flags:
    """How the sandbox behaves where the venue's documentation is silent or contradicts itself."""

    default_leverage: str = "5"  # of a scope that nobody ever set
    isolated_futures_scope: str = "instrument"  # or "family": how isolated FUTURES leverage is keyed
    isolated_in_advanced_modes: str = "contracts"  # what isolated margin modes 3 and 4 take; all, none; else 50072
    spot_margin_by_instrument: bool = False  # true: cross margin in Spot mode is set by instId
    minimum_leverage: str = "1"  # below: 59105; the venue's samples also have 0.01
    equal_values: str = "refused"  # position mode, isolated mode and leverage that an open thing blocks; or "accepted"
    leverage_block_code: str = "precise"  # 59101, 59107, 59668, 59669; or "59000" or "59112" for all of them
    leverage_after_switch: str = "reset"  # of scopes whose key changed shape; or "kept"
    position_mode_in_spot: str = "refused"  # 51010; or "accepted"
    portfolio_position_mode: str = "net"  # what an account that leaves portfolio margin has; or "restored"
    leverage_both_ids: str = "refuse"  # 51000; or "instId": it wins over ccy
    contract_leverage_decimals: int = 0  # digits after the point that a contract's leverage may have
    auto_loan_modes: list[str] = field(default_factory=lambda: ["3", "4"])
    rate_limit_status: int = 429  # or 200: the shape of 50011
    posside_error: str = "top"  # 51000 with HTTP 400; or "item": code 1, the 51000 in data
    leverage_info_404: bool = False  # true: as reported of the EEA host
    key_delay_s: float = 0.0  # until a created key works and a deleted one stops; divided by the speed
    max_subaccounts: int = 100_000
    preset_enveloped: bool = True  # false: account-level-switch-preset answers a bare object
    create_subaccount_answer: str = "full"  # or "short": without uid and ts
    sub_label_required: bool = True  # of a plain user's sub-account; false: it may be left out
    sub_label_blank: bool = False  # true: the list shows it with a blank after it
    subaccount_creation: str = "api"  # of a plain user; or "web": 59518
    subaccount_list_rate: int = 2  # or 20 in two seconds
    unknown_subaccount: str = "empty"  # the list, asked for a name that is not there; or "59510"
    perm_spelling: str = "read_only"  # in the answer to a change of a key; or "read"
    option_assets_usd: int = 10_000  # above which options can be activated (51147); older texts say 20000
    auto_earn_pending_s: float = 0.0  # how long auto-earn is `pending` after it was turned on; divided by the speed
    collateral_fixed: list[str] = field(default_factory=list)  # currencies that can not be disabled as collateral
    collateral_pairs: dict[str, str] = field(default_factory=dict)  # {"USDC": "USDT"}: one call has both or none
    ws_login_error: str = "closer"  # the code that fits a failed login; or "60009" for all of them
    ws_ack: str = "arg"  # of a subscription; or "args": a list of one
    empty_snapshot: bool = False  # true: a positions snapshot without positions is pushed, with no rows
    close_push: bool = True  # a position that was closed is pushed once with size 0; false: not at all
    duplicate_order_frames: bool = False  # true: every push of an order comes twice
    snapshot_page_size: int = 100  # rows of a page; 30 or less cuts a small account's snapshot
    notice_lead_s: int = 60  # from notice 64008 to the end; 30 before June 2025; divided by the speed
    broker_file_s: int = 7200  # until a broker's file is ready; divided by the speed
    fee_maker_field: str = "marker"  # in a broker's fee rates, as the sample has it; or "maker"
    balance_zero_rows: bool = False  # true: a currency asked for by ccy and once held has a row at zero too
    dma_endpoints: str = "full"  # or "public": the twelve that are no longer documented answer a bare 404
    subaccount_parent: str = "firstLvSubAcct"  # with subAcctLv, since 2025-05-28; or "mainAcct", as before
    subaccount_info_rate: int = 1  # or 10 a second
    dma_level_needs_activation: bool = False  # true: 51070 for a mode that nobody activated, also for a broker
    trans_out_text: bool = False  # true: canTransOut is the text "true" or "false" in a broker's list
    repeated_address: str = "new"  # an address asked for again is another one; or "same"
    dma_withdraw: str = "refused"  # 51000 for keys of sub-accounts; or "accepted"
    address_tag: str = "chain"  # where a tag stands: as the chain has it, or tag, memo, pmtId, comment, addrEx, none
    minimum_assets: dict[str, str] = field(default_factory=dict)  # {"3": "10000"}: USD needed per account mode
    portfolio_caps: dict[str, str] = field(default_factory=dict)  # {"BTC-USDT": "100"}: contracts per family
    activated_modes: list[str] = field(default_factory=lambda: list(MODES))  # of a fresh account
    fresh_account_mode: str = "1"
    fresh_position_mode: str = "net_mode"

    WORDS: ClassVar[dict[str, tuple[str | int, ...]]] = {
        "isolated_futures_scope": ("instrument", "family"),
        "isolated_in_advanced_modes": ("contracts", "all", "none"),
        "minimum_leverage": ("1", "0.01"),
        "equal_values": ("refused", "accepted"),
        "leverage_block_code": ("precise", "59000", "59112"),
        "leverage_after_switch": ("reset", "kept"),
        "position_mode_in_spot": ("refused", "accepted"),
        "portfolio_position_mode": ("net", "restored"),
        "repeated_address": ("new", "same"),
        "leverage_both_ids": ("refuse", "instId"),
        "auto_loan_modes": ("3", "4"),
        "rate_limit_status": (429, 200),
        "posside_error": ("top", "item"),
        "create_subaccount_answer": ("full", "short"),
        "subaccount_creation": ("api", "web"),
        "subaccount_list_rate": (2, 20),
        "unknown_subaccount": ("empty", "59510"),
        "perm_spelling": ("read_only", "read"),
        "ws_login_error": ("closer", "60009"),
        "ws_ack": ("arg", "args"),
        "fee_maker_field": ("marker", "maker"),
        "dma_endpoints": ("full", "public"),
        "subaccount_parent": ("firstLvSubAcct", "mainAcct"),
        "subaccount_info_rate": (1, 10),
        "dma_withdraw": ("refused", "accepted"),
        "address_tag": TAGS,
        "activated_modes": MODES,
        "fresh_account_mode": MODES,
        "fresh_position_mode": ("net_mode", "long_short_mode"),
    }
    OLD: ClassVar[dict[str, dict[object, str]]] = {"isolated_in_advanced_modes": {True: "all", False: "none"}}
