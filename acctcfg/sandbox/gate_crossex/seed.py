"""Gate from a seed: checked values -> State. What no schema can say is said here: unknown symbols, keys used twice.

Wire words are used for wire values: account_mode, position_mode, exchange names. Raises SeedError with the place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final, TypeAlias

from acctcfg.sandbox.gate_crossex.declared import ACCOUNT, MONEY, PLAIN, TENANT
from acctcfg.sandbox.gate_crossex.holdings import margin_position_from, order_from, position_from, security_from
from acctcfg.sandbox.gate_crossex.replies import Refusal
from acctcfg.sandbox.gate_crossex.state import CROSS, Account, ApiKey, Order, Position, Security, State, Tenant
from acctcfg.sandbox.gate_crossex.subaccounts import MAIN_PERMS, parse_ips, parse_perms
from acctcfg.sandbox.gate_crossex.universe import symbol_from
from acctcfg.sandbox.values import (
    Json,
    Place,
    Row,
    SeedError,
    amounts,
    did_you_mean,
    items,
    made_of,
    mapping,
    set_flags,
    text,
    texts,
    whole,
)
from acctcfg.sandbox.world import World

__all__ = ["HELD", "Held", "add_keys", "add_sub_account", "add_symbols", "add_tenant", "build", "builtin"]
__all__ += ["edit_account", "edit_money", "held_from", "ips_from", "perms_from"]

Held: TypeAlias = Position | Security | Order
HELD: Final[dict[str, Callable[[State, Account, Mapping[str, Json], int], Held]]] = {
    "positions": position_from,
    "margin_positions": margin_position_from,
    "security_positions": security_from,
    "orders": order_from,
}


def builtin() -> Row:
    """A user with a CrossEx account and one key."""
    key: Row = {"name": "desk", "key": "sandbox-gate-key", "secret": "sandbox-gate-secret"}
    return {"gate": {"venue": "gate_crossex", "env_prefix": "GATE_DESK", "keys": [key]}}


def build(world: World, section: Mapping[str, Json], place: Place) -> State:
    """The venue without its tenants: flags and symbols."""
    state = State(speed=world.speed)
    set_flags(state.flags, section.get("flags"))
    values, where = mapping(section.get("symbols")), (*place, "symbols")
    if values.get("replace"):
        state.listed.clear()
    for index, name in enumerate(texts(values.get("remove"))):
        if state.listed.pop(name, None) is None:
            raise SeedError(f"no {name!r} to remove{did_you_mean(name, state.listed)}", (*where, "remove", index))
    for verb in ("replace", "add"):
        add_symbols(state, items(values.get(verb)), (*where, verb))
    return state


def add_symbols(state: State, rows: Json, place: Place = ()) -> list[str]:
    """Symbols with their row fields; their names."""
    added = made_of(rows, symbol_from, place)
    state.listed.update({symbol.name: symbol for symbol in added})
    return [symbol.name for symbol in added]


def add_tenant(state: State, name: str, values: Mapping[str, Json], now_ms: int) -> Tenant:
    """A main account with its sub-accounts, as described."""
    place = ("tenants", name)
    uid = text(values, "uid") or state.next_uid()
    main = Account(uid=uid, name="", create_time=now_ms // 1000, update_ms=now_ms)
    prefix = text(values, "env_prefix") or f"GATE_{name.upper().replace('-', '_')}"
    tenant = Tenant(name=name, master=main, env_prefix=prefix, profile=text(values, "profile"))
    state.tenants[name] = tenant
    own = ("venue", "env_prefix", "sub_accounts", *TENANT)
    edit_account(state, tenant, main, {k: v for k, v in values.items() if k not in own}, now_ms, place)
    for sub, sub_values in mapping(values.get("sub_accounts")).items():
        add_sub_account(state, tenant, sub, mapping(sub_values), now_ms, (*place, "sub_accounts", sub))
    return tenant


def add_sub_account(
    state: State, tenant: Tenant, name: str, values: Mapping[str, Json], now_ms: int, place: Place
) -> Account:
    """A sub-account as described, without asking any rule; no CrossEx account unless it says so."""
    uid = text(values, "uid") or state.next_uid()
    account = Account(uid=uid, name=name, create_time=now_ms // 1000, update_ms=now_ms, opened=False)
    edit_account(state, tenant, account, values, now_ms, place)
    tenant.subs[name] = account
    return account


def edit_account(
    state: State, tenant: Tenant, account: Account, values: Mapping[str, Json], now_ms: int, place: Place
) -> None:
    """Set fields of an account behind everybody's back, in the order of ACCOUNT."""
    for name in ACCOUNT:
        if name not in values:
            continue
        value, here = values[name], (*place, name)
        if name in PLAIN:
            setattr(account, name, _like(getattr(account, name), value))
        elif name == "position_mode":
            _position_mode(account, value, here)
        elif name in ("leverage", "margin_mode"):
            _by_symbol(state, getattr(account, name), mapping(value), here)
        elif name in HELD:
            setattr(account, name, held_from(state, account, name, value, now_ms, here))
        elif name in MONEY:
            edit_money(account, name, mapping(value))
        elif name == "keys":
            for key in account.keys:
                state.holders.pop(key, None)
            account.keys.clear()
            add_keys(state, tenant, account, value, now_ms, here)
        else:
            setattr(account, name, amounts(value, here))


