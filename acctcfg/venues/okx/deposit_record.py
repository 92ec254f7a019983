"""Which row of the venue's list is which address of the record. Pure.

Currencies with a tag share one address among many accounts, so there the tag tells addresses apart. Not every answer
has it: a tag that one side does not know speaks against nothing, and two that are known and differ are two addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import count, islice
from typing import NamedTuple, Protocol

from acctcfg.core.json_types import JsonObject

__all__ = ["Recorded", "number_of", "numbers_of_others", "pairs", "recorded", "same"]


class _Payable(Protocol):
    """What can be paid to: a row, or an address of the record."""

    @property
    def address(self) -> str: ...
    @property
    def tag(self) -> str: ...


class Recorded(NamedTuple):
    """An address that the journal knows."""

    address: str
    tag: str  # "": not known, or there is none
    number: int  # 0: the record holds none
    ours: bool  # a creation answered it; else a list showed it
    before: int = 0  # in older records: how many were there when it was made, ours among them
    others: int | None = None  # how many that no creation of ours had answered; None in older records
    beside: tuple[str, ...] = ()  # tags that were listed with the same address then: none of them is its own

    @classmethod
    def of(cls, facts: JsonObject, *, ours: bool) -> Recorded:
        """From the journal's facts; older records hold neither number nor tag."""
        before, others, beside = facts.get("before"), facts.get("others"), facts.get("beside")
        return cls(
            address=str(facts.get("address")),
            tag=str(facts.get("tag") or ""),
            number=number_of(facts),
            ours=ours,
            before=before if isinstance(before, int) else 0,
            others=others if isinstance(others, int) else None,
            beside=tuple(map(str, beside)) if isinstance(beside, list | tuple) else (),
        )


def number_of(facts: JsonObject) -> int:
    """The number of an address that the journal keeps; 0 where it keeps none."""
    number = facts.get("number")
    return number if isinstance(number, int) and number > 0 else 0


def numbers_of_others(known: Iterable[Recorded]) -> set[int]:
    """The numbers that addresses which nobody has on record had when ours were made, oldest first.

    Such addresses fill the lowest numbers that ours leave free. Ours need not come in the order of their numbers: a
    plan may have been narrowed to one of them, or the creation of an earlier one refused.
    """
    found: set[int] = set()
    ours: list[int] = []  # 0 for one without a number, which fills a free one as well
    for one in known:
        if one.ours:
            named = [number for number in ours if number]
            there = one.before - len(named) if one.others is None else one.others + len(ours) - len(named)
            found.update(islice((number for number in count(1) if number not in named), max(there, 0)))
            ours.append(one.number)
    return found


def recorded(created: Iterable[JsonObject], shown: Iterable[JsonObject] = ()) -> list[Recorded]:
    """Each address of the record once: what creations answered, then what lists showed besides.

    What a list showed of an address that a creation answered adds what the answer left out.
    """
    known = [Recorded.of(one, ours=True) for one in created]
    for one in (Recorded.of(facts, ours=False) for facts in shown):
        at = next((at for test in (_exactly, _by_number) for at, held in enumerate(known) if test(held, one)), None)
        if at is None:
            known.append(one)
        else:
            held = known[at]
            known[at] = held._replace(tag=held.tag or one.tag, number=held.number or one.number)
    return known


def pairs(known: Sequence[Recorded], rows: Sequence[_Payable]) -> dict[int, int]:
    """The place of the row of each, by its own place. A row is one address's alone.

    Tags that are known on both sides go first, and addresses whose own tag is not known, which fit any row, last.
    """
    found: dict[int, int] = {}
    free = dict(enumerate(rows))
    for test in (_surely, _with_its_own_tag, _perhaps):
        for at, one in enumerate(known):
            if at not in found and (place := _first(free, one, test)) is not None:
                found[at] = place
                del free[place]
    return found


def same(one: _Payable, other: _Payable) -> bool:
    """Whether nothing that is known of both tells them apart."""
    return one.address == other.address and (one.tag == other.tag or not one.tag or not other.tag)


def _first(rows: dict[int, _Payable], one: Recorded, test: Callable[[Recorded, _Payable], bool]) -> int | None:
    return next((place for place, row in rows.items() if test(one, row)), None)


def _exactly(one: _Payable, other: _Payable) -> bool:
    return (one.address, one.tag) == (other.address, other.tag)


def _surely(one: _Payable, other: _Payable) -> bool:
    return one.tag != "" and _exactly(one, other)


def _with_its_own_tag(one: Recorded, row: _Payable) -> bool:
    return one.tag != "" and same(one, row)


def _perhaps(one: Recorded, row: _Payable) -> bool:
    return same(one, row) and row.tag not in one.beside


def _by_number(held: Recorded, one: Recorded) -> bool:
    """Of two with a tag between them, the number tells; a record without one leaves that to the other."""
    return same(held, one) and held.number in (0, one.number)
