"""Accounts as they were found, on their way into a manifest, and what many of them share. No secret is among it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, TypeAlias, TypeVar

from acctcfg.core.leverage_lines import LeverageLine, ScopeName, leverage_lines
from acctcfg.core.state import Value

__all__ = ["FoundAddress", "FoundKey", "Imported", "SharedProfile", "shared_profiles"]

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundKey:
    """One API key. `store`: where its secret is known to lie; None where nobody here has it."""

    label: str
    permissions: tuple[str, ...] | None  # None: not managed
    ip_allowlist: tuple[str, ...]
    store: str | None
    note: str = ""


class FoundAddress(NamedTuple):
    """Deposit addresses of one currency and chain."""

    currency: str
    chain: str
    number: int  # how many there are at least


Modes: TypeAlias = "str | Mapping[str, str] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """One account as it was found. What is None or missing is not to be managed; `notes` say why."""

    key: str  # in the manifest
    venue: str
    name: str
    uid: str
    role: str | None = None  # None: the venue type's default
    label: str | None = None
    parent: tuple[str, str] | None = None  # the field, and the key of the account
    state: str | None = None
    own: Mapping[str, bool] = field(default_factory=dict)
    account_mode: str | None = None
    position_mode: Modes = None  # one word, or one for each part
    settings: Mapping[tuple[str, str], Value] = field(default_factory=dict)  # (name, key)
    leverage: Mapping[ScopeName, Decimal] = field(default_factory=dict)
    unread: frozenset[ScopeName] = frozenset()  # scopes whose value could not be read: no pattern may touch them
    keys: tuple[FoundKey, ...] = ()
    credit_to: str | None = None
    addresses: tuple[FoundAddress, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedProfile:
    """What several accounts have in common, and what each of them has besides."""

    name: str
    account_mode: str | None
    position_mode: Modes
    settings: Mapping[tuple[str, str], Value]
    leverage: tuple[LeverageLine, ...]
    members: frozenset[str]  # keys of accounts


def shared_profiles(accounts: Sequence[Imported], taken: Collection[str]) -> list[SharedProfile]:
    """A profile for every two or more accounts of a connection that are alike. `taken`: names that are in use.

    They have one account mode and position mode, and little leverage of their own; where a setting or a scope differs,
    most of them decide what the profile says. An account with leverage that could not be read stands alone, for a
    pattern of others would name what it has.
    """
    alike: dict[str, list[Imported]] = defaultdict(list)
    for one in accounts:
        if one.role is None and not one.unread and (one.account_mode is not None or one.position_mode is not None):
            alike[repr((one.venue, one.account_mode, one.position_mode))].append(one)
    names, profiles = set(taken), []
    for group in alike.values():
        rest = group
        while len(rest) > 1:
            center = Counter(_key(one) for one in rest).most_common(1)[0][0]
            near = [one for one in rest if _distance(dict(center), one.leverage) <= max(2, len(center) // 4)]
            if len(near) > 1:
                profiles.append(_profile(near, names))
            placed = {one.key for one in near}
            rest = [one for one in rest if one.key not in placed]
    return profiles


def _key(one: Imported) -> tuple[tuple[ScopeName, Decimal], ...]:
    return tuple(sorted(one.leverage.items(), key=str))


def _distance(one: Mapping[ScopeName, Decimal], other: Mapping[ScopeName, Decimal]) -> int:
    return sum(one.get(scope) != other.get(scope) for scope in one.keys() | other.keys())


def _profile(members: Sequence[Imported], names: set[str]) -> SharedProfile:
    first = members[0]
    lines = leverage_lines(_most(one.leverage for one in members))
    base = "_".join(filter(None, (first.venue, first.account_mode)))
    name = next(one for one in (base, *(f"{base}_{n}" for n in range(2, len(names) + 3))) if one not in names)
    names.add(name)
    return SharedProfile(
        name=name,
        account_mode=first.account_mode,
        position_mode=first.position_mode,
        settings=_settings([one.settings for one in members]),
        leverage=lines,
        members=frozenset(one.key for one in members),
    )


def _most(maps: Iterable[Mapping[K, V]]) -> dict[K, V]:
    """Of what all maps have, the value that most of them have."""
    every = list(maps)
    common = [key for key in every[0] if all(key in one for one in every)]
    return {key: Counter(one[key] for one in every).most_common(1)[0][0] for key in common}


def _settings(every: Sequence[Mapping[tuple[str, str], Value]]) -> dict[tuple[str, str], Value]:
    """Of settings by key those that have the same keys in all: maps of an account and of its profile are merged."""
    keys = [{name: {key for one, key in settings if one == name} for name, _ in settings} for settings in every]
    alike = {name for name in keys[0] if all(one.get(name) == keys[0][name] for one in keys)}
    return {where: value for where, value in _most(every).items() if where[0] in alike}
