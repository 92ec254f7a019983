"""Sub-accounts and their keys, managed with the main account's key.

Source: Gate API v4, "SubAccount"; 80 calls / 10 s / user and endpoint. There is no call that deletes a sub-account,
renames it or changes its remark. Changing a key replaces it: what the request leaves out is cleared.
Refusals: SUB_ACCOUNT_NOT_FOUND, SUB_ACCOUNT_LOCKED for keys of a locked one, INVALID_PARAM_VALUE for names that are
taken, unknown permissions, addresses and a key too many.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from ipaddress import AddressValueError, IPv4Address

from acctcfg.sandbox.gate_crossex.params import Call, text
from acctcfg.sandbox.gate_crossex.replies import Answer, Refusal
from acctcfg.sandbox.gate_crossex.state import Account, ApiKey
from acctcfg.sandbox.values import Json, Row

__all__ = ["MAIN_PERMS", "create_key", "create_sub", "delete_key", "list_keys", "list_subs", "lock", "main_keys"]
__all__ += [
    "account_detail",
    "parse_ips",
    "parse_perms",
    "read_key",
    "read_sub",
    "unified_modes",
    "unlock",
    "update_key",
]

BAD = "INVALID_PARAM_VALUE"
MOST_IPS = 20
LOGIN_NAME = re.compile(r"[A-Za-z0-9_]{1,32}")
SUB_PERMS = (
    *("wallet", "spot", "futures", "delivery", "earn", "custody", "options", "account", "loan", "margin", "unified"),
    *("copy", "tradfi_spot"),
)
MAIN_PERMS = (*SUB_PERMS, "pilot", "otc", "alpha", "crossx", "cfd", "cfd_copy", "stock_copy", "sub_accounts")
KINDS = {"": (1,), "0": (1, 3), "1": (1,)}


def _sub(call: Call) -> Account:
    """The sub-account in the path."""
    for account in call.tenant.subs.values():
        if account.uid == call.path_params["user_id"]:
            return account
    raise Refusal("SUB_ACCOUNT_NOT_FOUND")


def _shown(account: Account) -> Row:
    return {
        "remark": account.remark,
        "login_name": account.name,
        "email": account.email,
        "state": account.state,
        "type": account.type,
        "user_id": int(account.uid),
        "create_time": account.create_time,
    }


def list_subs(call: Call) -> Answer:
    """Regular sub-accounts, or with `type=0` those of every kind; never paged."""
    kinds = KINDS.get(text(call, "type", label=BAD))
    if kinds is None:
        raise Refusal(BAD)
    return Answer([_shown(account) for account in call.tenant.subs.values() if account.type in kinds])


def read_sub(call: Call) -> Answer:
    """One sub-account."""
    return Answer(_shown(_sub(call)))


def create_sub(call: Call) -> Answer:
    """A regular sub-account, with the main account's address unless it has one; CrossEx is not opened for it."""
    name, tenant = text(call, "login_name", needed=True, label=BAD), call.tenant
    if not LOGIN_NAME.fullmatch(name):
        raise Refusal(BAD, "login_name takes letters, digits and underscores")
    if name in tenant.subs:
        raise Refusal(BAD, "login_name is taken")
    account = Account(
        uid=call.venue.next_uid(),
        name=name,
        remark=text(call, "remark", label=BAD),
        email=text(call, "email", label=BAD) or tenant.master.email,
        create_time=call.now_s,
        update_ms=call.now_ms,
        opened=False,
    )

    def effect() -> None:
        tenant.subs[name] = account

    return Answer(_shown(account), 201, effect)


def lock(call: Call) -> Answer:
    """Its keys stop working; locking what is locked changes nothing."""
    return _set_state(call, 2)


def unlock(call: Call) -> Answer:
    """Its keys work again; unlocking what is not locked changes nothing."""
    return _set_state(call, 1)


def _set_state(call: Call, state: int) -> Answer:
    account = _sub(call)

    def effect() -> None:
        account.state = state

    return Answer(None, 204, effect)


def unified_modes(call: Call) -> Answer:
    """Which sub-accounts are unified; none is here."""
    rows: list[Row] = [
        {"user_id": int(a.uid), "is_unified": False, "mode": "classic"} for a in call.tenant.subs.values()
    ]
    return Answer(rows)


def parse_perms(rows: Json, allowed: tuple[str, ...]) -> dict[str, bool]:
    """`[{name, read_only}]` -> name to read-only."""
    if not isinstance(rows, list):
        raise Refusal(BAD, "perms must be a list")
    found: dict[str, bool] = {}
    for row in rows:
        if not isinstance(row, Mapping) or row.get("name") not in allowed:
            raise Refusal(BAD, "perms hold an unknown permission")
        read_only = row.get("read_only", False)
        if not isinstance(read_only, bool):
            raise Refusal(BAD, "read_only must be true or false")
        found[str(row["name"])] = read_only
    return found


