"""What the sandbox knows of Gate: tenants, their accounts, and everything that a rule looks at.

Plain mutable values in the venue's own words. Nothing here decides; the rules stand in the modules named after what
they rule.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from acctcfg.sandbox.gate_crossex.universe import CROSSEX, REAL_EXCHANGES, Symbol, default_symbols

__all__ = ["CROSS", "ISOLATED", "MARGIN_MODES", "Account", "ApiKey", "Flags", "Holder", "MarginPosition", "Order"]
__all__ += ["Position", "Security", "State", "Tenant"]

CROSS, ISOLATED = "CROSS_EXCHANGE", "ISOLATED_EXCHANGE"
MARGIN_MODES = ("CROSS", "ISOLATED")


@dataclass(slots=True)
class Flags:
    """How the sandbox behaves where the venue's documentation is silent or contradicts itself."""

    profile: str = "seed"  # the wire format: "seed" is CrossEx v1.0.0, "current" that of March 2026 and later
    effect_delay_s: float = 0.3  # from a 202 until the change shows; divided by the speed
    effects_come: bool = True  # false: every 202 is an empty promise
    exchanges: list[str] = field(default_factory=lambda: list(REAL_EXCHANGES))  # that the venue serves
    margin_currencies: str = "settlement"  # of each exchange, carries its margins; or "USDT" alone
    margin_mode_scope: str = "symbol"  # whose orders and positions block a margin mode; or the whole "exchange"
    security_blocks_mode: bool = True  # whether stocks and ETFs block an account mode change
    leverage_with_positions: bool = True  # false: TRADE_UNSUPPORTED_OPERATION while the symbol has a position or order
    max_keys: int = 5  # of a sub-account; the documentation says 5 and 20
    key_names_unique: bool = False  # true: INVALID_PARAM_VALUE for a name that is taken
    sub_key_crossx: bool = False  # true: a sub-account's key may be given the crossx permission
    key_delay_s: float = 0.0  # until a key's creation, change or deletion is felt; up to 300 at the venue
    strict_get: bool = True  # a body on a GET is refused
    strict_fields: bool = False  # true: an unknown field in a body is refused
    label_status: dict[str, str] = field(default_factory=dict)  # {"USER_NOT_EXIST": "404"}: another HTTP status
    detail: bool = False  # true: refusals carry `detail` in place of `message`

    WORDS: ClassVar[dict[str, tuple[str | int, ...]]] = {
        "profile": ("seed", "current"),
        "margin_currencies": ("settlement", "USDT"),
        "margin_mode_scope": ("symbol", "exchange"),
    }
    OLD: ClassVar[dict[str, dict[object, str]]] = {}


@dataclass(slots=True)
class ApiKey:
    """One key of one account. Times are Unix seconds. `rights` and `ips` are what is enforced, which may lag."""

    name: str
    key: str
    secret: str = field(repr=False)
    perms: dict[str, bool] = field(default_factory=dict)  # permission -> read only
    ip_whitelist: tuple[str, ...] = ()
    mode: int = 1  # 1 classic, 2 portfolio
    state: int = 1  # 1 normal; anything else does not sign
    created_at: int = 0
    updated_at: int = 0
    last_access: int = 0
    rights: dict[str, bool] = field(default_factory=dict)
    ips: tuple[str, ...] = ()

    def enforce(self) -> None:
        """What is written down holds from now on."""
        self.rights, self.ips = dict(self.perms), self.ip_whitelist


@dataclass(slots=True)
class Position:
    """One futures position; amounts in USDT."""

    id: str
    symbol: str
    exchange: str
    qty: Decimal  # negative for a short in SINGLE mode
    side: str
    value: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    time: int = 0
    extra: dict[str, str] = field(default_factory=dict)  # row fields that a seed or a control call fixes

    @property
    def is_open(self) -> bool:
        """Whether it stands in the way of a mode change."""
        return bool(self.qty)


@dataclass(slots=True)
class MarginPosition(Position):
    """One margin position: `qty` is what is held, `liability` what is owed, which may outlive it."""

    liability: Decimal = Decimal(0)

    @property
    def is_open(self) -> bool:
        """A debt without a holding is a position still."""
        return bool(self.qty or self.liability)


