"""Gate's part of a seed: a mapping -> Venue. Unknown keys are errors, by name.

Wire words are used for wire values: account_mode, position_mode, exchange names. See docs/sandbox.md for every key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from acctcfg.sandbox.gate_crossex.accounts import ACCOUNT_MODES, POSITION_MODES
from acctcfg.sandbox.gate_crossex.exchange import PROFILES
from acctcfg.sandbox.gate_crossex.holdings import margin_position_from, order_from, position_from, security_from
from acctcfg.sandbox.gate_crossex.replies import LABELS, Refusal
from acctcfg.sandbox.gate_crossex.state import CROSS, MARGIN_MODES, Account, ApiKey, Flags, Tenant, Venue
from acctcfg.sandbox.gate_crossex.subaccounts import MAIN_PERMS, parse_ips, parse_perms
from acctcfg.sandbox.gate_crossex.universe import CROSSEX, symbol_from
from acctcfg.sandbox.values import (
    Place,
    SeedError,
    amounts,
    did_you_mean,
    items,
    known,
    mapping,
    set_flags,
    whole,
    word,
)

__all__ = ["HELD", "MONEY", "PLAIN", "TOP", "add_keys", "add_sub_account", "add_tenant", "build_venue", "edit_account"]
__all__ += ["add_symbol", "edit_flags", "edit_money"]

TOP = ("flags", "symbols")
OWN = ("venue", "env_prefix", "profile", "sub_accounts")
# seed word -> the kind of value that it takes
PLAIN: dict[str, type] = {
    "uid": str,
    "remark": str,
    "email": str,
    "state": int,
    "type": int,
    "opened": bool,
    "deactivated": bool,
    "status": str,
    "account_mode": str,
}
HELD = {
    "positions": position_from,
    "margin_positions": margin_position_from,
    "security_positions": security_from,
    "orders": order_from,
}
MONEY = ("balances", "liabilities")
MARGINS = ("initial_margin", "maintenance_margin")
FIELDS = (*PLAIN, "position_mode", "leverage", "margin_mode", *HELD, *MONEY, *MARGINS, "keys")
KEY_FIELDS = ("name", "key", "secret", "perms", "ip_whitelist", "mode", "state")
WORDS: dict[str, tuple[Any, ...]] = {"state": (1, 2), "type": (1, 3), "account_mode": ACCOUNT_MODES}


HEADER_TEXT = re.compile(r"[!-~]{1,128}")  # what a header can carry


def build_venue(values: Any) -> Venue:
    """The venue without its tenants: flags and symbols. Raises SeedError."""
    place = ("gate_crossex",)
    values = known(values or {}, TOP, place)
    venue = Venue()
    edit_flags(venue.flags, values.get("flags") or {})
    _symbols(venue, values.get("symbols") or {}, (*place, "symbols"))
    return venue


def edit_flags(flags: Flags, values: Any, place: Place = ("gate_crossex", "flags")) -> None:
    """Change flags by name. Raises SeedError and changes nothing then."""
    values = known(values, Flags.__slots__, place)
    statuses = mapping(values.get("label_status") or {}, (*place, "label_status"))
    for label, status in statuses.items():
        if label not in LABELS:
            raise SeedError(f"unknown label {label!r}{did_you_mean(label, LABELS)}", (*place, "label_status", label))
        whole(status, (*place, "label_status", label), lowest=400, highest=599)
    set_flags(flags, values, place)


def _symbols(venue: Venue, values: Any, place: Place) -> None:
    values = known(values, ("replace", "add", "remove"), place)
    if values.get("replace"):
        venue.listed = {}
    for index, name in enumerate(items(values.get("remove") or [], (*place, "remove"))):
        if venue.listed.pop(str(name), None) is None:
            raise SeedError(f"no {name!r} to remove{did_you_mean(name, venue.listed)}", (*place, "remove", index))
    for verb in ("replace", "add"):
        for index, row in enumerate(items(values.get(verb) or [], (*place, verb))):
            add_symbol(venue, row, (*place, verb, index))


def add_symbol(venue: Venue, row: Any, place: Place) -> str:
    """A symbol with its row fields. Raises SeedError."""
    try:
        symbol = symbol_from(mapping(row))
    except SeedError as exc:
        raise exc.under(place) from exc
    except ValueError as exc:
        raise SeedError(str(exc), place) from exc
    venue.listed[symbol.name] = symbol
    return symbol.name


def add_tenant(venue: Venue, name: str, values: Any, now_ms: int) -> None:
    """A main account with its sub-accounts, as described. Raises SeedError."""
    place = ("tenants", name)
    values = known(values, (*OWN, *FIELDS), place)
    profile = word(values.get("profile") or "", ("", *PROFILES), (*place, "profile"))
    main = Account(
        uid=str(values.get("uid") or venue.next_uid()), name="", create_time=now_ms // 1000, update_ms=now_ms
    )
    prefix = str(values.get("env_prefix") or f"GATE_{name.upper().replace('-', '_')}")
    tenant = Tenant(name=name, master=main, env_prefix=prefix, profile=profile)
    venue.tenants[name] = tenant
    edit_account(venue, tenant, main, {k: v for k, v in values.items() if k not in OWN}, now_ms, place)
    for sub, sub_values in mapping(values.get("sub_accounts") or {}, (*place, "sub_accounts")).items():
        sub_values = {} if sub_values is None else sub_values
        add_sub_account(venue, tenant, sub, sub_values, now_ms, (*place, "sub_accounts", sub))


def add_sub_account(venue: Venue, tenant: Tenant, name: str, values: Any, now_ms: int, place: Place) -> Account:
    """A sub-account as described, without asking any rule; no CrossEx account unless it says so. Raises SeedError."""
    uid = values.get("uid") if isinstance(values, Mapping) else None
    account = Account(
        uid=str(uid or venue.next_uid()), name=name, create_time=now_ms // 1000, update_ms=now_ms, opened=False
    )
    edit_account(venue, tenant, account, values, now_ms, place)
    tenant.subs[name] = account
    return account


def edit_account(venue: Venue, tenant: Tenant, account: Account, values: Any, now_ms: int, place: Place) -> None:
    """Set fields of an account behind everybody's back. Raises SeedError."""
    # In the order of FIELDS: what is held takes its side from the position mode, its margin from the leverage.
    given = sorted(known(values, FIELDS, place).items(), key=lambda pair: FIELDS.index(pair[0]))
    for name, value in given:
        _edit(venue, tenant, account, name, value, now_ms, (*place, name))


