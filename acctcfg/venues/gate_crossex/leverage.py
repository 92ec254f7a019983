"""Leverage: which entry of a manifest decides which symbol. Source: CrossEx v1.0, "Adjust leverage": by symbol.

Pure: entries and the venue's list of symbols in, one decision a symbol out. There is one value for both sides of a
symbol whatever the position mode, and no margin mode. What only the list shows is a finding of its symbol.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from acctcfg.core.desired import LeverageEntry
from acctcfg.core.level import Level, level_text
from acctcfg.core.vocabulary import Market
from acctcfg.venues.gate_crossex.symbols import Symbol, Symbols

__all__ = ["Decision", "Notice", "Resolution", "Trouble", "lever_text", "missing", "resolve"]

_NO_MARGIN = "isolated_exchange has no margin trading, so no margin leverage (account_mode: cross_exchange has)"


class Decision(NamedTuple):
    """What one symbol should have, and the entry that says so."""

    market: Market
    symbol: str
    exchange: str  # "OKX"
    value: Level
    entry: LeverageEntry

    @property
    def address_key(self) -> str:
        """The part in brackets of its address: "futures/OKX_FUTURE_ADA_USDT"."""
        return f"{self.market}/{self.symbol}"


class Notice(NamedTuple):
    """Something that an entry's author should know, and that stops nothing."""

    code: str
    message: str
    path: str


class Trouble(NamedTuple):
    """What is wrong with an entry and only the account's mode and the list show: it spoils these symbols, no others."""

    keys: tuple[str, ...]  # the keys of their addresses; () where the entry comes to none
    code: str
    told: str  # the message with the place that it is about
    path: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """All that the entries of one account come to."""

    wanted: Mapping[str, Decision]  # by address key, in its order
    warnings: tuple[Notice, ...]
    troubles: tuple[Trouble, ...]

    @property
    def idle(self) -> tuple[str, ...]:
        """The exact entries that set nothing."""
        return tuple(notice.path for notice in self.warnings if notice.code == "instrument_not_live")


def lever_text(value: Decimal) -> str:
    """The shortest decimal string of a value: "5", never "5.0" or "1E+2"."""
    return format(value.normalize(), "f")


class _List(NamedTuple):
    """What an entry is held against: the list, the moment, and what earlier runs saw on it."""

    symbols: Symbols
    isolated: bool
    now_ms: int
    seen: Callable[[str], str]


def resolve(
    entries: Sequence[LeverageEntry],
    symbols: Symbols,
    *,
    isolated: bool,
    now_ms: int,
    seen: Callable[[str], str] = lambda _: "",
) -> Resolution:
    """Decide every symbol that the entries name.

    A later layer beats an earlier one; within a layer an exact symbol beats patterns, which count their literal
    characters. `isolated`: the account will be in isolated_exchange, where margin does not exist. `seen` tells the day
    of the last run that saw a symbol on the list.
    """
    listed = _List(symbols, isolated, now_ms, seen)
    claims: dict[Symbol, list[LeverageEntry]] = defaultdict(list)
    warnings = [notice for entry in entries if (notice := _passed_over(entry, symbols)) is not None]
    troubles: list[Trouble] = []
    for entry in entries:
        landing = _exact(entry, listed) if entry.selector.exact else _pattern(entry, listed)
        if isinstance(landing, Notice):
            warnings.append(landing)
        elif isinstance(landing, Trouble):
            troubles.append(landing)
        else:
            for symbol in landing:
                claims[symbol].append(entry)
    wanted: dict[str, Decision] = {}
    clashes: dict[tuple[int, int], list[Decision]] = defaultdict(list)
    for symbol, claimants in claims.items():
        assert symbol.market is not None  # noqa: S101 (nothing lands on a symbol without leverage)
        weight = max(_weight(entry) for entry in claimants)
        best = sorted((e for e in claimants if _weight(e) == weight), key=lambda e: (e.place, e.path))
        decision = Decision(symbol.market, symbol.name, symbol.exchange, best[0].value, best[0])
        others = [other for other in best[1:] if other.value != best[0].value]
        for other in others:
            clashes[entries.index(best[0]), entries.index(other)].append(decision)
        if not others:
            wanted[decision.address_key] = decision
    troubles += [_clash(entries[one], entries[two], found) for (one, two), found in sorted(clashes.items())]
    return Resolution(dict(sorted(wanted.items())), tuple(sorted(warnings)), tuple(sorted(troubles)))


