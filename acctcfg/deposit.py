"""Deposit addresses, a resource that venues may share: what a manifest wants of them, and what can be paid to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from acctcfg.core.desired import AccountSpec, Place
from acctcfg.core.managed import ANY
from acctcfg.core.rules import VenueRules
from acctcfg.core.state import Made

__all__ = [
    "ADDRESSES",
    "CREDIT",
    "DEPOSIT",
    "AddressSpec",
    "CreditTo",
    "Deciding",
    "DepositRow",
    "DepositRules",
    "DepositSpec",
    "address_value",
    "deciding",
    "deposit_of",
    "rules_of",
]

DEPOSIT: Final = "deposit"
"""Its name among the resources of an account, and the manifest's field."""
ADDRESSES: Final = "deposit.addresses"
CREDIT: Final = "deposit.credit_to"


class CreditTo(StrEnum):
    """Which of a sub-account's wallets a deposit is credited to."""

    FUNDING = "funding"
    TRADING = "trading"


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositRules:
    """What a venue type knows of its addresses before it is asked."""

    most_per_currency: int
    types: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # -> currencies that have it; () for all
    chain_prefix: str = ""  # how a currency's chains are called: "{currency}-"; "" where no rule is known


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressSpec:
    """Deposit addresses of one currency and chain: `count` is a minimum."""

    currency: str
    chain: str | None  # None: the currency's main chain, which the venue names
    type: str  # "regular" | "segwit"; counts only at creation
    count: int
    place: Place
    layer: int = 0  # of profiles and the account, counted upwards: a later one beats an earlier one


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositSpec:
    """Where deposits of the sub-account go, and which addresses it has."""

    credit_to: CreditTo | None
    addresses: tuple[AddressSpec, ...]  # one for each (currency, chain) as it is written

    def claims(self) -> Iterator[tuple[str, str]]:
        """Where they are credited, and addresses whose chains only the venue's lists tell."""
        if self.credit_to is not None:
            yield CREDIT, ""
        if any(one.count for one in self.addresses):
            yield ADDRESSES, ANY

    def place_of(self, field: str, key: str) -> Place | None:
        """The entry of the currency and chain, else of the currency."""
        if field != ADDRESSES:
            return None
        currency, chain = [*key.split("/"), ""][:2]
        same = [one for one in self.addresses if one.currency == currency]
        exact = [one for one in same if one.chain == chain]
        return next((one.place for one in exact or same), None)

    def content(self) -> object:
        """What a check of the venue type may look at; no places."""
        return self.credit_to, tuple((one.currency, one.chain, one.type, one.count) for one in self.addresses)


@dataclass(frozen=True, slots=True)
class Deciding:
    """Which entry decides a chain, and one of its layer that says something else; None where there is none."""

    spec: AddressSpec
    against: AddressSpec | None = None


def deciding(named: Iterable[tuple[str, AddressSpec]]) -> dict[str, Deciding]:
    """By chain, of entries with the chain that each comes to: one may name it, and another leave it to the venue.

    The latest layer decides. Two of one layer that say the same are one.
    """
    found: dict[str, Deciding] = {}
    for chain, spec in named:
        first = found.get(chain)
        if first is None or spec.layer > first.spec.layer:
            found[chain] = Deciding(spec)
        elif spec.layer == first.spec.layer and (spec.type, spec.count) != (first.spec.type, first.spec.count):
            found[chain] = Deciding(first.spec, spec)
    return found


@dataclass(frozen=True, slots=True)
class DepositRow:
    """A deposit address that can be paid to, if `state` is open."""

    currency: str
    chain: str
    address: str
    tag: str  # "" where the currency needs none
    credit_to: str  # "" where it could not be read
    number: int = 1  # of its currency and chain, from the oldest: it never changes
    state: str = "open"  # | "closed": its chain takes no deposits | "unknown": or may | "frozen": the account's are


def address_value(currency: str, chain: str, type_: str | None, credit_to: str | None) -> Made:
    """A deposit address as a plan has it. The type counts at creation only and cannot be read back."""
    shown = f"credited to {credit_to}" if credit_to else f"on {chain}"
    return Made(
        kind="address",
        fields=(("currency", currency), ("chain", chain), ("type", type_), ("credit_to", credit_to)),
        shown=shown if type_ in (None, "regular") else f"{shown} · {type_}",
        told=f"an address for {currency} on {chain}",
    )


def deposit_of(spec: AccountSpec) -> DepositSpec | None:
    """What the manifest wants; None where it says nothing."""
    found = spec.resources.get(DEPOSIT)
    return found if isinstance(found, DepositSpec) else None


def rules_of(rules: VenueRules) -> DepositRules:
    """What the venue type knows; of a type without addresses, that it takes none."""
    found = rules.resources.get(DEPOSIT)
    return found if isinstance(found, DepositRules) else DepositRules(most_per_currency=0)
