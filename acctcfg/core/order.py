"""The order of one account's changes: a venue's rows, read aloud left before right, applied to what there is to do.

A row is `(left, right)` or `(left, right, "waits")`. Each side is a kind of change:

    position_mode                any change of that field        -api_keys    a delete of that field
    account                      the account itself              *, -*        any change, any delete
    settings.*                   any change of a field under it
    position_mode=net            ... to that value
    account_mode:!spot=portfolio ... to that value, from any known value but spot

For two changes the first row that fits decides. A row of two makes the right side depend on the left (a failure of the
left leaves the right untried); `"waits"` orders them and no more, unless the right one's value can be known only after
the left one: then it depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from acctcfg.core.address import Address
from acctcfg.core.diff import Change
from acctcfg.errors import AcctcfgError

__all__ = ["Ordered", "Row", "behind", "order"]

Row = tuple[str, str] | tuple[str, str, str]
_SIDE = re.compile(r"(-?[\w.*]+)(?::(!?)(\w+))?(?:=(\w+))?")


@dataclass(frozen=True, slots=True)
class Ordered:
    """A change in its place: what it depends on, and what it merely waits for."""

    change: Change
    depends_on: tuple[Address, ...]
    waits_for: tuple[Address, ...]


def order(changes: Iterable[Change], rows: Sequence[Row]) -> list[Ordered]:
    """One account's changes in an order that the rows allow; ties by address. Raises on a cycle, by name."""
    groups: dict[tuple[str, str, str], list[Change]] = {}
    for change in sorted(changes, key=lambda one: one.address):
        groups.setdefault(_signature(change), []).append(change)
    heads = {signature: members[0] for signature, members in groups.items()}
    before: dict[tuple[str, str, str], dict[tuple[str, str, str], bool]] = {signature: {} for signature in groups}
    for one, head in heads.items():
        for other, other_head in heads.items():
            if one < other:
                _relate(one, head, other, other_head, rows, before)
    ordered: list[Ordered] = []
    for signature in _sequence(before):
        hard = _closure(signature, before)
        depends = tuple(c.address for s, members in groups.items() if s in hard for c in members)
        waits = tuple(
            c.address for s, members in groups.items() if s in before[signature] and s not in hard for c in members
        )
        ordered.extend(_ordered(change, depends, waits) for change in groups[signature])
    return ordered


def behind(rows: Sequence[Row], kind: str, field: str) -> bool:
    """Whether the rows put changes of the field after those of this kind, whatever their values."""
    sides = (row[1] for row in rows if row[0] == kind)
    return any(side == field or (side.endswith(".*") and field.startswith(side[:-1])) for side in sides)


def _ordered(change: Change, depends: tuple[Address, ...], waits: tuple[Address, ...]) -> Ordered:
    """What a value is known after, it depends on: without that step nobody knows what there is to change."""
    known_after = tuple(address for address in waits if change.after_step and address.within == change.after_step)
    if not known_after:
        return Ordered(change, depends, waits)
    return Ordered(change, (*depends, *known_after), tuple(a for a in waits if a not in known_after))


def _signature(change: Change) -> tuple[str, str, str]:
    """Changes that no row can tell apart share one; values count for words only, not for each leverage."""
    return change.kind, _word(change.before), _word(change.after)


def _word(value: object) -> str:
    """A value as a row may name it; "" for one that no row can."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else ""


def _relate(
    one: tuple[str, str, str],
    head: Change,
    other: tuple[str, str, str],
    other_head: Change,
    rows: Sequence[Row],
    before: dict[tuple[str, str, str], dict[tuple[str, str, str], bool]],
) -> None:
    for row in rows:
        hard = len(row) == 2
        if _fits(row[0], head) and _fits(row[1], other_head):
            before[other][one] = hard
            return
        if _fits(row[0], other_head) and _fits(row[1], head):
            before[one][other] = hard
            return


def _fits(side: str, change: Change) -> bool:
    match = _SIDE.fullmatch(side)
    if match is None:
        raise ValueError(f"not a side of an order row: {side!r}")
    kind, negated, from_, to = match.groups()
    if kind == "*":
        if change.kind.startswith("-"):
            return False
    elif kind == "-*":
        if not change.kind.startswith("-"):
            return False
    elif kind.endswith(".*"):
        if not change.kind.startswith(kind[:-1]):
            return False
    elif kind != change.kind:
        return False
    if to is not None and _word(change.after) != to:
        return False
    if from_ is None:
        return True
    return change.before_known and (_word(change.before) != from_ if negated else _word(change.before) == from_)


def _sequence(
    before: dict[tuple[str, str, str], dict[tuple[str, str, str], bool]],
) -> list[tuple[str, str, str]]:
    done: list[tuple[str, str, str]] = []
    left = sorted(before)
    while left:
        ready = next((one for one in left if all(other in done for other in before[one])), None)
        if ready is None:
            names = ", ".join(kind for kind, _, _ in left)
            raise AcctcfgError(
                f"these changes wait for each other: {names}", hint="this is a bug in the venue's ORDER rows"
            )
        done.append(ready)
        left.remove(ready)
    return done


def _closure(
    signature: tuple[str, str, str], before: dict[tuple[str, str, str], dict[tuple[str, str, str], bool]]
) -> set[tuple[str, str, str]]:
    found: set[tuple[str, str, str]] = set()
    open_ = [signature]
    while open_:
        for other, hard in before[open_.pop()].items():
            if hard and other not in found:
                found.add(other)
                open_.append(other)
    return found
