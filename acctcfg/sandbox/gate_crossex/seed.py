"""Gate's part of a seed: a mapping -> Venue. Unknown keys are errors, by name.

Wire words are used for wire values: account_mode, position_mode, exchange names. See docs/sandbox.md for every key.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from acctcfg.sandbox.gate_crossex.accounts import ACCOUNT_MODES, POSITION_MODES
from acctcfg.sandbox.gate_crossex.exchange import PROFILES
from acctcfg.sandbox.gate_crossex.holdings import margin_position_from, order_from, position_from
from acctcfg.sandbox.gate_crossex.replies import LABELS, Refusal
from acctcfg.sandbox.gate_crossex.state import CROSS, Account, ApiKey, Flags, Tenant, Venue
from acctcfg.sandbox.gate_crossex.subaccounts import MAIN_PERMS, parse_ips, parse_perms
from acctcfg.sandbox.gate_crossex.universe import CROSSEX, Symbol, default_symbols, symbol_from
from acctcfg.sandbox.values import SeedError, known, set_flags

__all__ = ["HELD", "MONEY", "PLAIN", "TOP", "add_keys", "add_sub_account", "add_tenant", "build_venue", "edit_account"]
__all__ += ["edit_flags", "edit_money"]

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
HELD = {"positions": position_from, "margin_positions": margin_position_from, "orders": order_from}
MONEY = ("balances", "liabilities")
MARGINS = ("initial_margin", "maintenance_margin")
FIELDS = (*PLAIN, "position_mode", "leverage", *HELD, *MONEY, *MARGINS, "keys")
KEY_FIELDS = ("name", "key", "secret", "perms", "ip_whitelist", "mode", "state")
WORDS: dict[str, tuple[Any, ...]] = {"state": (1, 2), "type": (1, 3), "account_mode": ACCOUNT_MODES}


def build_venue(values: Any) -> Venue:
    """The venue without its tenants: flags and symbols. Raises SeedError."""
    values = known(values or {}, TOP, "gate_crossex")
    venue = Venue(symbols=_symbols(values.get("symbols") or {}))
    edit_flags(venue.flags, values.get("flags") or {})
    return venue


def edit_flags(flags: Flags, values: Any) -> None:
    """Change flags by name. Raises SeedError and changes nothing then."""
    values = known(values, Flags.__slots__, "gate_crossex.flags")
    if values.get("profile", "seed") not in PROFILES:
        raise SeedError(f"gate_crossex.flags.profile: one of {', '.join(PROFILES)}, not {values['profile']!r}")
    statuses = values.get("label_status")
    for label, status in statuses.items() if isinstance(statuses, Mapping) else ():
        if label not in LABELS or not str(status).isdecimal() or not 400 <= int(status) < 600:
            raise SeedError(f"gate_crossex.flags.label_status: {label!r} with {status!r} is no label with its status")
    set_flags(flags, values, "gate_crossex.flags")


def _symbols(values: Any) -> dict[str, Symbol]:
    values = known(values, ("replace", "add", "remove"), "gate_crossex.symbols")
    found = {} if values.get("replace") else default_symbols()
    for name in values.get("remove") or ():
        found.pop(str(name), None)
    for row in values.get("replace") or values.get("add") or ():
        try:
            symbol = symbol_from(row)
        except (ValueError, TypeError, AttributeError, InvalidOperation) as exc:
            raise SeedError(f"gate_crossex.symbols: {exc}") from exc
        found[symbol.name] = symbol
    return found


def add_tenant(venue: Venue, name: str, values: Any, now_ms: int) -> None:
    """A main account with its sub-accounts, as described. Raises SeedError."""
    place = f"tenants.{name}"
    values = known(values, (*OWN, *FIELDS), place)
    profile = str(values.get("profile") or "")
    if profile and profile not in PROFILES:
        raise SeedError(f"{place}.profile: one of {', '.join(PROFILES)}, not {profile!r}")
    main = Account(
        uid=str(values.get("uid") or venue.next_uid()), name="", create_time=now_ms // 1000, update_ms=now_ms
    )
    prefix = str(values.get("env_prefix") or f"GATE_{name.upper().replace('-', '_')}")
    tenant = Tenant(name=name, master=main, env_prefix=prefix, profile=profile)
    venue.tenants[name] = tenant
    edit_account(venue, tenant, main, {k: v for k, v in values.items() if k not in OWN}, now_ms, place)
    for sub, sub_values in (values.get("sub_accounts") or {}).items():
        add_sub_account(venue, tenant, str(sub), sub_values or {}, now_ms, f"{place}.sub_accounts.{sub}")


def add_sub_account(venue: Venue, tenant: Tenant, name: str, values: Any, now_ms: int, place: str) -> Account:
    """A sub-account as described, without asking any rule; no CrossEx account unless it says so. Raises SeedError."""
    uid = values.get("uid") if isinstance(values, Mapping) else None
    account = Account(
        uid=str(uid or venue.next_uid()), name=name, create_time=now_ms // 1000, update_ms=now_ms, opened=False
    )
    edit_account(venue, tenant, account, values, now_ms, place)
    tenant.subs[name] = account
    return account


def edit_account(venue: Venue, tenant: Tenant, account: Account, values: Any, now_ms: int, place: str) -> None:
    """Set fields of an account behind everybody's back. Raises SeedError."""
    # In the order of FIELDS: what is held takes its side from the position mode, its margin from the leverage.
    given = sorted(known(values, FIELDS, place).items(), key=lambda pair: FIELDS.index(pair[0]))
    for name, value in given:
        where = f"{place}.{name}"
        try:
            if name in PLAIN:
                setattr(account, name, _plain(name, value))
            elif name == "position_mode":
                _position_mode(account, value)
            elif name == "leverage":
                _leverage(venue, account, value)
            elif name in HELD:
                setattr(account, name, [HELD[name](venue, account, row, now_ms) for row in value])
            elif name in MONEY:
                edit_money(account, name, value)
            elif name in MARGINS:
                setattr(account, name, {str(place): Decimal(str(amount)) for place, amount in value.items()})
            else:
                for key in account.keys:
                    venue.holders.pop(key, None)
                account.keys.clear()
                add_keys(venue, tenant, account, value, now_ms)
        except SeedError as exc:
            raise SeedError(f"{where}: {exc}") from exc
        except (KeyError, ValueError, TypeError, AttributeError, InvalidOperation, Refusal) as exc:
            raise SeedError(f"{where}: {type(exc).__name__}: {exc}") from exc


