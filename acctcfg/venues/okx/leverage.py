"""Leverage: which entry of a manifest decides which scope of the venue. Source: OKX v5, "Set leverage".

Pure: entries, modes and the account's instruments in; one decision a scope out, with what to send and what to read.
Several instruments of one scope make one decision, hence one call.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from acctcfg.core.desired import LeverageEntry, Place, Selector
from acctcfg.core.rules import Finding
from acctcfg.core.words import MarginMode, Market, PositionMode, Side
from acctcfg.venues.okx.instruments import INST_TYPES, Instrument, Instruments, positive
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

__all__ = ["Decision", "Notice", "Read", "Resolution", "lever_text", "live_values", "resolve"]


class Read(NamedTuple):
    """One question to "Get leverage"; up to 20 with the same `margin_mode`, `param` and `inst_type` make one call."""

    margin_mode: str  # "cross" | "isolated"
    param: str  # "instId" | "ccy"
    value: str
    inst_type: str  # "MARGIN" | "FUTURES" | "SWAP"


class Decision(NamedTuple):
    """What one scope should have, and the entry that says so."""

    scope: Scope
    value: Decimal
    entry: LeverageEntry
    instruments: tuple[str, ...]  # ids of all live instruments that the value holds for, sorted
    param: str  # how the venue is told the scope: "instId" | "ccy"
    handle: str  # ... and its value: any one instrument of a family stands for all of it

    @property
    def write(self) -> dict[str, str]:
        """The body of "Set leverage"."""
        side = {"posSide": SIDE_WORDS.venue(self.scope.side)} if self.scope.side else {}
        mode = MARGIN_WORDS.venue(self.scope.margin)
        return {self.param: self.handle, "mgnMode": mode, **side, "lever": lever_text(self.value)}

    @property
    def read(self) -> Read:
        """Where the present value is read; under long_short, of the rows, the one of the scope's side."""
        return Read(MARGIN_WORDS.venue(self.scope.margin), self.param, self.handle, INST_TYPES[self.scope.market])


class Notice(NamedTuple):
    """Something that an entry's author should know, and that stops nothing."""

    code: str  # "instrument_not_live" | "matches_nothing"
    message: str
    place: Place
    path: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """All that the entries of one account come to. With any problem nothing may be written."""

    wanted: Mapping[Scope, Decision]  # in the order of their addresses
    warnings: tuple[Notice, ...]
    problems: tuple[Finding, ...]


def resolve(
    entries: Sequence[LeverageEntry],
    *,
    account_mode: str,
    position_mode: PositionMode,
    borrow_in_spot: bool,
    instruments: Instruments,
    today: date,
) -> Resolution:
    """Decide every scope that the entries name, under the modes that hold when the writes are sent.

    A later layer beats an earlier one; within a layer an exact instrument beats an exact family or currency, and
    these beat patterns, which count their literal characters; at a tie an entry with a side beats one without.
    `instruments` must hold the whole list of every market that the entries name: what is not in it is unknown.
    `today` (UTC) tells a contract that was delivered from a misspelt one.

    Accounts whose entries were written at the same places (a profile's) and that have the same list share the work.
    """
    modes = Modes(account_mode, position_mode, borrow_in_spot)
    asked = tuple(_Asked(e.market, e.margin, e.selector, e.side, e.value, e.layer, e.place) for e in entries)
    settled = _settle(asked, modes, instruments, today)
    return Resolution(
        MappingProxyType(
            {won.scope: Decision(won.scope, entries[won.by].value, entries[won.by], *won[2:]) for won in settled.wanted}
        ),
        tuple(Notice(code, text, entries[at].place, entries[at].path) for at, code, text in settled.warnings),
        tuple(Finding(entries[at].place, entries[at].path + field, text) for at, field, text in settled.problems),
    )


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
    value: Decimal
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
    problems: tuple[tuple[int, str, str], ...]  # index of the entry, ".side", message


@lru_cache(maxsize=512)
def _settle(asked: tuple[_Asked, ...], modes: Modes, instruments: Instruments, today: date) -> _Settled:
    claims: dict[Scope, list[int]] = defaultdict(list)
    warnings: list[tuple[int, str, str]] = []
    problems: list[tuple[int, str, str]] = []
    for at, entry in enumerate(asked):
        shape = shape_of(entry.market, entry.margin, entry.selector.by, entry.side, modes)
        if isinstance(shape, Refusal):
            problems.append((at, f".{shape.field}" if shape.field else "", shape.reason))
            continue
        landing = _land(entry, shape, instruments, today)
        for scope in landing.scopes:
            claims[scope].append(at)
        if landing.problem:
            problems.append((at, "", landing.problem))
        if landing.code:
            warnings.append((at, landing.code, landing.warning))
    winners, collisions = _decide(claims, asked)
    problems.extend(collisions)
    wanted = tuple(_won(scope, winners[scope], instruments) for scope in sorted(winners, key=_by_address))
    return _Settled(
        wanted,
        tuple(sorted(warnings, key=lambda item: (asked[item[0]].tie, item[1:]))),
        tuple(sorted(problems, key=lambda item: (asked[item[0]].tie, item[1:]))),
    )


def _by_address(scope: Scope) -> str:
    return scope.address_key


def _won(scope: Scope, by: int, instruments: Instruments) -> _Won:
    held = members(scope, instruments)
    ids = tuple(row.inst_id for row in held)
    if scope.market is Market.MARGIN and scope.key not in ids:
        return _Won(scope, by, ids, "ccy", scope.key)
    return _Won(scope, by, ids, "instId", ids[-1])  # of a family the last to be delivered: it outlives the plan


