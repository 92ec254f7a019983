"""Which addresses there can be, so that a pattern which selects none is told: a rule of it would guard nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from acctcfg.core.address import AddressPattern
from acctcfg.core.rules import VenueRules
from acctcfg.core.setting import Keyed, OnOff, Record
from acctcfg.core.vocabulary import Market
from acctcfg.deposit import ADDRESSES, CREDIT, DEPOSIT

__all__ = ["not_selectable"]

_PLAIN: Final = ("state", "account_mode", "position_mode", "settings")
_KEYED: Final = ("position_mode[", "api_keys[", *(f"leverage[{market}/" for market in Market))


def not_selectable(text: str, rules: Collection[VenueRules]) -> str:
    """Why a pattern selects no address of any account at these venue types; "" where it may select one."""
    known = sorted({one for each in rules for one in _beginnings(each)})
    own = {name for each in rules for name in each.resources.keys() & (each.fields | each.main_fields)}
    if _may(text, known) or any(f".{name}" in text for name in own - {DEPOSIT, *_PLAIN}):
        return ""  # how the addresses of a venue package's own resource read is its own matter
    return f"matches no address{_meant(text, known)}"


def _may(text: str, known: Iterable[str]) -> bool:
    return any(AddressPattern(text).may_begin(one) for one in known)


def _beginnings(rules: VenueRules) -> Iterator[str]:
    """What follows the account's name and its dot in an address; where a bracket opens in it, a key goes on."""
    yield from (*_PLAIN, *_KEYED, *(one.name for one in rules.own_fields if one.live))
    if DEPOSIT in rules.fields | rules.main_fields:
        yield from (DEPOSIT, CREDIT, f"{ADDRESSES}[")
    for one in rules.settings:
        yield one.field
        if isinstance(one.kind, Keyed | OnOff | Record):
            yield f"{one.field}["


def _meant(text: str, known: Iterable[str]) -> str:
    """` (did you mean "*.leverage[*]"?)`: the nearest that there is, with the pattern's account; else an example."""
    from difflib import get_close_matches  # only where something is wrong

    account, _, rest = text.partition(".")
    word, bracket, key = rest.partition("[")
    near = get_close_matches(word.lower()[:80], sorted({one.partition("[")[0] for one in known}), n=1, cutoff=0.6)
    endings = (f"{bracket}{key}", f"[{key.lower()}", "[*]", "") if near else ()
    ways = (f"{account}.{near[0]}{ending}" for ending in endings)
    return next((f' (did you mean "{way}"?)' for way in ways if _may(way, known)), ' (such as "*.leverage[swap/*]")')
