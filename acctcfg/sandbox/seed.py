"""The state that a sandbox starts from: a mapping (a YAML file) -> Venue. Unknown keys are errors, by name.

Wire words are used for wire values: acctLv, posMode, mgnMode. See docs/sandbox.md for every key.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from acctcfg.sandbox.gate_crossex.seed import add_tenant, build_venue
from acctcfg.sandbox.gate_crossex.state import Venue as GateVenue
from acctcfg.sandbox.okx.holdings import algo_from, bot_from, copy_from, order_from, position_from, spread_from
from acctcfg.sandbox.okx.keys import parse_ips, parse_permissions
from acctcfg.sandbox.okx.replies import Refusal
from acctcfg.sandbox.okx.state import Account, Address, ApiKey, Scope, Tenant, Venue
from acctcfg.sandbox.okx.universe import default_instruments, instrument_from
from acctcfg.sandbox.values import SeedError, known, set_flags

__all__ = [
    "ACCOUNT_FIELDS",
    "DEFAULT",
    "SeedError",
    "add_keys",
    "add_sub_account",
    "build",
    "build_gate",
    "builtin",
    "edit_account",
    "read_seed",
]
__all__ += ["read_seed_file", "scope_from", "set_flags", "with_gate"]

DEFAULT: dict[str, Any] = {
    "tenants": {
        "sandbox": {
            "env_prefix": "OKX_DESK",
            "keys": [
                {
                    "label": "master",
                    "api_key": "sandbox-api-key",
                    "secret_key": "sandbox-secret-key",
                    "passphrase": "Sandbox-passphrase-1",
                    "perm": "read_only,trade,withdraw",
                    "env": "demo",
                }
            ],
        }
    }
}
GATE: dict[str, Any] = {
    "venue": "gate_crossex",
    "env_prefix": "GATE_DESK",
    "keys": [{"name": "desk", "key": "sandbox-gate-key", "secret": "sandbox-gate-secret"}],
}
TOP = ("tenants", "instruments", "flags", "client_ip", "gate_crossex")
VENUES = ("okx", "gate_crossex")
# seed word -> attribute of Account, for what is set as it stands
PLAIN = {
    "uid": "uid",
    "label": "label",
    "type": "type",
    "enable": "enable",
    "frozenFunc": "frozen_func",
    "canTransOut": "can_trans_out",
    "mainAcct": "parent",
    "acctLv": "acct_lv",
    "activated_modes": "activated_modes",
    "posMode": "pos_mode",
    "greeksType": "greeks_type",
    "feeType": "fee_type",
    "ctIsoMode": "ct_iso_mode",
    "mgnIsoMode": "mgn_iso_mode",
    "autoLoan": "auto_loan",
    "enableSpotBorrow": "enable_spot_borrow",
    "spotBorrowAutoRepay": "spot_borrow_auto_repay",
    "opAuth": "op_auth",
    "stgyType": "stgy_type",
    "settleCcy": "settle_ccy",
    "settleCcyList": "settle_ccy_list",
    "mmp_allowed": "mmp_allowed",
    "margin_check_fails": "margin_check_fails",
    "to": "deposit_to",
    "collateral_off": "collateral_off",
}
HELD = {
    "positions": position_from,
    "orders": order_from,
    "algos": algo_from,
    "bots": bot_from,
    "spreads": spread_from,
    "copies": copy_from,
}
MONEY = {"trading": "trading", "funding": "funding", "debts": "debts"}
ACCOUNT_FIELDS = (*PLAIN, *HELD, *MONEY, "leverage", "keys", "addresses")
KEY_FIELDS = ("label", "api_key", "secret_key", "passphrase", "perm", "ip", "env")
ADDRESS_FIELDS = ("ccy", "chain", "addr", "tag", "type")


def read_seed_file(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file. Raises SeedError; never shows a value out of the file."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise SeedError(f"{path}: {exc.strerror}") from exc
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        mark = getattr(exc, "problem_mark", None)
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise SeedError(f"{path}{place}: not YAML") from exc
    return dict(known({} if values is None else values, TOP, str(path)))


def read_seed(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """A seed of one's own, or the default; tenants that it does not name are the default's."""
    seed = copy.deepcopy(dict(values)) if values else {}
    known(seed, TOP, "seed")
    if not seed.get("tenants"):
        seed["tenants"] = copy.deepcopy(DEFAULT["tenants"])
    return seed


def _tenants_of(seed: Mapping[str, Any], wanted: str) -> dict[str, Mapping[str, Any]]:
    """The tenants of one venue; `venue` is okx unless it says otherwise."""
    found = {}
    for name, values in seed["tenants"].items():
        venue = values.get("venue", "okx") if isinstance(values, Mapping) else "okx"
        if venue not in VENUES:
            raise SeedError(f"tenants.{name}.venue: one of {', '.join(VENUES)}, not {venue!r}")
        if venue == wanted:
            found[str(name)] = values or {}
    return found


def build_gate(seed: Mapping[str, Any], now_ms: int) -> GateVenue:
    """Gate as a seed describes it. Raises SeedError."""
    venue = build_venue(seed.get("gate_crossex"))
    for name, values in _tenants_of(seed, "gate_crossex").items():
        add_tenant(venue, name, values, now_ms)
    return venue


def build(seed: Mapping[str, Any], now_ms: int) -> Venue:
    """OKX as a seed describes it. Raises SeedError."""
    venue = Venue(instruments=_instruments(seed.get("instruments") or {}, now_ms))
    venue.client_ip = str(seed.get("client_ip") or "")
    set_flags(venue.flags, seed.get("flags") or {})
    for name, values in _tenants_of(seed, "okx").items():
        _tenant(venue, name, values, now_ms)
    return venue


def _instruments(values: Any, now_ms: int) -> dict[tuple[str, str], Any]:
    values = known(values, ("replace", "add", "remove"), "instruments")
    found = {} if values.get("replace") else default_instruments(now_ms)
    for inst_id in values.get("remove") or ():
        found = {key: instrument for key, instrument in found.items() if key[1] != inst_id}
    for row in values.get("replace") or values.get("add") or ():
        try:
            instrument = instrument_from(row)
        except (KeyError, ValueError, TypeError, InvalidOperation) as exc:
            raise SeedError(f"instruments: {exc}") from exc
        found[instrument.inst_type, instrument.inst_id] = instrument
    return found


def _tenant(venue: Venue, name: str, values: Any, now_ms: int) -> None:
    place = f"tenants.{name}"
    own = ("venue", "broker", "env_prefix", "sub_accounts")
    values = known(values, (*own, *ACCOUNT_FIELDS), place)
    uid = str(values.get("uid") or venue.next_uid())
    master = Account(uid=uid, name="", main_uid=uid, type="0", ts=now_ms)
    prefix = str(values.get("env_prefix") or f"OKX_{name.upper().replace('-', '_')}")
    tenant = Tenant(name=name, master=master, broker=bool(values.get("broker", True)), env_prefix=prefix)
    venue.tenants[name] = tenant
    edit_account(venue, tenant, master, {k: v for k, v in values.items() if k not in own and k != "uid"}, now_ms, place)
    for sub, sub_values in (values.get("sub_accounts") or {}).items():
        add_sub_account(venue, tenant, str(sub), sub_values or {}, now_ms, f"tenants.{name}.sub_accounts.{sub}")


def add_sub_account(venue: Venue, tenant: Tenant, name: str, values: Any, now_ms: int, place: str) -> Account:
    """A sub-account as described, without asking any rule. Raises SeedError."""
    account = venue.new_sub_account(tenant, name, now_ms)
    edit_account(venue, tenant, account, values, now_ms, place)
    tenant.subs[name] = account
    return account


def edit_account(venue: Venue, tenant: Tenant, account: Account, values: Any, now_ms: int, place: str) -> None:
    """Set fields of an account behind everybody's back. Raises SeedError."""
    # In the order of ACCOUNT_FIELDS: what is held takes its side from the position mode.
    given = sorted(known(values, ACCOUNT_FIELDS, place).items(), key=lambda pair: ACCOUNT_FIELDS.index(pair[0]))
    for name, value in given:
        where = f"{place}.{name}"
        try:
            if name in PLAIN:
                setattr(account, PLAIN[name], _as(getattr(account, PLAIN[name]), value))
            elif name in HELD:
                setattr(account, name, [HELD[name](venue, account, row, now_ms) for row in value])
            elif name in MONEY:
                setattr(account, MONEY[name], {str(ccy): Decimal(str(amount)) for ccy, amount in value.items()})
            elif name == "leverage":
                _leverage(account, value)
            elif name == "keys":
                for key in list(account.keys.values()):
                    venue.holders.pop(key.api_key, None)
                account.keys.clear()
                add_keys(venue, tenant, account, value, now_ms)
            else:
                account.addresses = [Address(**known(row, ADDRESS_FIELDS, where), ts=now_ms) for row in value]
        except SeedError as exc:
            raise SeedError(f"{where}: {exc}") from exc
        except (KeyError, ValueError, TypeError, AttributeError, InvalidOperation, Refusal) as exc:
            raise SeedError(f"{where}: {type(exc).__name__}: {exc}") from exc