@dataclass(slots=True)
class Security:
    """One position in a stock or an ETF, in the listing currency; `exchange` is its market."""

    id: str
    symbol: str
    exchange: str
    qty: Decimal
    time: int = 0
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether anything is held."""
        return bool(self.qty)


@dataclass(slots=True)
class Order:
    """One open order of any business."""

    id: str
    symbol: str
    exchange: str
    business: str
    qty: Decimal
    time: int = 0
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """An order that is listed is open."""
        return True


@dataclass(slots=True)
class Account:
    """One venue user: a main account or a sub-account. Times in Unix seconds where not said otherwise."""

    uid: str
    name: str  # the sub-account's login name; "" for a main account
    remark: str = ""
    email: str = ""
    state: int = 1  # 1 normal, 2 locked
    type: int = 1  # 1 regular, 3 cross margin
    create_time: int = 0
    update_ms: int = 0
    opened: bool = True  # whether there is a CrossEx account
    deactivated: bool = False
    absent: list[str] = field(default_factory=list)  # exchanges of which it has no part in isolated mode
    status: str = "NORMAL"  # hidden: no answer shows it
    account_mode: str = CROSS
    position_mode: dict[str, str] = field(default_factory=lambda: dict.fromkeys((CROSSEX, *REAL_EXCHANGES), "SINGLE"))
    leverage: dict[str, str] = field(default_factory=dict)  # by symbol, FUTURE and MARGIN; only what was set
    margin_mode: dict[str, str] = field(default_factory=dict)  # by symbol; CROSS where nobody set it
    initial_margin: dict[str, Decimal] = field(default_factory=dict)  # by exchange, besides that of the positions
    maintenance_margin: dict[str, Decimal] = field(default_factory=dict)
    balances: dict[str, dict[str, Decimal]] = field(default_factory=dict)  # exchange -> coin -> amount
    liabilities: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    positions: list[Position] = field(default_factory=list)
    margin_positions: list[MarginPosition] = field(default_factory=list)
    security_positions: list[Security] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    keys: dict[str, ApiKey] = field(default_factory=dict)  # by key
    busy_until: float = 0.0  # monotonic seconds: a mode change was accepted and does not show yet

    @property
    def is_main(self) -> bool:
        """Whether this is a user who has sub-accounts, not one of them."""
        return bool(self.uid) and not self.name

    @property
    def address(self) -> str:
        """How the control API and faults name it: a login name, @master, or nothing for a caller unknown."""
        return "@master" if self.is_main else self.name

    def held(self, exchange: str = "") -> list[Position]:
        """Open positions of both kinds, of one exchange or of all."""
        found: Iterable[Position] = itertools.chain(self.positions, self.margin_positions)
        return [position for position in found if position.is_open and exchange in ("", position.exchange)]

    def open_orders(self, exchange: str = "") -> list[Order]:
        """Open orders of every kind, of one exchange or of all."""
        return [order for order in self.orders if exchange in ("", order.exchange)]

    def margin(self, which: str, exchange: str = "") -> Decimal:
        """`initial_margin` or `maintenance_margin`, of one exchange or of all."""
        kept: dict[str, Decimal] = getattr(self, which)
        fixed = sum((amount for name, amount in kept.items() if exchange in ("", name)), Decimal(0))
        return fixed + sum((getattr(position, which) for position in self.held(exchange)), Decimal(0))


@dataclass(slots=True)
class Tenant:
    """One main account with all its sub-accounts."""

    name: str
    master: Account
    env_prefix: str = ""
    profile: str = ""  # a wire format of its own; empty: the venue's flag
    subs: dict[str, Account] = field(default_factory=dict)  # by login name

    def accounts(self) -> Iterator[Account]:
        """The main account first, then the sub-accounts in the order of creation."""
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
    """Everything that one sandbox holds of Gate."""

    listed: dict[str, Symbol] = field(default_factory=default_symbols)
    flags: Flags = field(default_factory=Flags)
    tenants: dict[str, Tenant] = field(default_factory=dict)
    holders: dict[str, Holder] = field(default_factory=dict)  # by key
    speed: float = 1.0
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(2_048_522_992_198_912))
    uids: Iterator[int] = field(default_factory=lambda: itertools.count(110_285_555))

    @property
    def symbols(self) -> dict[str, Symbol]:
        """What is listed, without the exchanges that the venue does not serve."""
        absent = set(REAL_EXCHANGES) - set(self.flags.exchanges)
        return {name: symbol for name, symbol in self.listed.items() if symbol.exchange not in absent}

    def next_id(self) -> str:
        """A fresh order or position id."""
        return str(next(self.ids))

    def next_uid(self) -> str:
        """A fresh user id."""
        return str(next(self.uids))

    def add_key(self, tenant: Tenant, account: Account, key: ApiKey) -> None:
        """File a key under its account."""
        account.keys[key.key] = key
        self.holders[key.key] = Holder(tenant, account, key)

    def leverage_of(self, account: Account, symbol: Symbol) -> str:
        """What was set, or the symbol's default."""
        return account.leverage.get(symbol.name, symbol.default_leverage)
