"""Leverage: which entry of a manifest decides which scope of the venue. Source: OKX v5, "Set leverage".

Pure: entries, modes and the account's instruments in; one decision a scope out, with what to send and what to read.
Several instruments of one scope make one decision, hence one call. What only the lists show is a finding of its scope.
"""

from __future__ import annotations

import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from acctcfg.core.desired import LeverageEntry, Place, Selector
from acctcfg.core.level import Level, level_text
from acctcfg.core.vocabulary import MarginMode, Market, PositionMode, Side
from acctcfg.venues.okx.instruments import INST_TYPES, Instrument, Instruments, positive
from acctcfg.venues.okx.missing_contracts import NOTHING_ELSE, Elsewhere, Name, missing_name
from acctcfg.venues.okx.scopes import (
    MARGIN_WORDS,
    SIDE_WORDS,
    Keyed,
    Modes,
    Refusal,
    Scope,
    Shape,
    members,
    shape_of,
)

__all__ = [
    "Decision",
    "Notice",
    "Read",
    "Resolution",
    "Trouble",
    "exact_names",
    "lever_text",
    "live_values",
    "missing_names",
    "resolve",
]


class Read(NamedTuple):
    """One question to "Get leverage"; up to 20 with the same `margin_mode`, `param` and `inst_type` make one call."""

    margin_mode: str  # "cross" | "isolated"
    param: str  # "instId" | "ccy"
    value: str
    inst_type: str  # "MARGIN" | "FUTURES" | "SWAP"


class Decision(NamedTuple):
    """What one scope should have, and the entry that says so."""

    scope: Scope
    value: Level
    entry: LeverageEntry
    instruments: tuple[str, ...]  # ids of all live instruments that the value holds for, sorted
    param: str  # how the venue is told the scope: "instId" | "ccy"
    handle: str  # ... and its value: any one instrument of a family stands for all of it

    def write(self, lever: Decimal) -> dict[str, str]:
        """The body of "Set leverage" for that value."""
        side = {"posSide": SIDE_WORDS.venue(self.scope.side)} if self.scope.side else {}
        mode = MARGIN_WORDS.venue(self.scope.margin)
        return {self.param: self.handle, "mgnMode": mode, **side, "lever": lever_text(lever)}

    @property
    def selector(self) -> str:
        """The selector by which an exact entry names this scope: "family", "currency" or "instrument"."""
        if self.scope.market is Market.MARGIN:
            return "currency" if self.param == "ccy" else "instrument"
        return "instrument" if self.scope.key in self.instruments else "family"

    @property
    def read(self) -> Read:
        """Where the present value is read; under long_short, of the rows, the one of the scope's side."""
        return Read(MARGIN_WORDS.venue(self.scope.margin), self.param, self.handle, INST_TYPES[self.scope.market])


class Notice(NamedTuple):
    """Something that an entry's author should know, and that stops nothing."""

    code: str  # "instrument_not_live" | "matches_nothing" | "row_not_filled_in"
    message: str
    place: Place
    path: str


class Trouble(NamedTuple):
    """What is wrong with an entry and only the account's modes and lists show: it spoils these scopes, no others."""

    keys: tuple[str, ...]  # the keys of their addresses; () where the entry comes to none
    code: str
    message: str
    place: Place
    path: str

    @property
    def told(self) -> str:
        """The message with the place that it is about."""
        return f"{self.place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Resolution:
    """All that the entries of one account come to."""

    wanted: Mapping[Scope, Decision]  # in the order of their addresses
    warnings: tuple[Notice, ...]
    troubles: tuple[Trouble, ...]

    @property
    def idle(self) -> tuple[str, ...]:
        """The exact entries that set nothing."""
        return tuple(notice.path for notice in self.warnings if notice.code == "instrument_not_live")


def resolve(
    entries: Sequence[LeverageEntry],
    *,
    account_mode: str,
    position_mode: PositionMode,
    borrow_in_spot: bool,
    instruments: Instruments,
    today: date,
    elsewhere: Elsewhere = NOTHING_ELSE,
) -> Resolution:
    """Decide every scope that the entries name, under the modes that hold when the writes are sent.

    A later layer beats an earlier one; within a layer an exact instrument beats an exact family or currency, and
    these beat patterns, which count their literal characters; at a tie an entry with a side beats one without.
    `instruments` must hold the whole list of every market that the entries name: what is not in it is asked of
    `elsewhere`. `today` (UTC) tells a contract that was delivered from a misspelt one.

    Accounts whose entries were written at the same places (a profile's) and that have the same list share the work.
    """
    modes = Modes(account_mode, position_mode, borrow_in_spot)
    asked = tuple(_Asked(e.market, e.margin, e.selector, e.side, e.value, e.layer, e.place) for e in entries)
    settled = _settle(asked, modes, instruments, today, elsewhere)
    return Resolution(
        MappingProxyType(
            {won.scope: Decision(won.scope, entries[won.by].value, entries[won.by], *won[2:]) for won in settled.wanted}
        ),
        tuple(Notice(code, text, entries[at].place, entries[at].path) for at, code, text in settled.warnings),
        tuple(
            Trouble(keys, code, text, entries[at].place, entries[at].path + field)
            for at, field, keys, code, text in settled.troubles
        ),
    )


