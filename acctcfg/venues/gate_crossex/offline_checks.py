"""What is wrong with an account's manifest and needs no venue to see. Sources: CrossEx v1.0, "Update account",
"Adjust leverage"; Gate API v4, sub-accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from acctcfg.core.desired import AccountSpec, LeverageEntry
from acctcfg.core.level import level_parts, level_text
from acctcfg.core.rules import Finding
from acctcfg.core.vocabulary import Market
from acctcfg.venues.gate_crossex.vocabulary import BUSINESS, CROSS, ISOLATED

__all__ = ["check_account", "mode_findings"]

_SYMBOL = re.compile(r"[A-Z0-9]+_(FUTURE|MARGIN|SPOT|STOCK|ETF)_[^_].*_[^_]+")
_NO_EXCHANGE = {
    "crossex": "is the whole account in cross_exchange, and no exchange of its own",
    **dict.fromkeys(("us", "hk", "kr", "jp"), "is a market of stocks and ETFs, and has no position mode"),
}
_NO_LEVERAGE = {"SPOT": "spot", "STOCK": "a stock", "ETF": "an ETF"}


def check_account(spec: AccountSpec) -> Iterator[Finding]:
    """All findings of one account, in the order of its fields."""
    if spec.account_mode is not None:
        yield from mode_findings(spec, spec.account_mode)
    for part in spec.position_modes:
        if why := _NO_EXCHANGE.get(part):
            yield Finding(spec.at("position_mode"), f"{spec.key}.position_mode.{part}", f"{part} {why}")
    for entry in spec.leverage:
        yield from _entry(entry)
    yield from _doubles(spec.leverage)
    for key in spec.api_keys:
        for address in key.ip_allowlist or ():
            if ":" in address:
                message = f"{address} is not an IPv4 address, and the venue takes no others"
                yield Finding(key.place, f"{spec.key}.api_keys[{key.label}].ip_allowlist", message)


def mode_findings(spec: AccountSpec, mode: str) -> Iterator[Finding]:
    """What does not exist in the account mode that the account will have."""
    place, address = spec.at("position_mode"), f"{spec.key}.position_mode"
    if mode == ISOLATED and spec.position_mode is not None:
        word = spec.position_mode
        message = f"in {ISOLATED} each exchange has its own (a map: {{binance: {word}, okx: {word}, gate: {word}}})"
        yield Finding(place, address, message)
    if mode == CROSS and spec.position_modes:
        yield Finding(place, address, f"in {CROSS} the whole account has one (a single word: net or long_short)")
    if mode == ISOLATED:
        for entry in spec.leverage:
            if entry.market is Market.MARGIN or _business(entry) == "MARGIN":
                message = f"{ISOLATED} has no margin trading, so no margin leverage (leave the entry out)"
                field = "market" if entry.market is Market.MARGIN else "symbol"
                yield Finding(entry.at(field), f"{entry.path}.{field}", message)


def _entry(entry: LeverageEntry) -> Iterator[Finding]:
    """Whole values from 1 on: the documents show no others, and the venue's answer to a fraction is an error."""
    if entry.market not in (None, Market.FUTURES, Market.MARGIN):
        message = f"Gate CrossEx has no {entry.market}: its contracts are futures (futures or margin, or leave it out)"
        yield Finding(entry.at("market"), f"{entry.path}.market", message)
    if entry.margin is not None:
        message = "Gate CrossEx keeps leverage by symbol, whatever the margin mode (leave `margin` out)"
        yield Finding(entry.at("margin"), f"{entry.path}.margin", message)
    if entry.side is not None:
        message = "Gate CrossEx keeps one value for both sides of a symbol (leave `side` out)"
        yield Finding(entry.at("side"), f"{entry.path}.side", message)
    field, value = level_parts(entry.value)
    if value is not None and (value < 1 or value != value.to_integral_value()):
        message = f"{value} is not a leverage of Gate CrossEx (a whole number of at least 1)"
        yield Finding(entry.at(field), f"{entry.path}.{field}", message)
    yield from _symbol(entry)


def _symbol(entry: LeverageEntry) -> Iterator[Finding]:
    """An exact name of another form than the venue's; one of another market than the entry says."""
    name, business = entry.selector.pattern, _business(entry)
    if entry.selector.by != "symbol" or not entry.selector.exact:
        return
    if business is None:
        hint = name.replace("_FUTURES_", "_FUTURE_")
        right = f"did you mean {hint}?" if hint != name else "EXCHANGE_FUTURE_BASE_QUOTE, such as OKX_FUTURE_ADA_USDT"
        yield Finding(entry.at("symbol"), f"{entry.path}.symbol", f"{name} is not a symbol of Gate CrossEx ({right})")
    elif business in _NO_LEVERAGE:
        message = f"{name} is {_NO_LEVERAGE[business]}, which has no leverage (FUTURE or MARGIN)"
        yield Finding(entry.at("symbol"), f"{entry.path}.symbol", message)
    elif entry.market is not None and BUSINESS.get(entry.market, business) != business:
        market = next(word for word, said in BUSINESS.items() if said == business)
        message = f"{name} is {market}, not {entry.market} (leave `market` out: the name says it)"
        yield Finding(entry.at("market"), f"{entry.path}.market", message)


def _business(entry: LeverageEntry) -> str | None:
    """What an exact name says that it is; None for patterns, and for names of another form."""
    match = _SYMBOL.fullmatch(entry.selector.pattern) if entry.selector.exact else None
    return match[1] if match else None


def _doubles(entries: tuple[LeverageEntry, ...]) -> Iterator[Finding]:
    """Entries of one layer that say the same symbol twice, with different values."""
    seen: dict[tuple[object, ...], LeverageEntry] = {}
    for entry in sorted(entries, key=lambda entry: (entry.place, entry.path)):
        first = seen.setdefault((entry.layer, entry.market, entry.selector), entry)
        if first.value != entry.value:
            both = f"{level_text(entry.value)} here and {level_text(first.value)} at {first.place}"
            said = f"{both} are for the same symbol (keep one of them)"
            yield Finding(entry.place, entry.path, f"{said}: {entry.selector.pattern}")