def _as(present: Any, value: Any) -> Any:
    """A seed value in the kind of the field that it goes to."""
    if isinstance(present, bool):
        if not isinstance(value, bool):
            raise SeedError(f"expected true or false, not {type(value).__name__}")
        return value
    if isinstance(present, list):
        return [str(item) for item in value]
    return str(value)


def scope_from(words: str) -> Scope:
    """`FUTURES/isolated/BTC-USD-271231/long` -> the scope."""
    parts = words.split("/")
    if len(parts) not in (3, 4) or parts[0] not in ("MARGIN", "FUTURES", "SWAP"):
        raise SeedError(
            f"{words!r} is no scope: write SWAP/cross/BTC-USDT-SWAP or FUTURES/isolated/BTC-USD-271231/long"
        )
    if parts[1] not in ("cross", "isolated") or parts[3:] not in ([], ["long"], ["short"]):
        raise SeedError(f"{words!r} is no scope: mgnMode is cross or isolated, a side long or short")
    return parts[0], parts[1], parts[2], "".join(parts[3:])


def _leverage(account: Account, values: Mapping[str, Any]) -> None:
    """Set scopes; null puts one back to the default."""
    for words, lever in values.items():
        scope = scope_from(words)
        if lever is None:
            account.leverage.pop(scope, None)
        else:
            account.leverage[scope] = str(lever)