def exact_names(entries: Iterable[LeverageEntry]) -> frozenset[Name]:
    """The exact names of the entries, each with its kind and market."""
    return frozenset(
        Name(entry.market, entry.selector.by, entry.selector.pattern)
        for entry in entries
        if entry.selector.exact and entry.market is not None
    )


def missing_names(entries: Iterable[LeverageEntry], instruments: Instruments) -> frozenset[Name]:
    """Those that the account's own lists do not have: of these the public lists and earlier runs are asked."""
    return frozenset(name for name in exact_names(entries) if not instruments.named(*name))


def live_values(decisions: Iterable[Decision], rows: Iterable[Mapping[str, object]]) -> dict[Scope, Decimal]:
    """What "Get leverage" says each scope has. A scope that is not in the answer could not be read.

    Under long_short the venue answers a row a side; those of a cross scope are always equal. Should they differ, or
    should a value be no number, the scope counts as not read.
    """
    said: dict[tuple[object, ...], set[Decimal | None]] = defaultdict(set)
    for row in rows:
        lever = positive(row.get("lever"))
        for param in ("instId", "ccy"):
            where = param, row.get(param), row.get("mgnMode")
            said[where].add(lever)
            said[*where, row.get("posSide")].add(lever)
    values = {}
    for each in decisions:
        question = each.read
        side = (SIDE_WORDS.venue(each.scope.side),) if each.scope.side else ()
        found = said.get((question.param, question.value, question.margin_mode, *side), set())
        if len(found) == 1 and (value := next(iter(found))) is not None:
            values[each.scope] = value
    return values


def lever_text(value: Decimal) -> str:
    """The shortest decimal string of a value: "5", never "5.0" or "1E+2"."""
    return format(value.normalize(), "f")


class _Asked(NamedTuple):
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


class _Won(NamedTuple):
    scope: Scope
    by: int  # index of the entry
    instruments: tuple[str, ...]
    param: str
    handle: str


class _Settled(NamedTuple):
    wanted: tuple[_Won, ...]
    warnings: tuple[tuple[int, str, str], ...]  # index of the entry, code, message
    troubles: tuple[tuple[int, str, tuple[str, ...], str, str], ...]  # index, ".side", keys, code, message


@lru_cache(maxsize=512)
def _settle(
    asked: tuple[_Asked, ...], modes: Modes, instruments: Instruments, today: date, elsewhere: Elsewhere
) -> _Settled:
    claims: dict[Scope, list[int]] = defaultdict(list)
    warnings: list[tuple[int, str, str]] = []
    troubles: list[tuple[int, str, tuple[str, ...], str, str]] = []
    for at, entry in enumerate(asked):
        shape = shape_of(entry.market, entry.margin, entry.selector.by, entry.side, modes)
        if isinstance(shape, Refusal):
            troubles.append((at, f".{shape.field}" if shape.field else "", (), "no_scope", shape.reason))
            continue
        landing = _land(entry, shape, instruments, today, elsewhere)
        for scope in landing.scopes:
            claims[scope].append(at)
        if landing.trouble:
            key = f"{entry.market}/{entry.selector.pattern}/{entry.margin}"
            troubles.append((at, "", (key,), landing.code, landing.trouble))
        elif landing.code:
            warnings.append((at, landing.code, landing.warning))
    winners, collisions = _decide(claims, asked, modes)
    troubles.extend(collisions)
    wanted = tuple(_won(scope, winners[scope], instruments) for scope in sorted(winners, key=_by_address))
    return _Settled(
        wanted,
        tuple(sorted(warnings, key=lambda item: (asked[item[0]].tie, item[1:]))),
        tuple(sorted(troubles, key=lambda item: (asked[item[0]].tie, item[1:]))),
    )


def _by_address(scope: Scope) -> str:
    return scope.address_key


def _won(scope: Scope, by: int, instruments: Instruments) -> _Won:
    held = members(scope, instruments)
    ids = tuple(row.inst_id for row in held)
    if scope.market is Market.MARGIN and scope.key not in ids:
        return _Won(scope, by, ids, "ccy", scope.key)
    trading = tuple(row.inst_id for row in held if row.state == "live") or ids
    return _Won(scope, by, ids, "instId", trading[-1])  # of a family the last to be delivered: it outlives the plan