def _edit(venue: Venue, tenant: Tenant, account: Account, name: str, value: Any, now_ms: int, place: Place) -> None:
    if name in PLAIN:
        setattr(account, name, _plain(name, value, place))
    elif name == "position_mode":
        _position_mode(account, value, place)
    elif name in ("leverage", "margin_mode"):
        _by_symbol(venue, account, name, value, place)
    elif name in HELD:
        rows = enumerate(items(value, place))
        setattr(account, name, [_held(venue, account, name, row, now_ms, (*place, index)) for index, row in rows])
    elif name in MONEY:
        edit_money(account, name, value, place)
    elif name in MARGINS:
        setattr(account, name, amounts(value, place))
    else:
        for key in account.keys:
            venue.holders.pop(key, None)
        account.keys.clear()
        add_keys(venue, tenant, account, value, now_ms, place)


def _held(venue: Venue, account: Account, name: str, row: Any, now_ms: int, place: Place) -> Any:
    try:
        return HELD[name](venue, account, row, now_ms)
    except SeedError as exc:
        raise exc.under(place) from exc
    except ValueError as exc:
        raise SeedError(str(exc), place) from exc


def _plain(name: str, value: Any, place: Place) -> Any:
    kind = PLAIN[name]
    if kind is bool:
        if not isinstance(value, bool):
            raise SeedError("expected true or false", place)
        return value
    if isinstance(value, (dict, list, bool)):
        raise SeedError("expected text" if kind is str else "expected a number", place)
    value = whole(value, place) if kind is int else str(value)
    return kind(word(value, [str(item) for item in WORDS.get(name, (value,))], place))


