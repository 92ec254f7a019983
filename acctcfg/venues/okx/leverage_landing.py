"""Where one entry of `leverage` lands: the scopes that it names, and what is to be said about it. Source: OKX v5."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from acctcfg.core.desired import Place, Selector
from acctcfg.core.level import Level
from acctcfg.core.vocabulary import MarginMode, Market, Side
from acctcfg.venues.okx.instruments import Instrument, Instruments
from acctcfg.venues.okx.missing_contracts import Elsewhere, Name, missing_name
from acctcfg.venues.okx.scopes import Keyed, Scope, Shape

__all__ = ["ANYWHERE", "Asked", "Landing", "land"]


class Asked(NamedTuple):
    """A LeverageEntry without its path, which alone differs between the accounts of one profile."""

    market: Market | None
    margin: MarginMode | None
    selector: Selector
    side: Side | None
    value: Level
    layer: int
    place: Place

    @property
    def weight(self) -> tuple[int, int, int, bool]:
        """Which of two entries decides a scope: layer, precision, literal characters, side."""
        if self.selector.exact:
            return self.layer, 2 if self.selector.by == "instrument" else 1, 0, self.side is not None
        return self.layer, 0, _literals(self.selector.pattern), self.side is not None

    @property
    def tie(self) -> tuple[Place, Selector]:
        """Which of several entries that agree is named as the one that decided: the first in the files."""
        return self.place, self.selector


ANYWHERE = Place("", 0, 0)
"""Of entries that all agree: none is ever named, and accounts whose entries differ in nothing else share the work."""


class Landing(NamedTuple):
    """Where one entry lands: its scopes, and what is to be said about it."""

    scopes: frozenset[Scope] = frozenset()
    trouble: str = ""
    code: str = ""
    warning: str = ""


def land(entry: Asked, shape: Shape, instruments: Instruments, today: date, elsewhere: Elsewhere) -> Landing:
    market, margin = entry.market, entry.margin
    assert market is not None  # noqa: S101  shape_of refuses both
    assert margin is not None  # noqa: S101
    by, pattern = entry.selector
    code, warning = "", ""
    if not entry.selector.exact:
        names, rows = _matching(by, pattern, market, instruments)
        rows, empty = _filled(rows, shape, market, by, instruments)
        if not rows:
            said = f"no {market} {by} that takes leverage matches {pattern!r}, so the entry sets nothing"
            return Landing(code="matches_nothing", warning=said)
        if empty:
            code, warning = "row_not_filled_in", _not_filled_in(empty)
    else:
        rows = instruments.named(market, by, pattern)
        names = frozenset({pattern})
        if not rows:
            told = missing_name(Name(market, by, pattern), instruments, today, elsewhere)
            trouble, warning = (told.text, "") if told.unknown else ("", told.text)
            return Landing(frozenset(), trouble, told.code, warning)
        if not any(row.takes_leverage for row in rows):
            return Landing(code="instrument_not_live", warning=_takes_none(by, pattern, rows))
    keys: set[str] = set()
    for row in rows:
        if not row.takes_leverage:
            continue
        found = [key for key in _keys(row, shape) if by != "currency" or key in names]
        if not found or not all(found):
            text = f"the venue's list does not say the {shape.keyed} of {row.inst_id}"
            return Landing(trouble=text, code="row_not_filled_in")
        keys.update(found)
    sides = (entry.side,) if entry.side else (Side.LONG, Side.SHORT) if shape.per_side else (None,)
    scopes = frozenset(Scope(market, key, margin, side) for key in keys for side in sides)
    return Landing(scopes, "", code, warning)


def _filled(
    rows: Sequence[Instrument], shape: Shape, market: Market, by: str, instruments: Instruments
) -> tuple[tuple[Instrument, ...], tuple[Instrument, ...]]:
    """Of the rows that a pattern matches those that say what they are kept by, and those that it passes over.

    A row that does not say its family or currencies could be of any pattern by these.
    """
    empty = [row for row in rows if not all(_keys(row, shape))]
    if by != "instrument":
        empty += [row for row in instruments.market(market) if row.takes_leverage and not row.names(by)]
    return tuple(row for row in rows if row not in empty), tuple(empty)


def _not_filled_in(rows: Sequence[Instrument]) -> str:
    named = ", ".join(row.inst_id for row in rows[:3]) + (f" and {len(rows) - 3} more" if len(rows) > 3 else "")
    return f"the venue's list does not fill in {named} yet, so the pattern passes over it"


def _keys(row: Instrument, shape: Shape) -> tuple[str, ...]:
    """What the venue keys an instrument's value by; a pair borrows either of its currencies, so it needs both."""
    match shape.keyed:
        case Keyed.CURRENCY:
            return (row.base, row.quote)
        case Keyed.FAMILY:
            return (row.family,)
        case Keyed.INSTRUMENT:
            return (row.inst_id,)


def _matching(
    by: str, pattern: str, market: Market, instruments: Instruments
) -> tuple[frozenset[str], tuple[Instrument, ...]]:
    """The names that a pattern matches, and the instruments that they stand for, of those that take leverage."""
    matches = re.compile(fnmatch.translate(pattern)).match
    names, rows = set(), []
    for row in instruments.market(market):
        hit = [name for name in row.names(by) if matches(name)] if row.takes_leverage else []
        if hit:
            names.update(hit)
            rows.append(row)
    return frozenset(names), tuple(rows)


def _takes_none(by: str, name: str, rows: Sequence[Instrument]) -> str:
    states = ", ".join(sorted({row.state for row in rows}))
    if by == "instrument":
        return f"{name} takes no leverage at present (state: {states}), so the entry sets nothing"
    return f"no instrument of the {by} {name} takes leverage at present (states: {states}), so the entry sets nothing"


def _literals(pattern: str) -> int:
    """How many characters of a shell pattern stand for themselves; a `[...]` stands for one of several, so none."""
    return len(re.sub(r"\[!?\]?[^\]]*\]|[*?]", "", pattern))
