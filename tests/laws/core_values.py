"""Generated values for the laws of the pure middle: addresses, wanted and live values, steps, plans."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from acctcfg.core.address import Address
from acctcfg.core.desired import Share, Wave
from acctcfg.core.diff import Change
from acctcfg.core.plan import Estimate, Plan, Precheck, Step, Unread, Warning_
from acctcfg.core.scope import Scope, StoreReport, VenueReport
from acctcfg.core.state import ABSENT, AccountValue, After, KeyValue, Lost, Unreadable
from acctcfg.core.vocabulary import PositionMode
from acctcfg.deposit import address_value

__all__ = ["addresses", "changes", "lives", "plans", "scopes", "steps", "wanteds"]

WORDS = st.sampled_from(["spot", "futures", "portfolio", "net", "long_short", PositionMode.NET])
NUMBERS = st.decimals(1, 125, places=2, allow_nan=False).map(lambda number: number.normalize())
PERMISSIONS = st.lists(st.sampled_from(["read", "trade", "withdraw"]), unique=True).map(sorted).map(tuple)
IPS = st.lists(st.sampled_from(["127.0.0.1", "203.0.113.7", "198.51.100.4"]), unique=True).map(
    lambda some: tuple(sorted(some))
)
KEYS = st.builds(KeyValue, permissions=PERMISSIONS, ip_allowlist=IPS, store=st.sampled_from([None, "vault"]))
ACCOUNTS = st.builds(
    AccountValue,
    name=st.text("abc1", min_size=1),
    label=st.none() | st.text("aé·"),
    details=st.text("ab", max_size=2).map(lambda one: (("parent", one),)),
)
DEPOSITS = st.builds(
    address_value,
    currency=st.sampled_from(["BTC", "USDT"]),
    chain=st.text("AB-", max_size=4),
    type_=st.sampled_from([None, "segwit"]),
    credit_to=st.sampled_from([None, "funding", "trading"]),
)
VALUES = WORDS | NUMBERS | KEYS | ACCOUNTS | DEPOSITS
wanteds = VALUES | st.just(ABSENT)
lives = (
    VALUES
    | st.just(ABSENT)
    | st.builds(After, st.sampled_from(["create", "account_mode"]))
    | st.builds(Unreadable, st.sampled_from(["50119", "no_access"]), st.text())
    | st.builds(Lost, KEYS, st.text("ab"), st.booleans())
)
FIELDS = st.sampled_from(["", "account_mode", "position_mode", "leverage", "api_keys", "deposit.credit_to"])
addresses = st.builds(
    lambda account, field, key: Address(account, field, key if field in ("leverage", "api_keys") else ""),
    st.sampled_from(["mmdesk01", "mmdesk02", "desk"]),
    FIELDS,
    st.sampled_from(["swap/BTC-USDT/cross", "trading", "margin/BTC/cross"]),
)


def _change(address: Address, action: str, before: object, after: object, known: bool) -> Change:
    return Change(
        address,
        action,
        before if known else None,  # type: ignore[arg-type]
        None if action == "delete" else after,  # type: ignore[arg-type]
        before_known=known,
        after_step="" if known else "create",
    )


changes = st.builds(
    _change,
    addresses,
    st.sampled_from(["create", "change", "replace", "delete"]),
    st.none() | VALUES,
    VALUES,
    st.booleans(),
)
CHECKS = st.lists(
    st.builds(
        Precheck,
        st.sampled_from(["no_open_positions", "no_pending_orders", "guardrail:max_leverage"]),
        st.sampled_from(["pass", "fail", "unknown", "venue", "deferred"]),
        st.text(max_size=5),
    ),
    max_size=3,
).map(tuple)
steps = st.builds(
    Step,
    changes,
    st.sampled_from(["desk", "other"]),
    CHECKS,
    st.lists(addresses, max_size=2).map(tuple),
    calls=st.just(("POST /api/v5/account/set-leverage",)),
)
scopes = st.builds(
    Scope,
    whole=st.booleans(),
    targets=st.lists(st.sampled_from(["mmdesk01", "*.leverage[*]", "x.api_keys[a]"]), max_size=2).map(tuple),
    excludes=st.lists(st.sampled_from(["mmdesk02", "*.api_keys"]), max_size=1).map(tuple),
    sets_nothing=st.lists(st.sampled_from(["a.leverage[0]", "b.leverage[1]"]), unique=True, max_size=2).map(tuple),
)
REPORTS = st.builds(
    VenueReport,
    st.sampled_from(["desk", "other"]),
    st.sampled_from(["okx_dma_broker", "gate_crossex"]),
    st.sampled_from(["live", "demo"]),
    st.integers(0, 9),
    st.integers(0, 99),
    st.just(0.5),
    uid=st.sampled_from(["7000", "7001"]),
    base_url=st.sampled_from(["", "http://127.0.0.1:8700"]),
)
STORES = st.builds(
    StoreReport,
    store=st.just("vault"),
    type=st.just("age_file"),
    path=st.sampled_from(["secrets/", "elsewhere/"]),
    recipients=st.lists(st.sampled_from(["age1one", "age1two"]), unique=True).map(sorted).map(tuple),
)
WAVES = (Wave(accounts=1), Wave(accounts=Share(Decimal(50)), then_wait_s=60), Wave(accounts=Share(Decimal(100))))
ROLLOUTS = st.sampled_from([(), WAVES])
plans = st.builds(
    Plan,
    steps=st.lists(steps, max_size=5, unique_by=lambda step: step.address).map(tuple),
    warnings=st.lists(st.builds(Warning_, st.just("mmdesk01"), st.just("adopted"), st.text()), max_size=2).map(tuple),
    unreadable=st.lists(st.builds(Unread, st.just("mmdesk01"), st.just("50119"), st.text()), max_size=2).map(tuple),
    estimate=st.builds(Estimate, st.integers(0, 9), st.just(2.0), st.text(max_size=5)),
    reports=st.lists(REPORTS, max_size=2, unique_by=lambda one: one.venue).map(tuple),
    stores=st.lists(STORES, max_size=1).map(tuple),
    replace=st.lists(st.just("mmdesk01.api_keys[trading]"), max_size=1).map(tuple),
    allow_sensitive=st.lists(st.just("mmdesk01.api_keys[trading]"), max_size=1).map(tuple),
    rollout=ROLLOUTS,
    manifest_digest=st.sampled_from(["sha256:" + "1" * 64, "sha256:" + "2" * 64]),
    created_at=st.sampled_from(["2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z"]),
    acctcfg_version=st.just("0.1.0"),
)
LARGEST = Decimal(125)
