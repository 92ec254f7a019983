"""The sandbox's state as JSON values, without any secret."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Any

from acctcfg.sandbox.faults import Fault, address_id
from acctcfg.sandbox.gate_crossex.control import show_flags, show_tenant
from acctcfg.sandbox.gate_crossex.state import Venue as GateVenue
from acctcfg.sandbox.okx.leverage import scope_text
from acctcfg.sandbox.okx.state import Account, Tenant, Venue, plain
from acctcfg.sandbox.okx.universe import Currency
from acctcfg.sandbox.seed import PLAIN

__all__ = ["identities", "show_account", "show_currency", "show_fault", "show_venue"]


def show_venue(venue: Venue, gate: GateVenue) -> dict[str, Any]:
    """Everything."""
    okx = {
        name: {
            "venue": "okx",
            "uid": tenant.master.uid,
            "broker": tenant.broker,
            "master": show_account(tenant, tenant.master),
            "sub_accounts": {sub: show_account(tenant, account) for sub, account in tenant.subs.items()},
        }
        for name, tenant in venue.tenants.items()
    }
    return {
        "tenants": {**okx, **{name: show_tenant(tenant) for name, tenant in gate.tenants.items()}},
        "flags": {name: getattr(venue.flags, name) for name in venue.flags.__slots__},
        "maintenance": {"on": venue.maintenance.on, "begin": venue.maintenance.begin, "end": venue.maintenance.end},
        "gate_crossex": {"flags": show_flags(gate.flags)},
        "client_ip": venue.client_ip,
        "speed": venue.speed,
    }


def show_account(tenant: Tenant, account: Account) -> dict[str, Any]:
    """One account; keys without their secrets, leverage by scope, only what was set."""
    return {
        "tenant": tenant.name,
        "name": account.name or "@master",
        "mainUid": account.main_uid,
        "ts": account.ts,
        **{word: getattr(account, name) for word, name in PLAIN.items()},
        "preset": account.preset,
        "leverage": {scope_text(scope): lever for scope, lever in sorted(account.leverage.items())},
        **{name: [_item(item) for item in getattr(account, name)] for name in ("positions", "orders", "algos", "bots")},
        **{name: [_item(item) for item in getattr(account, name)] for name in ("spreads", "copies")},
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


def show_fault(fault: Fault) -> dict[str, Any]:
    """A fault, with how often it met a request and how often it struck."""
    return {name: value for name, value in _item(fault).items() if name not in ("older", "hidden")}


def show_currency(currency: Currency) -> dict[str, Any]:
    """A currency as a seed describes it."""
    chains = [
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


def identities(venue: Venue, gate: GateVenue) -> frozenset[str]:
    """The ids of everything that lists show: what is not among them was made later."""
    found: set[str] = set()
    for tenant in venue.tenants.values():
        for account in tenant.accounts():
            held = (account.orders, account.algos, account.bots, account.spreads, account.copies)
            found |= {account.uid, *account.keys, *(item.id for items in held for item in items)}
            found |= {position.pos_id for position in account.positions}
            found |= {address_id(address.addr, address.tag) for address in account.addresses}
    for user in gate.tenants.values():
        for member in user.accounts():
            found |= {member.uid, *member.keys, *(order.id for order in member.orders)}
            found |= {position.id for position in (*member.positions, *member.margin_positions)}
    return frozenset(found)


def _amounts(amounts: dict[str, Decimal]) -> dict[str, str]:
    return {ccy: plain(amount) for ccy, amount in amounts.items()}


def _item(item: Any) -> dict[str, Any]:
    values = {field.name: getattr(item, field.name) for field in fields(item)}
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in values.items()}