def _decide(
    claims: Mapping[Scope, Sequence[int]], asked: Sequence[_Asked]
) -> tuple[dict[Scope, int], Iterator[tuple[int, str, str]]]:
    """The winning entry of every scope, and a problem for every two entries that tie and disagree."""
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
        (second, "", _clash(asked[first], asked[second], scopes)) for (first, second), scopes in clashes.items()
    )


def _clash(first: _Asked, second: _Asked, scopes: Iterable[Scope]) -> str:
    keys = sorted(scope.address_key for scope in scopes)
    named = ", ".join(keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")
    return (
        f"{lever_text(second.value)} here and {lever_text(first.value)} at {first.place} are equally precise for "
        f"{named} (give both one value, or make one more precise)"
    )


class _Landing(NamedTuple):
    """Where one entry lands: its scopes, and what is to be said about it."""

    scopes: frozenset[Scope] = frozenset()
    problem: str = ""
    code: str = ""
    warning: str = ""


def _land(entry: _Asked, shape: Shape, instruments: Instruments, today: date) -> _Landing:
    market, margin = entry.market, entry.margin
    assert market is not None  # noqa: S101  shape_of refuses both
    assert margin is not None  # noqa: S101
    by, pattern = entry.selector
    if not entry.selector.exact:
        names, rows = _matching(by, pattern, market, instruments)
        if not rows:
            said = f"no live {market} {by} matches {pattern!r}, so the entry sets nothing"
            return _Landing(code="matches_nothing", warning=said)
    else:
        rows = _named(by, pattern, market, instruments)
        names = frozenset({pattern})
        if not rows:
            return _absent(by, pattern, market, instruments, today)
        if not any(row.live for row in rows):
            return _Landing(code="instrument_not_live", warning=_not_live(by, pattern, rows))
    keys: set[str] = set()
    for row in rows:
        if not row.live:
            continue
        found = [key for key in _keys(row, shape) if by != "currency" or key in names]
        if not found or not all(found):
            return _Landing(problem=f"the venue's list does not say the {shape.keyed} of {row.inst_id}")
        keys.update(found)
    sides = (entry.side,) if entry.side else (Side.LONG, Side.SHORT) if shape.per_side else (None,)
    return _Landing(frozenset(Scope(market, key, margin, side) for key in keys for side in sides))


def _keys(row: Instrument, shape: Shape) -> tuple[str, ...]:
    """What the venue keys an instrument's value by; a pair borrows either of its currencies, so it needs both."""
    match shape.keyed:
        case Keyed.CURRENCY:
            return (row.base, row.quote)
        case Keyed.FAMILY:
            return (row.family,)
        case Keyed.INSTRUMENT:
            return (row.inst_id,)


def _named(by: str, name: str, market: Market, instruments: Instruments) -> tuple[Instrument, ...]:
    """The instruments, live or not, that an exact name stands for."""
    if by == "instrument":
        row = instruments.find(market, name)
        return (row,) if row else ()
    return instruments.with_currency(name) if by == "currency" else instruments.of_family(market, name)


def _matching(
    by: str, pattern: str, market: Market, instruments: Instruments
) -> tuple[frozenset[str], tuple[Instrument, ...]]:
    """The names that a pattern matches, and the live instruments that they stand for."""
    matches = re.compile(fnmatch.translate(pattern)).match
    names, rows = set(), []
    for row in instruments.market(market):
        hit = [name for name in _names(by, row) if matches(name)] if row.live else []
        if hit:
            names.update(hit)
            rows.append(row)
    return frozenset(names), tuple(rows)


def _names(by: str, row: Instrument) -> tuple[str, ...]:
    """What an instrument answers to under a selector."""
    if by == "instrument":
        return (row.inst_id,)
    if by == "currency":
        return row.currencies
    return (row.family,) if row.family else ()


def _not_live(by: str, name: str, rows: Sequence[Instrument]) -> str:
    states = ", ".join(sorted({row.state or "unknown" for row in rows}))
    if by == "instrument":
        return f"{name} is not live (state: {states}), so the entry sets nothing"
    return f"no instrument of the {by} {name} is live (states: {states}), so the entry sets nothing"


def _absent(by: str, name: str, market: Market, instruments: Instruments, today: date) -> _Landing:
    """An exact name that the list does not have: a contract that was delivered, or a mistake."""
    if by == "instrument" and market is Market.FUTURES and _was_delivered(name, instruments, today):
        said = f"{name} has expired and is no longer listed, so the entry sets nothing"
        return _Landing(code="instrument_not_live", warning=said)
    known = sorted({each for row in instruments.market(market) for each in _names(by, row)})
    near = difflib.get_close_matches(name.upper(), known, n=1)
    hints = [f"did you mean {near[0]}?"] if near else []
    if by == "instrument":
        hints += [f"it is listed under market: {other}" for other in Market if instruments.find(other, name)]
    hint = "; ".join(hints) or f"the account's list of {market} does not have it"
    return _Landing(problem=f"unknown {by} {name} ({hint})")


def _was_delivered(name: str, instruments: Instruments, today: date) -> bool:
    """Whether an unlisted id is a known family's contract of a date that has come.

    Delivered contracts leave the list, so their id is all there is: the family must be one that the lists know, and
    what follows it six digits. One that ends today and is listed no more was delivered this morning.
    """
    family, _, day = name.rpartition("-")
    if family not in instruments.families() or not re.fullmatch(r"[0-9]{6}", day):
        return False
    try:
        return datetime.strptime(day, "%y%m%d").date() <= today
    except ValueError:
        return False


def _literals(pattern: str) -> int:
    """How many characters of a shell pattern stand for themselves; a `[...]` stands for one of several, so none."""
    return len(re.sub(r"\[!?\]?[^\]]*\]|[*?]", "", pattern))
