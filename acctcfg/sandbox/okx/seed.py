"""OKX from a seed: checked values -> State. What no schema can say is said here: unknown names, keys used twice.

Wire words are used for wire values: acctLv, posMode, mgnMode. Raises SeedError with the place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from acctcfg.sandbox.okx.declared import ACCOUNT, MONEY, PLAIN, TENANT
from acctcfg.sandbox.okx.holdings import (
    Held,
    algo_from,
    bot_from,
    copy_from,
    movement_from,
    order_from,
    position_from,
    spread_from,
)
from acctcfg.sandbox.okx.keys import parse_ips, parse_permissions
from acctcfg.sandbox.okx.replies import Refusal
from acctcfg.sandbox.okx.state import Account, Address, ApiKey, Scope, State, Tenant, Token
from acctcfg.sandbox.okx.universe import TAG_PLACES, currency_from, default_instruments, instrument_from
from acctcfg.sandbox.values import (
    Json,
    Place,
    Row,
    SeedError,
    amounts,
    did_you_mean,
    flag,
    items,
    made_of,
    mapping,
    number,
    seconds,
    set_flags,
    text,
    texts,
    whole,
)
from acctcfg.sandbox.world import World

__all__ = ["HELD", "add_keys", "add_rows", "add_sub_account", "add_tenant", "build", "builtin", "edit_account"]
__all__ += ["remove_from", "scope_from"]

HELD: Final[dict[str, Callable[[State, Account, Mapping[str, Json], int], Held]]] = {
    "positions": position_from,
    "orders": order_from,
    "algos": algo_from,
    "bots": bot_from,
    "spreads": spread_from,
    "copies": copy_from,
    "deposits": movement_from,
    "withdrawals": movement_from,
}


def builtin(environment: str) -> Row:
    """The tenant of a sandbox without a seed, with a key for demo or for live."""
    key: Row = {"label": "master", "api_key": "sandbox-api-key", "secret_key": "sandbox-secret-key"}
    key |= {"passphrase": "Sandbox-passphrase-1", "perm": "read_only,trade,withdraw", "env": environment}
    return {"sandbox": {"env_prefix": "OKX_DESK", "keys": [key]}}


def build(world: World, section: Mapping[str, Json], place: Place) -> State:
    """The venue without its tenants: flags, currencies, instruments."""
    state = State(instruments=default_instruments(world.now_ms), maintenance=world.maintenance, speed=world.speed)
    set_flags(state.flags, section.get("flags"), state.flags.OLD)
    for what in ("currencies", "instruments"):
        _catalogue(state, what, mapping(section.get(what)), (*place, what))
    return state


def _catalogue(state: State, what: str, values: Mapping[str, Json], place: Place) -> None:
    """`{add, remove}` or `{replace}` rows of instruments or of currencies."""
    if values.get("replace"):
        (state.currencies if what == "currencies" else state.instruments).clear()
    for index, name in enumerate(texts(values.get("remove"))):
        if not remove_from(state, what, name):
            known = did_you_mean(name, names_of(state, what))
            raise SeedError(f"no {name!r} to remove{known}", (*place, "remove", index))
    for verb in ("replace", "add"):
        add_rows(state, what, items(values.get(verb)), (*place, verb))


def names_of(state: State, what: str) -> list[str]:
    """The currencies, or the ids of all instruments."""
    return list(state.currencies) if what == "currencies" else sorted({key[1] for key in state.instruments})


def remove_from(state: State, what: str, name: str) -> int:
    """Take a currency, or an instrument of every type, off its list; how many there were."""
    if what == "currencies":
        return int(state.currencies.pop(name, None) is not None)
    gone = [key for key in state.instruments if key[1] == name]
    for key in gone:
        state.delisted[key] = state.instruments.pop(key)
    return len(gone)


def add_rows(state: State, what: str, rows: Json, place: Place = ()) -> list[str]:
    """Instruments with the fields of the venue's list, or currencies with their chains; their names."""
    if what == "currencies":
        currencies = {one.code: one for one in made_of(rows, currency_from, place)}
        state.currencies |= currencies
        return list(currencies)
    instruments = made_of(rows, instrument_from, place)
    state.instruments |= {(one.inst_type, one.inst_id): one for one in instruments}
    return [one.inst_id for one in instruments]


