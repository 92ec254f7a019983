"""What is wrong with an account's manifest and needs no venue to see. Sources: OKX v5, "Set leverage" and "Set
position mode"."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from acctcfg.core.desired import AccountSpec, LeverageEntry
from acctcfg.core.level import level_parts, level_text
from acctcfg.core.rules import Finding
from acctcfg.core.vocabulary import PositionMode
from acctcfg.venues.okx.scopes import ACCOUNT_MODES, Modes, Refusal, shape_of

__all__ = ["check_account"]

_LEAST = Decimal("0.01")


def check_account(spec: AccountSpec) -> Iterator[Finding]:
    """All findings of one account, in the order of its fields."""
    yield from _position_mode(spec)
    open_modes = _open_modes(spec)
    for entry in spec.leverage:
        yield from _entry(entry, open_modes)
    yield from _doubles(spec.leverage)


def _position_mode(spec: AccountSpec) -> Iterator[Finding]:
    """Spot takes either: the mode is set before the switch to it, and only the plan sees who stays there."""
    if spec.position_mode is not PositionMode.LONG_SHORT or spec.account_mode != "portfolio":
        return
    reason = "account_mode portfolio takes position_mode net only"
    address = f"{spec.key}.position_mode"
    yield Finding(spec.at("position_mode"), address, f"{reason} (net, or account_mode futures or multi_currency)")


def _open_modes(spec: AccountSpec) -> tuple[Modes, ...]:
    """Every combination of modes that the account may be in, as far as the manifest says."""
    return tuple(
        Modes(account_mode, position_mode, borrow)
        for account_mode in ((spec.account_mode,) if spec.account_mode else ACCOUNT_MODES)
        for position_mode in _position_modes(spec.position_mode, account_mode)
        for borrow in ((True, False) if account_mode == "spot" else (False,))
    )


def _position_modes(wanted: PositionMode | None, account_mode: str) -> tuple[PositionMode, ...]:
    if account_mode == "portfolio":
        return (PositionMode.NET,)
    return (wanted,) if wanted else tuple(PositionMode)


def _entry(entry: LeverageEntry, open_modes: tuple[Modes, ...]) -> Iterator[Finding]:
    """An entry is wrong here only if it names no scope under any of the modes that the account may be in."""
    shapes = [shape_of(entry.market, entry.margin, entry.selector.by, entry.side, modes) for modes in open_modes]
    refusals = [shape for shape in shapes if isinstance(shape, Refusal)]
    if len(refusals) == len(shapes):
        told = next((refusal for refusal in refusals if refusal.field), refusals[0])
        yield Finding(entry.at(told.field), f"{entry.path}.{told.field}" if told.field else entry.path, told.reason)
    yield from _bounds(entry)


def _bounds(entry: LeverageEntry) -> Iterator[Finding]:
    """The smallest value, and the smallest part of one, that the venue's documents show; a scope may take fewer."""
    field, value = level_parts(entry.value)
    if value is None:
        return
    if value < _LEAST:
        yield Finding(entry.at(field), f"{entry.path}.{field}", f"{value} is not a leverage (at least {_LEAST})")
    elif value != value.quantize(_LEAST):
        yield Finding(entry.at(field), f"{entry.path}.{field}", f"{value} is not a leverage (at most two decimals)")


def _doubles(entries: tuple[LeverageEntry, ...]) -> Iterator[Finding]:
    """Entries of one layer that say the same scope twice, with different values: whatever the list of instruments."""
    seen: dict[tuple[object, ...], LeverageEntry] = {}
    for entry in sorted(entries, key=lambda entry: (entry.place, entry.path)):
        first = seen.setdefault((entry.layer, entry.market, entry.margin, entry.selector, entry.side), entry)
        if first.value != entry.value:
            named = f"{entry.selector.by} {entry.selector.pattern}"
            both = f"{level_text(entry.value)} here and {level_text(first.value)} at {first.place}"
            said = f"{both} are for the same {named} (keep one of them)"
            yield Finding(entry.place, entry.path, said)
