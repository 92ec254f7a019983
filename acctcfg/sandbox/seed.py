"""The state that a sandbox starts from: a mapping (a YAML file) -> Venue. Unknown keys are errors, by name.

Wire words are used for wire values: acctLv, posMode, mgnMode. See docs/sandbox.md for every key.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from acctcfg.sandbox.gate_crossex.seed import add_tenant, build_venue
from acctcfg.sandbox.gate_crossex.state import Venue as GateVenue
from acctcfg.sandbox.okx.admission import KEY
from acctcfg.sandbox.okx.holdings import algo_from, bot_from, copy_from, order_from, position_from, spread_from
from acctcfg.sandbox.okx.keys import parse_ips, parse_permissions
from acctcfg.sandbox.okx.replies import Refusal
from acctcfg.sandbox.okx.state import Account, Address, ApiKey, Scope, Tenant, Venue
from acctcfg.sandbox.okx.universe import CURRENCIES, TAG_PLACES, currency_from, default_instruments, instrument_from
from acctcfg.sandbox.values import Place, SeedError, amounts, did_you_mean, items, known, mapping, set_flags, word

__all__ = [
    "ACCOUNT_FIELDS",
    "DEFAULT",
    "SeedError",
    "add_currency",
    "add_instrument",
    "add_keys",
    "add_sub_account",
    "build",
    "build_gate",
    "builtin",
    "edit_account",
    "read_seed",
]
__all__ += ["address_from", "remove_from", "scope_from", "set_flags", "with_gate"]

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
TOP = ("tenants", "instruments", "currencies", "flags", "client_ip", "gate_crossex")
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
    "firstLvSubAcct": "parent",
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
ADDRESS_FIELDS = ("ccy", "chain", "addr", "type", "ctAddr", "selected", *TAG_PLACES)
SWITCHES = ("1", "2", "3", "4")
WORDS: dict[str, tuple[str, ...]] = {
    "acctLv": SWITCHES,
    "activated_modes": SWITCHES,
    "posMode": ("net_mode", "long_short_mode"),
    "greeksType": ("PA", "BS"),
    "feeType": ("0", "1"),
    "opAuth": ("0", "1"),
    "stgyType": ("0", "1"),
    "to": ("6", "18"),
}
HEADER_TEXT = re.compile(r"[!-~]([ -~]*[!-~])?")  # what a header can carry


def read_seed(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """A seed of one's own, or the default; tenants that it does not name are the default's."""
    seed = copy.deepcopy(dict(known(values or {}, TOP)))
    if not seed.get("tenants"):
        seed["tenants"] = copy.deepcopy(DEFAULT["tenants"])
    mapping(seed["tenants"], ("tenants",))
    return seed


def _tenants_of(seed: Mapping[str, Any], wanted: str) -> dict[str, Mapping[str, Any]]:
    """The tenants of one venue; `venue` is okx unless it says otherwise."""
    found = {}
    for name, values in seed["tenants"].items():
        place = ("tenants", str(name))
        values = mapping({} if values is None else values, place)
        if word(values.get("venue", "okx"), VENUES, (*place, "venue")) == wanted:
            found[str(name)] = values
    return found


def build_gate(seed: Mapping[str, Any], now_ms: int) -> GateVenue:
    """Gate as a seed describes it. Raises SeedError."""
    venue = build_venue(seed.get("gate_crossex"))
    for name, values in _tenants_of(seed, "gate_crossex").items():
        add_tenant(venue, name, values, now_ms)
    return venue


def build(seed: Mapping[str, Any], now_ms: int) -> Venue:
    """OKX as a seed describes it. Raises SeedError."""
    venue = Venue(instruments=default_instruments(now_ms))
    venue.client_ip = str(seed.get("client_ip") or "")
    set_flags(venue.flags, seed.get("flags") or {})
    _catalogue(seed, "currencies", venue, dict(CURRENCIES))
    _catalogue(seed, "instruments", venue, venue.instruments)
    for name, values in _tenants_of(seed, "okx").items():
        _tenant(venue, name, values, now_ms)
    return venue


def _catalogue(seed: Mapping[str, Any], what: str, venue: Venue, found: dict[Any, Any]) -> None:
    """`{add, remove}` or `{replace}` rows of instruments or of currencies."""
    values = known(seed.get(what) or {}, ("replace", "add", "remove"), (what,))
    setattr(venue, what, {} if values.get("replace") else found)
    for index, name in enumerate(items(values.get("remove") or [], (what, "remove"))):
        if not remove_from(venue, what, str(name)):
            raise SeedError(f"no {name!r} to remove{did_you_mean(name, _names(venue, what))}", (what, "remove", index))
    add = add_currency if what == "currencies" else add_instrument
    for verb in ("replace", "add"):
        for index, row in enumerate(items(values.get(verb) or [], (what, verb))):
            add(venue, row, (what, verb, index))


def _names(venue: Venue, what: str) -> list[str]:
    return list(venue.currencies) if what == "currencies" else sorted({key[1] for key in venue.instruments})


def remove_from(venue: Venue, what: str, name: str) -> int:
    """Take a currency, or an instrument of every type, off its list; how many there were."""
    kept: dict[Any, Any] = getattr(venue, what)
    gone = [key for key in kept if name in (key, key[1] if what == "instruments" else key)]
    setattr(venue, what, {key: value for key, value in kept.items() if key not in gone})
    return len(gone)


def add_instrument(venue: Venue, row: Any, place: Place) -> str:
    """An instrument with the fields of the venue's list, in any state. Raises SeedError."""
    try:
        instrument = instrument_from(dict(mapping(row)))
    except KeyError as exc:
        raise SeedError(f"an instrument needs {exc.args[0]}", place) from exc
    except SeedError as exc:
        raise exc.under(place) from exc
    except ValueError as exc:
        raise SeedError(str(exc), place) from exc
    venue.instruments[instrument.inst_type, instrument.inst_id] = instrument
    return instrument.inst_id