def parse_ips(values: Json) -> tuple[str, ...]:
    """Up to 20 single IPv4 addresses; none for an empty list."""
    if not isinstance(values, list) or len(values) > MOST_IPS:
        raise Refusal(BAD, f"ip_whitelist takes up to {MOST_IPS} addresses")
    for value in values:
        try:
            IPv4Address(value if isinstance(value, str) else "")
        except AddressValueError as exc:
            raise Refusal(BAD, "ip_whitelist takes single IPv4 addresses") from exc
    return tuple(dict.fromkeys(values))


def _key(call: Call, account: Account) -> ApiKey:
    key = account.keys.get(call.path_params["key"])
    if key is None:
        raise Refusal("NOT_FOUND", "No such key")
    return key


def _key_row(account: Account, key: ApiKey) -> Row:
    return {
        "user_id": int(account.uid),
        "mode": key.mode,
        "name": key.name,
        "perms": [{"name": name, "read_only": read_only} for name, read_only in key.perms.items()],
        "ip_whitelist": list(key.ip_whitelist),
        "key": key.key,
        "state": key.state,
        "created_at": key.created_at,
        "updated_at": key.updated_at,
        "last_access": key.last_access,
    }


def list_keys(call: Call) -> Answer:
    """All keys of a sub-account, without secrets."""
    account = _sub(call)
    return Answer([_key_row(account, key) for key in account.keys.values()])


def read_key(call: Call) -> Answer:
    """One key, without its secret."""
    account = _sub(call)
    return Answer(_key_row(account, _key(call, account)))


def _changeable(call: Call) -> Account:
    account = _sub(call)
    if account.state != 1:
        raise Refusal("SUB_ACCOUNT_LOCKED")
    return account


def _wanted(call: Call, account: Account, mine: ApiKey | None) -> tuple[str, dict[str, bool], tuple[str, ...]]:
    """Name, permissions and addresses as the request has them; what it leaves out is empty."""
    name = text(call, "name", label=BAD)
    if call.venue.flags.key_names_unique and any(k.name == name for k in account.keys.values() if k is not mine):
        raise Refusal(BAD, "name is taken")
    crossx = ("crossx",) if call.venue.flags.sub_key_crossx else ()
    perms = parse_perms(_listed(call, "perms"), (*SUB_PERMS, *crossx))
    return name, perms, parse_ips(_listed(call, "ip_whitelist"))


def _listed(call: Call, name: str) -> Json:
    value = call.params.get(name)
    return [] if value in (None, "") else value


def _mode(call: Call, default: int) -> int:
    mode = call.params.get("mode", default)
    if mode not in (1, 2) or isinstance(mode, bool):
        raise Refusal(BAD, "mode is 1 or 2")
    return int(mode)


def create_key(call: Call) -> Answer:
    """A new key; the only answer that carries its secret."""
    account = _changeable(call)
    name, perms, ips = _wanted(call, account, None)
    mode, flags = _mode(call, 1), call.venue.flags
    if len(account.keys) >= flags.max_keys:
        raise Refusal(BAD, f"only {flags.max_keys} keys per account")
    key = ApiKey(
        name,
        secrets.token_hex(16),
        secrets.token_hex(32),
        perms,
        ips,
        mode,
        created_at=call.now_s,
        updated_at=call.now_s,
    )
    key.enforce()
    venue, tenant = call.venue, call.tenant

    def effect() -> None:
        account.keys[key.key] = key
        _felt(call, lambda: venue.add_key(tenant, account, key) if key.key in account.keys else None)

    return Answer({**_key_row(account, key), "secret": key.secret}, 200, effect)


def update_key(call: Call) -> Answer:
    """Replace name, permissions and addresses; the mode can not change."""
    account = _changeable(call)
    key = _key(call, account)
    name, perms, ips = _wanted(call, account, key)
    if _mode(call, key.mode) != key.mode:
        raise Refusal(BAD, "mode can not be changed")
    now_s = call.now_s

    def effect() -> None:
        key.name, key.perms, key.ip_whitelist, key.updated_at = name, perms, ips, now_s
        _felt(call, key.enforce)

    return Answer(None, 204, effect)


def delete_key(call: Call) -> Answer:
    """Delete a key; it stops signing."""
    account = _changeable(call)
    key = _key(call, account)
    venue = call.venue

    def effect() -> None:
        account.keys.pop(key.key, None)
        _felt(call, lambda: venue.holders.pop(key.key, None))

    return Answer(None, 204, effect)


def _felt(call: Call, change: Callable[[], object]) -> None:
    """At once, or when the venue's own delay of key changes is over."""
    if call.venue.flags.key_delay_s:
        call.later(call.venue.flags.key_delay_s, change)
    else:
        change()


def account_detail(call: Call) -> Answer:
    """Who the signing key belongs to."""
    row: Row = {"user_id": int(call.account.uid), "tier": 0, "currency_pairs": [], "copy_trading_role": 0}
    return Answer({**row, "ip_whitelist": list(call.key.ip_whitelist), "key": {"mode": call.key.mode}})


def main_keys(call: Call) -> Answer:
    """The main account's own keys, to look at only."""
    rows = [_key_row(call.account, key) for key in call.account.keys.values()]
    shown = ("name", "perms", "ip_whitelist", "key", "state", "mode", "created_at", "updated_at", "last_access")
    return Answer([{name: row[name] for name in shown} for row in rows])
