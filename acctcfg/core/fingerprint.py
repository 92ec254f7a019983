"""The digest of what a manifest says about some accounts: a saved plan holds for that and no other manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any

from acctcfg.core.address import Address, AddressPattern
from acctcfg.core.canonical import canonical, digest_of, digest_of_parts
from acctcfg.core.desired import AccountSpec, Exemption, Guardrails, LeverageEntry, Manifest, Place, StoreSpec

__all__ = ["account_digests", "manifest_digest"]

_PLACES = {"place", "places", "path", "layer", "files", "directory", "formerly"}
_ENTRY = tuple(one.name for one in fields(LeverageEntry) if one.name == "layer" or one.name not in _PLACES)
_of_an_entry = attrgetter(*_ENTRY)


def manifest_digest(manifest: Manifest, accounts: Iterable[str], uids: Mapping[str, str]) -> str:
    """Covers these accounts' resolved fields, the venues and guardrails, and where new secrets of theirs would go.

    `uids`: whose credentials the connections use; those of these accounts count. Never where it all was written.
    """
    named = [manifest.accounts[name] for name in sorted(set(accounts)) if name in manifest.accounts]
    stores = {key.store for spec in named for key in spec.api_keys if key.store in manifest.secret_stores}
    others = {
        "venues": _plain(manifest.venues),
        "users": {venue: uids[venue] for venue in {spec.venue for spec in named} if venue in uids},
        "guardrails": _plain(manifest.guardrails),
        "secret_stores": {name: _kept(manifest.secret_stores[name]) for name in stores if name is not None},
    }
    return digest_of_parts(_texts(named, others))


def _texts(specs: Iterable[AccountSpec], others: Mapping[str, object]) -> Iterator[str]:
    """The canonical text of `others` and, before them as the alphabet has it, of `accounts`."""
    begin = '{"accounts":{'
    for spec in specs:
        yield f"{begin}{canonical(spec.key)}:{canonical(_plain(spec))}"
        begin = ","
    yield f"{'' if begin == ',' else begin}}},{canonical(others)[1:]}"


def account_digests(manifest: Manifest) -> dict[str, str]:
    """By account: covers its resolved fields and former names, its connection, its stores, and what guards it."""
    venues = {key: [_plain(one), list(one.formerly)] for key, one in manifest.venues.items()}
    stores = {key: [one.type, _plain(one.options)] for key, one in manifest.secret_stores.items()}
    of_all = _plain(replace(manifest.guardrails, exceptions=()))
    found = {}
    for key, spec in manifest.accounts.items():
        used = _stores_of(spec, manifest)
        said = [_plain(spec), sorted(map(list, spec.formerly)), venues[spec.venue], [stores[one] for one in used]]
        found[key] = digest_of([*said, of_all, _plain(_exceptions(key, manifest.guardrails))])
    return found


def _stores_of(spec: AccountSpec, manifest: Manifest) -> list[str]:
    """The stores in which its keys and those that sign for it lie."""
    sides = (spec.access.read, spec.access.write) if spec.access is not None else ()
    sources = [
        manifest.venues[spec.venue].credentials,
        *(one for side in sides if side for one in (side, *side.values())),
    ]
    named = {one.get("store") for one in sources if isinstance(one, Mapping)} | {key.store for key in spec.api_keys}
    return sorted(one for one in named if isinstance(one, str) and one in manifest.secret_stores)


def _exceptions(account: str, guardrails: Guardrails) -> list[Exemption]:
    """Those that name the account."""
    subject = Address(account)
    return [one for one in guardrails.exceptions if any(AddressPattern(text).matches(subject) for text in one.accounts)]


def _kept(store: StoreSpec) -> dict[str, object]:
    """What decides where a new secret goes, and who can read it there."""
    return {"type": store.type, "path": store.where, "recipients": sorted(store.recipients)}


def _plain(value: object) -> object:
    if value is None or value is True or value is False or type(value) is str:
        return value  # as most are
    kind: type = type(value)
    return _reader(kind)(value)


@cache
def _reader(kind: type) -> Callable[[Any], Any]:
    """How a value of this type becomes JSON; found once a type, since a refresh of many accounts waits for it."""
    if issubclass(kind, Place | Path):
        return lambda _: None
    if is_dataclass(kind):
        names = tuple(one.name for one in fields(kind) if one.name not in _PLACES)
        return lambda value: {name: _plain(getattr(value, name)) for name in names}
    if issubclass(kind, Mapping):
        return lambda value: {str(key): _plain(item) for key, item in value.items()}
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return lambda value: [_plain(item) for item in value]
    if issubclass(kind, tuple | list | frozenset | set):
        return _in_any_order
    if issubclass(kind, Decimal):
        return lambda value: format(value.normalize(), "f")
    return _as_it_is if kind is str or issubclass(kind, int | float | type(None)) else str


def _in_any_order(values: Iterable[object]) -> list[object]:
    some = list(values)
    if some and all(type(one) is LeverageEntry for one in some):
        return _entries(tuple(map(_of_an_entry, some)))
    found = [_plain(item) for item in some]
    return sorted(found, key=canonical) if len(found) > 1 else found


@lru_cache(maxsize=4096)
def _entries(said: tuple[tuple[object, ...], ...]) -> list[object]:
    """The leverage of a profile, which thousands of accounts share: one list, which nobody changes."""
    found = [{name: _plain(value) for name, value in zip(_ENTRY, one, strict=True)} for one in said]
    return sorted(found, key=canonical)


def _as_it_is(value: object) -> Any:
    return value