def add_currency(venue: Venue, row: Any, place: Place) -> str:
    """A currency with its chains. Raises SeedError."""
    currency = currency_from(row, place)
    venue.currencies[currency.code] = currency
    return currency.code


def _tenant(venue: Venue, name: str, values: Any, now_ms: int) -> None:
    place = ("tenants", name)
    own = ("venue", "broker", "env_prefix", "sub_accounts")
    values = known(values, (*own, *ACCOUNT_FIELDS), place)
    uid = str(values.get("uid") or venue.next_uid())
    master = Account(uid=uid, name="", main_uid=uid, type="0", ts=now_ms)
    prefix = str(values.get("env_prefix") or f"OKX_{name.upper().replace('-', '_')}")
    broker = values.get("broker", True)
    if not isinstance(broker, bool):
        raise SeedError("expected true or false", (*place, "broker"))
    tenant = Tenant(name=name, master=master, broker=broker, env_prefix=prefix)
    venue.tenants[name] = tenant
    edit_account(venue, tenant, master, {k: v for k, v in values.items() if k not in own and k != "uid"}, now_ms, place)
    for sub, sub_values in mapping(values.get("sub_accounts") or {}, (*place, "sub_accounts")).items():
        sub_values = {} if sub_values is None else sub_values
        add_sub_account(venue, tenant, sub, sub_values, now_ms, (*place, "sub_accounts", sub))


def add_sub_account(venue: Venue, tenant: Tenant, name: str, values: Any, now_ms: int, place: Place) -> Account:
    """A sub-account as described, without asking any rule. Raises SeedError."""
    account = venue.new_sub_account(tenant, name, now_ms)
    edit_account(venue, tenant, account, values, now_ms, place)
    tenant.subs[name] = account
    return account


def edit_account(venue: Venue, tenant: Tenant, account: Account, values: Any, now_ms: int, place: Place) -> None:
    """Set fields of an account behind everybody's back. Raises SeedError."""
    # In the order of ACCOUNT_FIELDS: what is held takes its side from the position mode.
    given = sorted(known(values, ACCOUNT_FIELDS, place).items(), key=lambda pair: ACCOUNT_FIELDS.index(pair[0]))
    for name, value in given:
        _edit(venue, tenant, account, name, value, now_ms, (*place, name))


def _edit(venue: Venue, tenant: Tenant, account: Account, name: str, value: Any, now_ms: int, place: Place) -> None:
    if name in PLAIN:
        setattr(account, PLAIN[name], _as(getattr(account, PLAIN[name]), name, value, place))
    elif name in HELD:
        setattr(account, name, [_held(venue, account, name, row, now_ms, place, i) for i, row in _rows(value, place)])
    elif name == "trading":
        account.trading = amounts(value, place)
        account.ever_held |= set(account.trading)
    elif name in MONEY:
        setattr(account, MONEY[name], amounts(value, place))
    elif name == "leverage":
        _leverage(account, value, place)
    elif name == "keys":
        for key in list(account.keys.values()):
            venue.holders.pop(key.api_key, None)
        account.keys.clear()
        add_keys(venue, tenant, account, value, now_ms, place)
    else:
        account.addresses = [address_from(row, now_ms, (*place, index)) for index, row in _rows(value, place)]


def _rows(value: Any, place: Place) -> list[tuple[int, Any]]:
    return list(enumerate(items(value, place)))


def _held(venue: Venue, account: Account, name: str, row: Any, now_ms: int, place: Place, index: int) -> Any:
    try:
        return HELD[name](venue, account, row, now_ms)
    except SeedError as exc:
        raise exc.under((*place, index)) from exc
    except ValueError as exc:
        raise SeedError(str(exc), (*place, index)) from exc


