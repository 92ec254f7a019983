"""Leverage: which entry of a manifest decides which symbol. Source: CrossEx v1.0, "Adjust leverage": by symbol.

Pure: entries and the venue's list of symbols in, one decision a symbol out. There is one value for both sides of a
symbol whatever the position mode, and no margin mode.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from acctcfg.core.desired import LeverageEntry
from acctcfg.core.rules import Finding
from acctcfg.core.words import Market
from acctcfg.venues.gate_crossex.symbols import Symbol, Symbols

__all__ = ["Decision", "Notice", "Resolution", "lever_text", "resolve"]

_NO_MARGIN = "isolated_exchange has no margin trading, so no margin leverage (account_mode: cross_exchange has)"


class Decision(NamedTuple):
    """What one symbol should have, and the entry that says so."""

    market: Market
    symbol: str
    exchange: str  # "OKX"
    value: Decimal
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


@dataclass(frozen=True, slots=True)
class Resolution:
    """All that the entries of one account come to. With any problem nothing may be written."""

    wanted: Mapping[str, Decision]  # by address key, in its order
    warnings: tuple[Notice, ...]
    problems: tuple[Finding, ...]


def lever_text(value: Decimal) -> str:
    """The shortest decimal string of a value: "5", never "5.0" or "1E+2"."""
    return format(value.normalize(), "f")


def resolve(entries: Sequence[LeverageEntry], symbols: Symbols, *, isolated: bool) -> Resolution:
    """Decide every symbol that the entries name.

    A later layer beats an earlier one; within a layer an exact symbol beats patterns, which count their literal
    characters. `isolated`: the account will be in isolated_exchange, where margin does not exist.
    """
    claims: dict[Symbol, list[LeverageEntry]] = defaultdict(list)
    warnings: list[Notice] = []
    problems: list[Finding] = []
    for entry in entries:
        landing = _land(entry, symbols, isolated)
        if isinstance(landing, Notice):
            warnings.append(landing)
        elif isinstance(landing, Finding):
            problems.append(landing)
        else:
            for symbol in landing:
                claims[symbol].append(entry)
    wanted: dict[str, Decision] = {}
    clashes: dict[tuple[int, int], list[str]] = defaultdict(list)
    for symbol, claimants in claims.items():
        assert symbol.market is not None  # noqa: S101 (nothing lands on a symbol without leverage)
        weight = max(_weight(entry) for entry in claimants)
        best = sorted((e for e in claimants if _weight(e) == weight), key=lambda e: (e.place, e.path))
        decision = Decision(symbol.market, symbol.name, symbol.exchange, best[0].value, best[0])
        wanted[decision.address_key] = decision
        for other in best[1:]:
            if other.value != best[0].value:
                clashes[entries.index(best[0]), entries.index(other)].append(symbol.name)
    problems += [_clash(entries[one], entries[two], names) for (one, two), names in sorted(clashes.items())]
    return Resolution(dict(sorted(wanted.items())), tuple(sorted(warnings)), tuple(sorted(problems)))


def _weight(entry: LeverageEntry) -> tuple[int, bool, int]:
    """Which of two entries decides a symbol: layer, precision, literal characters."""
    exact = entry.selector.exact
    return entry.layer, exact, 0 if exact else len(re.sub(r"\[!?\]?[^\]]*\]|[*?]", "", entry.selector.pattern))


def _clash(first: LeverageEntry, second: LeverageEntry, names: Sequence[str]) -> Finding:
    named = ", ".join(sorted(names)[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    message = (
        f"{lever_text(second.value)} here and {lever_text(first.value)} at {first.place} are equally precise for "
        f"{named} (give both one value, or make one more precise)"
    )
    return Finding(second.place, second.path, message)


def _land(entry: LeverageEntry, symbols: Symbols, isolated: bool) -> list[Symbol] | Notice | Finding:
    """The symbols that one entry names, or what is to be said about it."""
    return _exact(entry, symbols, isolated) if entry.selector.exact else _pattern(entry, symbols, isolated)


def _exact(entry: LeverageEntry, symbols: Symbols, isolated: bool) -> list[Symbol] | Notice | Finding:
    name = entry.selector.pattern
    symbol = symbols.find(name)
    if symbol is None:
        near = symbols.near(name)
        hint = f"did you mean {near}?" if near else "the venue's list does not have it"
        return Finding(entry.place, entry.path, f"unknown symbol {name} ({hint})")
    if symbol.market is None:
        return Finding(entry.place, entry.path, f"{name} is {symbol.business}, which has no leverage")
    if entry.market not in (None, symbol.market):
        return Finding(entry.place, f"{entry.path}.market", f"{name} is {symbol.market}, not {entry.market}")
    if isolated and symbol.market is Market.MARGIN:
        return Finding(entry.place, entry.path, _NO_MARGIN)
    if not symbol.live:
        said = f"{name} does not trade ({symbol.condition}), so the entry sets nothing"
        return Notice("instrument_not_live", said, entry.path)
    return [symbol]


def _pattern(entry: LeverageEntry, symbols: Symbols, isolated: bool) -> list[Symbol] | Notice | Finding:
    found = symbols.matching(entry.selector.pattern)
    if entry.market is not None:
        found = [symbol for symbol in found if symbol.market is entry.market]
    there = [symbol for symbol in found if not (isolated and symbol.market is Market.MARGIN)]
    if found and not there:
        return Finding(entry.place, entry.path, _NO_MARGIN)
    if not there:
        kind = f"{entry.market} " if entry.market is not None else ""
        said = f"no live {kind}symbol matches {entry.selector.pattern!r}, so the entry sets nothing"
        return Notice("matches_nothing", said, entry.path)
    return there