def _like(present: object, value: Json) -> bool | int | str | list[str]:
    """A value in the kind of the one that it replaces."""
    if isinstance(present, bool):
        return bool(value)
    if isinstance(present, list):
        return texts(value)
    return whole(value) if isinstance(present, int) else str(value)


def held_from(state: State, account: Account, what: str, rows: Json, now_ms: int, place: Place = ()) -> list[Held]:
    """Positions and orders from their rows."""
    return made_of(rows, lambda row: HELD[what](state, account, row, now_ms), place)


def _position_mode(account: Account, value: Json, place: Place) -> None:
    """One word for cross-exchange mode and every exchange, or a map by exchange."""
    if isinstance(value, str):
        if account.account_mode != CROSS:
            raise SeedError("in ISOLATED_EXCHANGE a map by exchange", place)
        account.position_mode = dict.fromkeys(account.position_mode, value)
    else:
        account.position_mode.update({name: str(mode) for name, mode in mapping(value).items()})


def _by_symbol(state: State, kept: dict[str, str], values: Mapping[str, Json], place: Place) -> None:
    """Set symbols; null puts one back to the default."""
    for name in values:
        if name not in state.symbols:
            raise SeedError(f"unknown symbol {name!r}{did_you_mean(name, state.symbols)}", (*place, name))
    for name, value in values.items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = str(value)


def edit_money(account: Account, name: str, values: Mapping[str, Json]) -> None:
    """{BINANCE: {USDT: "100"}}: amounts replace, 0 removes. `CROSSEX: {...}` is the USDT of cross-exchange mode."""
    kept: dict[str, dict[str, Decimal]] = getattr(account, name)
    for exchange, held in values.items():
        merged = {**kept.get(exchange, {}), **amounts(held, (name, exchange))}
        kept[exchange] = {coin: amount for coin, amount in merged.items() if amount}
        if not kept[exchange]:
            del kept[exchange]


def add_keys(state: State, tenant: Tenant, account: Account, rows: Json, now_ms: int, place: Place) -> None:
    """File keys with credentials of one's own choice. No message shows one."""
    for index, row in enumerate(items(rows)):
        state.add_key(tenant, account, _key(state, account, mapping(row), now_ms // 1000, (*place, index)))


def _key(state: State, account: Account, row: Mapping[str, Json], now_s: int, place: Place) -> ApiKey:
    if text(row, "key") in state.holders:
        raise SeedError("is used twice", (*place, "key"))
    default: Json = ["crossx", "sub_accounts"] if account.is_main else ["crossx"]
    key = ApiKey(
        name=text(row, "name"),
        key=text(row, "key"),
        secret=text(row, "secret"),
        perms=perms_from(row.get("perms", default), (*place, "perms")),
        ip_whitelist=ips_from(row.get("ip_whitelist"), (*place, "ip_whitelist")),
        mode=whole(row.get("mode", 1)),
        state=whole(row.get("state", 1)),
        created_at=now_s,
        updated_at=now_s,
    )
    key.enforce()
    return key


def ips_from(value: Json, place: Place = ("ip_whitelist",)) -> tuple[str, ...]:
    """Up to 20 single IPv4 addresses."""
    try:
        return parse_ips(value or [])
    except Refusal as exc:
        raise SeedError(exc.message, place) from exc


def perms_from(rows: Json, place: Place = ("perms",)) -> dict[str, bool]:
    """`[crossx, "sub_accounts:ro"]`, or rows as the venue writes them."""
    full = [_perm(row) if isinstance(row, str) else mapping(row) for row in items(rows)]
    for index, row in enumerate(full):
        if row["name"] not in MAIN_PERMS:
            known = did_you_mean(row["name"], MAIN_PERMS)
            raise SeedError(f"unknown permission {row['name']!r}{known}", (*place, index))
    return parse_perms(full, MAIN_PERMS)


def _perm(words: str) -> Row:
    name, _, suffix = words.partition(":")
    return {"name": name if suffix in ("", "ro") else words, "read_only": suffix == "ro"}
