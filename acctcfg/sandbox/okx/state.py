"""What the sandbox knows: tenants, their accounts, and everything that a rule looks at.

Plain mutable values. Nothing here decides; the rules stand in the modules named after what they rule.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from acctcfg.sandbox.okx.universe import CURRENCIES, Currency, Instrument
from acctcfg.sandbox.values import Json
from acctcfg.sandbox.world import Maintenance

__all__ = ["Account", "Address", "ApiKey", "Flags", "Holder", "Pending", "Position", "Scope"]
__all__ += ["State", "Tenant"]

Scope = tuple[str, str, str, str]  # instType, mgnMode, currency or instrument or family, "long"/"short" or ""

PERMISSIONS = ("read_only", "trade", "withdraw")  # in the order in which the venue prints them


MODES = ("1", "2", "3", "4")
TAGS = ("chain", "tag", "memo", "pmtId", "comment", "addrEx", "none")


@dataclass(slots=True)
class Flags:
    """How the sandbox behaves where the venue's documentation is silent or contradicts itself."""

    default_leverage: str = "5"  # of a scope that nobody ever set
    isolated_futures_scope: str = "instrument"  # or "family": how isolated FUTURES leverage is keyed
    isolated_in_advanced_modes: str = "contracts"  # what isolated margin modes 3 and 4 take; all, none; else 50072
    spot_margin_by_instrument: bool = False  # true: cross margin in Spot mode is set by instId
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
    balance_zero_rows: bool = False  # true: a currency asked for by ccy and once held has a row at zero too
    dma_endpoints: str = "full"  # or "public": the twelve that are no longer documented answer a bare 404
    subaccount_parent: str = "firstLvSubAcct"  # with subAcctLv, since 2025-05-28; or "mainAcct", as before
    subaccount_info_rate: int = 1  # or 10 a second
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


@dataclass(slots=True)
class ApiKey:
    """One key of one account. Times are Unix milliseconds."""

    label: str
    api_key: str
    secret_key: str = field(repr=False)
    passphrase: str = field(repr=False)
    perm: frozenset[str] = frozenset({"read_only"})
    ip: tuple[str, ...] = ()
    env: str = "demo"  # live | demo | any
    ts: int = 0
    valid_from: int = 0
    valid_until: int | None = None

    @property
    def perm_text(self) -> str:
        """`read_only,trade`, as the venue prints it."""
        return ",".join(word for word in PERMISSIONS if word in self.perm)

    @property
    def ip_text(self) -> str:
        """`203.0.113.7,203.0.113.8`, or empty for a key that is bound to no address."""
        return ",".join(self.ip)


@dataclass(slots=True)
class Position:
    """One position; `pos` 0 once closed, and the row then still answers when asked for by name."""

    pos_id: str
    inst_type: str
    inst_id: str
    mgn_mode: str
    pos: Decimal
    pos_side: str = "net"
    ccy: str = ""
    c_time: int = 0
    u_time: int = 0
    extra: dict[str, Json] = field(default_factory=dict)  # row fields that a seed or a control call fixes

    @property
    def id(self) -> str:
        """What tells it from the others."""
        return self.pos_id


@dataclass(slots=True)
class Pending:
    """An order, algo order, bot, spread order or lead position that waits. `kind` is its order type or bot type."""

    id: str
    inst_type: str
    inst_id: str
    td_mode: str
    kind: str
    side: str = "buy"
    pos_side: str = "net"
    size: Decimal = Decimal(1)
    state: str = "live"
    c_time: int = 0
    extra: dict[str, Json] = field(default_factory=dict)


@dataclass(slots=True)
class Address:
    """One deposit address. What it credits is a setting of the sub-account, not of the address."""

    ccy: str
    chain: str
    addr: str
    tag: str = ""
    tag_place: str = "tag"  # the field that carries it; `addrEx.comment` is one inside an object
    type: str = "1"
    ts: int = 0
    extra: dict[str, Json] = field(default_factory=dict)  # row fields that a seed fixes


