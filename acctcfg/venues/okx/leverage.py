"""Leverage: which entry of a manifest decides which scope of the venue. Source: OKX v5, "Set leverage".

Pure: entries, modes and the account's instruments in; one decision a scope out, with what to send and what to read.
Several instruments of one scope make one decision, hence one call. What only the lists show is a finding of its scope.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from acctcfg.core.desired import LeverageEntry, Place
from acctcfg.core.level import Level, level_text
from acctcfg.core.vocabulary import Market, PositionMode
from acctcfg.venues.okx.instruments import INST_TYPES, Instruments, positive
from acctcfg.venues.okx.leverage_landing import ANYWHERE, Asked, land
from acctcfg.venues.okx.missing_contracts import NOTHING_ELSE, Elsewhere, Name
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
        return self.place.about(self.message)


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

    Accounts whose entries were written at the same places (a profile's), or all at one with one value, and that have
    the same list share the work.
    """
    modes = Modes(account_mode, position_mode, borrow_in_spot)
    agree = len({(e.place, e.value) for e in entries}) == 1  # then no place decides, and none is named
    asked = tuple(
        Asked(e.market, e.margin, e.selector, e.side, e.value, e.layer, ANYWHERE if agree else e.place) for e in entries
    )
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
        mode, side_word = _word(row, "mgnMode"), _word(row, "posSide")
        for param in ("instId", "ccy"):
            where = param, _word(row, param), mode
            said[where].add(lever)
            said[*where, side_word].add(lever)
    values = {}
    for each in decisions:
        question = each.read
        side = (SIDE_WORDS.venue(each.scope.side),) if each.scope.side else ()
        found = said.get((question.param, question.value, question.margin_mode, *side), set())
        if len(found) == 1 and (value := next(iter(found))) is not None:
            values[each.scope] = value
    return values


def _word(row: Mapping[str, object], name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) else None


def lever_text(value: Decimal) -> str:
    """The shortest decimal string of a value: "5", never "5.0" or "1E+2"."""
    return format(value.normalize(), "f")


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
    asked: tuple[Asked, ...], modes: Modes, instruments: Instruments, today: date, elsewhere: Elsewhere
) -> _Settled:
    claims: dict[Scope, list[int]] = defaultdict(list)
    warnings: list[tuple[int, str, str]] = []
    troubles: list[tuple[int, str, tuple[str, ...], str, str]] = []
    for at, entry in enumerate(asked):
        shape = shape_of(entry.market, entry.margin, entry.selector.by, entry.side, modes)
        if isinstance(shape, Refusal):
            troubles.append((at, f".{shape.field}" if shape.field else "", (), "no_scope", shape.reason))
            continue
        landing = land(entry, shape, instruments, today, elsewhere)
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
    claims: Mapping[Scope, Sequence[int]], asked: Sequence[Asked], modes: Modes
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


def _clash(first: Asked, second: Asked, scopes: Sequence[Scope], modes: Modes) -> str:
    keys = sorted(scope.address_key for scope in scopes)
    named = ", ".join(keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")
    return (
        f"{level_text(second.value)} here and {level_text(first.value)} at {first.place} are equally precise for "
        f"{named} ({_way_out(first, second, min(scopes, key=_by_address), modes)})"
    )


def _way_out(first: Asked, second: Asked, scope: Scope, modes: Modes) -> str:
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