def _plain(name: str, value: Any) -> Any:
    kind = PLAIN[name]
    if kind is bool and not isinstance(value, bool):
        raise SeedError(f"expected true or false, not {type(value).__name__}")
    value = kind(value)
    if name in WORDS and value not in WORDS[name]:
        raise SeedError(f"one of {', '.join(map(str, WORDS[name]))}, not {value!r}")
    return value


def _position_mode(account: Account, value: Any) -> None:
    """One word for cross-exchange mode and every exchange, or a map by exchange."""
    if isinstance(value, str):
        modes = dict.fromkeys(account.position_mode, value) if account.account_mode == CROSS else {}
        if not modes:
            raise SeedError("in ISOLATED_EXCHANGE a map by exchange")
    else:
        modes = {str(exchange): str(mode) for exchange, mode in value.items()}
    for mode in modes.values():
        if mode not in POSITION_MODES:
            raise SeedError(f"one of {', '.join(POSITION_MODES)}, not {mode!r}")
    account.position_mode.update(modes)


def _leverage(venue: Venue, account: Account, values: Mapping[str, Any]) -> None:
    """Set symbols; null puts one back to the default."""
    for name, value in values.items():
        if name not in venue.symbols:
            raise SeedError(f"unknown symbol {name!r}")
        if value is None:
            account.leverage.pop(name, None)
        else:
            account.leverage[name] = str(value)


def edit_money(account: Account, name: str, values: Mapping[str, Any]) -> None:
    """{BINANCE: {USDT: "100"}}: amounts replace, 0 removes. `CROSSEX: {...}` is the USDT of cross-exchange mode."""
    kept: dict[str, dict[str, Decimal]] = getattr(account, name)
    for exchange, amounts in values.items():
        if not isinstance(amounts, Mapping):
            raise SeedError(f"write {{{CROSSEX}: {{USDT: ...}}}}, by exchange")
        place = kept.setdefault(str(exchange), {})
        for coin, amount in amounts.items():
            place[str(coin)] = Decimal(str(amount))
            if not place[str(coin)]:
                del place[str(coin)]
        if not place:
            del kept[str(exchange)]


def add_keys(venue: Venue, tenant: Tenant, account: Account, rows: Any, now_ms: int) -> None:
    """File keys with credentials of one's own choice. Raises SeedError, which never shows one."""
    for row in rows:
        row = known(row, KEY_FIELDS, "keys")
        for name in ("name", "key", "secret"):
            if not row.get(name):
                raise SeedError(f"a key needs {name}")
        if row["key"] in venue.holders:
            raise SeedError("key is used twice")
        default = ["crossx", "sub_accounts"] if account.is_main else ["crossx"]
        key = ApiKey(
            name=str(row["name"]),
            key=str(row["key"]),
            secret=str(row["secret"]),
            perms=perms_from(row.get("perms", default)),
            ip_whitelist=parse_ips(row.get("ip_whitelist") or []),
            mode=int(row.get("mode", 1)),
            state=int(row.get("state", 1)),
            created_at=now_ms // 1000,
            updated_at=now_ms // 1000,
        )
        key.enforce()
        venue.add_key(tenant, account, key)


def perms_from(rows: Any) -> dict[str, bool]:
    """`[crossx, "sub_accounts:ro"]`, or rows as the venue writes them."""
    if not isinstance(rows, list):
        raise SeedError("perms: expected a list")
    full = [_perm(row) if isinstance(row, str) else row for row in rows]
    try:
        return parse_perms(full, MAIN_PERMS)
    except Refusal as exc:
        raise SeedError(f"perms: {exc.message} (known: {', '.join(MAIN_PERMS)})") from exc


def _perm(words: str) -> dict[str, Any]:
    name, _, suffix = words.partition(":")
    return {"name": name if suffix in ("", "ro") else words, "read_only": suffix == "ro"}
