"""A sub-account's deposit addresses in the order of their numbers, and what each chain is good for. Pure.

An address never changes its number: numbers count from the oldest. What the journal knows of creations comes first;
of what it does not know, the venue's list tells the age, newest first. What a create answered is there, whether or not
a list shows it: addresses cannot be deleted.
"""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Final, NamedTuple

from acctcfg.core.json_types import JsonObject
from acctcfg.core.state import Unreadable
from acctcfg.venues.contract import Lasting
from acctcfg.venues.okx.listed import Chain, DepositAddress

__all__ = ["NOT_READ", "Numbered", "Use", "facts_of", "known_since", "near_chain", "numbered", "recalled", "use_of"]

NOT_READ: Final = Unreadable("not_read", "where the address credits was not read")
"""Of an address that the journal knows: where it credits can change without us."""


class Use(NamedTuple):
    """What an address is good for at present."""

    state: str  # "open" | "closed": its chain takes no deposits, or is listed no more
    unpayable: str = ""  # why it must not be paid to at all


def use_of(row: DepositAddress, chains: Sequence[Chain]) -> Use:
    """What the venue's list of chains says of an address."""
    chain = next((chain for chain in chains if chain.name == row.chain), None)
    state = "closed" if chain is None or chain.takes_deposits is False else "open"
    needs = chain.needs_tag if chain is not None else _needed_elsewhere(chains)
    if row.tag or needs is False:
        return Use(state)
    what = "needs a tag" if needs else "may need a tag (the venue does not say)"
    return Use(state, f"{row.currency} on {row.chain} {what}, and none could be read: do not pay to this address")


def _needed_elsewhere(chains: Sequence[Chain]) -> bool | None:
    """Whether a chain that is listed no more may have needed a tag: not where no other chain of the currency does."""
    return False if chains and all(chain.needs_tag is False for chain in chains) else None


def near_chain(name: str, chains: Iterable[Chain]) -> str:
    """The chain of the same currency that looks most like a name; "" where none does."""
    known = {chain.name.upper(): chain.name for chain in chains}
    near = difflib.get_close_matches(name.upper(), known, n=1)
    return known[near[0]] if near else ""


class Numbered(NamedTuple):
    """The addresses of one currency and chain by their numbers."""

    rows: Mapping[int, DepositAddress]
    missing: frozenset[int]  # numbers that addresses had, and that nothing shows now


def numbered(
    listed: Sequence[DepositAddress],
    created: Iterable[JsonObject],
    currency: str,
    chain: str,
    shown: Iterable[JsonObject] = (),
) -> Numbered:
    """The number of every address. `listed` is the venue's list, newest first; `created` what creations answered,
    oldest first, with the number that the plan gave and the count that was there before; `shown` what the list showed
    earlier runs, with its number.
    """
    oldest = [row for row in reversed(listed) if (row.currency, row.chain) == (currency, chain)]
    ours = [made for made in created if (made.get("currency"), made.get("chain")) == (currency, chain)]
    rows: dict[int, DepositAddress] = {}
    later: list[DepositAddress] = []  # ours, of which the record holds no number
    for made in ours:
        row = next((row for row in oldest if _same(row, made)), None) or _unlisted(made, listed)
        number = made.get("number")
        if isinstance(number, int) and number > 0 and number not in rows:
            rows[number] = row
        else:
            later.append(row)
    earlier = [one for one in shown if (one.get("currency"), one.get("chain")) == (currency, chain)]
    gone = _pin(rows, [row for row in oldest if row not in later], earlier)
    pinned = list(rows.values())
    others = [row for row in _aged(oldest, later) if row not in pinned]
    free = (number for number in count(1) if number not in rows and number not in gone)
    rows |= dict(zip(free, [*others, *(row for row in later if row not in oldest)], strict=False))
    before = max((there for made in ours if isinstance(there := made.get("before"), int)), default=0)
    return Numbered(dict(sorted(rows.items())), frozenset({*range(1, before + 1), *gone}) - rows.keys())


def _pin(
    rows: dict[int, DepositAddress], oldest: Sequence[DepositAddress], shown: Iterable[JsonObject]
) -> frozenset[int]:
    """Give the addresses that earlier runs saw the numbers that they had; of those that are not listed, the numbers."""
    gone: set[int] = set()
    for facts in shown:
        number, row = number_of(facts), next((row for row in oldest if _same(row, facts)), None)
        if number in rows or number < 1 or row in rows.values():
            continue
        if row is None:
            gone.add(number)
        else:
            rows[number] = row
    return frozenset(gone)


def recalled(known: Iterable[Lasting], currency: str) -> list[DepositAddress]:
    """The addresses of a currency that earlier runs saw on the venue's list, newest first as that has them."""
    ours = [one.facts for one in known if one.facts.get("currency") == currency]
    return [
        DepositAddress(
            currency=currency,
            chain=str(facts.get("chain")),
            address=str(facts.get("address")),
            tag=str(facts.get("tag") or ""),
            credit_to=NOT_READ,
        )
        for facts in sorted(ours, key=lambda facts: -number_of(facts))
    ]


def known_since(known: Iterable[Lasting], row: DepositAddress) -> str:
    """Since when the journal has an address that it gave."""
    place = row.currency, row.chain
    same = (one for one in known if (one.facts.get("currency"), one.facts.get("chain")) == place)
    return next(one.since for one in same if _same(row, one.facts))


def facts_of(row: DepositAddress, number: int) -> JsonObject:
    """What never changes of an address, as the journal keeps it."""
    own = {"currency": row.currency, "chain": row.chain, "address": row.address, "tag": row.tag}
    return {**own, "number": number}


def number_of(facts: JsonObject) -> int:
    """The number of an address that the journal keeps; 0 where it keeps none."""
    number = facts.get("number")
    return number if isinstance(number, int) else 0


def _aged(oldest: Sequence[DepositAddress], later: Sequence[DepositAddress]) -> list[DepositAddress]:
    """The list with those that the journal orders in the journal's order, in the places that they hold."""
    order = deque(row for row in later if row in oldest)
    return [order.popleft() if row in later else row for row in oldest]


def _same(row: DepositAddress, made: JsonObject) -> bool:
    """Currencies with a tag share one address among many accounts; older records do not hold the tag."""
    return row.address == made.get("address") and made.get("tag", row.tag) == row.tag


def _unlisted(made: JsonObject, listed: Sequence[DepositAddress]) -> DepositAddress:
    """An address that its creation answered and that the list does not show; where it credits is one value for all."""
    unknown = Unreadable("not_listed", "the venue's list does not show the address yet")
    return DepositAddress(
        currency=str(made.get("currency")),
        chain=str(made.get("chain")),
        address=str(made.get("address")),
        tag=str(made.get("tag") or ""),
        credit_to=listed[0].credit_to if listed else unknown,
        listed=False,
    )