def _decide(
    claims: Mapping[Scope, Sequence[int]], asked: Sequence[_Asked], modes: Modes
) -> tuple[dict[Scope, int], Iterator[tuple[int, str, tuple[str, ...], str, str]]]:
    """The winning entry of every scope, and what is wrong with every two entries that tie and disagree."""
    winners: dict[Scope, int] = {}
    clashes: dict[tuple[int, int], list[Scope]] = defaultdict(list)
    for scope, claimants in claims.items():
        weight = max(asked[at].weight for at in claimants)
        best = sorted((at for at in claimants if asked[at].weight == weight), key=lambda at: asked[at].tie)
        others = [at for at in best if asked[at].value != asked[best[0]].value]
        for other in others:
            clashes[best[0], other].append(scope)
        if not others:
            winners[scope] = best[0]
    return winners, (
        (
            second,
            "",
            tuple(sorted(scope.address_key for scope in scopes)),
            "collision",
            _clash(asked[first], asked[second], scopes, modes),
        )
        for (first, second), scopes in clashes.items()
    )


def _clash(first: _Asked, second: _Asked, scopes: Sequence[Scope], modes: Modes) -> str:
    keys = sorted(scope.address_key for scope in scopes)
    named = ", ".join(keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")
    return (
        f"{level_text(second.value)} here and {level_text(first.value)} at {first.place} are equally precise for "
        f"{named} ({_way_out(first, second, min(scopes, key=_by_address), modes)})"
    )


def _way_out(first: _Asked, second: _Asked, scope: Scope, modes: Modes) -> str:
    """What helps in this mode: two pairs that share a currency cannot be made more precise than they are."""
    shape = shape_of(scope.market, scope.margin, "instrument", None, modes)
    keyed = shape.keyed if isinstance(shape, Shape) else Keyed.INSTRUMENT
    by, exact = first.selector.by, first.selector.exact
    if keyed is Keyed.CURRENCY and by != "currency":
        instead = "in place of the pairs" if exact else "beside the patterns: it is more precise than they are"
        return f"in {modes.account_mode} cross margin has one value a currency: write `currency: {scope.key}` {instead}"
    if keyed is Keyed.FAMILY and by == "instrument" and exact and first.selector != second.selector:
        return f"the contracts of a family share one value here: write `family: {scope.key}` in place of them"
    return "give both one value" if exact else "give both one value, or name one of them exactly"


class _Landing(NamedTuple):
    """Where one entry lands: its scopes, and what is to be said about it."""

    scopes: frozenset[Scope] = frozenset()
    trouble: str = ""
    code: str = ""
    warning: str = ""


def _land(entry: _Asked, shape: Shape, instruments: Instruments, today: date, elsewhere: Elsewhere) -> _Landing:
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
            return _Landing(code="matches_nothing", warning=said)
        if empty:
            code, warning = "row_not_filled_in", _not_filled_in(empty)
    else:
        rows = instruments.named(market, by, pattern)
        names = frozenset({pattern})
        if not rows:
            told = missing_name(Name(market, by, pattern), instruments, today, elsewhere)
            trouble, warning = (told.text, "") if told.unknown else ("", told.text)
            return _Landing(frozenset(), trouble, told.code, warning)
        if not any(row.takes_leverage for row in rows):
            return _Landing(code="instrument_not_live", warning=_takes_none(by, pattern, rows))
    keys: set[str] = set()
    for row in rows:
        if not row.takes_leverage:
            continue
        found = [key for key in _keys(row, shape) if by != "currency" or key in names]
        if not found or not all(found):
            text = f"the venue's list does not say the {shape.keyed} of {row.inst_id}"
            return _Landing(trouble=text, code="row_not_filled_in")
        keys.update(found)
    sides = (entry.side,) if entry.side else (Side.LONG, Side.SHORT) if shape.per_side else (None,)
    scopes = frozenset(Scope(market, key, margin, side) for key in keys for side in sides)
    return _Landing(scopes, "", code, warning)


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


def _names(by: str, row: Instrument) -> tuple[str, ...]:
    return row.names(by)


def _takes_none(by: str, name: str, rows: Sequence[Instrument]) -> str:
    states = ", ".join(sorted({row.state for row in rows}))
    if by == "instrument":
        return f"{name} takes no leverage at present (state: {states}), so the entry sets nothing"
    return f"no instrument of the {by} {name} takes leverage at present (states: {states}), so the entry sets nothing"


def _literals(pattern: str) -> int:
    """How many characters of a shell pattern stand for themselves; a `[...]` stands for one of several, so none."""
    return len(re.sub(r"\[!?\]?[^\]]*\]|[*?]", "", pattern))
