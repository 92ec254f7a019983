"""Leverage values by scope as few entries of a manifest: patterns where they are right for every scope, and exceptions.

An entry that names a scope exactly beats a pattern, and of two patterns the one with more literal characters wins, as
everywhere. Each list is checked by that rule before it is handed out: what no pattern gets right is written exactly.
"""

from __future__ import annotations

import fnmatch
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from acctcfg.core.vocabulary import MarginMode, Market, Side

__all__ = ["LeverageLine", "ScopeName", "decided", "exceptions", "leverage_lines"]


class ScopeName(NamedTuple):
    """What one leverage value is kept by, as an entry of a manifest names it."""

    market: Market | None
    by: str  # "instrument", "family", "currency", "symbol"
    name: str
    margin: MarginMode | None
    side: Side | None = None


class LeverageLine(NamedTuple):
    """One entry of `leverage` as it is to be written. `name` may be a pattern."""

    market: Market | None
    by: str
    name: str
    margin: MarginMode | None
    side: Side | None
    value: Decimal


class _Group(NamedTuple):
    """Scopes that one entry without a name could stand for."""

    market: Market | None
    by: str
    margin: MarginMode | None
    side: Side | None


def leverage_lines(values: Mapping[ScopeName, Decimal], unread: Iterable[ScopeName] = ()) -> tuple[LeverageLine, ...]:
    """Entries that come to these values and to no others. `unread`: scopes that no pattern may touch."""
    groups: dict[_Group, dict[str, Decimal]] = defaultdict(dict)
    closed: dict[_Group, set[str]] = defaultdict(set)
    for scope, value in values.items():
        groups[_group(scope)][scope.name] = value
    for scope in unread:
        closed[_group(scope)].add(scope.name)
    for long in [one for one in groups if one.side is Side.LONG]:
        short, both = long._replace(side=Side.SHORT), long._replace(side=None)
        if groups.get(short) == groups[long] and closed[short] == closed[long]:
            groups[both], closed[both] = groups.pop(long), closed[long]
            del groups[short]
    return tuple(line for group in sorted(groups, key=_order) for line in _lines(group, groups[group], closed[group]))


def decided(lines: Sequence[LeverageLine], scope: ScopeName) -> Decimal | None:
    """What the entries come to for a scope; None where none names it, or two disagree."""
    found = [line for line in lines if _names(line, scope)]
    if not found:
        return None
    most = max(map(_weight, found))
    best = {line.value for line in found if _weight(line) == most}
    return best.pop() if len(best) == 1 else None


def exceptions(values: Mapping[ScopeName, Decimal], lines: Sequence[LeverageLine]) -> tuple[LeverageLine, ...]:
    """What an account has to say besides entries that it shares with others."""
    other = {scope: value for scope, value in values.items() if decided(lines, scope) != value}
    return tuple(LeverageLine(*scope, other[scope]) for scope in sorted(other, key=_order))


def _group(scope: ScopeName) -> _Group:
    return _Group(scope.market, scope.by, scope.margin, scope.side)


def _order(one: tuple[object, ...]) -> tuple[str, ...]:
    return tuple(map(str, one))


def _lines(group: _Group, values: Mapping[str, Decimal], closed: set[str]) -> Iterator[LeverageLine]:
    def line(name: str, value: Decimal) -> LeverageLine:
        return LeverageLine(group.market, group.by, name, group.margin, group.side, value)

    free = {name: value for name, value in values.items() if not _special(name)}
    closed = closed | {name for name in values if _special(name)}
    lines: list[LeverageLine] = []
    for pattern in ("*", *sorted({kind for name in free if (kind := _kind(name))})):
        members = [value for name, value in free.items() if _matches(pattern, name)]
        if any(_matches(pattern, name) for name in closed) or len(members) < 2:
            continue
        value, count = min(Counter(members).items(), key=lambda one: (-one[1], one[0]))
        present = lines[0].value if lines and lines[0].name == "*" else None
        if count - sum(one == present for one in members) > 1:
            lines.append(line(pattern, value))
    scopes = {name: ScopeName(*group[:2], name, *group[2:]) for name in free}
    rest = [line(name, free[name]) for name in sorted(free) if decided(lines, scopes[name]) != free[name]]
    yield from (*lines, *rest)


def _kind(name: str) -> str:
    """A pattern for what is named alike: "*-USDT", "*-USD-*", "A_FUTURE_*"; "" for none. It proves nothing."""
    parts = name.split("-")
    if len(parts) > 1:
        return f"*-{parts[1]}" + ("-*" if len(parts) > 2 else "")
    parts = name.split("_")
    return "_".join((*parts[:2], "*")) if len(parts) > 2 else ""


def _special(name: str) -> bool:
    return any(char in name for char in "*?[")


def _names(line: LeverageLine, scope: ScopeName) -> bool:
    if (line.market, line.by, line.margin) != (scope.market, scope.by, scope.margin):
        return False
    if line.side is not None and line.side is not scope.side:
        return False
    return _matches(line.name, scope.name) if _special(line.name) else line.name == scope.name


def _weight(line: LeverageLine) -> tuple[bool, int, bool]:
    exact = not _special(line.name)
    return exact, 0 if exact else len(re.sub(r"[*?]", "", line.name)), line.side is not None


def _matches(pattern: str, name: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern)
