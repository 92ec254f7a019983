"""An account as a run found it: the manifest's way to it, and of its values those alone that are to be brought back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final, TypeAlias

from acctcfg.core.address import Address
from acctcfg.core.desired import AccountSpec, KeySpec, LeverageEntry, SettingEntry
from acctcfg.core.json_types import JsonValue
from acctcfg.core.rules import VenueRules
from acctcfg.core.state import Members, Value
from acctcfg.core.value_text import told
from acctcfg.core.vocabulary import PositionMode
from acctcfg.deposit import CREDIT, DEPOSIT, CreditTo, DepositSpec, deposit_of

__all__ = ["bare", "brought_back", "without"]

Put: TypeAlias = "Callable[[AccountSpec, Address, JsonValue, VenueRules], AccountSpec]"


def bare(spec: AccountSpec, uid: str) -> AccountSpec:
    """The very account that a run was about, with no value managed: its keys say how it is reached."""
    return replace(
        spec,
        uid=uid or spec.uid,
        state="present",
        label=None,
        own={},
        account_mode=None,
        position_mode=None,
        position_modes={},
        settings=(),
        leverage=(),
        api_keys_exclusive=False,
        resources={},
        places={},
    )


def brought_back(
    spec: AccountSpec, written: AccountSpec, address: Address, value: JsonValue, rules: VenueRules
) -> AccountSpec | None:
    """The account with that value wanted as well; None where this version knows no way to it.

    `written`: the account as the manifest has it.
    """
    own = {one.name for one in rules.own_fields if one.live}
    if address.field in own:
        return replace(spec, own={**spec.own, address.field: value is True})
    if address.field == CREDIT:
        deposit = deposit_of(written)
        listed = deposit.addresses if deposit is not None else ()
        wanted = DepositSpec(credit_to=CreditTo(str(value)), addresses=listed)
        return replace(spec, resources={**spec.resources, DEPOSIT: wanted})
    put = _PUT.get(address.field.partition(".")[0])
    try:
        return put(spec, address, value, rules) if put is not None else None
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return None


def without(spec: AccountSpec, address: Address) -> AccountSpec:
    """The account without what the run created: itself, or one of its keys."""
    if not address.field:
        return replace(spec, state="absent")
    return _with_key(spec, replace(_key(spec, address.key), state="absent"))


def _account_mode(spec: AccountSpec, _: Address, value: JsonValue, rules: VenueRules) -> AccountSpec:
    word = str(value)
    if word not in rules.account_modes:
        raise ValueError(word)
    return replace(spec, account_mode=word)


def _position_mode(spec: AccountSpec, address: Address, value: JsonValue, _: VenueRules) -> AccountSpec:
    word = PositionMode(str(value))
    if address.key:
        return replace(spec, position_modes={**spec.position_modes, address.key: word})
    return replace(spec, position_mode=word)


def _setting(spec: AccountSpec, address: Address, value: JsonValue, rules: VenueRules) -> AccountSpec:
    setting = rules.setting(address.field)
    if setting is None or not setting.takes(address.key, value):
        raise ValueError(address.field)
    entry = SettingEntry(field=address.field, key=address.key, value=_plain(value), place=spec.place)
    return replace(spec, settings=tuple(sorted((*spec.settings, entry), key=lambda one: (one.field, one.key))))


def _plain(value: JsonValue) -> Value:
    """A setting's value from its JSON."""
    if isinstance(value, Mapping):
        return Members.of({name: _member(one) for name, one in value.items()})
    return _member(value)


def _member(value: JsonValue) -> bool | str | Decimal:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return Decimal(str(value))
    raise TypeError(type(value).__name__)


def _leverage(spec: AccountSpec, address: Address, value: JsonValue, rules: VenueRules) -> AccountSpec:
    named = rules.leverage_named(address.key)
    if named is None or not named.selector.exact:
        raise ValueError(address.key)
    entry = LeverageEntry(
        market=named.market,
        margin=named.margin,
        selector=named.selector,
        side=named.side,
        value=Decimal(str(value)),
        layer=0,
        place=spec.place,
        path=str(address),
    )
    return replace(spec, leverage=(*spec.leverage, entry))


def _api_key(spec: AccountSpec, address: Address, value: JsonValue, _: VenueRules) -> AccountSpec:
    if not isinstance(value, Mapping):
        raise TypeError(address.key)
    key = _key(spec, address.key)
    store = value["store"]
    wanted = replace(
        key,
        state="present",
        permissions=_words(value["permissions"]),
        ip_allowlist=_words(value["ip_allowlist"]),
        store=key.store or (store if isinstance(store, str) else None),
    )
    return _with_key(spec, wanted)


def _words(value: JsonValue) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise TypeError(told(value))
    return tuple(sorted(map(str, value)))


def _key(spec: AccountSpec, label: str) -> KeySpec:
    """The manifest's key of that label; one that it no longer names has nothing but its label."""
    bare_key = KeySpec(
        label=label,
        state="present",
        permissions=None,
        ip_allowlist=None,
        store=None,
        rotate_after=None,
        place=spec.place,
    )
    return next((one for one in spec.api_keys if one.label == label), bare_key)


def _with_key(spec: AccountSpec, key: KeySpec) -> AccountSpec:
    others = (one for one in spec.api_keys if one.label != key.label)
    return replace(spec, api_keys=tuple(sorted((*others, key), key=lambda one: one.label)))


def _state(spec: AccountSpec, address: Address, value: JsonValue, rules: VenueRules) -> AccountSpec:
    """Locked or not; a state is managed where the manifest says it, so it is said to stand at the account."""
    word = str(value)
    if word not in rules.states or word == "absent":
        raise ValueError(word)
    return replace(spec, state=word, places={**spec.places, address.field: spec.place})


_PUT: Final[Mapping[str, Put]] = {
    "account_mode": _account_mode,
    "position_mode": _position_mode,
    "settings": _setting,
    "leverage": _leverage,
    "api_keys": _api_key,
    "state": _state,
}
"""By the part of an address's field before its first dot; own fields and deposits are looked at before."""