def _passed_over(entry: LeverageEntry, symbols: Symbols) -> Notice | None:
    """The rows that a pattern might match, and of which the list does not say what they are."""
    if entry.selector.exact:
        return None
    names = symbols.unsaid(entry.selector.pattern)
    named = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    said = f"the venue's list does not say what {named} is" if names else "the venue's list has a row without a symbol"
    message = f"{said}, so the pattern passes over it"
    return Notice("row_not_filled_in", message, entry.path) if names or symbols.odd else None


def _weight(entry: LeverageEntry) -> tuple[int, bool, int]:
    """Which of two entries decides a symbol: layer, precision, literal characters."""
    exact = entry.selector.exact
    return entry.layer, exact, 0 if exact else len(re.sub(r"\[!?\]?[^\]]*\]|[*?]", "", entry.selector.pattern))


def _clash(first: LeverageEntry, second: LeverageEntry, found: Sequence[Decision]) -> Trouble:
    names = sorted(decision.symbol for decision in found)
    named = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    message = second.place.about(
        f"{level_text(second.value)} here and {level_text(first.value)} at {first.place} are equally precise for "
        f"{named} (give both one value, or name one of them exactly)"
    )
    return Trouble(tuple(sorted(decision.address_key for decision in found)), "collision", message, second.path)


def _trouble(entry: LeverageEntry, code: str, message: str, market: Market | None = None, field: str = "") -> Trouble:
    """What is wrong with an entry, at the symbol that it names where it names one."""
    market = market or entry.market or (Market.MARGIN if "_MARGIN_" in entry.selector.pattern else Market.FUTURES)
    keys = (f"{market}/{entry.selector.pattern}",) if entry.selector.exact else ()
    return Trouble(keys, code, entry.place.about(message), entry.path + field)


def _exact(entry: LeverageEntry, listed: _List) -> list[Symbol] | Notice | Trouble:
    """The symbol that an exact entry names, or what is to be said about it."""
    name = entry.selector.pattern
    symbol = listed.symbols.find(name)
    if symbol is None:
        return _missing(entry, listed)
    if not symbol.business:
        return _trouble(entry, "row_not_filled_in", f"the venue's list does not say what {name} is")
    if symbol.market is None:
        return _trouble(entry, "no_leverage", f"{name} is {symbol.business}, which has no leverage")
    if entry.market not in (None, symbol.market):
        message = f"{name} is {symbol.market}, not {entry.market}"
        return _trouble(entry, "wrong_market", message, symbol.market, ".market")
    if listed.isolated and symbol.market is Market.MARGIN:
        return _trouble(entry, "no_scope", _NO_MARGIN, symbol.market)
    if not symbol.takes_leverage(listed.now_ms):
        said = f"{name} takes no leverage at present ({symbol.condition(listed.now_ms)}), so the entry sets nothing"
        return Notice("instrument_not_live", said, entry.path)
    return [symbol]


def _missing(entry: LeverageEntry, listed: _List) -> Notice | Trouble:
    """A name that the list does not have: one that an earlier run saw was delisted, another is a mistake."""
    found = missing(entry.selector.pattern, listed.symbols, listed.seen(entry.selector.pattern))
    if found.code == "instrument_not_live":
        return Notice(found.code, found.text, entry.path)
    return _trouble(entry, found.code, found.text)


class Missing(NamedTuple):
    """What became of a name."""

    code: str  # "instrument_not_live" | "unknown_symbol" | "shape": the list does not tell
    text: str


def missing(name: str, symbols: Symbols, day: str) -> Missing:
    """What is to be said of a name that the list does not have. `day`: of the last run that saw it there."""
    if symbols.odd:
        return Missing("shape", f"the venue's list of symbols has a row that cannot be read, which may be {name}")
    if day:
        return Missing("instrument_not_live", f"{name} was delisted since the run of {day}, so the entry sets nothing")
    near = symbols.near(name)
    hint = f"did you mean {near}?" if near else "the venue's list does not have it, and no earlier run saw it"
    return Missing("unknown_symbol", f"unknown symbol {name} ({hint})")


def _pattern(entry: LeverageEntry, listed: _List) -> list[Symbol] | Notice | Trouble:
    """The symbols that a pattern matches, or what is to be said about it."""
    found = listed.symbols.matching(entry.selector.pattern, listed.now_ms)
    if entry.market is not None:
        found = [symbol for symbol in found if symbol.market is entry.market]
    there = [symbol for symbol in found if not (listed.isolated and symbol.market is Market.MARGIN)]
    if found and not there:
        return _trouble(entry, "no_scope", _NO_MARGIN)
    if not there:
        kind = f"{entry.market} " if entry.market is not None else ""
        said = f"no {kind}symbol that takes leverage matches {entry.selector.pattern!r}, so the entry sets nothing"
        return Notice("matches_nothing", said, entry.path)
    return there