@dataclass(slots=True)
class Account:
    """One venue user: a master or a sub-account. Wire values ("3", "net_mode"), times in Unix milliseconds."""

    uid: str
    name: str  # the sub-account's name; "" for a master
    main_uid: str
    type: str = "1"
    label: str = ""
    parent: str = ""  # the first-level sub-account above this one
    ts: int = 0
    enable: bool = True
    frozen_func: list[str] = field(default_factory=list)
    can_trans_out: bool = True
    acct_lv: str = "1"
    activated_modes: list[str] = field(default_factory=lambda: ["1", "2", "3", "4"])
    pos_mode: str = "net_mode"
    preset: str = ""  # leverage preset for a switch out of portfolio margin
    greeks_type: str = "PA"
    fee_type: str = "0"
    ct_iso_mode: str = "automatic"
    mgn_iso_mode: str = "automatic"
    auto_loan: bool = False
    enable_spot_borrow: bool = False
    spot_borrow_auto_repay: bool = False
    op_auth: str = "0"
    stgy_type: str = "0"
    settle_ccy: str = "USD"
    settle_ccy_list: list[str] = field(default_factory=lambda: ["USD", "USDC", "USDG"])
    collateral_off: list[str] = field(default_factory=list)  # currencies that are no collateral
    mmp_allowed: bool = False
    mmp: dict[str, dict[str, str]] = field(default_factory=dict)  # by family
    auto_earn: dict[str, int] = field(default_factory=dict)  # currency -> turned on at
    earn_unsupported: list[str] = field(default_factory=list)  # currencies that can not earn
    level: str = "Lv1"  # fee tier
    mode_blocks: list[str] = field(default_factory=list)  # what else blocks a mode, in the precheck's words
    strategy_blocks: list[str] = field(default_factory=list)  # the same of the delta-neutral strategy
    demo_increases: dict[int, int] = field(default_factory=dict)  # day -> how often demo money came
    spot_offset: dict[str, str] = field(default_factory=dict)
    margin_check_fails: bool = False  # a mode switch is refused with 59139
    leverage: dict[Scope, str] = field(default_factory=dict)  # only scopes that were set
    positions: list[Position] = field(default_factory=list)
    orders: list[Pending] = field(default_factory=list)
    algos: list[Pending] = field(default_factory=list)
    bots: list[Pending] = field(default_factory=list)
    spreads: list[Pending] = field(default_factory=list)
    copies: list[Pending] = field(default_factory=list)
    trading: dict[str, Decimal] = field(default_factory=dict)
    ever_held: set[str] = field(default_factory=set)  # currencies that were in the trading account once
    funding: dict[str, Decimal] = field(default_factory=dict)
    debts: dict[str, Decimal] = field(default_factory=dict)
    keys: dict[str, ApiKey] = field(default_factory=dict)  # by api_key
    addresses: list[Address] = field(default_factory=list)
    deposit_to: str = "6"
    login_ips: list[str] = field(default_factory=list)

    @property
    def is_master(self) -> bool:
        """Whether this is the user whose key manages sub-accounts."""
        return self.uid == self.main_uid

    @property
    def address(self) -> str:
        """How the control API and faults name it: a sub-account's name, @master, or nothing for a caller unknown."""
        return "@master" if self.is_master and self.uid else self.name

    def open_positions(self) -> list[Position]:
        """Positions whose size is not zero."""
        return [position for position in self.positions if position.pos]

    def freezes(self, function: str) -> bool:
        """Whether a function is frozen; an account that is not enabled and names none has all of them frozen."""
        return function in self.frozen_func or self.is_suspended

    @property
    def is_suspended(self) -> bool:
        """Frozen as a whole."""
        return not self.enable and not self.frozen_func

    def is_busy(self) -> bool:
        """Any position, order, algo order or bot: what the venue wants gone before it changes a mode."""
        pending = self.orders or self.algos or self.bots or self.spreads
        return bool(pending) or any(position.pos for position in self.positions)


@dataclass(slots=True)
class Tenant:
    """One venue user with all its sub-accounts; a broker, unless the seed says otherwise."""

    name: str
    master: Account
    broker: bool = True
    env_prefix: str = ""
    subs: dict[str, Account] = field(default_factory=dict)
    features: set[str] = field(default_factory=set)  # activated for all of them

    def accounts(self) -> Iterator[Account]:
        """The master first, then the sub-accounts in the order of creation."""
        yield self.master
        yield from self.subs.values()


@dataclass(frozen=True, slots=True)
class Holder:
    """Who a key belongs to."""

    tenant: Tenant
    account: Account
    key: ApiKey


@dataclass(slots=True)
class State:
    """Everything that one sandbox holds."""

    instruments: dict[tuple[str, str], Instrument]
    flags: Flags = field(default_factory=Flags)
    tenants: dict[str, Tenant] = field(default_factory=dict)
    holders: dict[str, Holder] = field(default_factory=dict)  # by api_key
    currencies: dict[str, Currency] = field(default_factory=lambda: dict(CURRENCIES))
    maintenance: Maintenance = field(default_factory=Maintenance)
    speed: float = 1.0
    # Ids beyond 2^53, so that a client that reads them as floats is caught; they grow, so newest is highest.
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(2_100_000_000_000_000_001))
    uids: Iterator[int] = field(default_factory=lambda: itertools.count(700_000_000_000_000_001))

    def new_sub_account(self, tenant: Tenant, name: str, now_ms: int) -> Account:
        """A sub-account as the venue makes it, not yet filed."""
        return Account(
            uid=self.next_uid(),
            name=name,
            main_uid=tenant.master.uid,
            ts=now_ms,
            can_trans_out=tenant.broker,
            acct_lv=self.flags.fresh_account_mode,
            pos_mode=self.flags.fresh_position_mode,
            activated_modes=list(self.flags.activated_modes),
        )

    def next_id(self) -> str:
        """A fresh order, position or bot id."""
        return str(next(self.ids))

    def next_uid(self) -> str:
        """A fresh user id."""
        return str(next(self.uids))

    def add_key(self, tenant: Tenant, account: Account, key: ApiKey) -> None:
        """File a key under its account and where requests are looked up."""
        account.keys[key.api_key] = key
        self.holders[key.api_key] = Holder(tenant, account, key)

    def drop_key(self, account: Account, key: ApiKey, now_ms: int) -> None:
        """Take a key away; it goes on signing for as long as the propagation flag says."""
        account.keys.pop(key.api_key, None)
        if self.flags.key_delay_s:
            key.valid_until = now_ms + round(self.flags.key_delay_s * 1000 / self.speed)
        else:
            self.holders.pop(key.api_key, None)

    def instrument(self, inst_id: str) -> Instrument | None:
        """The instrument that leverage is set on: contracts by their id, a pair as MARGIN."""
        for inst_type in ("SWAP", "FUTURES", "MARGIN", "OPTION"):
            found = self.instruments.get((inst_type, inst_id))
            if found is not None:
                return found
        return None