def _as(present: Any, name: str, value: Any, place: Place) -> Any:
    """A seed value in the kind of the field that it goes to."""
    if isinstance(present, bool):
        if not isinstance(value, bool):
            raise SeedError("expected true or false", place)
        return value
    allowed = WORDS.get(name)
    if isinstance(present, list):
        return [word(item, allowed or (str(item),), (*place, index)) for index, item in _rows(value, place)]
    if isinstance(value, (dict, list)):
        raise SeedError("expected text", place)
    return word(value, allowed or (str(value),), place)


def address_from(row: Any, now_ms: int, place: Place) -> Address:
    """A deposit address; its tag stands where the row has it: tag, memo, pmtId, comment or addrEx. Raises SeedError."""
    row = known(row, ADDRESS_FIELDS, place)
    for name in ("ccy", "chain", "addr"):
        if not row.get(name):
            raise SeedError(f"an address needs {name}", place)
    tags = [name for name in TAG_PLACES if row.get(name)]
    if len(tags) > 1:
        raise SeedError(f"a tag stands in one place, not in {' and '.join(tags)}", place)
    where = tags[0] if tags else "tag"
    value = row.get(where) or ""
    if where == "addrEx":
        parts = mapping(value, (*place, where))
        key, value = next(iter(parts.items()), ("", ""))
        where = f"addrEx.{key}"
    fixed = {name: row[name] for name in ("ctAddr", "selected") if name in row}
    plain = {name: str(row[name]) for name in ("ccy", "chain", "addr", "type") if name in row}
    return Address(**plain, tag=str(value), tag_place=where, ts=now_ms, extra=fixed)


def scope_from(words: str, place: Place = ()) -> Scope:
    """`FUTURES/isolated/BTC-USD-271231/long` -> the scope."""
    parts = words.split("/")
    if len(parts) not in (3, 4) or parts[0] not in ("MARGIN", "FUTURES", "SWAP"):
        example = "SWAP/cross/BTC-USDT-SWAP or FUTURES/isolated/BTC-USD-271231/long"
        raise SeedError(f"{words!r} is no scope: write {example}", place)
    if parts[1] not in ("cross", "isolated") or parts[3:] not in ([], ["long"], ["short"]):
        raise SeedError(f"{words!r} is no scope: mgnMode is cross or isolated, a side long or short", place)
    return parts[0], parts[1], parts[2], "".join(parts[3:])


def _leverage(account: Account, values: Any, place: Place) -> None:
    """Set scopes; null puts one back to the default."""
    found = {scope_from(words, (*place, words)): lever for words, lever in mapping(values, place).items()}
    for scope, lever in found.items():
        if lever is None:
            account.leverage.pop(scope, None)
        else:
            account.leverage[scope] = str(lever)


def add_keys(venue: Venue, tenant: Tenant, account: Account, rows: Any, now_ms: int, place: Place = ("keys",)) -> None:
    """File keys with credentials of one's own choice. Raises SeedError, which never shows one."""
    for index, row in _rows(rows, place):
        venue.add_key(tenant, account, _key_from(venue, row, now_ms, (*place, index)))


def _key_from(venue: Venue, row: Any, now_ms: int, place: Place) -> ApiKey:
    """A key that can sign: what the venue or a header would refuse is refused here."""
    row = known(row, KEY_FIELDS, place)
    for name in ("label", "api_key", "secret_key", "passphrase"):
        if not row.get(name):
            raise SeedError(f"a key needs {name}", place)
    if not KEY.fullmatch(str(row["api_key"])):
        raise SeedError("must be 8 to 64 letters, digits, - or _: no other key is let in", (*place, "api_key"))
    if not HEADER_TEXT.fullmatch(str(row["passphrase"])):
        raise SeedError("must be printable ASCII without outer blanks: a header carries it", (*place, "passphrase"))
    if str(row["api_key"]) in venue.holders:
        raise SeedError("is used twice", (*place, "api_key"))
    ips = row.get("ip") or ""
    try:
        perm = parse_permissions(str(row.get("perm") or "read_only,trade"))
    except Refusal as exc:
        raise SeedError("a comma list of read_only, trade, withdraw", (*place, "perm")) from exc
    try:
        ip = parse_ips(ips if isinstance(ips, str) else ",".join(str(part) for part in items(ips, (*place, "ip"))))
    except Refusal as exc:
        raise SeedError("up to 20 single addresses, separated by commas", (*place, "ip")) from exc
    return ApiKey(
        label=str(row["label"]),
        api_key=str(row["api_key"]),
        secret_key=str(row["secret_key"]),
        passphrase=str(row["passphrase"]),
        perm=perm,
        ip=ip,
        env=word(row.get("env") or "demo", ("live", "demo", "any"), (*place, "env")),
        ts=now_ms,
    )


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
    if "gate" in mapping(tenants, ("tenants",)):
        raise SeedError("the name of the built-in user is taken", ("tenants", "gate"))
    return {**seed, "tenants": {**tenants, "gate": copy.deepcopy(GATE)}}