def _position_mode(account: Account, value: Any, place: Place) -> None:
    """One word for cross-exchange mode and every exchange, or a map by exchange."""
    if isinstance(value, str):
        word(value, POSITION_MODES, place)
        modes = dict.fromkeys(account.position_mode, value) if account.account_mode == CROSS else {}
        if not modes:
            raise SeedError("in ISOLATED_EXCHANGE a map by exchange", place)
    else:
        modes = {name: word(mode, POSITION_MODES, (*place, name)) for name, mode in mapping(value, place).items()}
    account.position_mode.update(modes)


def _by_symbol(venue: Venue, account: Account, field: str, values: Any, place: Place) -> None:
    """Set symbols; null puts one back to the default."""
    for name in (values := mapping(values, place)):
        if name not in venue.symbols:
            raise SeedError(f"unknown symbol {name!r}{did_you_mean(name, venue.symbols)}", (*place, name))
        if field == "margin_mode" and values[name] is not None:
            word(values[name], MARGIN_MODES, (*place, name))
    kept: dict[str, str] = getattr(account, field)
    for name, value in values.items():
        if value is None:
            kept.pop(name, None)
        else:
            kept[name] = str(value)


def edit_money(account: Account, name: str, values: Any, place: Place = ()) -> None:
    """{BINANCE: {USDT: "100"}}: amounts replace, 0 removes. `CROSSEX: {...}` is the USDT of cross-exchange mode."""
    kept: dict[str, dict[str, Decimal]] = getattr(account, name)
    for exchange, held in mapping(values, place).items():
        if not isinstance(held, Mapping):
            raise SeedError(f"write {{{CROSSEX}: {{USDT: ...}}}}, by exchange", (*place, exchange))
        merged = {**kept.get(exchange, {}), **amounts(held, (*place, exchange))}
        kept[exchange] = {coin: amount for coin, amount in merged.items() if amount}
        if not kept[exchange]:
            del kept[exchange]


def add_keys(venue: Venue, tenant: Tenant, account: Account, rows: Any, now_ms: int, place: Place = ("keys",)) -> None:
    """File keys with credentials of one's own choice. Raises SeedError, which never shows one."""
    for index, row in enumerate(items(rows, place)):
        venue.add_key(tenant, account, _key_from(venue, account, row, now_ms, (*place, index)))


def _key_from(venue: Venue, account: Account, row: Any, now_ms: int, place: Place) -> ApiKey:
    row = known(row, KEY_FIELDS, place)
    for name in ("name", "key", "secret"):
        if not row.get(name):
            raise SeedError(f"a key needs {name}", place)
    if not HEADER_TEXT.fullmatch(str(row["key"])):
        raise SeedError("must be up to 128 printable ASCII characters without blanks", (*place, "key"))
    if str(row["key"]) in venue.holders:
        raise SeedError("is used twice", (*place, "key"))
    default = ["crossx", "sub_accounts"] if account.is_main else ["crossx"]
    try:
        ips = parse_ips(row.get("ip_whitelist") or [])
    except Refusal as exc:
        raise SeedError(exc.message, (*place, "ip_whitelist")) from exc
    key = ApiKey(
        name=str(row["name"]),
        key=str(row["key"]),
        secret=str(row["secret"]),
        perms=perms_from(row.get("perms", default), (*place, "perms")),
        ip_whitelist=ips,
        mode=whole(row.get("mode", 1), (*place, "mode"), lowest=1, highest=2),
        state=whole(row.get("state", 1), (*place, "state"), highest=9),
        created_at=now_ms // 1000,
        updated_at=now_ms // 1000,
    )
    key.enforce()
    return key


def perms_from(rows: Any, place: Place = ("perms",)) -> dict[str, bool]:
    """`[crossx, "sub_accounts:ro"]`, or rows as the venue writes them."""
    full = [_perm(row) if isinstance(row, str) else row for row in items(rows, place)]
    for index, row in enumerate(full):
        name = mapping(row, (*place, index)).get("name")
        if name not in MAIN_PERMS:
            raise SeedError(f"unknown permission {name!r}{did_you_mean(name, MAIN_PERMS)}", (*place, index))
    try:
        return parse_perms(full, MAIN_PERMS)
    except Refusal as exc:
        raise SeedError(exc.message, place) from exc


def _perm(words: str) -> dict[str, Any]:
    name, _, suffix = words.partition(":")
    return {"name": name if suffix in ("", "ro") else words, "read_only": suffix == "ro"}
