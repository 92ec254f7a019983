"""What the sandbox knows: tenants, their accounts, and everything that a rule looks at.

Plain mutable values. Nothing here decides; the rules stand in the modules named after what they rule.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from acctcfg.sandbox.okx.flags import Flags
from acctcfg.sandbox.okx.universe import CURRENCIES, Currency, Instrument
from acctcfg.sandbox.values import Json
from acctcfg.sandbox.world import Maintenance

__all__ = ["Account", "Address", "ApiKey", "BrokerFile", "Flags", "Holder", "Movement", "Pending", "Position"]
__all__ += ["Scope", "State", "Tenant", "Token"]

Scope = tuple[str, str, str, str]  # instType, mgnMode, currency or instrument or family, "long"/"short" or ""

PERMISSIONS = ("read_only", "trade", "withdraw")  # in the order in which the venue prints them


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

    def signs(self, now_ms: int) -> bool:
        """Whether it works at this time: a new one may not yet, a deleted one may for a while."""
        return self.valid_from <= now_ms and (self.valid_until is None or now_ms < self.valid_until)

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
class Movement:
    """A deposit or a withdrawal of a sub-account, in the venue's numbers for its state."""

    id: str
    ccy: str
    chain: str
    amount: Decimal
    state: str
    ts: int
    extra: dict[str, Json] = field(default_factory=dict)

    @property
    def inst_id(self) -> str:
        """What it is about, for whoever closes it by that."""
        return self.ccy


@dataclass(slots=True)
class BrokerFile:
    """A file of orders that a broker asked for."""

    kind: str  # dma, api, oauth
    begin: str
    end: str
    asked_ms: int


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
    pos_mode_before: str = "net_mode"  # that it had when it went to portfolio margin
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
    mmp_frozen: list[str] = field(default_factory=list)  # families whose quotes are frozen until a reset
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
    deposits: list[Movement] = field(default_factory=list)
    withdrawals: list[Movement] = field(default_factory=list)
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

    def hold(self, amounts: Mapping[str, Decimal]) -> None:
        """What the trading account has of these currencies from now on; that it had them once is not forgotten."""
        self.trading.update(amounts)
        self.ever_held.update(amounts)

    def open_positions(self) -> list[Position]:
        """Positions whose size is not zero."""
        return [position for position in self.positions if position.pos]

    def listed_positions(self) -> list[Position]:
        """Positions that a list shows: isolated ones into which margin is moved by hand stay in it with size 0."""
        by_hand = {"MARGIN": self.mgn_iso_mode == "autonomy"}
        contracts = self.ct_iso_mode == "autonomy"
        return [
            position
            for position in self.positions
            if position.pos or (position.mgn_mode == "isolated" and by_hand.get(position.inst_type, contracts))
        ]

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
    fd: list[str] = field(default_factory=list)  # kinds of FD broker that it is: api, oauth
    rebates: dict[str, str] = field(default_factory=dict)  # a user's key -> if-rebate type
    files: list[BrokerFile] = field(default_factory=list)
    features: set[str] = field(default_factory=set)  # activated for all of them

    def accounts(self) -> Iterator[Account]:
        """The master first, then the sub-accounts in the order of creation."""
        yield self.master
        yield from self.subs.values()


@dataclass(slots=True)
class Token:
    """An access token of one account."""

    text: str = field(repr=False)
    tenant: Tenant = field(repr=False)
    account: Account = field(repr=False)
    scope: tuple[str, ...] = ("read_only",)
    expires_ms: int = 0  # 0: never
    revoked: bool = False
    termid: str = ""  # the device that it is bound to
    ip: tuple[str, ...] = ()
    env: str = "demo"


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
    delisted: dict[tuple[str, str], Instrument] = field(default_factory=dict)  # what is held may stand in these still
    flags: Flags = field(default_factory=Flags)
    tenants: dict[str, Tenant] = field(default_factory=dict)
    holders: dict[str, Holder] = field(default_factory=dict)  # by api_key; whether it signs now: `holder`
    tokens: dict[str, Token] = field(default_factory=dict, repr=False)  # by text
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

    def holder(self, api_key: str, now_ms: int) -> Holder | None:
        """Whose key it is; nobody's before it signs, and once it has stopped."""
        holder = self.holders.get(api_key)
        return holder if holder is not None and holder.key.signs(now_ms) else None

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

    def drop_account(self, tenant: Tenant, account: Account, now_ms: int) -> None:
        """Take a sub-account away, with its keys and its tokens."""
        for key in list(account.keys.values()):
            self.drop_key(account, key, now_ms)
        self.tokens = {name: token for name, token in self.tokens.items() if token.account is not account}
        tenant.subs.pop(account.name, None)

    def traded(self, held: Position | Pending) -> Instrument:
        """What a position, an order or a bot stands in, though it may have left the list by now."""
        key = held.inst_type, held.inst_id
        return self.instruments.get(key) or self.delisted[key]

    def instrument(self, inst_id: str) -> Instrument | None:
        """The instrument that leverage is set on: contracts by their id, a pair as MARGIN."""
        for inst_type in ("SWAP", "FUTURES", "MARGIN", "OPTION"):
            found = self.instruments.get((inst_type, inst_id))
            if found is not None:
                return found
        return None
