"""What the control API does to a Gate account: look at it, open and close things, move money, change it unasked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from acctcfg.sandbox.gate_crossex.seed import HELD, MONEY, PLAIN, add_keys, edit_account, edit_money, perms_from
from acctcfg.sandbox.gate_crossex.state import Account, ApiKey, Flags, Tenant, Venue, plain
from acctcfg.sandbox.gate_crossex.subaccounts import parse_ips
from acctcfg.sandbox.values import count_of, known, whole

__all__ = ["act_on", "show_account", "show_flags", "show_tenant"]

KEY_EDITS = ("name", "perms", "ip_whitelist", "state")


def act_on(venue: Venue, tenant: Tenant, account: Account, method: str, rest: list[str], body: Any, now_ms: int) -> Any:
    """Do one control action on an account. Raises LookupError for no such action or thing, ValueError for a mistake."""
    place = account.name or f"{tenant.name}:@master"
    match (method, rest):
        case ("GET", []):
            pass
        case ("DELETE", []):
            return _remove(venue, tenant, account)
        case ("POST", ["set"]):
            edit_account(venue, tenant, account, body, now_ms, (place,))
        case ("POST", ["balances"]):
            _move(account, body)
        case ("POST", [what]) if what in HELD:
            return _open(venue, account, what, body, now_ms)
        case ("DELETE", [what, *which]) if what in HELD:
            _close(account, what, which[0] if which else "all")
        case ("POST", ["keys"]):
            add_keys(venue, tenant, account, body if isinstance(body, list) else [body], now_ms, (place, "keys"))
        case ("POST", ["keys", which]):
            _edit_key(_key(account, which), body)
        case ("DELETE", ["keys", which]):
            key = _key(account, which)
            del account.keys[key.key]
            venue.holders.pop(key.key, None)
        case _:
            raise LookupError(f"no control action {method} accounts/{place}/{'/'.join(rest)}")
    return show_account(tenant, account)


def _remove(venue: Venue, tenant: Tenant, account: Account) -> dict[str, Any]:
    if account.is_main:
        raise ValueError("a main account stays")
    for key in account.keys:
        venue.holders.pop(key, None)
    del tenant.subs[account.name]
    return {"removed": account.name}


def _move(account: Account, body: Mapping[str, Any]) -> None:
    """{balances: {CROSSEX: {USDT: "100"}}, liabilities: {...}}: amounts replace, 0 removes."""
    for name, values in known(body, MONEY).items():
        edit_money(account, name, values, (name,))


def _open(venue: Venue, account: Account, what: str, body: Any, now_ms: int) -> dict[str, Any]:
    """Open one thing, or `count` of them; answers their ids."""
    rows = body if isinstance(body, list) else [body] * count_of(body)
    opened: list[Any] = [HELD[what](venue, account, row, now_ms) for row in rows]
    getattr(account, what).extend(opened)
    return {"ids": [item.id for item in opened]}


def _close(account: Account, what: str, which: str) -> None:
    """Close by id, by symbol, or all of them."""
    held: list[Any] = getattr(account, what)
    kept = [item for item in held if which not in ("all", item.id, item.symbol)]
    if len(kept) == len(held) and which != "all":
        raise LookupError(f"no such thing in {what}: {which!r}")
    setattr(account, what, kept)


def _key(account: Account, which: str) -> ApiKey:
    """A key by its name or itself."""
    for key in account.keys.values():
        if which in (key.name, key.key):
            return key
    raise LookupError(f"no key {which!r}")


def _edit_key(key: ApiKey, body: Mapping[str, Any]) -> None:
    """{name, perms, ip_whitelist, state}: what is there replaces the whole value, at once."""
    body = known(body, KEY_EDITS)
    perms = perms_from(body["perms"]) if "perms" in body else key.perms
    ips = parse_ips(body["ip_whitelist"]) if "ip_whitelist" in body else key.ip_whitelist
    key.name, key.state = str(body.get("name", key.name)), whole(body.get("state", key.state), ("state",), highest=9)
    key.perms, key.ip_whitelist = perms, ips
    key.enforce()


def show_flags(flags: Flags) -> dict[str, Any]:
    """Every flag of Gate's."""
    return {name: getattr(flags, name) for name in flags.__slots__}


def show_tenant(tenant: Tenant) -> dict[str, Any]:
    """A main account and its sub-accounts."""
    return {
        "venue": "gate_crossex",
        "uid": tenant.master.uid,
        "profile": tenant.profile,
        "master": show_account(tenant, tenant.master),
        "sub_accounts": {name: show_account(tenant, account) for name, account in tenant.subs.items()},
    }


def show_account(tenant: Tenant, account: Account) -> dict[str, Any]:
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
        **{name: _amounts(getattr(account, name)) for name in ("initial_margin", "maintenance_margin")},
        **{name: {place: _amounts(coins) for place, coins in getattr(account, name).items()} for name in MONEY},
        "keys": [_key_shown(key) for key in account.keys.values()],
    }


def _key_shown(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "key": key.key,
        "perms": dict(key.perms),
        "ip_whitelist": list(key.ip_whitelist),
        "mode": key.mode,
        "state": key.state,
    }


def _amounts(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: plain(amount) for name, amount in amounts.items()}


def _item(item: Any) -> dict[str, Any]:
    values = {field.name: getattr(item, field.name) for field in fields(item)}
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in values.items()}
