"""What a manifest may say of an account at Toy Exchange, and what goes first."""

from __future__ import annotations

from collections.abc import Iterator

from acctcfg.core.desired import AccountSpec, Selector
from acctcfg.core.level import level_parts
from acctcfg.core.order import Row
from acctcfg.core.rules import Finding, ScopeNamed, VenueRules
from acctcfg.venues.switch import settings_of
from toy_exchange.settings import SWITCHES

__all__ = ["ORDER", "RULES"]


def check(spec: AccountSpec) -> Iterator[Finding]:
    """What is wrong with an entry and needs no venue to see."""
    for entry in spec.leverage:
        if entry.side is not None or entry.margin is not None or entry.market not in (None, "swap"):
            message = "Toy Exchange keeps leverage by symbol alone (leave `market`, `margin` and `side` out)"
            yield Finding(entry.place, entry.path, message)
        field, value = level_parts(entry.value)
        if value is not None and (value < 1 or value != value.to_integral_value()):
            yield Finding(entry.place, f"{entry.path}.{field}", f"{value} is no whole number from 1 on")


def scope_named(key: str) -> ScopeNamed:
    """The entry behind `leverage[swap/SYMBOL]`."""
    return ScopeNamed(None, None, Selector("symbol", key.removeprefix("swap/")))


RULES = VenueRules(
    type="toy_exchange",
    environments=("live", "sandbox"),
    hosts=("api.toy-exchange.example",),
    roles=("main",),
    main_fields=frozenset({"uid", "position_mode", "settings", "leverage"}),
    position_modes={"net": "one position a contract", "long_short": "a long and a short one side by side"},
    leverage_selectors=("symbol",),
    leverage_named=scope_named,
    settings=settings_of(SWITCHES),
    prechecks={"no_pending_withdrawals": "no withdrawal is under way"},
    warnings={"sweep_waits": "a changed sweep begins at the end of the day"},
    check=check,
)

ORDER: tuple[Row, ...] = (("position_mode", "leverage", "waits"),)