def add_keys(venue: Venue, tenant: Tenant, account: Account, rows: Any, now_ms: int) -> None:
    """File keys with credentials of one's own choice. Raises SeedError, which never shows one."""
    for row in rows:
        row = known(row, KEY_FIELDS, "keys")
        for name in ("label", "api_key", "secret_key", "passphrase"):
            if not row.get(name):
                raise SeedError(f"a key needs {name}")
        if row["api_key"] in venue.holders:
            raise SeedError("api_key is used twice")
        ips = row.get("ip") or ""
        key = ApiKey(
            label=str(row["label"]),
            api_key=str(row["api_key"]),
            secret_key=str(row["secret_key"]),
            passphrase=str(row["passphrase"]),
            perm=parse_permissions(str(row.get("perm") or "read_only,trade")),
            ip=parse_ips(ips if isinstance(ips, str) else ",".join(ips)),
            env=str(row.get("env") or "demo"),
            ts=now_ms,
        )
        if key.env not in ("live", "demo", "any"):
            raise SeedError("env of a key is live, demo or any")
        venue.add_key(tenant, account, key)


def builtin(environment: str) -> dict[str, Any]:
    """The default seed with keys for demo or for live."""
    seed = copy.deepcopy(DEFAULT)
    for tenant in seed["tenants"].values():
        for key in tenant["keys"]:
            key["env"] = environment
    return seed


def with_gate(seed: Mapping[str, Any]) -> dict[str, Any]:
    """A seed with the built-in Gate CrossEx user besides its own tenants. Raises SeedError if `gate` is taken."""
    tenants = seed.get("tenants") or copy.deepcopy(DEFAULT["tenants"])
    if "gate" in tenants:
        raise SeedError("tenants.gate: the name of the built-in user is taken")
    return {**seed, "tenants": {**tenants, "gate": copy.deepcopy(GATE)}}
