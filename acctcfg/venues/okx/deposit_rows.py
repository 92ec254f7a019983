"""A sub-account's deposit addresses in the order of their numbers, and what each chain is good for. Pure.

An address never changes its number: numbers count from the oldest. What the journal knows of creations comes first;
of what it does not know, the venue's list tells the age, newest first. What a create answered is there, whether or not
a list shows it: addresses cannot be deleted.
"""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Final, NamedTuple

from acctcfg.core.json_types import JsonObject
from acctcfg.core.remembered import NeverShown
from acctcfg.core.state import Unreadable
from acctcfg.venues.contract import Lasting
from acctcfg.venues.okx.deposit_record import Recorded, number_of, numbers_of_others, pairs, recorded, same
from acctcfg.venues.okx.listed import Chain, DepositAddress

__all__ = [
    "NOT_READ",
    "Numbered",
    "Use",
    "facts_of",
    "known_since",
    "near_chain",
    "never_listed",
    "numbered",
    "odd_rows",
    "recalled",
    "use_of",
]

NOT_READ: Final = Unreadable("not_read", "where the address credits was not read")
"""Of an address that the journal knows: where it credits can change without us."""


class Use(NamedTuple):
    """What an address is good for at present."""

    state: str  # "open" | "closed": its chain takes no deposits, or is listed no more | "unknown": it does not say
    unpayable: str = ""  # why it must not be paid to at all


def use_of(row: DepositAddress, chains: Sequence[Chain]) -> Use:
    """What the venue's list of chains says of an address."""
    chain = next((chain for chain in chains if chain.name == row.chain), None)
    takes = chain.takes_deposits if chain is not None else False
    state = "unknown" if takes is None else "open" if takes else "closed"
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
    *,
    tagless: bool = False,
) -> Numbered:
    """The number of every address. `listed` is the venue's list, newest first; `created` what creations answered,
    oldest first, with the number that the plan gave and how many others were there; `shown` what the list showed
    earlier runs, with its number. `tagless`: the chain needs none, so that a row without one is no other's.
    """
    oldest = _once(
        [row for row in reversed(listed) if row.whole and (row.currency, row.chain) == (currency, chain)],
        tagless=tagless,
    )
    known = recorded(*([one for one in some if _is_on(one, currency, chain)] for some in (created, shown)))
    places = pairs(known, oldest)
    rows: dict[int, DepositAddress] = {}
    pinned: set[int] = set()
    later: list[int | Recorded] = []  # ours, of which the record holds no number: where it is listed, if it is
    gone: set[int] = set()
    for at, one in enumerate(known):
        place, free = places.get(at), one.number > 0 and one.number not in rows
        if place is not None:
            oldest[place] = replace(oldest[place], tag=oldest[place].tag or one.tag)
        if not free:
            later += [one if place is None else place] if one.ours else []
        elif place is not None:
            rows[one.number] = oldest[place]
            pinned.add(place)
        elif one.ours:
            rows[one.number] = _unlisted(one, currency, chain, listed)
        else:
            gone.add(one.number)
    others = [oldest[place] for place in _aged(len(oldest), later) if place not in pinned]
    others += [_unlisted(one, currency, chain, listed) for one in later if isinstance(one, Recorded)]
    free_numbers = (number for number in count(1) if number not in rows and number not in gone)
    rows |= dict(zip(free_numbers, others, strict=False))
    return Numbered(dict(sorted(rows.items())), frozenset(numbers_of_others(known) | gone) - rows.keys())


def never_listed(
    answered: Iterable[NeverShown],
    created: Iterable[JsonObject],
    listed: Sequence[DepositAddress],
    currency: str,
    chain: str,
) -> list[NeverShown]:
    """Those of the addresses that no read showed in time which the list does not show now either."""
    late = [one for one in answered if _is_on(one.facts, currency, chain)]
    made = [one for one in created if _is_on(one, currency, chain)]
    rows = [row for row in listed if row.chain == chain]
    shown = {(row.address, row.tag) for row in rows}
    known = [Recorded.of(facts, ours=True) for facts in (*made, *(one.facts for one in late))]
    there = pairs(known, rows)
    return [
        one
        for at, one in enumerate(late, len(made))
        if at not in there and (known[at].address, known[at].tag) not in shown
    ]


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
    there = [one for one in known if _is_on(one.facts, row.currency, row.chain)]
    exact = [one for one in there if one.facts.get("tag") == row.tag]
    return next(one.since for one in (*exact, *there) if same(Recorded.of(one.facts, ours=False), row))


def facts_of(row: DepositAddress, number: int) -> JsonObject:
    """What never changes of an address, as the journal keeps it."""
    own = {"currency": row.currency, "chain": row.chain, "address": row.address, "tag": row.tag}
    return {**own, "number": number}


def _once(rows: Iterable[DepositAddress], *, tagless: bool) -> list[DepositAddress]:
    """A row that is listed twice is one address; without a tag that is needed it may be two."""
    found: list[DepositAddress] = []
    for row in rows:
        known = tagless or row.tag
        if not (known and any((row.address, row.tag) == (one.address, one.tag) for one in found)):
            found.append(row)
    return found


def odd_rows(listed: Iterable[DepositAddress], chain: str = "") -> str:
    """What the rows leave out that may be an address of the chain (of any, where none is given); "" where none is."""
    odd = [row for row in listed if not row.whole and (not chain or row.chain in ("", chain))]
    return " and ".join(dict.fromkeys("an address" if row.chain else "a chain" for row in odd))


def _is_on(facts: JsonObject, currency: str, chain: str) -> bool:
    return (facts.get("currency"), facts.get("chain")) == (currency, chain)


def _aged(size: int, later: Iterable[int | Recorded]) -> list[int]:
    """The places of the list, with those that the journal orders in the journal's order, where they stand."""
    order = deque(place for place in later if isinstance(place, int))
    held = frozenset(order)
    return [order.popleft() if place in held else place for place in range(size)]


def _unlisted(one: Recorded, currency: str, chain: str, listed: Sequence[DepositAddress]) -> DepositAddress:
    """An address that its creation answered and that the list does not show; where it credits is one value for all."""
    unknown = Unreadable("not_listed", "the venue's list does not show the address yet")
    return DepositAddress(
        currency=currency,
        chain=chain,
        address=one.address,
        tag=one.tag,
        credit_to=listed[0].credit_to if listed else unknown,
        listed=False,
    )