def add_tenant(state: State, name: str, values: Mapping[str, Json], now_ms: int) -> Tenant:
    """A master with its sub-accounts."""
    place = ("tenants", name)
    uid = text(values, "uid") or state.next_uid()
    master = Account(uid=uid, name="", main_uid=uid, type="0", ts=now_ms)
    prefix = text(values, "env_prefix") or f"OKX_{name.upper().replace('-', '_')}"
    tenant = Tenant(name=name, master=master, broker=bool(values.get("broker", True)), env_prefix=prefix)
    tenant.fd = texts(values.get("fd"))
    tenant.rebates = {key: str(kind) for key, kind in mapping(values.get("rebates")).items()}
    state.tenants[name] = tenant
    own = ("venue", "env_prefix", "sub_accounts", "uid", *TENANT)
    edit_account(state, tenant, master, {k: v for k, v in values.items() if k not in own}, now_ms, place)
    for sub, sub_values in mapping(values.get("sub_accounts")).items():
        add_sub_account(state, tenant, sub, mapping(sub_values), now_ms, (*place, "sub_accounts", sub))
    return tenant


def add_sub_account(
    state: State, tenant: Tenant, name: str, values: Mapping[str, Json], now_ms: int, place: Place
) -> Account:
    """A sub-account as described, without asking any rule."""
    account = state.new_sub_account(tenant, name, now_ms)
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
            attribute = PLAIN[name][0]
            setattr(account, attribute, _like(getattr(account, attribute), value, here))
        elif name in HELD:
            setattr(account, name, held_from(state, account, name, value, now_ms, here))
        elif name in MONEY:
            setattr(account, name, amounts(value, here))
            account.ever_held |= set(account.trading)
        elif name == "leverage":
            _leverage(account, value, here)
        elif name == "tokens":
            _tokens(state, tenant, account, items(value), now_ms, here)
        elif name in KEPT:
            _keep(getattr(account, name), mapping(value), KEPT[name])
        elif name == "keys":
            for key in list(account.keys.values()):
                state.holders.pop(key.api_key, None)
            account.keys.clear()
            add_keys(state, tenant, account, items(value), now_ms, here)
        else:
            rows = enumerate(items(value))
            account.addresses = [_address(mapping(row), now_ms, (*here, index)) for index, row in rows]


def _protection(family: str, value: Json) -> dict[str, str]:
    default = {"timeInterval": "0", "frozenInterval": "0", "qtyLimit": "1"}
    return {"instFamily": family, **default, **{name: str(given) for name, given in mapping(value).items()}}


# maps of settings: what a value becomes
KEPT: Final[dict[str, Callable[[str, Json], str | int | dict[str, str]]]] = {
    "spot_offset": lambda _, value: str(value),
    "auto_earn": lambda _, value: whole(value),  # when it was turned on, in Unix milliseconds
    "mmp": _protection,
}


def _keep(
    kept: dict[str, str | int | dict[str, str]],
    values: Mapping[str, Json],
    made: Callable[[str, Json], str | int | dict[str, str]],
) -> None:
    """Set entries; null removes one."""
    for name, value in values.items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = made(name, value)


def _like(present: object, value: Json, place: Place) -> bool | str | list[str]:
    """A value in the kind of the one that it replaces."""
    if isinstance(present, bool):
        return bool(value)
    return texts(value, place) if isinstance(present, list) else str(value)


def held_from(state: State, account: Account, what: str, rows: Json, now_ms: int, place: Place = ()) -> list[Held]:
    """Positions, orders, ... from their rows."""
    return made_of(rows, lambda row: HELD[what](state, account, row, now_ms), place)


def _address(row: Mapping[str, Json], now_ms: int, place: Place) -> Address:
    """A deposit address; its tag stands where the row has it: tag, memo, pmtId, comment or addrEx."""
    tags = [name for name in TAG_PLACES if row.get(name)]
    if len(tags) > 1:
        raise SeedError(f"a tag stands in one place, not in {' and '.join(tags)}", place)
    where = tags[0] if tags else "tag"
    value: Json = row.get(where) or ""
    if where == "addrEx":
        ((key, value),) = list(mapping(value).items())[:1]
        where = f"addrEx.{key}"
    return Address(
        ccy=text(row, "ccy"),
        chain=text(row, "chain"),
        addr=text(row, "addr"),
        type=text(row, "type", "1"),
        tag=str(value),
        tag_place=where,
        ts=now_ms,
        extra={name: row[name] for name in ("ctAddr", "selected") if name in row},
    )


