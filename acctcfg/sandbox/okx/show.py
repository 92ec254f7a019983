"""OKX's state as JSON values, without any secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from decimal import Decimal

from acctcfg.sandbox.okx.declared import HELD, PLAIN
from acctcfg.sandbox.okx.leverage import scope_text
from acctcfg.sandbox.okx.state import Account, Address, Movement, Pending, Position, State, Tenant
from acctcfg.sandbox.okx.universe import Currency
from acctcfg.sandbox.values import Row, plain

__all__ = ["address_id", "identities", "show_account", "show_currency"]


def show_account(tenant: Tenant, account: Account) -> Row:
    """One account; keys without their secrets, leverage by scope, only what was set."""
    return {
        "tenant": tenant.name,
        "name": account.name or "@master",
        "mainUid": account.main_uid,
        "ts": account.ts,
        **{word: getattr(account, name) for word, (name, _) in PLAIN.items()},
        "leverage": {scope_text(scope): lever for scope, lever in sorted(account.leverage.items())},
        **{name: [_item(item) for item in getattr(account, name)] for name in HELD},
        "trading": _amounts(account.trading),
        "funding": _amounts(account.funding),
        "debts": _amounts(account.debts),
        "keys": [
            {"label": key.label, "api_key": key.api_key, "perm": key.perm_text, "ip": list(key.ip), "env": key.env}
            for key in account.keys.values()
        ],
        "addresses": [_item(address) for address in account.addresses],
        "mmp": dict(account.mmp),
        "auto_earn": dict(account.auto_earn),
        "spot_offset": dict(account.spot_offset),
        "login_ips": list(account.login_ips),
    }


def show_currency(currency: Currency) -> Row:
    """A currency as a seed describes it."""
    chains: list[Row] = [
        {
            "chain": chain.id,
            "mainNet": chain.main,
            "needTag": chain.needs_tag,
            "ctAddr": chain.contract,
            "canDep": chain.can_deposit,
            "tag": chain.tag_place,
        }
        for chain in currency.chains
    ]
    return {"ccy": currency.code, "name": currency.name, "usd": plain(currency.usd), "chains": chains}


def address_id(addr: str, tag: str) -> str:
    """A deposit address in the words of a row; currencies with tags share one address."""
    return f"{addr}:{tag}"


def identities(state: State) -> Iterator[str]:
    """The ids of everything that lists show."""
    for tenant in state.tenants.values():
        for account in tenant.accounts():
            held = (account.orders, account.algos, account.bots, account.spreads, account.copies)
            yield from (movement.id for movement in (*account.deposits, *account.withdrawals))
            yield from (account.uid, *account.keys, *(item.id for items in held for item in items))
            yield from (position.pos_id for position in account.positions)
            yield from (address_id(address.addr, address.tag) for address in account.addresses)


def _amounts(amounts: Mapping[str, Decimal]) -> Row:
    return {ccy: plain(amount) for ccy, amount in amounts.items()}


def _item(item: Position | Pending | Movement | Address) -> Row:
    values = {field.name: getattr(item, field.name) for field in fields(item)}
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in values.items()}
