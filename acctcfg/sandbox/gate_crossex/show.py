"""Gate's state as JSON values, without any secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from decimal import Decimal

from acctcfg.sandbox.gate_crossex.declared import HELD, MARGINS, MONEY, PLAIN
from acctcfg.sandbox.gate_crossex.seed import Held
from acctcfg.sandbox.gate_crossex.state import Account, ApiKey, State, Tenant
from acctcfg.sandbox.values import Row, plain

__all__ = ["identities", "show_account"]


def show_account(tenant: Tenant, account: Account) -> Row:
    """One account; keys without their secrets, leverage only where it was set."""
    return {
        "venue": "gate_crossex",
        "tenant": tenant.name,
        "name": account.address,
        "create_time": account.create_time,
        **{name: getattr(account, name) for name in PLAIN},
        "position_mode": dict(account.position_mode),
        "leverage": dict(sorted(account.leverage.items())),
        "margin_mode": dict(sorted(account.margin_mode.items())),
        **{name: [_item(item) for item in getattr(account, name)] for name in HELD},
        **{name: _amounts(getattr(account, name)) for name in MARGINS},
        **{name: {place: _amounts(coins) for place, coins in getattr(account, name).items()} for name in MONEY},
        "keys": [_key(key) for key in account.keys.values()],
    }


def _key(key: ApiKey) -> Row:
    return {
        "name": key.name,
        "key": key.key,
        "perms": dict(key.perms),
        "ip_whitelist": list(key.ip_whitelist),
        "mode": key.mode,
        "state": key.state,
    }


def _amounts(amounts: Mapping[str, Decimal]) -> Row:
    return {name: plain(amount) for name, amount in amounts.items()}


def _item(item: Held) -> Row:
    values = {field.name: getattr(item, field.name) for field in fields(item)}
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def identities(state: State) -> Iterator[str]:
    """The ids of everything that lists show."""
    for tenant in state.tenants.values():
        for account in tenant.accounts():
            yield from (account.uid, *account.keys, *(order.id for order in account.orders))
            yield from (position.id for position in (*account.positions, *account.margin_positions))