def scope_from(words: str, place: Place = ()) -> Scope:
    """`FUTURES/isolated/BTC-USD-271231/long` -> the scope."""
    parts = words.split("/")
    if len(parts) not in (3, 4) or parts[0] not in ("MARGIN", "FUTURES", "SWAP"):
        example = "SWAP/cross/BTC-USDT-SWAP or FUTURES/isolated/BTC-USD-271231/long"
        raise SeedError(f"{words!r} is not a scope: write {example}", place)
    if parts[1] not in ("cross", "isolated") or parts[3:] not in ([], ["long"], ["short"]):
        raise SeedError(f"{words!r} is not a scope: mgnMode is cross or isolated, a side long or short", place)
    return parts[0], parts[1], parts[2], "".join(parts[3:])


def _leverage(account: Account, values: Json, place: Place) -> None:
    """Set scopes; null puts one back to the default."""
    found = {scope_from(words, (*place, words)): lever for words, lever in mapping(values).items()}
    for scope, lever in found.items():
        if lever is None:
            account.leverage.pop(scope, None)
        else:
            if number(lever, (*place, "/".join(filter(None, scope)))) <= 0:
                raise SeedError("a leverage is above 0", place)
            account.leverage[scope] = str(lever)


def add_keys(state: State, tenant: Tenant, account: Account, rows: Json, now_ms: int, place: Place) -> None:
    """File keys with credentials of one's own choice. No message shows one."""
    for index, row in enumerate(items(rows)):
        state.add_key(tenant, account, _key(state, mapping(row), now_ms, (*place, index)))


def _key(state: State, row: Mapping[str, Json], now_ms: int, place: Place) -> ApiKey:
    if text(row, "api_key") in state.holders:
        raise SeedError("is used twice", (*place, "api_key"))
    return ApiKey(
        label=text(row, "label"),
        api_key=text(row, "api_key"),
        secret_key=text(row, "secret_key"),
        passphrase=text(row, "passphrase"),
        perm=parse_permissions(text(row, "perm", "read_only,trade")),
        ip=ips_from(row.get("ip"), (*place, "ip")),
        env=text(row, "env", "demo"),
        ts=now_ms,
    )


def _tokens(state: State, tenant: Tenant, account: Account, rows: Json, now_ms: int, place: Place) -> None:
    """The account's access tokens, in place of those that it had."""
    state.tokens = {name: token for name, token in state.tokens.items() if token.account is not account}
    for index, row in enumerate(items(rows)):
        values = mapping(row)
        if text(values, "token") in state.tokens:
            raise SeedError("is used twice", (*place, index, "token"))
        lives_ms = round(seconds(values.get("expires_in", 0)) * 1000)
        state.tokens[text(values, "token")] = Token(
            text=text(values, "token"),
            tenant=tenant,
            account=account,
            scope=tuple(parse_permissions(text(values, "scope", "read_only,trade"))),
            expires_ms=now_ms + lives_ms if "expires_in" in values else 0,
            revoked=flag(values, "revoked", False),
            termid=text(values, "termid"),
            ip=ips_from(values.get("ip"), (*place, index, "ip")),
            env=text(values, "env", "demo"),
        )


def ips_from(value: Json, place: Place = ("ip",)) -> tuple[str, ...]:
    """A comma list or a list of addresses."""
    try:
        return parse_ips(",".join(texts(value)) if isinstance(value, list) else str(value or ""))
    except Refusal as exc:
        raise SeedError("up to 20 single addresses, separated by commas", place) from exc


def move(account: Account, values: Mapping[str, Json]) -> None:
    """{trading: {USDT: "100"}, funding: {...}, debts: {...}}: amounts replace, 0 removes."""
    account.ever_held |= set(mapping(values.get("trading")))
    for place in MONEY.keys() & values.keys():
        held: dict[str, Decimal] = getattr(account, place)
        held.update(amounts(values[place], (place,)))
        for ccy in [ccy for ccy, amount in held.items() if not amount]:
            del held[ccy]
