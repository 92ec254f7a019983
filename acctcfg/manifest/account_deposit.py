"""The deposit addresses of an account, checked against what its venue type has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from acctcfg.core.rules import VenueRules
from acctcfg.deposit import AddressSpec, CreditTo, DepositSpec, rules_of
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report, shown
from acctcfg.manifest.profiles import Layered

__all__ = ["build_deposit"]

_CREDITS = {str(word): word for word in CreditTo}


def build_deposit(
    layered: Layered, taken: dict[str, Any] | None, rules: VenueRules, report: Report
) -> DepositSpec | None:
    """Its deposit addresses, from all layers; a problem where one cannot be at this venue type."""
    if taken is None:
        return None
    addresses = tuple(layered.addresses[scope] for scope in sorted(layered.addresses, key=_scope_order))
    counts: dict[str, int] = {}
    for one in addresses:
        counts[one.currency] = counts.get(one.currency, 0) + one.count
        _check_address(one, counts[one.currency], rules, layered, report)
    return DepositSpec(credit_to=_CREDITS.get(taken.get("credit_to", "")), addresses=addresses)


def _check_address(one: AddressSpec, count: int, rules: VenueRules, layered: Layered, report: Report) -> None:
    known = rules_of(rules)
    currencies, prefix = known.types.get(one.type), known.chain_prefix.format(currency=one.currency)
    if one.chain is not None and not one.chain.startswith(prefix):
        wrong = f"{shown(one.chain)} is not a chain of {one.currency} (its chains begin with {prefix})"
    elif currencies is None:
        wrong = f"unknown address type {shown(one.type)} for venue type {rules.type}"
    elif currencies and one.currency not in currencies:
        wrong = f"{one.currency} has no {one.type} addresses ({', '.join(currencies)} have)"
    elif count > known.most_per_currency:
        wrong = f"{count} addresses of {one.currency}, but the venue allows at most {known.most_per_currency}"
    else:
        return
    place = one.place
    address = next(
        (
            f"{prefix}.deposit.addresses[{index}]"
            for prefix, root in layered.roots
            for index, child in _listed(root)
            if report.sources.place(child.mark) == place
        ),
        "",
    )
    report.place(place, wrong, address)


def _scope_order(scope: tuple[str, str | None]) -> tuple[str, str]:
    return scope[0], scope[1] or ""


def _listed(root: Node) -> Iterator[tuple[int, Node]]:
    deposit = root.value.get("deposit")
    listed = deposit.value.get("addresses") if deposit is not None and type(deposit.value) is dict else None
    if listed is not None and type(listed.value) is list:
        yield from enumerate(listed.value)
